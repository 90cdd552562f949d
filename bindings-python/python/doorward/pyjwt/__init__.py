"""A drop-in for PyJWT on doorward's core: ``import doorward.pyjwt as jwt``.

>>> import doorward.pyjwt as jwt
>>> token = jwt.encode({"sub": "anna"}, "a secret of at least 32 bytes, kept well", algorithm="HS256")
>>> jwt.decode(token, "a secret of at least 32 bytes, kept well", algorithms=["HS256"])
{'sub': 'anna'}

``decode``, ``decode_complete``, ``encode`` and ``get_unverified_header`` take PyJWT's arguments and options and raise
its exceptions: its very classes, where PyJWT is installed, which it need not be. Keys are prepared once
(``forget_keys`` lets go of them), and signatures are core's. What core refuses or lacks is refused here too, unless it
is handed over to PyJWT by name: see ``hand_over`` and the list of differences in the package's README.
"""

from __future__ import annotations

from . import algorithms, api_jwk, api_jws, api_jwt, exceptions, jwks_client, types, utils
from . import warnings as warnings
from ._handed import hand_over
from ._prepared import forget_keys
from .api_jwk import PyJWK, PyJWKSet
from .api_jws import (
    PyJWS,
    get_algorithm_by_name,
    get_unverified_header,
    register_algorithm,
    unregister_algorithm,
)
from .api_jwt import PyJWT, decode, decode_complete, encode
from .exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidSubjectError,
    InvalidTokenError,
    MissingRequiredClaimError,
    PyJWKClientConnectionError,
    PyJWKClientError,
    PyJWKError,
    PyJWKSetError,
    PyJWTError,
)
from .jwks_client import PyJWKClient
from .warnings import InsecureKeyLengthWarning

__all__ = [
    "DecodeError",
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InsecureKeyLengthWarning",
    "InvalidAlgorithmError",
    "InvalidAudienceError",
    "InvalidIssuedAtError",
    "InvalidIssuerError",
    "InvalidJTIError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidSubjectError",
    "InvalidTokenError",
    "MissingRequiredClaimError",
    "PyJWK",
    "PyJWKClient",
    "PyJWKClientConnectionError",
    "PyJWKClientError",
    "PyJWKError",
    "PyJWKSet",
    "PyJWKSetError",
    "PyJWS",
    "PyJWT",
    "PyJWTError",
    "algorithms",
    "api_jwk",
    "api_jws",
    "api_jwt",
    "decode",
    "decode_complete",
    "encode",
    "exceptions",
    "forget_keys",
    "get_algorithm_by_name",
    "get_unverified_header",
    "hand_over",
    "jwks_client",
    "register_algorithm",
    "types",
    "unregister_algorithm",
    "utils",
    "warnings",
]
