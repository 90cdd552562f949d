"""The session in the `endpoint` event of the older transport, HTTP with SSE (MCP 2024-11-05).

The server's first event names the address that messages go to, the session's id in its query. What the client is given
holds an id that is good for its principal alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, unquote

#: What comes before the end of the first event, in bytes: an address is shorter.
LONGEST = 8192

_LINES = re.compile(r"\r\n|\n|\r")


class EndpointEvent:
    """Passes a stream on, with another session id in its `endpoint` event."""

    def __init__(self, parameter: str, bind: Callable[[str], str | None]) -> None:
        """``bind`` gives the id to tell the client, or nothing where there is none: the event is then left out."""
        self._parameter = parameter
        self._bind = bind
        self._held: bytes | None = b""

    def passed_on(self, chunk: bytes, more: bool) -> bytes:
        """What to send in place of a chunk."""
        if self._held is None:
            return chunk
        held = self._held + chunk
        told = b""
        while True:
            event, rest = _first(held)
            if event is None:
                break
            name, data = _read(event)
            if name is None and data is None:
                # A comment: what counts is still to come.
                told, held = told + event, rest
                continue
            self._held = None
            return told + (self._bound(event, data or "") if name == "endpoint" else event) + rest
        # A longer event is none of these.
        self._held = held if more and len(held) <= LONGEST else None
        return told if self._held is not None else told + held

    def _bound(self, event: bytes, data: str) -> bytes:
        if "\n" in data:
            return event
        address, mark, query = data.partition("?")
        pairs = query.split("&")
        for at, pair in enumerate(pairs):
            name, _, inner = pair.partition("=")
            if name == self._parameter:
                outward = self._bind(unquote(inner))
                if outward is None:
                    return b""
                pairs[at] = f"{name}={quote(outward, safe='')}"
        return f"event: endpoint\r\ndata: {address}{mark}{'&'.join(pairs)}\r\n\r\n".encode()


def _first(held: bytes) -> tuple[bytes | None, bytes]:
    """The first event, its end with it, and what follows."""
    ends = [(at, end) for end in (b"\r\n\r\n", b"\n\n", b"\r\r") if (at := held.find(end)) >= 0]
    if not ends:
        return None, held
    at, end = min(ends)
    return held[: at + len(end)], held[at + len(end) :]


def _read(event: bytes) -> tuple[str | None, str | None]:
    """Its name and its data."""
    found: dict[str, str] = {}
    for line in _LINES.split(event.decode("utf-8", "replace")):
        field, _, value = line.partition(":")
        if field in ("event", "data"):
            value = value.removeprefix(" ")
            found[field] = f"{found[field]}\n{value}" if field == "data" and field in found else value
    return found.get("event"), found.get("data")
