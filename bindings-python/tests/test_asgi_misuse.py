"""The guard as it may be misconfigured, and applications that do not do as they should: nobody gets in by it."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from servers import KEY, SECRET
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from test_asgi import echo, gate, post, scope, serve

from doorward import ConfigError, sign
from doorward.asgi import Guard

pytestmark = pytest.mark.thread_unsafe


async def _never(*_: Any) -> Any:
    raise AssertionError("not to be called")


@pytest.mark.parametrize("paths", ["/health", "", b"/health"])
@pytest.mark.parametrize("name", ["open", "plain"])
def test_a_path_is_no_list_of_paths(name: str, paths: Any) -> None:
    """Of its letters the first is ``/``, which is the beginning of all paths."""
    with pytest.raises(TypeError, match="list of paths"):
        Guard(echo, gate(), **{name: paths})


@pytest.mark.parametrize(
    ("name", "paths"),
    [("open", [""]), ("open", ["/"]), ("open", ["//"]), ("open", ["health"]), ("open", ["/ok", " "]), ("plain", [""])],
)
def test_no_path_opens_everything(name: str, paths: Any) -> None:
    """What splitting an empty variable gives is such a list."""
    with pytest.raises(ConfigError):
        Guard(echo, gate(), **{name: paths})


def test_all_paths_may_be_no_mcp_endpoints() -> None:
    guarded = Guard(echo, gate(), plain=["/"])
    assert post(guarded, b"anything", "/upload").status_code == 401
    assert post(guarded, b"anything", "/upload", **{"x-api-key": KEY}).text == "key:ci anything"


def stream(guarded: Guard, seconds: float) -> tuple[float, list[Any]]:
    token = sign({"sub": "a", "exp": time.time() + seconds}, SECRET)
    began = time.monotonic()
    sent = serve(guarded, scope("GET", authorization=f"Bearer {token}"), _never, 4.0)
    return time.monotonic() - began, sent


def test_an_application_that_will_not_be_cancelled_sends_nothing_more() -> None:
    async def stubborn(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            try:
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                pass

    seconds, sent = stream(Guard(stubborn, gate()), 0.4)
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert 10 < len(sent) < 80 and seconds < 1.0


def test_what_comes_late_is_not_sent_at_all() -> None:
    """A stream that was silent until its token had expired."""

    async def late(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.5)
        await send({"type": "http.response.body", "body": b"secret", "more_body": True})
        await asyncio.sleep(1)

    seconds, sent = stream(Guard(late, gate()), 0.3)
    assert [message.get("body") for message in sent] == [None, b""] and seconds < 1.0


def test_background_tasks_outlive_the_answer() -> None:
    done: list[bool] = []

    async def later(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        await asyncio.sleep(0.5)
        done.append(True)

    _, sent = stream(Guard(later, gate()), 0.2)
    assert len(sent) == 3 and done


def test_connections_of_another_kind_are_not_let_through() -> None:
    for kind in ("webtransport", "HTTP", ""):
        with pytest.raises(RuntimeError, match="guards"):
            asyncio.run(Guard(_never, gate())({"type": kind}, _never, _never))


def test_what_the_gate_has_not_read_nobody_gets() -> None:
    """The body of a GET, which the gate does not read, is none to the application either."""
    messages = iter(
        [
            {"type": "http.request", "body": b"smuggled", "more_body": True},
            {"type": "http.request", "body": b" too", "more_body": False},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Any:
        return next(messages)

    received: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        received.extend([await receive(), await receive()])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    serve(Guard(app, gate()), scope("GET", **{"x-api-key": KEY}), receive)
    assert received == [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]


def test_streams_go_through_middleware_that_listens_for_the_client_to_leave() -> None:
    """Starlette's: a second body after the one that was handed on is an error to it, and ended the stream."""

    class Through(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
            return await call_next(request)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x"
            await asyncio.sleep(0.01)

    async def stream(request: Request) -> Response:
        return StreamingResponse(chunks())

    first = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        # As servers do: a body, if empty, and then nothing until the client leaves.
        if first:
            return first.pop()
        await asyncio.sleep(60)

    app = Starlette(routes=[Route("/mcp", stream)], middleware=[Middleware(Through)])
    sent = serve(Guard(app, gate()), scope("GET", **{"x-api-key": KEY}), receive)
    assert b"".join(message.get("body", b"") for message in sent) == b"xxxxx"
