"""Verifiers, made once for each key and set of rules: what PyJWT does again for every token.

At most 64 are kept, the least used goes first, and core's copy of its secret is zeroised. The key's own text is the
caller's object, held as long as its verifier is; ``forget_keys`` lets go of all.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

from doorward import ConfigError, Key, Verifier

from ._handed import when_changed
from .algorithms import verifying_key
from .exceptions import InvalidKeyError
from .utils import force_bytes
from .warnings import InsecureKeyLengthWarning

__all__ = ["ById", "forget_keys", "verifier"]

#: Tokens that each remembers.
SEEN = 1000

_SHORTEST = {"HS256": 32, "HS384": 48, "HS512": 64}
_ASYMMETRIC = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"})


class ById:
    """A key object, told from others by which it is. Holding it keeps its identity its own."""

    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def __hash__(self) -> int:
        return id(self.held)

    def __eq__(self, other: object) -> bool:
        return type(other) is ById and other.held is self.held


@lru_cache(maxsize=64)
def verifier(
    kind: type, key: Any, algorithms: tuple[str, ...], audience: Any, issuer: Any, leeway: float, rules: tuple[str, ...]
) -> Verifier | None:
    """A verifier for such a key; nothing where core has no use for it, and the long way must tell why.

    ``kind`` is the key's type, for ``str`` and ``bytes`` may be equal by their hashes.
    """
    keys = _keys(key.held if kind is ById else key, algorithms)
    if not keys:
        return None
    try:
        return Verifier(
            keys=keys,
            audience=audience,
            any_audience=audience is None,
            issuer=issuer,
            leeway=leeway,
            required=(),
            ignore_expiry="exp" in rules,
            ignore_not_before="nbf" in rules,
            cache_size=SEEN,
        )
    except ConfigError:
        return None


def _keys(key: Any, algorithms: tuple[str, ...]) -> list[Key]:
    bound = getattr(key, "algorithm_name", None)
    if bound is not None and not isinstance(key, (str, bytes)):
        # A PyJWK is for its own algorithm.
        if algorithms and bound not in algorithms:
            return []
        key, algorithms = key.key, (bound,)
    found, shortest = [], 64
    for name in algorithms:
        try:
            if name in _ASYMMETRIC:
                found.append(verifying_key(key, name))
            elif name in _SHORTEST and isinstance(key, (str, bytes)):
                found.append(Key.from_secret(key, name, allow_short=True))
                shortest = min(shortest, _SHORTEST[name])
        except (ConfigError, InvalidKeyError, TypeError):
            # Of another kind: a list of algorithms may be longer than what fits one key.
            continue
    if found and found[0].is_secret and (length := len(force_bytes(key))) < shortest:
        # Once a key, and not at every token.
        warnings.warn(
            f"The HMAC key is {length} bytes long, which is below the minimum recommended length of {shortest}"
            " bytes. See RFC 7518 Section 3.2.",
            InsecureKeyLengthWarning,
            stacklevel=5,
        )
    return found


def forget_keys() -> None:
    """Lets go of every key that was prepared, and of every token that was seen."""
    verifier.cache_clear()


when_changed(forget_keys)
