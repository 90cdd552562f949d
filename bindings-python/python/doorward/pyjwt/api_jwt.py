"""``decode`` and ``encode`` as PyJWT has them.

A token is verified by core's ``Verifier`` and held to PyJWT's rules besides: what core refuses is refused here. Only
then is it taken apart the long way, as PyJWT does, to raise the very exception PyJWT would. The long way is also for
what core's verifier does not do: tokens that are not to be verified, algorithms and payloads of the caller's own,
detached payloads.
"""

from __future__ import annotations

import json
import time
import warnings
from calendar import timegm
from collections.abc import Container, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from doorward import (
    ExpiredToken,
    ImmatureToken,
    TokenError,
)
from doorward._doorward import _decode

from ._handed import is_handed_over
from ._installed import PYJWT
from ._prepared import ById, verifier
from .algorithms import NATIVE
from .api_jws import LONGEST, UNSET, PyJWS, _jws_global_obj, once, warn_of_kwargs
from .exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidSubjectError,
    MissingRequiredClaimError,
)
from .types import FullOptions, Options, SigOptions

__all__ = ["PyJWT", "decode", "decode_complete", "encode"]

_DEFAULTS: FullOptions = {
    "verify_signature": True,
    "verify_exp": True,
    "verify_nbf": True,
    "verify_iat": True,
    "verify_aud": True,
    "verify_iss": True,
    "verify_sub": True,
    "verify_jti": True,
    "require": [],
    "strict_aud": False,
    "enforce_minimum_key_length": False,
}

_VERIFIED_WITH_SIGNATURE = (
    *("verify_exp", "verify_nbf", "verify_iat", "verify_aud"),
    *("verify_iss", "verify_sub", "verify_jti"),
)


class PyJWT:
    """Makes tokens and verifies them."""

    #: Whether a class of the caller's has rules or payloads of its own.
    _changed = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Takes the long way: it may have rules or payloads of its own."""
        super().__init_subclass__(**kwargs)
        cls._changed = True

    def __init__(self, options: Options | None = None) -> None:
        """``options`` are defaults for every call."""
        self.options: FullOptions = {**_DEFAULTS, "require": []}
        if options is not None:
            self.options = self._merge_options(options)
        self._jws = PyJWS(
            options={
                "verify_signature": self.options["verify_signature"],
                "enforce_minimum_key_length": self.options["enforce_minimum_key_length"],
            }
        )

    def _merge_options(self, options: Options | None = None) -> FullOptions:
        if options is None:
            return self.options
        merged = dict(options)
        if not merged.get("verify_signature", True):
            for name in _VERIFIED_WITH_SIGNATURE:
                merged.setdefault(name, False)
        return cast(FullOptions, {**self.options, **merged})

    def encode(
        self,
        payload: dict[str, Any],
        key: Any,
        algorithm: str | None = UNSET,
        headers: dict[str, Any] | None = None,
        json_encoder: type[json.JSONEncoder] | None = None,
        sort_headers: bool = True,
    ) -> str:
        """A token of these claims; dates may be ``datetime``. Raises ``TypeError`` for what is no dict."""
        if not isinstance(payload, dict):
            raise TypeError("Expecting a dict object, as JWT only supports JSON objects as payloads.")
        payload = payload.copy()
        for name in ("exp", "iat", "nbf"):
            if isinstance(date := payload.get(name), datetime):
                payload[name] = timegm(date.utctimetuple())
        if "iss" in payload and not isinstance(payload["iss"], str):
            raise TypeError("Issuer (iss) must be a string.")
        octets = self._encode_payload(payload, headers=headers, json_encoder=json_encoder)
        return self._jws.encode(octets, key, algorithm, headers, json_encoder, sort_headers=sort_headers)

    def _encode_payload(
        self,
        payload: dict[str, Any],
        headers: dict[str, Any] | None = None,
        json_encoder: type[json.JSONEncoder] | None = None,
    ) -> bytes:
        """The bytes to sign; for subclasses to do otherwise."""
        return json.dumps(payload, separators=(",", ":"), cls=json_encoder).encode()

    def decode(
        self,
        jwt: str | bytes,
        key: Any = "",
        algorithms: Sequence[str] | None = None,
        options: Options | None = None,
        verify: bool | None = None,
        detached_payload: bytes | None = None,
        audience: str | Iterable[str] | None = None,
        subject: str | None = None,
        issuer: str | Container[str] | None = None,
        leeway: float | timedelta = 0,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """The claims of a token whose signature holds and that keeps the rules.

        ``leeway`` is in seconds, or a ``timedelta``. Raises ``InvalidTokenError``, of the subclass that PyJWT raises,
        or ``InvalidKeyError``.
        """
        if kwargs:
            warn_of_kwargs("decode", kwargs)
        if verify is None and detached_payload is None:
            claims = self._by_core(jwt, key, algorithms, options, audience, issuer, subject, leeway)
            if claims is not None:
                return claims
        decoded = self._the_long_way(
            jwt, key, algorithms, options, verify, detached_payload, audience, issuer, subject, leeway
        )
        return cast(dict[str, Any], decoded["payload"])

    def decode_complete(
        self,
        jwt: str | bytes,
        key: Any = "",
        algorithms: Sequence[str] | None = None,
        options: Options | None = None,
        verify: bool | None = None,
        detached_payload: bytes | None = None,
        audience: str | Iterable[str] | None = None,
        issuer: str | Container[str] | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """As ``decode``: the claims as ``payload``, and ``header`` and ``signature``."""
        if kwargs:
            warn_of_kwargs("decode_complete", kwargs)
        if verify is None and detached_payload is None:
            claims = self._by_core(jwt, key, algorithms, options, audience, issuer, subject, leeway)
            if claims is not None:
                _, _, header, signature = self._jws._load(jwt)
                return {"payload": claims, "header": header, "signature": signature}
        return self._the_long_way(
            jwt, key, algorithms, options, verify, detached_payload, audience, issuer, subject, leeway
        )

    def _by_core(
        self,
        jwt: Any,
        key: Any,
        algorithms: Sequence[str] | None,
        options: Options | None,
        audience: Any,
        issuer: Any,
        subject: Any,
        leeway: Any,
    ) -> dict[str, Any] | None:
        """The claims, or nothing where core's verifier is not for this."""
        merged = self.options if options is None else self._merge_options(options)
        if self._changed or not merged["verify_signature"] or not self._jws._usual:
            return None
        kind: Any = type(key)
        if kind is not str and kind is not bytes:
            kind, key = ById, ById(key)
        # Nothing but the defaults: what most calls say.
        usual = merged is self.options and merged == _DEFAULTS and subject is None
        if usual and type(leeway) is int and leeway >= 0:
            rules: tuple[str, ...] = ()
        else:
            if merged.get("enforce_minimum_key_length"):
                return None
            usual = False
            leeway = leeway.total_seconds() if isinstance(leeway, timedelta) else leeway
            if not merged["verify_exp"] and not merged["verify_nbf"]:
                rules = ("exp", "nbf")
            else:
                rules = () if merged["verify_exp"] else ("exp",)
                rules += () if merged["verify_nbf"] else ("nbf",)
        expected = audience if merged["verify_aud"] else None
        if expected is not None and type(expected) is not str:
            # Somebody else's type of audience: said to core by none, and held to PyJWT's rules below.
            expected = tuple(expected) if type(expected) in (list, tuple, set, frozenset) else None
            usual = usual and expected is not None
            if expected is not None and not all(type(one) is str for one in expected):
                expected, usual = None, False
        named = issuer if merged["verify_iss"] else None
        if named is not None and type(named) is not str:
            named = tuple(named) if type(named) in (list, tuple, set, frozenset) else None
            if not named or not all(type(one) is str for one in named):
                named, usual = None, False
        try:
            prepared = verifier(
                kind, key, tuple(algorithms) if algorithms else (), expected, named, max(leeway, 0), rules
            )
        except TypeError:
            # What can't be hashed or compared is not what it should be: the long way tells.
            return None
        if prepared is None:
            return None
        now = time.time()
        try:
            claims = _decode(prepared, jwt, now)
        except TypeError:
            return None
        except TokenError as error:
            return self._refused(error, jwt, key, algorithms, options, audience, issuer, subject, leeway)
        if usual:
            iat = claims.get("iat")
            if iat is not None and int(iat) > now + leeway:
                raise ImmatureSignatureError("The token is not yet valid (iat)")
            if audience is None and claims.get("aud"):
                raise InvalidAudienceError("Invalid audience")
        else:
            self._validate_claims(claims, merged, audience, issuer, subject, leeway)
        return claims

    def _refused(
        self,
        error: TokenError,
        jwt: Any,
        key: Any,
        algorithms: Sequence[str] | None,
        options: Options | None,
        audience: Any,
        issuer: Any,
        subject: Any,
        leeway: Any,
    ) -> dict[str, Any]:
        """Raises what PyJWT would; gives claims only where PyJWT was handed the token or its algorithm."""
        key = key.held if type(key) is ById else key
        if is_handed_over("tokens"):
            handed: dict[str, Any] = PYJWT.decode(
                jwt, key, algorithms, options, audience=audience, issuer=issuer, subject=subject, leeway=leeway
            )
            return handed
        if len(jwt) > LONGEST:
            raise DecodeError(f"Invalid token: longer than {LONGEST} bytes") from error
        decoded = self._the_long_way(jwt, key, algorithms, options, None, None, audience, issuer, subject, leeway)
        name = decoded["header"].get("alg")
        if not isinstance(self._jws.get_algorithm_by_name(name), NATIVE):
            return cast(dict[str, Any], decoded["payload"])
        # PyJWT would have taken it.
        kinds: tuple[tuple[type[TokenError], type[Exception]], ...] = (
            (ExpiredToken, ExpiredSignatureError),
            (ImmatureToken, ImmatureSignatureError),
        )
        raised = next((theirs for ours, theirs in kinds if isinstance(error, ours)), DecodeError)
        raise raised(f"Refused by doorward: {error}") from error

    def _the_long_way(
        self,
        jwt: Any,
        key: Any,
        algorithms: Sequence[str] | None,
        options: Options | None,
        verify: bool | None,
        detached_payload: bytes | None,
        audience: Any,
        issuer: Any,
        subject: Any,
        leeway: Any,
    ) -> dict[str, Any]:
        verify_signature = True if options is None else options.get("verify_signature", True)
        if verify is not None and verify != verify_signature:
            warnings.warn(
                "The `verify` argument to `decode` does nothing in PyJWT 2.0 and newer. The equivalent is setting"
                " `verify_signature` to False in the `options` dictionary. This invocation has a mismatch between the"
                " kwarg and the option entry.",
                category=DeprecationWarning,
                stacklevel=3,
            )
        merged = self._merge_options(options)
        sig_options: SigOptions = {
            "verify_signature": verify_signature,
            "enforce_minimum_key_length": merged.get("enforce_minimum_key_length", False),
        }
        decoded = self._jws._decode(jwt, key, algorithms, sig_options, detached_payload)
        decoded["payload"] = payload = self._decode_payload(decoded)
        self._validate_claims(payload, merged, audience, issuer, subject, leeway)
        return decoded

    def _decode_payload(self, decoded: dict[str, Any]) -> dict[str, Any]:
        """The claims of a payload; for subclasses to do otherwise."""
        try:
            payload = json.loads(decoded["payload"], object_pairs_hook=once)
        except (ValueError, RecursionError) as error:
            raise DecodeError(f"Invalid payload string: {error}") from error
        if not isinstance(payload, dict):
            raise DecodeError("Invalid payload string: must be a json object")
        return payload

    def _validate_claims(
        self,
        payload: dict[str, Any],
        options: FullOptions,
        audience: Iterable[str] | str | None = None,
        issuer: Container[str] | str | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
    ) -> None:
        """PyJWT's rules, in its order."""
        leeway = leeway.total_seconds() if isinstance(leeway, timedelta) else leeway
        if audience is not None and not isinstance(audience, (str, Iterable)):
            raise TypeError("audience must be a string, iterable or None")
        for claim in options["require"]:
            if payload.get(claim) is None:
                raise MissingRequiredClaimError(claim)
        now = time.time()
        if "iat" in payload and options["verify_iat"]:
            self._validate_iat(payload, now, leeway)
        if "nbf" in payload and options["verify_nbf"]:
            self._validate_nbf(payload, now, leeway)
        if "exp" in payload and options["verify_exp"]:
            self._validate_exp(payload, now, leeway)
        if options["verify_iss"]:
            self._validate_iss(payload, issuer)
        if options["verify_aud"]:
            self._validate_aud(payload, audience, strict=options["strict_aud"])
        if options["verify_sub"]:
            self._validate_sub(payload, subject)
        if options["verify_jti"]:
            self._validate_jti(payload)

    def _validate_iat(self, payload: dict[str, Any], now: float, leeway: float) -> None:
        if _date(payload, "iat", InvalidIssuedAtError("Issued At claim (iat) must be an integer.")) > now + leeway:
            raise ImmatureSignatureError("The token is not yet valid (iat)")

    def _validate_nbf(self, payload: dict[str, Any], now: float, leeway: float) -> None:
        if _date(payload, "nbf", DecodeError("Not Before claim (nbf) must be an integer.")) > now + leeway:
            raise ImmatureSignatureError("The token is not yet valid (nbf)")

    def _validate_exp(self, payload: dict[str, Any], now: float, leeway: float) -> None:
        if _date(payload, "exp", DecodeError("Expiration Time claim (exp) must be an integer.")) <= now - leeway:
            raise ExpiredSignatureError("Signature has expired")

    def _validate_sub(self, payload: dict[str, Any], subject: str | None = None) -> None:
        if "sub" not in payload:
            return
        if not isinstance(payload["sub"], str):
            raise InvalidSubjectError("Subject must be a string")
        if subject is not None and payload["sub"] != subject:
            raise InvalidSubjectError("Invalid subject")

    def _validate_jti(self, payload: dict[str, Any]) -> None:
        if "jti" in payload and not isinstance(payload["jti"], str):
            raise InvalidJTIError("JWT ID must be a string")

    def _validate_iss(self, payload: dict[str, Any], issuer: Container[str] | str | None) -> None:
        if issuer is None:
            return
        if "iss" not in payload:
            raise MissingRequiredClaimError("iss")
        iss = payload["iss"]
        if not isinstance(iss, str):
            raise InvalidIssuerError("Payload Issuer (iss) must be a string")
        try:
            good = iss == issuer if isinstance(issuer, str) else iss in issuer
        except TypeError:
            raise InvalidIssuerError('Issuer param must be "str" or "Container[str]"') from None
        if not good:
            raise InvalidIssuerError("Invalid issuer")

    def _validate_aud(
        self, payload: dict[str, Any], audience: str | Iterable[str] | None, *, strict: bool = False
    ) -> None:
        claimed = payload.get("aud")
        if audience is None:
            # Made for somebody, and nobody said for whom we are (RFC 7519 §4.1.3).
            if claimed:
                raise InvalidAudienceError("Invalid audience")
            return
        if not claimed:
            raise MissingRequiredClaimError("aud")
        if strict:
            if not isinstance(audience, str):
                raise InvalidAudienceError("Invalid audience (strict)")
            if not isinstance(claimed, str):
                raise InvalidAudienceError("Invalid claim format in token (strict)")
            if audience != claimed:
                raise InvalidAudienceError("Audience doesn't match (strict)")
            return
        claimed = [claimed] if isinstance(claimed, str) else claimed
        if not isinstance(claimed, list) or not all(isinstance(one, str) for one in claimed):
            raise InvalidAudienceError("Invalid claim format in token")
        expected = [audience] if isinstance(audience, str) else audience
        if not any(one in claimed for one in expected):
            raise InvalidAudienceError("Audience doesn't match")


def _date(payload: dict[str, Any], claim: str, otherwise: Exception) -> int:
    try:
        return int(payload[claim])
    except (ValueError, TypeError, OverflowError):
        raise otherwise from None


_jwt_global_obj = PyJWT()
_jwt_global_obj._jws = _jws_global_obj
encode = _jwt_global_obj.encode
decode_complete = _jwt_global_obj.decode_complete
decode = _jwt_global_obj.decode
