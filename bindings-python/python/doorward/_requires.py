"""What somebody must have for a route or a tool."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from ._errors import ConfigError

#: RFC 6749 §3.3: what a scope may be of, so that a challenge that names it is well-formed.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


class Requirement:
    """All of these scopes, and one of these roles, where any are named."""

    __slots__ = ("roles", "scopes")

    def __init__(self, scopes: Iterable[str], roles: Iterable[str]) -> None:
        """Raises ``ConfigError``: nothing is required, a ``str`` for a list, a scope with characters none may have."""
        if isinstance(scopes, str) or isinstance(roles, str):
            raise ConfigError("scopes and roles are lists of names")
        self.scopes = tuple(scopes)
        self.roles = tuple(roles)
        if not self.scopes and not self.roles:
            raise ConfigError("name a scope or a role: what requires nothing protects nothing")
        if not all(_SCOPE.fullmatch(scope) for scope in self.scopes):
            raise ConfigError("a scope is of printable ASCII, without spaces, quotes and backslashes")

    def lacking(self, scopes: Iterable[str], roles: Iterable[str]) -> Literal["insufficient_scope", "forbidden"] | None:
        """What to refuse somebody with these for; nothing where they have what it takes."""
        if not set(self.scopes).issubset(scopes):
            return "insufficient_scope"
        if self.roles and not set(self.roles).intersection(roles):
            return "forbidden"
        return None
