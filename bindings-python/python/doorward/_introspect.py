"""Asking others: what of an answer is read, and about opaque tokens (RFC 7662) as whom."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

if TYPE_CHECKING:
    import httpx

#: Bytes of an answer: core reads no more, and refuses what is longer.
LONGEST = 65536

#: What every request says. Of a packed answer a few kilobytes may be gigabytes, and unpacked before they are counted.
ASKED = {"accept": "application/json", "accept-encoding": "identity"}


def is_packed(answer: httpx.Response) -> bool:
    """Whether it is packed all the same: then it is not read."""
    return str(answer.headers.get("content-encoding", "identity")).lower() != "identity"


def authorization(client_secret: str, client_id: str | None) -> dict[str, str]:
    """The headers: HTTP Basic as that client (RFC 6749 §2.3.1), or without one the secret as a bearer token."""
    if client_id is None:
        how = f"Bearer {client_secret}"
    else:
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
        how = "Basic " + base64.b64encode(pair.encode()).decode()
    return {
        **ASKED,
        "authorization": how,
        "content-type": "application/x-www-form-urlencoded",
    }
