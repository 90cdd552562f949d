"""base64url (RFC 7515 §2), as PyJWT's ``jwt.utils`` has it."""

from __future__ import annotations

import base64

__all__ = ["base64url_decode", "base64url_encode", "force_bytes"]


def force_bytes(value: bytes | str) -> bytes:
    """The bytes of a text. Raises ``TypeError`` for anything else."""
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, bytes):
        return value
    raise TypeError("Expected a string or bytes value")


def base64url_decode(input: bytes | str) -> bytes:
    """Decodes with or without padding, as leniently as ``base64.urlsafe_b64decode``."""
    octets = force_bytes(input)
    return base64.urlsafe_b64decode(octets + b"=" * (-len(octets) % 4))


def base64url_encode(input: bytes) -> bytes:
    """Encodes without padding."""
    return base64.urlsafe_b64encode(input).rstrip(b"=")
