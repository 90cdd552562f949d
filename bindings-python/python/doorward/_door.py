"""The gate with what it needs of the world: who fetches keys, counts shared limits, and knows further credentials."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from . import _redis
from ._doorward import Admitted, ApiKey, Ask, Denial, Fetch, Gate, NeedBody
from ._jwks import KeyFetcher
from ._told import Told, logger

if TYPE_CHECKING:
    import httpx
    import redis.asyncio as aredis

#: Asked by the SHA-256 of what was presented: its entry, or nothing.
ApiKeyLookUp = Callable[[str], Awaitable[ApiKey | None]]

#: Asked with where to POST and the form to send: status and body of the answer.
Introspect = Callable[[str, str], Awaitable[tuple[int, bytes]]]


class Door:
    """A gate, and who answers its questions. What nobody answers is refused as unavailable."""

    def __init__(
        self,
        gate: Gate,
        *,
        http_client: httpx.AsyncClient | None = None,
        redis: aredis.Redis | None = None,
        api_key_look_up: ApiKeyLookUp | None = None,
        introspect: Introspect | None = None,
    ) -> None:
        """``http_client`` fetches keys, in place of one of its own. Raises ``TypeError``: a client that blocks."""
        if redis is not None and not inspect.iscoroutinefunction(getattr(redis, "execute_command", None)):
            raise TypeError("redis must be an async client, as redis.asyncio.Redis: another would stop the event loop")
        self.gate = gate
        self._redis = redis
        self._look_up = api_key_look_up
        self._introspect = introspect
        self._fetcher = KeyFetcher(http_client)
        self.told = Told()

    async def start(self) -> None:
        """Fetches the keys there are, so that the first caller need not wait. What fails is logged, and tried again."""
        await self._fetcher.refreshed(self.gate)

    async def stop(self) -> None:
        """Gives up what is under way."""
        await self._fetcher.aclose()

    def refresh(self) -> None:
        """Sees to what the gate should know soon."""
        self._fetcher.refresh(self.gate)

    def fetch(self, fetch: Fetch) -> None:
        """Does a fetch that is due, and whatever else is."""
        self._fetcher.start(fetch)
        self.refresh()

    async def answered(self, step: object) -> Admitted | Denial | NeedBody:
        """The first step that is no question."""
        while isinstance(step, Ask):
            step = await self._answer(step)
        assert isinstance(step, (Admitted, Denial, NeedBody))
        return step

    async def _answer(self, ask: Ask) -> Any:
        kind = ask.kind
        if kind == "keys":
            return await self._fetcher.answer(ask)
        if kind == "shared_limit" and self._redis is not None:
            return await _redis.spend(self._redis, ask, self.told)
        if kind == "api_key" and self._look_up is not None and (digest := ask.digest) is not None:
            return await _asked(ask, self._look_up, (digest,), ask.found)
        if kind == "introspection" and self._introspect is not None and (url := ask.url) and (form := ask.body):
            return await _asked(ask, self._introspect, (url, form), lambda answer: _introspected(ask, *answer))
        self.told.nobody(kind)
        return ask.unavailable()


def _introspected(ask: Ask, status: int, body: bytes) -> Any:
    return ask.unavailable() if len(body) > (ask.limit or 0) else ask.replied(status, body)


async def _asked(
    ask: Ask, who: Callable[..., Awaitable[Any]], what: tuple[str, ...], go_on: Callable[[Any], Any]
) -> Any:
    """The host's answer within the deadline. What goes wrong in it is the host's, and refuses nobody for good."""
    try:
        found = await asyncio.wait_for(who(*what), ask.deadline)
        return go_on(found)
    except asyncio.TimeoutError:
        logger.error("the answer to a question of kind %s took too long", ask.kind)
    except Exception:
        logger.exception("the answer to a question of kind %s failed", ask.kind)
    return ask.unavailable()
