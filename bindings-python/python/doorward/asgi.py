"""The whole gate around any ASGI application: Starlette, FastAPI, an MCP server's, or a bare one.

The head is decided before a byte of the body is read; the body then has 30 seconds to arrive, is bounded, and is handed
on. A refusal is sent as the gate has it. Every answer carries rate headers; a streaming one ends when its credential
does, and within 15 seconds of its revocation. CORS is the host's: put its middleware outside.

For asyncio: under trio every request, and the application's start, is a ``RuntimeError`` that says so.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from ._asgi_body import Message as Message
from ._asgi_body import Receive as Receive
from ._asgi_body import Scope as Scope
from ._asgi_body import handing_on, has_body, header, read
from ._door import ApiKeyLookUp, Door, Introspect
from ._doorward import Admitted, Ask, Denial, Gate, NeedBody, Principal
from ._errors import ConfigError
from ._introspect import LONGEST, authorization, is_packed
from ._jwks import must_be_async
from ._sse import EndpointEvent
from ._told import logger

if TYPE_CHECKING:
    import httpx
    import redis.asyncio as aredis

__all__ = ["Guard", "Introspector", "principal_of"]

Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: How often a streaming answer's credential is looked at, in seconds.
SWEEP = 15.0

#: The header of MCP's sessions.
SESSION = b"mcp-session-id"

#: A segment that is resolved, as an application or what is behind it may do.
_DOTS = re.compile(r"[/\\]\.{1,2}(?:[/\\;]|$)")

#: Where the scope has the address of the server's metadata, for challenges made later on; ``None`` without OAuth.
METADATA = "doorward.resource_metadata"

_WELL_KNOWN = "/.well-known/oauth-protected-resource"

_RATE = frozenset(
    {b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset", b"ratelimit", b"ratelimit-policy"}
)


def peer_of(scope: Scope) -> str | None:
    """The other end of the connection, as the server tells it."""
    client = scope.get("client")
    return client[0] if client else None


def principal_of(scope: Scope) -> Principal:
    """Who an admitted request is from. Raises ``RuntimeError``: no guard stands before what asks."""
    found = scope.get("state", {}).get("principal")
    if not isinstance(found, Principal):
        raise RuntimeError("no doorward.asgi.Guard stands before this")
    return found


class Introspector:
    """Asks about opaque tokens (RFC 7662), by ``httpx``: for a guard's ``introspect=``.

    It asks as ``client_id`` by HTTP Basic, or without one with the secret as a bearer token. Redirects are not
    followed. Where ``Gate.from_config`` has an ``[introspection]``, the secret is ``INTROSPECTION_CLIENT_SECRET``.
    """

    def __init__(
        self, client_secret: str, *, client_id: str | None = None, http_client: httpx.AsyncClient | None = None
    ) -> None:
        """``http_client`` asks, in place of one of its own. Raises ``TypeError``: one that blocks."""
        must_be_async(http_client)
        self._authorization = authorization(client_secret, client_id)
        self._client = http_client
        # What a client keeps open is good in one event loop alone.
        self._own: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

    def _of_this_loop(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        client = self._client or self._own.get(loop)
        if client is None:
            import httpx

            client = self._own[loop] = httpx.AsyncClient()
        return client

    async def aclose(self) -> None:
        """Closes what it keeps open in this event loop. A guard does so when its application ends."""
        client = self._own.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    async def __call__(self, url: str, form: str) -> tuple[int, bytes]:
        """Status and body of the answer."""
        async with self._of_this_loop().stream(
            "POST", url, content=form, headers=self._authorization, follow_redirects=False
        ) as answer:
            body = bytearray()
            if is_packed(answer):
                return answer.status_code, b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > LONGEST:
                    break
            return answer.status_code, bytes(body)


class Guard:
    """ASGI middleware that lets through what its gate admits.

    An admitted request has its ``Principal`` in ``scope["state"]["principal"]``, which is ``request.state.principal``.
    The well-known addresses of OAuth are answered here, where the guard is outermost. Lists of paths name beginnings of
    ``scope["path"]``, the prefix of a mount among them: ``open`` paths are nobody's business but the application's; of
    ``plain`` paths, which are no MCP endpoints, the credential and the limits are checked, and bodies are the
    application's to read. All others are MCP endpoints. WebSockets are refused: what goes through one, no gate reads.

    Where the gate binds session ids (``session_key``), ``Mcp-Session-Id`` is rewritten both ways. So is the older SSE
    transport's id: in the query, by the name ``session_in_query`` (as the Python SDKs have it; TypeScript's say
    ``sessionId``; ``None`` for no such thing), and in the ``endpoint`` event that tells clients of it.

    ``peer`` tells a request's peer address, in place of ``scope["client"]``; without one every request is refused, for
    one bucket for all would lock everybody out. ``http_client`` fetches keys, in place of one of its own; ``redis``
    counts shared limits; ``api_key_look_up`` and ``introspect`` are asked for API keys and tokens that the gate can't
    know. What nobody answers is refused as unavailable (503).
    """

    def __init__(
        self,
        app: App,
        gate: Gate,
        *,
        open: Iterable[str] = (),
        plain: Iterable[str] = (),
        peer: Callable[[Scope], str | None] = peer_of,
        http_client: httpx.AsyncClient | None = None,
        redis: aredis.Redis | None = None,
        api_key_look_up: ApiKeyLookUp | None = None,
        introspect: Introspect | None = None,
        session_in_query: str | None = "session_id",
    ) -> None:
        """``app`` is what is guarded. Raises ``ConfigError``: a path that does not begin with ``/``, or opens all."""
        self.app = app
        self.door = Door(
            gate, http_client=http_client, redis=redis, api_key_look_up=api_key_look_up, introspect=introspect
        )
        self._open = _paths("open", open)
        self._plain = _paths("plain", plain)
        if any(not path.strip("/") for path in self._open):
            raise ConfigError("an open path of / would leave nothing guarded")
        self._peer = peer
        self._introspect = introspect
        self._binds = gate.binds_sessions
        self._metadata = _metadata_of(gate)
        self._session_in_query = session_in_query if self._binds else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "websocket":
            # There is nothing in it that the gate could read.
            await send({"type": "websocket.close", "code": 1008})
        elif kind == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            raise RuntimeError("doorward guards HTTP: what goes through other connections, no gate reads")

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        _task()

        async def started() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.door.start()
            return message

        try:
            await self.app(scope, started, send)
        finally:
            await self.door.stop()
            if isinstance(self._introspect, Introspector):
                await self._introspect.aclose()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        door, gate, method, path = self.door, self.door.gate, scope["method"], scope["path"]
        _task()
        if (answer := gate.well_known(method, path)) is not None:
            status, headers, content = answer
            pairs = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]
            await _send(send, status, pairs, content)
            return
        if self._open and _is_under(path, self._open):
            await self.app(scope, receive, send)
            return
        # A body that is not the gate's to read is none to it.
        plain = bool(self._plain) and _is_under(path, self._plain)
        query = scope.get("query_string", b"").decode("latin-1") if self._session_in_query else ""
        step: Any
        if query and self._session_in_query:
            named = (self._session_in_query, query)
            step = gate.begin("GET" if plain else method, scope["headers"], self._peer(scope), session_in_query=named)
        else:
            step = gate.begin("GET" if plain else method, scope["headers"], self._peer(scope))
        if isinstance(step, Ask):
            step = await door.answered(step)
        if (fetch := gate.refresh()) is not None:
            door.fetch(fetch)
        body: bytes | None = None
        if isinstance(step, NeedBody):
            body, step = await read(step, scope, receive)
            if isinstance(step, Ask):
                step = await door.answered(step)
        door.told.decision(step, began)
        if isinstance(step, Denial):
            raw = step.raw_headers
            if body is None and has_body(scope) and scope.get("http_version", "1.1").startswith("1"):
                # HTTP/1 can't go on behind a body that nobody reads (RFC 9112 §9.3).
                raw.append((b"connection", b"close"))
            await _send(send, step.status, raw, step.body)
            return
        assert isinstance(step, Admitted)
        state = {**scope.get("state", {}), "principal": step.principal}
        scope = {**scope, "state": state, METADATA: self._metadata}
        if not plain:
            receive = handing_on(body or b"", receive)
        if self._binds:
            self._inward(scope, query, step)
        await self._serve(scope, receive, send, step)

    def _inward(self, scope: Scope, query: str, admitted: Admitted) -> None:
        """The application's own session id, or none that counts."""
        others = [pair for pair in scope["headers"] if pair[0] != SESSION]
        inner = admitted.session
        if inner is not None and len(others) < len(scope["headers"]):
            others.append((SESSION, inner.encode("ascii")))
        scope["headers"] = others
        if query and self._session_in_query:
            own = admitted.query_with_session(self._session_in_query, query)
            if own is not None:
                scope["query_string"] = own.encode("latin-1")

    async def _serve(self, scope: Scope, receive: Receive, send: Send, admitted: Admitted) -> None:
        """The application's answer to an admitted request. For subclasses to do more around it."""
        # Not whoever sends, who may be one of several tasks of the application's.
        task = asyncio.current_task()
        answer = _Answer(self, admitted, scope["headers"], send, task)
        try:
            await self.app(scope, receive, answer.passed_on)
        except (asyncio.CancelledError, Exception) as error:
            if not answer.cut:
                raise
            # Ours, and seen to; or what the application makes of a client that is gone.
            if isinstance(error, asyncio.CancelledError) and task is not None and hasattr(task, "uncancel"):
                task.uncancel()
        finally:
            if answer.timer is not None:
                answer.timer.cancel()
        if answer.cut and not answer.over:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _task() -> asyncio.Task[Any] | None:
    """The request's own task. Raises ``RuntimeError`` under another event loop's library than asyncio."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        raise RuntimeError("doorward's guard runs under asyncio alone: start the server so, not under trio") from None


def _metadata_of(gate: Gate) -> str | None:
    """Where the server's metadata is (RFC 9728 §3.1), by the gate's own document."""
    answer = gate.well_known("GET", _WELL_KNOWN)
    if answer is None or answer[0] != 200:
        return None
    url = urlsplit(json.loads(answer[2])["resource"])
    return f"{url.scheme}://{url.netloc}{_WELL_KNOWN}{url.path.rstrip('/')}"


def _paths(name: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Paths to begin with. The letters of one, or an empty one, would be the beginning of all."""
    if isinstance(paths, (str, bytes)):
        raise TypeError(f"{name} must be a list of paths, not {type(paths).__name__}")
    found = tuple(paths)
    if not all(isinstance(path, str) and path.startswith("/") for path in found):
        raise ConfigError(f"a path in {name} must be a str that begins with /")
    return found


def _is_under(path: str, beginnings: tuple[str, ...]) -> bool:
    """Whether a path begins so; one that may lead elsewhere, by ``..`` and the like, begins as nothing does."""
    if _DOTS.search(path):
        return False
    return any(path == one or path.startswith(one.rstrip("/") + "/") for one in beginnings)


def _bearer(headers: Any) -> bytes:
    """What is behind ``Bearer``. Another scheme's credential is none of the gate's, nor of what is behind it."""
    scheme, _, credential = (header(headers, b"authorization") or b"").partition(b" ")
    return credential.strip() if scheme.lower() == b"bearer" else b""


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    if all(name != b"content-length" for name, _ in headers):
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Answer:
    """An answer with rate headers, that ends when its credential does."""

    __slots__ = ("_admitted", "_endpoint", "_guard", "_headers", "_send", "_task", "cut", "over", "timer")

    def __init__(
        self, guard: Guard, admitted: Admitted, headers: Any, send: Send, task: asyncio.Task[Any] | None
    ) -> None:
        self._guard = guard
        self._admitted = admitted
        self._headers = headers
        self._send = send
        self._task = task
        self._endpoint: EndpointEvent | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.over = False
        self.cut = False

    async def passed_on(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            headers = [pair for pair in message.get("headers", ()) if pair[0].lower() not in _RATE]
            if self._guard._binds:
                headers = self._bound(headers)
            headers += self._admitted.raw_headers
            message = {**message, "headers": headers}
        elif kind == "http.response.body":
            more = message.get("more_body", False)
            if more and self.timer is None:
                self._look_again()
                until = self._admitted.valid_until
                self.cut = until is not None and until <= time.time()
            if self.cut:
                # As servers tell applications that nobody is there any more.
                raise OSError("the credential of this answer has ended")
            if not more:
                self.over = True
            if self._endpoint is not None:
                message = {**message, "body": self._endpoint.passed_on(message.get("body", b""), more)}
        await self._send(message)

    def _bound(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The session's id as its principal may tell it; and in the event that follows, if there is one."""
        parameter = self._guard._session_in_query
        if parameter is not None and (header(headers, b"content-type") or b"").startswith(b"text/event-stream"):
            self._endpoint = EndpointEvent(parameter, self._outward)
        kept = [pair for pair in headers if pair[0].lower() != SESSION]
        inner = next((value for name, value in headers if name.lower() == SESSION), None)
        if inner is None:
            return kept
        outward = self._outward(inner.decode("latin-1"))
        return kept if outward is None else [*kept, (SESSION, outward.encode("ascii"))]

    def _outward(self, inner: str) -> str | None:
        try:
            return self._guard.door.gate.bind_session(self._admitted.principal, inner)
        except ConfigError:
            logger.error("the application's session id can't be bound, and was kept from the client")
            return None

    def _look_again(self) -> None:
        until = self._admitted.valid_until
        wait = SWEEP if until is None else min(SWEEP, max(until - time.time(), 0.0))
        self.timer = asyncio.get_running_loop().call_later(wait, self._look)

    def _look(self) -> None:
        door = self._guard.door
        # Where there is nothing but long answers, nobody else asks the issuers.
        door.refresh()
        if self.over or door.gate.still_good(self._admitted.principal, _bearer(self._headers)):
            self._look_again()
        elif self._task is not None:
            self.cut = True
            self._task.cancel()
