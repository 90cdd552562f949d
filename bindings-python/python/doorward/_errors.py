"""The exceptions: each has a ``code`` that is stable and the same in every language.

Messages are lower case and never hold anything of a token, a key or a setting.
"""

from __future__ import annotations


class Error(Exception):
    """What doorward raises, wrong types aside: those are ``TypeError``."""

    code: str = "error"
    """The stable code, as ``token_expired``."""


class ConfigError(Error, ValueError):
    """A key, a rule, a quota or a setting that can't be used as it is. Raised when it is configured, not later."""

    code = "config_invalid"

    setting: str | None = None
    """The name of the setting at fault, where it is one of ``Gate.from_env``'s."""


class SignError(Error, ValueError):
    """Claims that no verifier would take back: nothing was signed."""

    code = "sign_error"


class ListError(Error, ValueError):
    """The text of a list's result can't be read, so it must not be passed on."""

    code = "list_unreadable"


class ApiKeyError(Error):
    """A presented API key that is refused.

    The code is for the operator's log: tell the caller the same in every case.
    """

    code = "api_key_unknown"


class TokenError(Error):
    """A token that is refused."""

    code = "token_invalid"


class MalformedToken(TokenError):
    """Not three base64url segments of readable JSON; encrypted, nested or detached; over a bound."""

    code = "token_malformed"


class UnknownKey(TokenError):
    """No key of that ``kid``, algorithm or issuer."""

    code = "key_not_found"


class KeysUnavailable(TokenError):
    """The issuer's keys could not be fetched: try again later, for the token may be good."""

    code = "keys_unavailable"


class BadSignature(TokenError):
    """The signature does not hold."""

    code = "signature_invalid"


class InvalidClaim(TokenError):
    """The signature holds, and a claim is not what it must be."""

    code = "claim_invalid"


class MissingClaim(InvalidClaim):
    """A required claim is not there."""

    code = "claim_missing"


class WrongIssuer(InvalidClaim):
    """``iss`` is none of the expected."""

    code = "issuer_mismatch"


class WrongAudience(InvalidClaim):
    """``aud`` names none of the expected: the token was made for somebody else."""

    code = "audience_mismatch"


class ExpiredToken(InvalidClaim):
    """``exp`` is over, or the token is older than ``max_age``."""

    code = "token_expired"


class ImmatureToken(InvalidClaim):
    """``nbf`` has not come, or ``iat`` lies ahead."""

    code = "token_not_yet_valid"


class RevokedToken(InvalidClaim):
    """Revoked before its time."""

    code = "token_revoked"
