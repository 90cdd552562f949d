"""A request's body for the gate, from ASGI: bounded in bytes and in time, and handed on to the application."""

from __future__ import annotations

import asyncio
import sys
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, MutableMapping
from typing import Any

from ._doorward import NeedBody

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

#: How long a body may take to arrive, all of it, in seconds.
BODY_TIME = 30.0


def header(headers: Any, name: bytes) -> bytes | None:
    for key, value in headers:
        if key == name:
            found: bytes = value
            return found
    return None


def _declared(scope: Scope) -> int:
    try:
        return int(header(scope["headers"], b"content-length") or 0)
    except ValueError:
        return 0


def has_body(scope: Scope) -> bool:
    return _declared(scope) > 0 or header(scope["headers"], b"transfer-encoding") is not None


async def read(need: NeedBody, scope: Scope, receive: Receive) -> tuple[bytes | None, Any]:
    """The body, if there was all of it, and the gate's next step."""
    # One that says it is too long is not read at all.
    if _declared(scope) > need.limit:
        return None, need.too_large()
    reading = _collect(receive, need.limit)
    try:
        try:
            # Usually the body is there, all of it: a timer takes longer than all the rest of the guard does.
            waits_for = reading.send(None)
        except StopIteration as read:
            body = read.value
        else:
            body = await _within(BODY_TIME, _rest(reading, waits_for))
    except (asyncio.TimeoutError, ConnectionError):
        return None, need.broken()
    if body is None:
        return None, need.too_large()
    return body, need.read(body)


if sys.version_info >= (3, 11):

    async def _within(seconds: float, reading: Awaitable[bytes | None]) -> bytes | None:
        # Not `wait_for`, which makes a task of it before Python 3.12.
        async with asyncio.timeout(seconds):
            return await reading

else:

    async def _within(seconds: float, reading: Awaitable[bytes | None]) -> bytes | None:
        """Within so many seconds, in this very task: what `receive` has begun in it, must end in it."""
        task, late = asyncio.current_task(), False

        def cut() -> None:
            nonlocal late
            late = True
            if task is not None:
                task.cancel()

        timer = asyncio.get_running_loop().call_later(seconds, cut)
        try:
            return await reading
        except asyncio.CancelledError:
            if late:
                raise asyncio.TimeoutError from None
            raise
        finally:
            timer.cancel()


@types.coroutine
def _rest(reading: Coroutine[Any, Any, bytes | None], waits_for: Any) -> Generator[Any, Any, bytes | None]:
    """What is left of a coroutine that was begun, and waits for that."""
    try:
        while True:
            try:
                sent = yield waits_for
            except BaseException as thrown:
                waits_for = reading.throw(thrown)
            else:
                waits_for = reading.send(sent)
    except StopIteration as read:
        whole: bytes | None = read.value
        return whole


async def _collect(receive: Receive, limit: int) -> bytes | None:
    chunks: list[bytes] = []
    length = 0
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


def handing_on(body: bytes, receive: Receive) -> Receive:
    """The body once, and then whatever comes but a body: a disconnect. What the gate has not read, nobody gets."""
    handed = False

    async def again() -> Message:
        nonlocal handed
        while handed:
            message = await receive()
            if message["type"] != "http.request":
                return message
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
