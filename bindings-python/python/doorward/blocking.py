"""The gate for callers without an event loop: WSGI applications, threads, scripts.

The caller reads the request and sends the answer; ``Door.admit`` decides, and asks whoever has to be asked: key sets by
an ``httpx.Client``, shared limits by redis-py, API keys and opaque tokens by functions of the caller's own.
"""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from threading import Lock
from typing import TYPE_CHECKING, Any

from . import _redis
from ._doorward import Admitted, ApiKey, Ask, Denial, Fetch, Gate, NeedBody, Principal, Verifier
from ._errors import KeysUnavailable, UnknownKey
from ._introspect import ASKED, LONGEST, authorization, is_packed
from ._told import Told, logger

if TYPE_CHECKING:
    import httpx
    import redis as redis_py

__all__ = ["Door", "Introspector"]

#: How often those who wait for keys look for themselves, in seconds.
LOOK = 0.05


def _must_block(client: object) -> None:
    if hasattr(client, "aclose"):
        raise TypeError("http_client must be an httpx.Client: nobody would await an async one")


class Introspector:
    """Asks about opaque tokens (RFC 7662), by ``httpx``: for a door's ``introspect=``.

    It asks as ``client_id`` by HTTP Basic, or without one with the secret as a bearer token.
    """

    def __init__(
        self, client_secret: str, *, client_id: str | None = None, http_client: httpx.Client | None = None
    ) -> None:
        """``http_client`` asks, in place of one of its own. Raises ``TypeError``: one that is awaited."""
        _must_block(http_client)
        self._authorization = authorization(client_secret, client_id)
        self._client = http_client
        self._making = Lock()

    def __call__(self, url: str, form: str) -> tuple[int, bytes]:
        """Status and body of the answer."""
        with self._making:
            if self._client is None:
                import httpx

                self._client = httpx.Client()
        with self._client.stream(
            "POST", url, content=form, headers=self._authorization, follow_redirects=False
        ) as answer:
            body = bytearray()
            if is_packed(answer):
                return answer.status_code, b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > LONGEST:
                    break
            return answer.status_code, bytes(body)


class Door:
    """A gate, and who answers its questions. What nobody answers is refused as unavailable (503).

    Shared freely between threads. ``workers`` is how many questions are asked at a time.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        http_client: httpx.Client | None = None,
        redis: redis_py.Redis | None = None,
        api_key_look_up: Callable[[str], ApiKey | None] | None = None,
        introspect: Callable[[str, str], tuple[int, bytes]] | None = None,
        workers: int = 8,
    ) -> None:
        """``api_key_look_up`` gets a SHA-256 in hexadecimal; ``introspect`` where to POST, and the form to send.

        Raises ``TypeError``: a client that is awaited.
        """
        _must_block(http_client)
        if inspect.iscoroutinefunction(getattr(redis, "execute_command", None)):
            raise TypeError("redis must be a redis.Redis: nobody would await an async one")
        self.gate = gate
        self._client = http_client
        self._redis = redis
        self._look_up = api_key_look_up
        self._introspect = introspect
        self._told = Told()
        self._workers = workers
        self._pool, self._process = self._new_pool(), os.getpid()

    def _new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._workers, thread_name_prefix="doorward")

    def _threads(self) -> ThreadPoolExecutor:
        # None of them is there behind a fork, and a pool would wait for them for ever.
        if self._process != os.getpid():
            self._pool, self._process = self._new_pool(), os.getpid()
        return self._pool

    def admit(self, method: str, headers: Any, peer: str | None, body: bytes | str = b"") -> Admitted | Denial:
        """Decides on a whole request. Arguments are those of ``Gate.admit``."""
        began = time.perf_counter()
        self.refresh()
        step: Any = self.gate.begin(method, headers, peer)
        while not isinstance(step, (Admitted, Denial)):
            if isinstance(step, NeedBody):
                step = step.too_large() if len(body) > step.limit else step.read(body)
            else:
                step = self._answer(step)
        self._told.decision(step, began)
        return step

    def refresh(self) -> None:
        """Sees to what the gate should know soon, in the background."""
        while (fetch := self.gate.refresh()) is not None:
            self._threads().submit(self._fetch, fetch)

    def close(self) -> None:
        """Waits for what is under way, and asks nobody any more."""
        self._threads().shutdown()

    def _answer(self, ask: Ask) -> Any:
        kind, deadline = ask.kind, ask.deadline or 0.0
        if kind == "keys":
            if (fetch := ask.take_fetch()) is not None:
                self._threads().submit(self._fetch, fetch)
            end = time.monotonic() + deadline
            while ask.is_waiting():
                if time.monotonic() >= end:
                    return ask.unavailable()
                time.sleep(LOOK)
            return ask.ready()
        if kind == "shared_limit" and self._redis is not None:
            return _redis.spend_now(self._redis, ask, self._told, self._threads())
        if kind == "api_key" and self._look_up is not None and (digest := ask.digest) is not None:
            return self._asked(ask, deadline, self._threads().submit(self._look_up, digest), ask.found)
        if kind == "introspection" and self._introspect is not None and (url := ask.url) and (form := ask.body):
            answer = self._threads().submit(self._introspect, url, form)
            return self._asked(ask, deadline, answer, lambda reply: _introspected(ask, *reply))
        self._told.nobody(kind)
        return ask.unavailable()

    @staticmethod
    def _asked(ask: Ask, deadline: float, answer: Future[Any], go_on: Callable[[Any], Any]) -> Any:
        try:
            return go_on(answer.result(timeout=deadline))
        except FutureTimeout:
            logger.error("the answer to a question of kind %s took too long", ask.kind)
        except Exception:
            logger.exception("the answer to a question of kind %s failed", ask.kind)
        return ask.unavailable()

    def _fetch(self, fetch: Fetch) -> None:
        _fetched(self._client, fetch)


def identified(client: httpx.Client | None, verifier: Verifier, token: str) -> Principal:
    """Who a token is from, its issuer's keys fetched where they are lacking. Raises ``TokenError``."""
    jwks = verifier.jwks
    if jwks is None:
        return verifier.identify(token)
    if (due := jwks.refresh()) is not None:
        _fetched(client, due)
    try:
        return verifier.identify(token)
    except (UnknownKey, KeysUnavailable):
        if (fetch := jwks.fetch()) is not None:
            _fetched(client, fetch)
        while jwks.is_fetching():
            time.sleep(LOOK)
    return verifier.identify(token)


def _fetched(given: httpx.Client | None, fetch: Fetch | None) -> None:
    import httpx

    client = given or httpx.Client(follow_redirects=False)
    try:
        while fetch is not None:
            fetch = _once(client, fetch)
    finally:
        if client is not given:
            client.close()


def _introspected(ask: Ask, status: int, body: bytes) -> Any:
    return ask.unavailable() if len(body) > (ask.limit or 0) else ask.replied(status, body)


def _once(client: httpx.Client, fetch: Fetch) -> Fetch | None:
    import httpx

    end = time.monotonic() + fetch.timeout
    try:
        with client.stream("GET", fetch.url, headers=ASKED, follow_redirects=False, timeout=fetch.timeout) as response:
            body = bytearray()
            if response.status_code == 200 and not is_packed(response):
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > fetch.limit:
                        return fetch.too_large().next
                    if time.monotonic() > end:
                        raise httpx.ReadTimeout("too slow")
            fetched = fetch.replied(response.status_code, bytes(body))
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        fetched = fetch.unreachable()
    except Exception:
        logger.exception("the client could not GET %s", fetch.url)
        fetched = fetch.unreachable()
    if fetched.error is not None:
        logger.warning("no key set fetched from %s: %s; the last one is kept", fetch.url, fetched.message)
    return fetched.next
