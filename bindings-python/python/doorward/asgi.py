"""The whole gate around any ASGI application: Starlette, FastAPI, an MCP server's, or a bare one.

The head is decided before a byte of the body is read; the body then has 30 seconds to arrive, is bounded, and is handed
on. A refusal is sent as the gate has it. Every answer carries rate headers; a streaming one ends when its credential
does, and within 15 seconds of its revocation. CORS is the host's: put its middleware outside. For asyncio.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any

from ._door import ApiKeyLookUp, Door, Introspect, logger
from ._doorward import Admitted, Denial, Gate, NeedBody
from ._errors import ConfigError

if TYPE_CHECKING:
    import httpx
    import redis.asyncio as aredis

__all__ = ["Guard"]

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: How long a body may take to arrive, all of it, in seconds.
BODY_TIME = 30.0

#: How often a streaming answer's credential is looked at, in seconds.
SWEEP = 15.0

#: The header of MCP's sessions.
SESSION = b"mcp-session-id"

_RATE = frozenset(
    {b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset", b"ratelimit", b"ratelimit-policy"}
)


def peer_of(scope: Scope) -> str | None:
    """The other end of the connection, as the server tells it."""
    client = scope.get("client")
    return client[0] if client else None


class Guard:
    """ASGI middleware that lets through what its gate admits.

    An admitted request has its ``Principal`` in ``scope["state"]["principal"]``, which is ``request.state.principal``.
    The well-known addresses of OAuth are answered here. Lists of paths name beginnings: ``open`` paths are nobody's
    business but the application's; of ``plain`` paths, which are no MCP endpoints, the credential and the limits are
    checked, and bodies are the application's to read. All others are MCP endpoints. WebSockets are refused. Where the
    gate binds session ids (``session_key``), ``Mcp-Session-Id`` is rewritten both ways.

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
    ) -> None:
        """``app`` is what is guarded."""
        self.app = app
        self.door = Door(
            gate, http_client=http_client, redis=redis, api_key_look_up=api_key_look_up, introspect=introspect
        )
        self._open = tuple(open)
        self._plain = tuple(plain)
        self._peer = peer

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
            await self.app(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def started() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.door.start()
            return message

        try:
            await self.app(scope, started, send)
        finally:
            await self.door.stop()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        door, gate, method, path = self.door, self.door.gate, scope["method"], scope["path"]
        if (answer := gate.well_known(method, path)) is not None:
            await _send(send, *answer)
            return
        if _is_under(path, self._open):
            await self.app(scope, receive, send)
            return
        # A body that is not the gate's to read is none to it.
        plain = _is_under(path, self._plain)
        step = await door.answered(gate.begin("GET" if plain else method, scope["headers"], self._peer(scope)))
        door.refresh()
        body: bytes | None = None
        if isinstance(step, NeedBody):
            body, next_step = await _read(step, scope, receive)
            step = await door.answered(next_step)
        assert not isinstance(step, NeedBody)
        door.tell(step, round((time.perf_counter() - began) * 1e6))
        if isinstance(step, Denial):
            headers = list(step.headers)
            if body is None and _has_body(scope) and scope.get("http_version", "1.1").startswith("1"):
                # HTTP/1 can't go on behind a body that nobody reads (RFC 9112 §9.3).
                headers.append(("connection", "close"))
            await _send(send, step.status, headers, step.body)
            return
        scope = {**scope, "state": {**scope.get("state", {}), "principal": step.principal}}
        if not plain:
            receive = _handing_on(body or b"", receive)
        if gate.binds_sessions:
            # The application's own id, or none that counts.
            others = [pair for pair in scope["headers"] if pair[0] != SESSION]
            inner = step.session
            scope["headers"] = others if inner is None else [*others, (SESSION, inner.encode("ascii"))]
        await self._serve(scope, receive, send, step)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, admitted: Admitted) -> None:
        """The application's answer to an admitted request. For subclasses to do more around it."""
        await _Answer(self, admitted, scope["headers"], send).of(scope, receive)


def _is_under(path: str, beginnings: tuple[str, ...]) -> bool:
    return any(path == one or path.startswith(one.rstrip("/") + "/") for one in beginnings)


def _header(headers: Any, name: bytes) -> bytes | None:
    for key, value in headers:
        if key == name:
            found: bytes = value
            return found
    return None


def _bearer(headers: Any) -> bytes:
    return (_header(headers, b"authorization") or b"").partition(b" ")[2].strip()


def _declared(scope: Scope) -> int:
    try:
        return int(_header(scope["headers"], b"content-length") or 0)
    except ValueError:
        return 0


def _has_body(scope: Scope) -> bool:
    return _declared(scope) > 0 or _header(scope["headers"], b"transfer-encoding") is not None


async def _send(send: Send, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
    pairs = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]
    if all(name != b"content-length" for name, _ in pairs):
        pairs.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def _read(need: NeedBody, scope: Scope, receive: Receive) -> tuple[bytes | None, Any]:
    """The body, if there was all of it, and the gate's next step."""
    # One that says it is too long is not read at all.
    if _declared(scope) > need.limit:
        return None, need.too_large()
    try:
        body = await _within(BODY_TIME, _collect(receive, need.limit))
    except (asyncio.TimeoutError, ConnectionError):
        return None, need.broken()
    if body is None:
        return None, need.too_large()
    return body, need.read(body)


if sys.version_info >= (3, 11):

    async def _within(seconds: float, reading: Coroutine[Any, Any, bytes | None]) -> bytes | None:
        # Not `wait_for`, which makes a task of it before Python 3.12: that took longer than all the rest of the guard.
        async with asyncio.timeout(seconds):
            return await reading

else:

    async def _within(seconds: float, reading: Coroutine[Any, Any, bytes | None]) -> bytes | None:
        return await asyncio.wait_for(reading, seconds)


async def _collect(receive: Receive, limit: int) -> bytes | None:
    chunks, length = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        chunk = message.get("body", b"")
        length += len(chunk)
        if length > limit:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _handing_on(body: bytes, receive: Receive) -> Receive:
    """The body once, and then whatever comes: a disconnect."""
    handed = False

    async def again() -> Message:
        nonlocal handed
        if handed:
            return await receive()
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


class _Answer:
    """An answer with rate headers, that ends when its credential does."""

    def __init__(self, guard: Guard, admitted: Admitted, headers: Any, send: Send) -> None:
        self._guard = guard
        self._admitted = admitted
        self._headers = headers
        self._send = send
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Any] | None = None
        self._over = False
        self._cut = False

    async def of(self, scope: Scope, receive: Receive) -> None:
        # Not whoever sends, who may be one of several tasks of the application's.
        self._task = asyncio.current_task()
        try:
            await self._guard.app(scope, receive, self._passed_on)
        except asyncio.CancelledError:
            if not self._cut:
                raise
            # Ours, and seen to.
            if self._task is not None and hasattr(self._task, "uncancel"):
                self._task.uncancel()
        finally:
            if self._timer is not None:
                self._timer.cancel()
        if self._cut and not self._over:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _passed_on(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            own = [(name.encode("ascii"), value.encode("latin-1")) for name, value in self._admitted.headers]
            theirs = [pair for pair in message.get("headers", ()) if pair[0].lower() not in _RATE]
            if self._guard.door.gate.binds_sessions:
                theirs = self._bound(theirs)
            message = {**message, "headers": [*theirs, *own]}
        elif kind == "http.response.body":
            if not message.get("more_body", False):
                self._over = True
            elif self._timer is None:
                self._look_again()
        await self._send(message)

    def _bound(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The session's id as its principal may tell it."""
        kept = [pair for pair in headers if pair[0].lower() != SESSION]
        inner = next((value for name, value in headers if name.lower() == SESSION), None)
        if inner is None:
            return kept
        try:
            outward = self._guard.door.gate.bind_session(self._admitted.principal, inner.decode("ascii"))
        except (ConfigError, UnicodeDecodeError):
            logger.error("the application's session id can't be bound, and was kept from the client")
            return kept
        return [*kept, (SESSION, outward.encode("ascii"))]

    def _look_again(self) -> None:
        until = self._admitted.valid_until
        wait = SWEEP if until is None else min(SWEEP, max(until - time.time(), 0.0))
        self._timer = asyncio.get_running_loop().call_later(wait, self._look)

    def _look(self) -> None:
        door = self._guard.door
        # Where there is nothing but long answers, nobody else asks the issuers.
        door.refresh()
        if self._over or door.gate.still_good(self._admitted.principal, _bearer(self._headers)):
            self._look_again()
        elif self._task is not None:
            self._cut = True
            self._task.cancel()
