"""``PyJWKClient``: PyJWT's own, where it is installed. ``doorward``'s other integrations fetch keys by core's rules."""

from __future__ import annotations

from typing import Any

from ._installed import own

__all__ = ["PyJWKClient"]


class _Missing:
    """PyJWT is not installed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("PyJWKClient is PyJWT's own: install PyJWT, or use doorward's Gate with an issuer")


PyJWKClient: Any = own("jwks_client", "PyJWKClient", _Missing)
