"""Asking about opaque tokens by httpx: as whom, and what becomes of bad answers."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import httpx
import pytest

from doorward import Gate, Introspection, Policy, blocking
from doorward import asgi as guards

pytestmark = pytest.mark.thread_unsafe(reason="event loops")

URL = "https://mcp.example/mcp"
HEADERS = [(b"host", b"localhost"), (b"authorization", b"Bearer an-opaque-token")]
GOOD = {"active": True, "sub": "anna", "aud": URL, "scope": "read"}


def gate() -> Gate:
    introspection = Introspection("https://i.example/introspect", "https://i.example", audience=URL)
    return Gate(introspection=introspection, public_url=URL, policy=Policy.allow_all())


def by_guard(answer: Any, **options: Any) -> tuple[int, str]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": guards.principal_of(scope).id.encode()})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is to be received")

    async def go() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            guard = guards.Guard(app, gate(), introspect=guards.Introspector("s:cret/", http_client=http, **options))
            scope = {"type": "http", "method": "GET", "path": "/mcp", "headers": HEADERS, "client": ("127.0.0.1", 1)}
            await guard(scope, receive, send)

    asyncio.run(go())
    return sent[0]["status"], sent[1]["body"].decode()


def by_door(answer: Any, **options: Any) -> tuple[int, str]:
    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        asked = blocking.Introspector("s:cret/", http_client=http, **options)
        door = blocking.Door(gate(), introspect=asked)
        decided = door.admit("GET", HEADERS, "127.0.0.1")
        door.close()
    return (200, decided.principal.id) if decided else (decided.status, decided.body.decode())


BOTH = pytest.mark.parametrize("called", [by_guard, by_door])


@BOTH
@pytest.mark.parametrize(
    ("options", "how"),
    [
        ({}, "Bearer s:cret/"),
        ({"client_id": "mcp server"}, "Basic " + base64.b64encode(b"mcp+server:s%3Acret%2F").decode()),
    ],
)
def test_it_asks_as_it_should(called: Any, options: dict[str, str], how: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=GOOD)

    assert called(answer, **options) == (200, "opaque:https://i.example:anna")
    (request,) = asked
    assert (request.method, str(request.url)) == ("POST", "https://i.example/introspect")
    assert request.headers["authorization"] == how and b"token=an-opaque-token" in request.content
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


@BOTH
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda _: httpx.Response(200, json={"active": False}), 401),
        (lambda _: httpx.Response(200, json={**GOOD, "aud": "https://other.example"}), 401),
        (lambda _: httpx.Response(302, headers={"location": "https://evil.example/"}), 503),
        (lambda _: httpx.Response(401), 503),
        (lambda _: httpx.Response(200, text="{"), 503),
        (lambda _: httpx.Response(200, json={**GOOD, "x": "y" * 70_000}), 503),
        (lambda _: httpx.Response(200, stream=Endless()), 503),
    ],
)
def test_what_is_no_good_answer_lets_nobody_in(called: Any, answer: Any, status: int) -> None:
    assert called(answer)[0] == status


class Endless(httpx.AsyncByteStream, httpx.SyncByteStream):
    """Whatever one reads, there is more."""

    async def __aiter__(self) -> Any:
        while True:
            yield b" " * 4096

    def __iter__(self) -> Any:
        while True:
            yield b" " * 4096


@BOTH
def test_whoever_does_not_answer_is_unavailable(called: Any) -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down")

    assert called(down)[0] == 503
