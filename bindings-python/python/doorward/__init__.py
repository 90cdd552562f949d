"""Auth verification for MCP servers: JWT, API keys, rate limits and one gate, on a Rust core.

>>> from doorward import Verifier, sign
>>> secret = "a secret of at least 32 bytes, kept well"
>>> verifier = Verifier(secret=secret, audience="https://mcp.example/mcp")
>>> token = sign({"sub": "anna", "aud": "https://mcp.example/mcp", "exp": 4102444800, "scope": "read write"}, secret)
>>> claims = verifier.verify(token)
>>> claims["sub"], claims.scopes
('anna', ('read', 'write'))

A token that is refused raises a ``TokenError`` with a stable ``code``:

>>> from doorward import ExpiredToken
>>> try:
...     verifier.verify(token, now=4102444800)
... except ExpiredToken as error:
...     error.code
'token_expired'

Objects are immutable, but for their caches and buckets, and shared freely by threads. Free-threaded CPython is not
supported yet: it needs a wheel of its own.
"""

from __future__ import annotations

import collections.abc

from ._doorward import (
    Admitted,
    ApiKey,
    ApiKeys,
    Ask,
    ClaimMapping,
    Claims,
    Decision,
    Denial,
    Fetch,
    Fetched,
    Gate,
    Introspection,
    Issuer,
    Jwks,
    Key,
    KeySet,
    Limit,
    Limiter,
    NeedBody,
    NewKey,
    Policy,
    Preset,
    Principal,
    Quota,
    Revocable,
    SharedLimit,
    SigningKey,
    Verifier,
    __version__,
    generate_key,
    sign,
)
from ._errors import (
    ApiKeyError,
    BadSignature,
    ConfigError,
    Error,
    ExpiredToken,
    ImmatureToken,
    InvalidClaim,
    KeysUnavailable,
    ListError,
    MalformedToken,
    MissingClaim,
    RevokedToken,
    SignError,
    TokenError,
    UnknownKey,
    WrongAudience,
    WrongIssuer,
)

collections.abc.Mapping.register(Claims)

__all__ = [
    "Admitted",
    "ApiKey",
    "ApiKeyError",
    "ApiKeys",
    "Ask",
    "BadSignature",
    "ClaimMapping",
    "Claims",
    "ConfigError",
    "Decision",
    "Denial",
    "Error",
    "ExpiredToken",
    "Fetch",
    "Fetched",
    "Gate",
    "ImmatureToken",
    "Introspection",
    "InvalidClaim",
    "Issuer",
    "Jwks",
    "Key",
    "KeySet",
    "KeysUnavailable",
    "Limit",
    "Limiter",
    "ListError",
    "MalformedToken",
    "MissingClaim",
    "NeedBody",
    "NewKey",
    "Policy",
    "Preset",
    "Principal",
    "Quota",
    "Revocable",
    "RevokedToken",
    "SharedLimit",
    "SignError",
    "SigningKey",
    "TokenError",
    "UnknownKey",
    "Verifier",
    "WrongAudience",
    "WrongIssuer",
    "__version__",
    "generate_key",
    "sign",
]

for _error in (
    ApiKeyError,
    BadSignature,
    ConfigError,
    Error,
    ExpiredToken,
    ImmatureToken,
    InvalidClaim,
    KeysUnavailable,
    ListError,
    MalformedToken,
    MissingClaim,
    RevokedToken,
    SignError,
    TokenError,
    UnknownKey,
    WrongAudience,
    WrongIssuer,
):
    _error.__module__ = "doorward"
del _error
