"""PyJWT itself, where it is installed."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any


def _find() -> ModuleType | None:
    try:
        module = importlib.import_module("jwt")
        # Another package of that name has no such thing.
        importlib.import_module("jwt.api_jwt")
    except ImportError:
        return None
    return module


#: PyJWT's module ``jwt``, or ``None``.
PYJWT: ModuleType | None = _find()


def own(module: str, name: str, otherwise: Any) -> Any:
    """PyJWT's own object of that name, else ``otherwise``: what one of both modules made, the other knows."""
    if PYJWT is None:
        return otherwise
    return getattr(importlib.import_module(f"jwt.{module}"), name, otherwise)
