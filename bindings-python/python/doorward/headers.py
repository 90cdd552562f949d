"""For servers that hand a hook the headers and nothing else: ``authenticate(headers)``.

>>> import asyncio
>>> from doorward import ApiKey, ApiKeys
>>> keys = ApiKeys([ApiKey("ci", "a-key-nobody-guesses", roles=["user"])])
>>> authenticate = Authenticator(api_keys=keys)
>>> caller = asyncio.run(authenticate({"X-API-Key": "a-key-nobody-guesses"}))
>>> caller.id, caller.has_role("user")
('key:ci', True)

A hook knows no address and no body: there are no limits and no policy here. Where there is an ASGI application, use
``doorward.asgi.Guard``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from ._doorward import ApiKeys, Principal, Verifier
from ._errors import ApiKeyError, ConfigError, Error, TokenError
from ._jwks import KeyFetcher
from ._jwks import identified as identified_later
from .blocking import identified

if TYPE_CHECKING:
    import httpx

__all__ = ["Authenticator", "Caller", "Rejected"]


class Rejected(Error):
    """The caller is not let in.

    Its text is one of a few fixed sentences, to tell the caller; ``code`` is for the log alone.
    """

    code = "rejected"


@dataclass(frozen=True)
class Caller:
    """Who the headers are from: what tools get as their context."""

    #: The canonical id, as a gate's ``Principal`` has it: ``key:<name>``, ``jwt:<issuer>:<subject>``.
    id: str
    #: ``api_key`` or ``jwt``.
    method: str
    #: The token's subject; ``None`` for a key.
    subject: str | None = None
    #: The scopes it was given.
    scopes: tuple[str, ...] = ()
    #: The roles it was given.
    roles: tuple[str, ...] = ()
    #: The token's claims; empty for a key.
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def has_role(self, role: str) -> bool:
        """Whether it has that role."""
        return role in self.roles


class Authenticator:
    """The hook: awaited with the headers, it gives the ``Caller`` or raises ``Rejected``.

    ``headers`` are a mapping or pairs, names in any case. ``Authorization: Bearer`` carries a token or a key, the
    header ``api_key_header`` a key. Both at once, or one of them twice, is refused, and so is a token that names
    nobody; other schemes are as good as nothing.

    Where the verifier's keys are fetched, it fetches them: by ``http_client``, an ``httpx.AsyncClient`` for who awaits
    and an ``httpx.Client`` for the others, or by one of its own.
    """

    def __init__(
        self,
        *,
        verifier: Verifier | None = None,
        api_keys: ApiKeys | None = None,
        api_key_header: str = "x-api-key",
        http_client: httpx.AsyncClient | httpx.Client | None = None,
    ) -> None:
        """Raises ``ConfigError``: there is nothing to verify with."""
        if verifier is None and api_keys is None:
            raise ConfigError("name a verifier or a set of API keys")
        self._verifier = verifier
        self._api_keys = api_keys
        self._key_header = api_key_header.lower()
        # Told apart without importing httpx, which there may be no need of.
        awaits = hasattr(http_client, "aclose")
        self._client = None if awaits else cast("httpx.Client | None", http_client)
        self._fetcher = KeyFetcher(cast("httpx.AsyncClient", http_client) if awaits else None)

    async def __call__(self, headers: Mapping[str, Any] | Iterable[tuple[Any, Any]]) -> Caller:
        """The caller. Raises ``Rejected``."""
        token, key = self._found(headers)
        if token is not None and self._verifier is not None:
            with _rejecting():
                return _caller(await identified_later(self._fetcher, self._verifier, token))
        return self._owner(key)

    def authenticate(self, headers: Mapping[str, Any] | Iterable[tuple[Any, Any]]) -> Caller:
        """The same, for those who do not await."""
        return self._known(*self._found(headers))

    def credential(self, credential: str) -> Caller:
        """Who a bare credential is from, a token or a key. Raises ``Rejected``."""
        return self._known(*self._sorted(credential, None))

    def _found(self, headers: Mapping[str, Any] | Iterable[tuple[Any, Any]]) -> tuple[str | None, str | None]:
        authorization, key = None, None
        for name, value in _pairs(headers):
            if name == "authorization":
                if authorization is not None:
                    raise _rejected("Too many credentials", "credentials_ambiguous")
                authorization = value.strip()
            elif name == self._key_header and self._api_keys is not None:
                if key is not None:
                    raise _rejected("Too many credentials", "credentials_ambiguous")
                key = value.strip()
        scheme, _, credential = (authorization or "").partition(" ")
        bearer = credential.strip() if scheme.lower() == "bearer" else None
        if bearer is not None and key is not None:
            raise _rejected("Too many credentials", "credentials_ambiguous")
        return self._sorted(bearer, key)

    def _sorted(self, bearer: str | None, key: str | None) -> tuple[str | None, str | None]:
        """A token or a key, by its shape."""
        if not bearer and not key:
            raise _rejected("Missing credentials", "credentials_missing")
        if bearer and self._verifier is not None and (bearer.count(".") == 2 or self._api_keys is None):
            return bearer, None
        return None, key or bearer

    def _known(self, token: str | None, key: str | None) -> Caller:
        if token is not None and self._verifier is not None:
            with _rejecting():
                return _caller(identified(self._client, self._verifier, token))
        return self._owner(key)

    def _owner(self, key: str | None) -> Caller:
        if self._api_keys is None:
            raise _rejected("Invalid credentials", "credentials_unsupported")
        with _rejecting():
            return _caller(self._api_keys.identify(key or ""))


@contextlib.contextmanager
def _rejecting() -> Iterator[None]:
    try:
        yield
    except (TokenError, ApiKeyError) as error:
        raise _rejected("Invalid credentials", error.code) from error


def _caller(who: Principal) -> Caller:
    return Caller(
        id=who.id,
        method=who.method,
        subject=who.subject,
        scopes=who.scopes,
        roles=who.roles,
        claims={} if who.claims is None else who.claims,
    )


def _rejected(sentence: str, code: str) -> Rejected:
    error = Rejected(sentence)
    error.code = code
    return error


def _pairs(headers: Mapping[str, Any] | Iterable[tuple[Any, Any]]) -> Iterable[tuple[str, str]]:
    if isinstance(headers, (str, bytes)):
        raise TypeError(f"headers are a mapping or pairs, not {type(headers).__name__}")
    items = headers.items() if isinstance(headers, Mapping) else headers
    for pair in items:
        if isinstance(pair, (str, bytes)) or len(pair) != 2:
            raise TypeError("headers are a mapping, or pairs of name and value")
        name, values = pair
        # Some frameworks give all lines of one name as a list.
        for value in values if isinstance(values, (list, tuple)) else (values,):
            yield _text(name).lower(), _text(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    raise TypeError(f"headers are str or bytes, not {type(value).__name__}")
