"""PyJWT itself, where it is installed."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

_PARTS = ("algorithms", "api_jwk", "api_jwt", "exceptions", "jwks_client", "warnings")


def _find() -> tuple[ModuleType | None, dict[str, ModuleType]]:
    try:
        # Another package of that name has no such parts.
        parts = {part: importlib.import_module(f"jwt.{part}") for part in _PARTS}
        return importlib.import_module("jwt"), parts
    except ImportError:
        return None, {}


_found = _find()

#: PyJWT's module ``jwt``, or ``None``.
PYJWT: Any = _found[0]


def own(part: str, name: str, otherwise: Any) -> Any:
    """PyJWT's own object of that name, else ``otherwise``: what one of both modules made, the other knows."""
    return getattr(_found[1].get(part), name, otherwise)


def original(name: str) -> Any:
    """PyJWT's own algorithm of that name. Raises ``KeyError``."""
    return _found[1]["algorithms"].get_default_algorithms()[name]
