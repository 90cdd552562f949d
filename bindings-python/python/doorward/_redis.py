"""Shared limits, counted by Redis or Valkey through redis-py: core's script and arguments, core's word on the reply.

The client is the caller's own (``redis.Redis`` or ``redis.asyncio.Redis``), with its TLS, retries and pool. A reply
that does not come within the deadline is none; core's breaker then sees to the fallback.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from typing import TYPE_CHECKING, Any

from ._doorward import Ask
from ._told import Told

if TYPE_CHECKING:
    import redis as redis_py
    import redis.asyncio as aredis


def _arguments(ask: Ask) -> tuple[Any, ...]:
    return ask.command or ()


def _failed(ask: Ask, told: Told, error: Exception) -> Any:
    import redis

    if not isinstance(error, redis.exceptions.NoScriptError):
        told.uncounted(error)
    if isinstance(error, redis.ResponseError):
        # redis-py takes the code off some errors, and makes a class of it.
        code = {"NoScriptError": "NOSCRIPT ", "ReadOnlyError": "READONLY ", "OutOfMemoryError": "OOM "}
        return ask.returned(code.get(type(error).__name__, "") + str(error))
    if isinstance(error, redis.AuthenticationError):
        return ask.returned("NOAUTH")
    return ask.unreachable()


async def spend(client: aredis.Redis, ask: Ask, told: Told) -> Any:
    """Runs the command until its deadline, and gives the gate's next step."""
    import redis

    try:
        execute: Any = client.execute_command
        reply = await asyncio.wait_for(execute(*_arguments(ask)), ask.deadline)
    except (asyncio.TimeoutError, redis.TimeoutError) as error:
        told.uncounted(error)
        return ask.unavailable()
    except (redis.RedisError, OSError) as error:
        return _failed(ask, told, error)
    return ask.returned(reply if reply is not None else ())


def spend_now(client: redis_py.Redis, ask: Ask, told: Told, pool: concurrent.futures.Executor) -> Any:
    """The same for callers without an event loop: a thread of the pool waits for the server, they only so long."""
    import redis

    try:
        execute: Any = client.execute_command
        sent = pool.submit(execute, *_arguments(ask))
        reply = sent.result(timeout=ask.deadline)
    except (concurrent.futures.TimeoutError, redis.TimeoutError) as error:
        told.uncounted(error)
        return ask.unavailable()
    except (redis.RedisError, OSError) as error:
        return _failed(ask, told, error)
    return ask.returned(reply if reply is not None else ())
