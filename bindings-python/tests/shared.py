"""The vectors that Rust, Python and Node all run, from the same files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).resolve().parents[2] / "tests" / "vectors"

SECRET = "a secret of at least 32 bytes, kept well"
NOW = 1_800_000_000
"""A moment for tests, in seconds since the epoch."""


def load(name: str) -> dict[str, Any]:
    """A file of vectors, of the format these tests know."""
    file: dict[str, Any] = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    assert file["format"] == 1
    return file


def text(made: str | dict[str, Any]) -> str:
    """A text as it stands, or made by repetition."""
    if isinstance(made, str):
        return made
    assert made.keys() == {"repeat"}
    prefix, unit, count, suffix = made["repeat"]
    return str(prefix + unit * count + suffix)


def forged(token: str) -> str:
    """The token with another signature."""
    signed, _, signature = token.rpartition(".")
    return f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def report(failures: list[str], of: int) -> None:
    """Fails with all that failed."""
    assert not failures, f"{len(failures)} of {of} vectors fail:\n" + "\n".join(failures)
