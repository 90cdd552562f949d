"""Asking about opaque tokens (RFC 7662): as whom, and how much of an answer is read."""

from __future__ import annotations

import base64
from urllib.parse import quote_plus

#: Bytes of an answer: core reads no more, and refuses what is longer.
LONGEST = 65536


def authorization(client_secret: str, client_id: str | None) -> dict[str, str]:
    """The headers: HTTP Basic as that client (RFC 6749 §2.3.1), or without one the secret as a bearer token."""
    if client_id is None:
        how = f"Bearer {client_secret}"
    else:
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
        how = "Basic " + base64.b64encode(pair.encode()).decode()
    return {
        "authorization": how,
        "accept": "application/json",
        "content-type": "application/x-www-form-urlencoded",
    }
