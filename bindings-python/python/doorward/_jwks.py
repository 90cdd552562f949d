"""Key sets, fetched by ``httpx`` as core's state machine says: when, from where, and what becomes of the reply.

A fetch is a task of its own, so that a caller who hangs up takes nobody's keys along. Redirects are not followed, no
cookies or credentials are sent, and no more is read than a key set may have.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Protocol

from ._doorward import Ask, Fetch, Jwks, Principal, Verifier
from ._errors import KeysUnavailable, UnknownKey
from ._introspect import ASKED, is_packed
from ._told import logger

if TYPE_CHECKING:
    import httpx

#: How often those who wait look for themselves, in seconds: another process's worth of requests shares one fetch.
LOOK = 0.05


def must_be_async(client: object) -> None:
    """Raises ``TypeError``: a client that blocks. Told apart without importing httpx, which there may be no need of."""
    if client is not None and not hasattr(client, "aclose"):
        raise TypeError("http_client must be an httpx.AsyncClient: another would stop the event loop")


class Source(Protocol):
    """A gate or a key set: whoever knows what is to be fetched."""

    def refresh(self) -> Fetch | None:
        """What is due."""


class KeyFetcher:
    """Fetches keys with an ``httpx.AsyncClient``: the one that is given, or its own."""

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        must_be_async(client)
        self._client = client
        self._tasks: set[asyncio.Task[None]] = set()

    def refresh(self, source: Source) -> None:
        """Starts whatever is due, in the background."""
        while (fetch := source.refresh()) is not None:
            self.start(fetch)

    async def refreshed(self, source: Source) -> None:
        """Starts whatever is due, and waits for it."""
        self.refresh(source)
        if tasks := self._here():
            await asyncio.wait(tasks)

    async def answer(self, ask: Ask) -> Any:
        """Sees to a question for keys, and gives the gate's next step."""
        if (fetch := ask.take_fetch()) is not None:
            self.start(fetch)
        end = time.monotonic() + (ask.deadline or 0.0)
        while ask.is_waiting():
            if time.monotonic() >= end:
                return ask.unavailable()
            await self._look()
        return ask.ready()

    async def aclose(self) -> None:
        """Gives up what is under way."""
        tasks = self._here()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def fetched(self, jwks: Jwks) -> None:
        """Fetches a set that lacks a key, or waits for whoever does so already."""
        if (fetch := jwks.fetch()) is not None:
            self.start(fetch)
        while jwks.is_fetching():
            await self._look()

    def _here(self) -> list[asyncio.Task[None]]:
        """The tasks of this event loop. Another thread's wakes nobody here, and waiting for it might never end."""
        loop = asyncio.get_running_loop()
        return [task for task in self._tasks.copy() if task.get_loop() is loop]

    async def _look(self) -> None:
        if tasks := self._here():
            await asyncio.wait(tasks, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(LOOK)

    def start(self, fetch: Fetch) -> None:
        """Does a fetch, in the background."""
        task = asyncio.get_running_loop().create_task(self._run(fetch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, fetch: Fetch) -> None:
        import httpx

        next_one: Fetch | None = fetch
        client = self._client or httpx.AsyncClient(follow_redirects=False)
        try:
            while next_one is not None:
                next_one = await _once(client, next_one)
        finally:
            if client is not self._client:
                await client.aclose()


async def identified(fetcher: KeyFetcher, verifier: Verifier, token: str) -> Principal:
    """Who a token is from, its issuer's keys fetched where they are lacking. Raises ``TokenError``."""
    jwks = verifier.jwks
    if jwks is None:
        return verifier.identify(token)
    fetcher.refresh(jwks)
    try:
        return verifier.identify(token)
    except (UnknownKey, KeysUnavailable):
        await fetcher.fetched(jwks)
    return verifier.identify(token)


async def _once(client: httpx.AsyncClient, fetch: Fetch) -> Fetch | None:
    import httpx

    url = fetch.url
    try:
        reply = await asyncio.wait_for(_get(client, url, fetch.limit), fetch.timeout)
    except (httpx.HTTPError, httpx.InvalidURL, asyncio.TimeoutError, OSError) as error:
        logger.debug("no reply from %s: %s", url, type(error).__name__)
        fetched = fetch.unreachable()
    except Exception:
        logger.exception("the client could not GET %s", url)
        fetched = fetch.unreachable()
    except BaseException:
        # Cancelled: whoever waits for it should not have to find out for themselves.
        fetch.unreachable()
        raise
    else:
        fetched = fetch.too_large() if reply is None else fetch.replied(*reply)
    if fetched.error is not None:
        logger.warning(
            "no key set fetched from %s: %s; the last one is kept for as long as it may be", url, fetched.message
        )
    if fetched.changed:
        for place, code in fetched.left_out:
            logger.warning("a key of %s was left out: number %d, %s", url, place, code)
    return fetched.next


async def _get(client: httpx.AsyncClient, url: str, limit: int) -> tuple[int, bytes] | None:
    """Status and body; nothing where it is too long."""
    async with client.stream("GET", url, headers=ASKED, follow_redirects=False) as response:
        if response.status_code != 200 or is_packed(response):
            # What it says is of no use, so it is not read.
            return response.status_code, b""
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > limit:
                return None
        return 200, bytes(body)
