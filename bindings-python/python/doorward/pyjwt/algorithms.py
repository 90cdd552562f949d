"""The algorithms, as PyJWT's objects are used, with signatures made and checked by doorward's core.

HS*, RS*, PS*, ES256, ES384 and Ed25519 are core's. ES512, ES256K and Ed448 are not there, unless they are handed over
to PyJWT (``hand_over("algorithms")``). Keys: text or bytes of PEM, DER, OpenSSH public keys or JWK; the key objects of
``cryptography``, which is needed for OpenSSH's form alone.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from doorward import ConfigError, Key, SigningKey
from doorward._doorward import _sign, _signing_secret, _verify

from ._handed import is_handed_over, when_changed
from ._installed import original, own
from .exceptions import InvalidKeyError
from .types import JWKDict
from .utils import base64url_decode, base64url_encode, force_bytes

__all__ = [
    "Algorithm",
    "ECAlgorithm",
    "HMACAlgorithm",
    "NoneAlgorithm",
    "OKPAlgorithm",
    "RSAAlgorithm",
    "RSAPSSAlgorithm",
    "get_default_algorithms",
    "has_crypto",
    "requires_cryptography",
]

#: Always: the core has the algorithms.
has_crypto = True

#: The names that need ``cryptography`` in PyJWT.
requires_cryptography = {
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES256K", "ES384", "ES521", "ES512", "EdDSA"),
}

#: What core has not, and PyJWT has.
HANDED = ("ES256K", "ES521", "ES512")


class Algorithm(ABC):
    """Signs and verifies with keys that it prepared: the interface of PyJWT's ``jwt.algorithms.Algorithm``."""

    @abstractmethod
    def prepare_key(self, key: Any) -> Any:
        """The key as ``sign`` and ``verify`` take it. Raises ``InvalidKeyError``."""

    @abstractmethod
    def sign(self, msg: bytes, key: Any) -> bytes:
        """The message's signature."""

    @abstractmethod
    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
        """Whether it is the message's signature."""

    @staticmethod
    @abstractmethod
    def from_jwk(jwk: str | JWKDict) -> Any:
        """A key of a JWK."""

    def check_key_length(self, key: Any) -> str | None:
        """What to warn of, when the key is too short."""
        return None


class _AsymmetricBase(Algorithm):
    """Without PyJWT a JWK stays the text it is: core reads it."""

    def __init__(self, hash_alg: Any = None, expected_curve: Any = None) -> None:
        self.hash_alg = hash_alg

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> Any:
        text = jwk if isinstance(jwk, str) else json.dumps(jwk)
        try:
            return Key.from_jwk(text)
        except ConfigError:
            return SigningKey.from_jwk(text)


class _HMACBase(Algorithm):
    SHA256, SHA384, SHA512 = hashlib.sha256, hashlib.sha384, hashlib.sha512

    def __init__(self, hash_alg: Any) -> None:
        self.hash_alg = hash_alg

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> bytes:
        try:
            fields = json.loads(jwk) if isinstance(jwk, str) else jwk
            if fields["kty"] == "oct":
                return base64url_decode(fields["k"])
        except (ValueError, TypeError, KeyError):
            pass
        raise InvalidKeyError("Not an HMAC key")

    @staticmethod
    def to_jwk(key_obj: str | bytes, as_dict: bool = False) -> JWKDict | str:
        jwk = {"k": base64url_encode(force_bytes(key_obj)).decode(), "kty": "oct"}
        return jwk if as_dict else json.dumps(jwk)

    def check_key_length(self, key: bytes) -> str | None:
        hash_alg = self.hash_alg()
        if len(key) >= hash_alg.digest_size:
            return None
        return (
            f"The HMAC key is {len(key)} bytes long, which is below the minimum recommended length of "
            f"{hash_alg.digest_size} bytes for {hash_alg.name.upper()}. See RFC 7518 Section 3.2."
        )


if TYPE_CHECKING:
    _NativeBase = _AsymmetricBase

    class _RSABase(_AsymmetricBase): ...

    class _PSSBase(_AsymmetricBase): ...

    class _ECBase(_AsymmetricBase): ...

    class _OKPBase(_AsymmetricBase): ...

else:
    _NativeBase = object
    # An algorithm that is registered is an instance of either module's class; a JWK becomes the key object it becomes
    # there.
    Algorithm = own("algorithms", "Algorithm", Algorithm)
    _HMACBase = own("algorithms", "HMACAlgorithm", _HMACBase)
    _RSABase = own("algorithms", "RSAAlgorithm", _AsymmetricBase)
    _PSSBase = own("algorithms", "RSAPSSAlgorithm", _AsymmetricBase)
    _ECBase = own("algorithms", "ECAlgorithm", _AsymmetricBase)
    _OKPBase = own("algorithms", "OKPAlgorithm", _AsymmetricBase)


class Prepared:
    """A public or private key, for one algorithm; what it can't do is found out when it is tried."""

    __slots__ = ("_algorithm", "_key", "_signer", "_source")

    def __init__(self, source: Any, algorithm: str) -> None:
        self._source = source
        self._algorithm = algorithm
        self._key: Key | None = None
        self._signer: SigningKey | None = None

    def key(self) -> Key:
        """What verifies: the public half, where it is a private key."""
        if self._key is None:
            self._key = verifying_key(self._source, self._algorithm)
        return self._key

    def signer(self) -> SigningKey:
        """What signs."""
        if self._signer is None:
            self._signer = signing_key(self._source, self._algorithm)
        return self._signer


def octets(source: Any, *, private: bool = False) -> bytes | str:
    """A key in a form that core reads."""
    if isinstance(source, (str, bytes)):
        return _from_openssh(source) if force_bytes(source[:6]) in (b"ssh-rs", b"ssh-ed", b"ecdsa-") else source
    if not (hasattr(source, "public_bytes") or hasattr(source, "private_bytes")):
        raise TypeError("Expecting a PEM-formatted key.")
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    if hasattr(source, "private_bytes"):
        if private:
            plain: bytes = source.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            return plain
        source = source.public_key()
    public: bytes = source.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public


def _from_openssh(text: str | bytes) -> bytes:
    try:
        from cryptography.hazmat.primitives.serialization import load_ssh_public_key
    except ModuleNotFoundError:
        raise InvalidKeyError("Keys in OpenSSH's form need the package 'cryptography'.") from None
    try:
        return octets(load_ssh_public_key(force_bytes(text)))  # type: ignore[return-value]
    except ValueError as error:
        raise InvalidKeyError("Could not parse the provided public key.") from error


def verifying_key(source: Any, algorithm: str) -> Key:
    """The key that verifies. Raises ``InvalidKeyError``."""
    if isinstance(source, Key):
        return source
    try:
        if isinstance(source, SigningKey):
            return source.verifying_key()
        text = octets(source)
        try:
            return Key.from_public(text, [algorithm])
        except ConfigError:
            # PyJWT takes a private key for its public half.
            if not looks_private(text):
                raise
            return SigningKey.from_private(text, algorithm).verifying_key()
    except ConfigError as error:
        raise InvalidKeyError(f"Could not parse the provided key: {error}") from error


def looks_private(text: str | bytes) -> bool:
    """Whether it may be worth trying as a private key."""
    return b"PRIVATE KEY" in force_bytes(text)


def signing_key(source: Any, algorithm: str) -> SigningKey:
    """The key that signs. Raises ``InvalidKeyError``."""
    if isinstance(source, SigningKey):
        return source
    try:
        return SigningKey.from_private(octets(source, private=True), algorithm)
    except ConfigError as error:
        raise InvalidKeyError(f"Could not parse the provided key: {error}") from error


@lru_cache(maxsize=32)
def _of_public_text(source: bytes, algorithm: str) -> Prepared:
    prepared = Prepared(source, algorithm)
    prepared.key()
    return prepared


when_changed(_of_public_text.cache_clear)


class _Handed:
    """A key that PyJWT itself prepared."""

    __slots__ = ("algorithm", "key")

    def __init__(self, algorithm: Any, key: Any) -> None:
        self.algorithm = algorithm
        self.key = key


class _Native(_NativeBase):
    """Signatures of core's, for the asymmetric algorithms."""

    def __init__(self, hash_alg: Any = None, *curve: Any) -> None:
        if hash_alg is not None:
            super().__init__(hash_alg, *curve)
        self._name = self._named(hash_alg)

    def _named(self, hash_alg: Any) -> str:
        raise NotImplementedError

    def prepare_key(self, key: Any) -> Any:
        """The key, prepared; by PyJWT where core does not take it and keys are handed over."""
        if isinstance(key, (Prepared, _Handed)):
            return key
        if not isinstance(key, (str, bytes, Key, SigningKey)) and not hasattr(key, "public_bytes"):
            if not hasattr(key, "private_bytes"):
                raise TypeError("Expecting a PEM-formatted key.")
        try:
            # Private keys are not kept: who signs often holds the key object.
            if isinstance(key, (str, bytes)) and not looks_private(key):
                return _of_public_text(force_bytes(key), self._name)
            prepared = Prepared(key, self._name)
            prepared.signer() if hasattr(key, "private_bytes") else prepared.key()
            return prepared
        except InvalidKeyError:
            if not is_handed_over("keys"):
                raise
            algorithm = original(self._name)
            return _Handed(algorithm, algorithm.prepare_key(key))

    def check_key_length(self, key: Any) -> str | None:
        """Core takes none that are too short."""
        if isinstance(key, _Handed):
            warning: str | None = key.algorithm.check_key_length(key.key)
            return warning
        return None

    def sign(self, msg: bytes, key: Any) -> bytes:
        """The message's signature. Raises ``InvalidKeyError``: a public key."""
        if isinstance(key, _Handed):
            return bytes(key.algorithm.sign(msg, key.key))
        return _sign(key.signer(), msg)

    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
        """Whether it is the message's signature."""
        if isinstance(key, _Handed):
            return bool(key.algorithm.verify(msg, key.key, sig))
        return _verify(key.key(), self._name, msg, sig)


def _bits(hash_alg: Any) -> int:
    size = getattr(hash_alg, "digest_size", None)
    return 8 * int(size if isinstance(size, int) else hash_alg().digest_size)


class NoneAlgorithm(own("algorithms", "NoneAlgorithm", Algorithm)):  # type: ignore[misc]
    """No signature. Nothing is ever good by it; unsigned tokens are made where that was handed over to PyJWT."""

    def prepare_key(self, key: str | None) -> None:
        """There must be none."""
        if key:
            raise InvalidKeyError('When alg = "none", key value must be None.')

    def sign(self, msg: bytes, key: None) -> bytes:
        """Nothing. Raises ``NotImplementedError`` unless it was handed over."""
        if not is_handed_over("none"):
            raise NotImplementedError('unsigned tokens are made after hand_over("none") only')
        return b""

    def verify(self, msg: bytes, key: None, sig: bytes) -> bool:
        """Never."""
        return False

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> Any:
        """There is none."""
        raise NotImplementedError

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> Any:
        """There is none."""
        raise NotImplementedError


class HMACAlgorithm(_HMACBase):
    """HMAC with SHA-2 (RFC 7518 §3.2), by core."""

    def __init__(self, hash_alg: Any) -> None:
        """``hash_alg`` is one of ``hashlib``'s."""
        super().__init__(hash_alg)
        self._name = f"HS{_bits(hash_alg)}"

    def prepare_key(self, key: str | bytes) -> bytes:
        """The secret's bytes. Raises ``InvalidKeyError``: empty, or the text of a key of another kind."""
        secret = force_bytes(key)
        if not secret:
            raise InvalidKeyError("HMAC key must not be empty.")
        try:
            _signing_secret(secret, self._name)
        except ConfigError as error:
            raise InvalidKeyError(
                "The specified key is an asymmetric key or x509 certificate, or looks like a JWK, and should not be"
                " used as an HMAC secret."
            ) from error
        return secret

    def sign(self, msg: bytes, key: bytes) -> bytes:
        """The message's MAC."""
        return _sign(_signing_secret(key, self._name), msg)

    def verify(self, msg: bytes, key: bytes, sig: bytes) -> bool:
        """Whether it is the message's MAC; compared in constant time."""
        return _verify(Key.from_secret(key, self._name, allow_short=True), self._name, msg, sig)


class RSAAlgorithm(_Native, _RSABase):
    """RSASSA-PKCS1-v1_5 (RFC 7518 §3.3), by core."""

    def _named(self, hash_alg: Any) -> str:
        return f"RS{_bits(hash_alg)}"


class RSAPSSAlgorithm(_Native, _PSSBase):
    """RSASSA-PSS (RFC 7518 §3.5), by core."""

    def _named(self, hash_alg: Any) -> str:
        return f"PS{_bits(hash_alg)}"


class ECAlgorithm(_Native, _ECBase):
    """ECDSA (RFC 7518 §3.4), by core: on P-256 and P-384."""

    def _named(self, hash_alg: Any) -> str:
        return f"ES{_bits(hash_alg)}"


class OKPAlgorithm(_Native, _OKPBase):
    """Ed25519 (RFC 8037 §3.1), by core."""

    def _named(self, hash_alg: Any) -> str:
        return "EdDSA"

    def prepare_key(self, key: Any) -> Any:
        """As for the others; Ed448 where algorithms are handed over."""
        if type(key).__name__.startswith("Ed448") and is_handed_over("algorithms"):
            algorithm = original(self._name)
            return _Handed(algorithm, algorithm.prepare_key(key))
        return super().prepare_key(key)


NATIVE = (HMACAlgorithm, RSAAlgorithm, RSAPSSAlgorithm, ECAlgorithm, OKPAlgorithm)


def get_default_algorithms() -> dict[str, Any]:
    """The algorithms by name: core's, ``none``, and PyJWT's others where they are handed over."""
    sha2 = (hashlib.sha256, hashlib.sha384, hashlib.sha512)
    algorithms: dict[str, Any] = {"none": NoneAlgorithm()}
    algorithms.update((f"HS{_bits(sha)}", HMACAlgorithm(sha)) for sha in sha2)
    for prefix, kind in (("RS", RSAAlgorithm), ("PS", RSAPSSAlgorithm)):
        for bits, sha in zip((256, 384, 512), _hashes(), strict=True):
            algorithms[f"{prefix}{bits}"] = kind(sha)
    algorithms["ES256"] = ECAlgorithm(_hashes()[0])
    algorithms["ES384"] = ECAlgorithm(_hashes()[1])
    algorithms["EdDSA"] = OKPAlgorithm()
    if is_handed_over("algorithms"):
        algorithms.update((name, original(name)) for name in HANDED)
    return algorithms


def _hashes() -> tuple[Any, Any, Any]:
    """The hashes as PyJWT's classes take them, where they are its."""
    kind: Any = _RSABase
    if hasattr(kind, "SHA256"):
        return kind.SHA256, kind.SHA384, kind.SHA512
    return hashlib.sha256, hashlib.sha384, hashlib.sha512
