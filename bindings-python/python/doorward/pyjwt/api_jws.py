"""JSON Web Signatures (RFC 7515) as PyJWT's ``PyJWS`` has them, signed and verified by core.

The compact form, with detached payloads (RFC 7797) where the caller gives one. Stricter than PyJWT: one spelling of
base64url, no name twice in a header, 16 KiB at most; ``hand_over("tokens")`` lifts that.
"""

from __future__ import annotations

import binascii
import json
import warnings
from collections.abc import Sequence
from typing import Any

from ._handed import is_handed_over
from ._installed import original
from .algorithms import HANDED, Algorithm, get_default_algorithms
from .api_jwk import PyJWK
from .exceptions import (
    DecodeError,
    InvalidAlgorithmError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
)
from .types import SigOptions
from .utils import base64url_decode, base64url_encode
from .warnings import InsecureKeyLengthWarning, RemovedInPyjwt3Warning

__all__ = [
    "PyJWS",
    "decode",
    "decode_complete",
    "encode",
    "get_algorithm_by_name",
    "get_unverified_header",
    "register_algorithm",
    "unregister_algorithm",
]

#: The algorithm of the key, or HS256. Not ``None``, which means ``none``.
UNSET: Any = object()

#: The longest token, in bytes: core's.
LONGEST = 16 * 1024

_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, no name in it twice: whoever reads the other one reads another token."""
    found = dict(pairs)
    if len(found) != len(pairs) and not is_handed_over("tokens"):
        raise ValueError("a name is there twice")
    return found


def warn_of_kwargs(function: str, kwargs: dict[str, Any]) -> None:
    """PyJWT's warning of arguments that do nothing."""
    if kwargs:
        warnings.warn(
            f"passing additional kwargs to {function}() is deprecated and will be removed in pyjwt version 3. "
            f"Unsupported kwargs: {tuple(kwargs)}",
            RemovedInPyjwt3Warning,
            stacklevel=3,
        )


class PyJWS:
    """Signs and verifies bytes."""

    header_typ = "JWT"

    #: Critical extensions that are understood (RFC 7515 §4.1.11).
    _supported_crit = frozenset({"b64"})

    def __init__(self, algorithms: Sequence[str] | None = None, options: SigOptions | None = None) -> None:
        """``algorithms`` limits those there are; ``options`` are defaults for every call."""
        self._algorithms: dict[str, Any] = {
            name: algorithm
            for name, algorithm in get_default_algorithms().items()
            if algorithms is None or name in algorithms
        }
        #: Whether the algorithms are the usual ones.
        self._usual = algorithms is None
        self.options: SigOptions = {"verify_signature": True, "enforce_minimum_key_length": False}
        if options is not None:
            self.options = {**self.options, **options}

    def register_algorithm(self, alg_id: str, alg_obj: Any) -> None:
        """Adds an algorithm. Raises ``ValueError``: there is one of that name."""
        if alg_id in self._algorithms:
            raise ValueError("Algorithm already has a handler.")
        if not isinstance(alg_obj, Algorithm):
            raise TypeError("Object is not of type `Algorithm`")
        self._algorithms[alg_id] = alg_obj

    def unregister_algorithm(self, alg_id: str) -> None:
        """Takes an algorithm away. Raises ``KeyError``: there is none of that name."""
        if alg_id not in self._algorithms:
            raise KeyError("The specified algorithm could not be removed because it is not registered.")
        del self._algorithms[alg_id]
        self._usual = False

    def get_algorithms(self) -> list[str]:
        """The names of the algorithms."""
        return list(self._algorithms)

    def get_algorithm_by_name(self, alg_name: str) -> Any:
        """The algorithm. Raises ``NotImplementedError``: there is none of that name."""
        if alg_name in HANDED and self._usual and is_handed_over("algorithms"):
            return original(alg_name)
        try:
            return self._algorithms[alg_name]
        except (KeyError, TypeError):
            raise NotImplementedError("Algorithm not supported") from None

    def encode(
        self,
        payload: bytes,
        key: Any,
        algorithm: str | None = UNSET,
        headers: dict[str, Any] | None = None,
        json_encoder: type[json.JSONEncoder] | None = None,
        is_payload_detached: bool = False,
        sort_headers: bool = True,
    ) -> str:
        """Signs a payload. ``alg`` among ``headers`` goes before ``algorithm``; without either, the key's or HS256."""
        if isinstance(key, PyJWK):
            name = key.algorithm_name if algorithm is UNSET or algorithm is None else algorithm
            key = key.key
        else:
            name = "HS256" if algorithm is UNSET else (algorithm or "none")
        headers = headers or {}
        name = headers.get("alg") or name
        detached = is_payload_detached or headers.get("b64") is False

        self._validate_headers(headers, encoding=True)
        header: dict[str, Any] = {"typ": self.header_typ, "alg": name, **headers}
        if not header["typ"]:
            del header["typ"]
        header.pop("b64", None)
        if detached:
            crit = header.get("crit", [])
            if not isinstance(crit, list):
                raise InvalidTokenError("Invalid 'crit' header: must be a list")
            header["b64"] = False
            header["crit"] = crit if "b64" in crit else [*crit, "b64"]
        text = json.dumps(header, separators=(",", ":"), cls=json_encoder, sort_keys=sort_headers)

        first = base64url_encode(text.encode())
        second = payload if detached else base64url_encode(payload)
        message = first + b"." + second
        algorithm_object = self.get_algorithm_by_name(name)
        prepared = algorithm_object.prepare_key(key)
        self._check_key_length(algorithm_object, prepared, self.options)
        signature = base64url_encode(algorithm_object.sign(message, prepared))
        return b".".join((first, b"" if detached else second, signature)).decode()

    def decode_complete(
        self,
        jwt: str | bytes,
        key: Any = "",
        algorithms: Sequence[str] | None = None,
        options: SigOptions | None = None,
        detached_payload: bytes | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Payload, header and signature of what the key verifies.

        Raises ``InvalidTokenError`` or ``InvalidKeyError``.
        """
        warn_of_kwargs("decode_complete", kwargs)
        return self._decode(jwt, key, algorithms, options, detached_payload)

    def decode(
        self,
        jwt: str | bytes,
        key: Any = "",
        algorithms: Sequence[str] | None = None,
        options: SigOptions | None = None,
        detached_payload: bytes | None = None,
        **kwargs: Any,
    ) -> Any:
        """The payload of what the key verifies. Raises as ``decode_complete``."""
        warn_of_kwargs("decode", kwargs)
        return self._decode(jwt, key, algorithms, options, detached_payload)["payload"]

    def get_unverified_header(self, jwt: str | bytes) -> dict[str, Any]:
        """The header, which nobody has verified."""
        header = self._load(jwt)[2]
        self._validate_headers(header)
        return header

    def _decode(
        self,
        jwt: str | bytes,
        key: Any,
        algorithms: Sequence[str] | None,
        options: SigOptions | None,
        detached_payload: bytes | None,
    ) -> dict[str, Any]:
        merged: SigOptions = self.options if options is None else {**self.options, **options}
        verify = merged["verify_signature"]
        if verify and not algorithms and not isinstance(key, PyJWK):
            raise DecodeError(
                'It is required that you pass in a value for the "algorithms" argument when calling decode().'
            )
        payload, message, header, signature = self._load(jwt)
        self._validate_headers(header)
        detached = header.get("b64", True) is False
        if detached_payload is not None and not detached:
            raise DecodeError(
                'It is only valid to pass "detached_payload" when the protected header has "b64" set to false.'
            )
        if detached:
            if "b64" not in (header.get("crit") or []):
                raise InvalidTokenError("The 'b64' header parameter requires 'b64' to be listed in 'crit'.")
            if detached_payload is None:
                raise DecodeError(
                    'It is required that you pass in a value for the "detached_payload" argument to decode a message'
                    " having the b64 header set to false."
                )
            payload = detached_payload
            message = message.rsplit(b".", 1)[0] + b"." + payload
        if verify:
            self._verify_signature(message, header, signature, key, algorithms, merged)
        return {"payload": payload, "header": header, "signature": signature}

    def _load(self, jwt: str | bytes) -> tuple[bytes, bytes, dict[str, Any], bytes]:
        if isinstance(jwt, str):
            try:
                jwt = jwt.encode("utf-8")
            except UnicodeEncodeError as error:
                raise DecodeError("Invalid token: not UTF-8") from error
        if not isinstance(jwt, bytes):
            raise DecodeError(f"Invalid token type. Token must be a {bytes}")
        if len(jwt) > LONGEST and not is_handed_over("tokens"):
            raise DecodeError(f"Invalid token: longer than {LONGEST} bytes")
        parts = jwt.split(b".")
        if len(parts) < 3:
            raise DecodeError("Not enough segments")
        if len(parts) > 3:
            raise DecodeError("Invalid payload padding: too many segments")
        try:
            header = json.loads(self._decode_base64url_segment(parts[0], "header"), object_pairs_hook=once)
        except (ValueError, RecursionError) as error:
            raise DecodeError(f"Invalid header string: {error}") from error
        if not isinstance(header, dict):
            raise DecodeError("Invalid header string: must be a json object")
        if header.get("b64", True) is False:
            # Not decoded: nobody's signature is on it.
            if parts[1]:
                raise DecodeError("Payload segment must be empty when 'b64' is false.")
            payload = b""
        else:
            payload = self._decode_base64url_segment(parts[1], "payload")
        return payload, parts[0] + b"." + parts[1], header, self._decode_base64url_segment(parts[2], "crypto")

    @staticmethod
    def _decode_base64url_segment(segment: bytes, name: str) -> bytes:
        stripped = segment
        if is_handed_over("tokens"):
            stripped = segment.rstrip(b"=")
            if stripped != segment and (len(segment) % 4 or len(segment) - len(stripped) > 2):
                raise DecodeError(f"Invalid {name} padding")
        try:
            decoded = base64url_decode(stripped) if _ALPHABET.issuperset(stripped) and len(stripped) % 4 != 1 else None
        except (TypeError, binascii.Error):
            decoded = None
        # The bits left over must be zero, so that there is one spelling of each.
        if decoded is None or base64url_encode(decoded) != stripped:
            raise DecodeError(f"Invalid {name} padding")
        return decoded

    def _verify_signature(
        self,
        message: bytes,
        header: dict[str, Any],
        signature: bytes,
        key: Any,
        algorithms: Sequence[str] | None,
        options: SigOptions,
    ) -> None:
        name = header.get("alg")
        if "alg" not in header:
            raise InvalidAlgorithmError("Algorithm not specified")
        bound = key.algorithm_name if isinstance(key, PyJWK) else None
        allowed = [bound] if algorithms is None else algorithms
        if not name or not isinstance(name, str) or name not in allowed:
            raise InvalidAlgorithmError("The specified alg value is not allowed")
        if bound is not None and name != bound:
            raise InvalidAlgorithmError("Token algorithm does not match the key's algorithm")
        try:
            algorithm = self.get_algorithm_by_name(name)
        except NotImplementedError as error:
            raise InvalidAlgorithmError("Algorithm not supported") from error
        prepared = algorithm.prepare_key(key.key if isinstance(key, PyJWK) else key)
        self._check_key_length(algorithm, prepared, options)
        if not algorithm.verify(message, prepared, signature):
            raise InvalidSignatureError("Signature verification failed")

    @staticmethod
    def _check_key_length(algorithm: Any, prepared: Any, options: SigOptions) -> None:
        complaint = algorithm.check_key_length(prepared)
        if complaint:
            if options.get("enforce_minimum_key_length", False):
                raise InvalidKeyError(complaint)
            warnings.warn(complaint, InsecureKeyLengthWarning, stacklevel=5)

    def _validate_headers(self, headers: dict[str, Any], *, encoding: bool = False) -> None:
        if "kid" in headers and not isinstance(headers["kid"], str):
            raise InvalidTokenError("Key ID header parameter must be a string")
        if not encoding and "crit" in headers:
            self._validate_crit(headers)

    def _validate_crit(self, headers: dict[str, Any]) -> None:
        crit = headers["crit"]
        if not isinstance(crit, list) or not crit:
            raise InvalidTokenError("Invalid 'crit' header: must be a non-empty list")
        for extension in crit:
            if not isinstance(extension, str):
                raise InvalidTokenError("Invalid 'crit' header: values must be strings")
            if extension not in self._supported_crit:
                raise InvalidTokenError(f"Unsupported critical extension: {extension[:64]!r}")
            if extension not in headers:
                raise InvalidTokenError(f"Critical extension '{extension}' is missing from headers")


_jws_global_obj = PyJWS()
encode = _jws_global_obj.encode
decode_complete = _jws_global_obj.decode_complete
decode = _jws_global_obj.decode
register_algorithm = _jws_global_obj.register_algorithm
unregister_algorithm = _jws_global_obj.unregister_algorithm
get_algorithm_by_name = _jws_global_obj.get_algorithm_by_name
get_unverified_header = _jws_global_obj.get_unverified_header
