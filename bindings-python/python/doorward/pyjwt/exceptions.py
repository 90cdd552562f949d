"""PyJWT's exceptions: its own classes where it is installed, so that ``except`` clauses of either module catch both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._installed import own

__all__ = [
    "DecodeError",
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InvalidAlgorithmError",
    "InvalidAudienceError",
    "InvalidIssuedAtError",
    "InvalidIssuerError",
    "InvalidJTIError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidSubjectError",
    "InvalidTokenError",
    "MissingCryptographyError",
    "MissingRequiredClaimError",
    "PyJWKClientConnectionError",
    "PyJWKClientError",
    "PyJWKError",
    "PyJWKSetError",
    "PyJWTError",
]

# Each class is looked up before the next one is derived from it, so that what an older PyJWT lacks descends from its
# classes all the same.


class PyJWTError(Exception):
    """Whatever goes wrong here."""


if not TYPE_CHECKING:
    PyJWTError = own("exceptions", "PyJWTError", PyJWTError)


class InvalidTokenError(PyJWTError):
    """The token is refused."""


if not TYPE_CHECKING:
    InvalidTokenError = own("exceptions", "InvalidTokenError", InvalidTokenError)


class DecodeError(InvalidTokenError):
    """The token can't be read."""


if not TYPE_CHECKING:
    DecodeError = own("exceptions", "DecodeError", DecodeError)


class InvalidSignatureError(DecodeError):
    """The signature is not of this key."""


class ExpiredSignatureError(InvalidTokenError):
    """``exp`` is past."""


class InvalidAudienceError(InvalidTokenError):
    """``aud`` names nobody that is expected."""


class InvalidIssuerError(InvalidTokenError):
    """``iss`` is not who is expected."""


class InvalidIssuedAtError(InvalidTokenError):
    """``iat`` is no date."""


class ImmatureSignatureError(InvalidTokenError):
    """``nbf`` or ``iat`` lies ahead."""


class InvalidAlgorithmError(InvalidTokenError):
    """The algorithm is not one of those allowed."""


class InvalidSubjectError(InvalidTokenError):
    """``sub`` is no string, or not who is expected."""


class InvalidJTIError(InvalidTokenError):
    """``jti`` is no string."""


class MissingRequiredClaimError(InvalidTokenError):
    """A claim that must be there is not."""

    def __init__(self, claim: str) -> None:
        """``claim`` is its name."""
        self.claim = claim

    def __str__(self) -> str:
        """Names the claim, which the rules name too."""
        return f'Token is missing the "{self.claim}" claim'


class InvalidKeyError(PyJWTError):
    """The key is not one for this algorithm."""


class PyJWKError(PyJWTError):
    """The JWK is of no use."""


class PyJWKSetError(PyJWTError):
    """The JWK Set is of no use."""


class PyJWKClientError(PyJWTError):
    """No key could be fetched."""


if not TYPE_CHECKING:
    PyJWKError = own("exceptions", "PyJWKError", PyJWKError)
    PyJWKClientError = own("exceptions", "PyJWKClientError", PyJWKClientError)


class MissingCryptographyError(PyJWKError):
    """Never raised here: it needs no other package."""


class PyJWKClientConnectionError(PyJWKClientError):
    """The keys' address did not answer."""


if not TYPE_CHECKING:
    for _name in __all__:
        globals()[_name] = own("exceptions", _name, globals()[_name])
