"""What is handed over to PyJWT itself: nothing, unless it is asked for by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from doorward import ConfigError

from ._installed import PYJWT

__all__ = ["What", "hand_over", "is_handed_over"]

#: See ``hand_over``.
What = Literal["algorithms", "keys", "none", "tokens"]

_handed: frozenset[What] = frozenset()
_listeners: list[Callable[[], None]] = []


def hand_over(*what: What) -> None:
    """Hands over to PyJWT what doorward's core refuses or lacks; only what is named here, for the whole process.

    ``"algorithms"``: ES512, ES256K and Ed448. ``"keys"``: keys in forms, sizes and with exponents that core does not
    take. ``"none"``: making unsigned tokens (none is ever taken for good, not by PyJWT either). ``"tokens"``: tokens
    that core refuses and PyJWT takes: padded base64, names given twice, dates as digits in a string, more than 16 KiB;
    every token that is refused is then looked at a second time, by PyJWT.

    Without arguments nothing is handed over any more. Raises ``ConfigError`` when PyJWT is not installed.
    """
    global _handed
    known = get_args(What)
    for one in what:
        if one not in known:
            raise ConfigError(f"hand_over takes {', '.join(known)}")
    if what and PYJWT is None:
        raise ConfigError("PyJWT is not installed: there is nobody to hand over to")
    _handed = frozenset(what)
    for listener in _listeners:
        listener()


def is_handed_over(what: What) -> bool:
    """Whether it is."""
    return what in _handed


def when_changed(listener: Callable[[], None]) -> None:
    """Called after each ``hand_over``."""
    _listeners.append(listener)
