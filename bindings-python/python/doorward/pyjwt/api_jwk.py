"""JWKs: PyJWT's own classes where it is installed, so that what its ``PyJWKClient`` fetched works here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from doorward import ConfigError, SignError

from ._installed import own
from .algorithms import get_default_algorithms
from .exceptions import InvalidKeyError, PyJWKError, PyJWKSetError, PyJWTError
from .types import JWKDict

__all__ = ["PyJWK", "PyJWKSet"]

_OF_KIND = {"RSA": "RS256", "oct": "HS256"}
_OF_CURVE = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "secp256k1": "ES256K", "Ed25519": "EdDSA"}


class PyJWK:
    """A JWK (RFC 7517), bound to one algorithm."""

    def __init__(self, jwk_data: JWKDict, algorithm: str | None = None) -> None:
        """``algorithm``, else the key's ``alg``, else the usual one of its kind or curve."""
        self._jwk_data = jwk_data
        kind = jwk_data.get("kty")
        if not kind:
            raise InvalidKeyError("kty is not found")
        usual = _OF_KIND.get(kind) or _OF_CURVE.get(jwk_data.get("crv", "P-256" if kind == "EC" else ""))
        name = algorithm or jwk_data.get("alg") or usual
        if not name:
            raise InvalidKeyError("Unsupported kty or crv")
        self.algorithm_name: str = name
        try:
            self.Algorithm: Any = get_default_algorithms()[name]
        except KeyError:
            raise PyJWKError("Unable to find an algorithm for the key") from None
        try:
            self.key: Any = self.Algorithm.from_jwk(jwk_data)
        except (TypeError, ValueError, ConfigError, SignError) as error:
            raise InvalidKeyError(f"Unable to construct key from JWK: {error}") from error
        if self.key == b"":
            raise InvalidKeyError("HMAC key must not be empty.")

    @staticmethod
    def from_dict(obj: JWKDict, algorithm: str | None = None) -> PyJWK:
        """Of a dict."""
        return PyJWK(obj, algorithm)

    @staticmethod
    def from_json(data: str, algorithm: str | None = None) -> PyJWK:
        """Of a JSON text."""
        return PyJWK(json.loads(data), algorithm)

    @property
    def key_type(self) -> str | None:
        """``kty``."""
        return self._jwk_data.get("kty")

    @property
    def key_id(self) -> str | None:
        """``kid``."""
        return self._jwk_data.get("kid")

    @property
    def public_key_use(self) -> str | None:
        """``use``."""
        return self._jwk_data.get("use")


class PyJWKSet:
    """The keys of a JWK Set that are of use."""

    def __init__(self, keys: list[JWKDict]) -> None:
        """``keys`` is the set's member of that name."""
        if not keys or not isinstance(keys, list):
            raise PyJWKSetError("The JWK Set did not contain any keys")
        self.keys: list[PyJWK] = []
        for key in keys:
            try:
                self.keys.append(PyJWK(key))
            except (PyJWTError, AttributeError):
                continue
        if not self.keys:
            raise PyJWKSetError("The JWK Set did not contain any usable keys")

    @staticmethod
    def from_dict(obj: dict[str, Any]) -> PyJWKSet:
        """Of a dict."""
        return PyJWKSet(obj.get("keys", []))

    @staticmethod
    def from_json(data: str) -> PyJWKSet:
        """Of a JSON text."""
        return PyJWKSet.from_dict(json.loads(data))

    def __getitem__(self, kid: str) -> PyJWK:
        """The key of that ``kid``. Raises ``KeyError``."""
        for key in self.keys:
            if key.key_id == kid:
                return key
        raise KeyError(f"keyset has no key for kid: {kid}")

    def __iter__(self) -> Iterator[PyJWK]:
        """Each key, in order."""
        return iter(self.keys)


if not TYPE_CHECKING:
    PyJWK = own("api_jwk", "PyJWK", PyJWK)
    PyJWKSet = own("api_jwk", "PyJWKSet", PyJWKSet)
