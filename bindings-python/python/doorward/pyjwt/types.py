"""The types of PyJWT's options."""

from __future__ import annotations

from typing import Any, TypedDict

__all__ = ["FullOptions", "JWKDict", "Options", "SigOptions"]

#: A JWK as a dict.
JWKDict = dict[str, Any]


class SigOptions(TypedDict, total=False):
    """Options of ``PyJWS``."""

    verify_signature: bool
    enforce_minimum_key_length: bool


class Options(TypedDict, total=False):
    """Options of ``decode`` and ``decode_complete``: PyJWT's, with its defaults.

    Without ``verify_signature`` nothing else is verified either, unless it is asked for by name.
    """

    verify_signature: bool
    require: list[str]
    strict_aud: bool
    verify_aud: bool
    verify_exp: bool
    verify_iat: bool
    verify_iss: bool
    verify_jti: bool
    verify_nbf: bool
    verify_sub: bool
    enforce_minimum_key_length: bool


class FullOptions(TypedDict):
    """All of them."""

    verify_signature: bool
    require: list[str]
    strict_aud: bool
    verify_aud: bool
    verify_exp: bool
    verify_iat: bool
    verify_iss: bool
    verify_jti: bool
    verify_nbf: bool
    verify_sub: bool
    enforce_minimum_key_length: bool
