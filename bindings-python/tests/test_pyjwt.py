"""The drop-in, besides PyJWT's own tests (``test_pyjwt_suite.py``)."""

import datetime
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.utils import base64url_encode

import doorward
import doorward.pyjwt as jwt
from doorward.pyjwt._prepared import verifier
from doorward.pyjwt.types import Options

pytestmark = pytest.mark.thread_unsafe(reason="what is handed over is the process's")

SECRET = "a secret of at least 32 bytes, kept well"
RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()
LATER = 4102444800


def pem(key: Any) -> str:
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return str(public.decode())


def private_pem(key: Any) -> bytes:
    return bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def signed(payload: bytes, header: bytes = b'{"alg":"HS256"}', secret: str = SECRET) -> str:
    """A token byte for byte, signed by PyJWT."""
    message = base64url_encode(header) + b"." + base64url_encode(payload)
    mac = pyjwt.get_algorithm_by_name("HS256").sign(message, secret.encode())
    return (message + b"." + base64url_encode(mac)).decode()


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    jwt.hand_over()
    jwt.forget_keys()


def test_exceptions_are_pyjwts_own() -> None:
    for name in jwt.exceptions.__all__:
        assert issubclass(getattr(jwt.exceptions, name), getattr(pyjwt.exceptions, name))
    with pytest.raises(pyjwt.ExpiredSignatureError):
        jwt.decode(pyjwt.encode({"exp": 1}, SECRET), SECRET, ["HS256"])


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512", "RS256", "PS384", "ES256", "EdDSA"])
def test_what_one_makes_the_other_takes(algorithm: str) -> None:
    private: Any = {"R": RSA, "P": RSA, "ES": P256, "Ed": ED25519}.get(algorithm[:2].rstrip("S"), None)
    private = private or {"ES": P256, "Ed": ED25519}.get(algorithm[:2], RSA)
    signing, verifying = (SECRET * 2, SECRET * 2) if algorithm.startswith("HS") else (private, private.public_key())
    claims = {"sub": "anna", "aud": "here", "exp": LATER, "deep": {"list": [1, 2.5, None, "ü"]}}
    for maker, taker in ((jwt, pyjwt), (pyjwt, jwt)):
        token = maker.encode(claims, signing, algorithm, headers={"kid": "one", "x": 1})
        assert taker.decode(token, verifying, [algorithm], audience="here") == claims
        assert taker.get_unverified_header(token) == {"typ": "JWT", "alg": algorithm, "kid": "one", "x": 1}
        with pytest.raises(pyjwt.InvalidSignatureError):
            taker.decode(token[:-8] + "AAAAAAAA", verifying, [algorithm], audience="here")
    if algorithm.startswith("HS"):
        assert jwt.encode(claims, signing, algorithm) == pyjwt.encode(claims, signing, algorithm)


@pytest.mark.parametrize("private", [RSA, P256, ED25519], ids=["rsa", "p256", "ed25519"])
def test_keys_in_every_form(private: Any) -> None:
    algorithm = {"RSAPrivateKey": "RS256", "EllipticCurvePrivateKey": "ES256"}.get(type(private).__name__, "EdDSA")
    algorithm = "RS256" if private is RSA else "ES256" if private is P256 else algorithm
    public = private.public_key()
    openssh = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    jwk = json.loads(pyjwt.get_algorithm_by_name(algorithm).to_jwk(public))
    token = jwt.encode({"sub": "anna"}, private_pem(private), algorithm)
    for form in (pem(private), pem(private).encode(), public, private, private_pem(private), openssh, jwt.PyJWK(jwk)):
        assert jwt.decode(token, form, algorithms=[algorithm]) == {"sub": "anna"}
        # Twice: the second time it was seen before.
        assert jwt.decode(token, form, algorithms=[algorithm]) == {"sub": "anna"}


def test_claims_are_the_callers_own() -> None:
    token = jwt.encode({"roles": ["user"], "exp": LATER}, SECRET)
    first = jwt.decode(token, SECRET, ["HS256"])
    first["roles"].append("admin")
    assert jwt.decode(token, SECRET, ["HS256"])["roles"] == ["user"]
    assert type(first) is dict


def test_the_callers_clock_is_asked() -> None:
    token = jwt.encode({"exp": 1_000, "iat": 500}, SECRET)
    for now, error in ((999.0, None), (1_000.0, jwt.ExpiredSignatureError), (499.0, jwt.ImmatureSignatureError)):
        with mock.patch.object(time, "time", return_value=now):
            if error is None:
                assert jwt.decode(token, SECRET, ["HS256"])["iat"] == 500
            else:
                with pytest.raises(error):
                    jwt.decode(token, SECRET, ["HS256"])


def test_rules_change_with_the_call_and_not_with_what_was_seen() -> None:
    past = jwt.encode({"exp": 1, "aud": "a", "iss": "i", "sub": "s"}, SECRET)
    never: Options = {"verify_exp": False}
    assert jwt.decode(past, SECRET, ["HS256"], options=never, audience="a", issuer="i", subject="s")["exp"] == 1
    cases: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"audience": "a", "issuer": "i"}, jwt.ExpiredSignatureError),
        ({"options": never}, jwt.InvalidAudienceError),
        ({"options": never, "audience": "b"}, jwt.InvalidAudienceError),
        ({"options": never, "audience": "a", "issuer": ["j"]}, jwt.InvalidIssuerError),
        ({"options": never, "audience": "a", "subject": "t"}, jwt.InvalidSubjectError),
        ({"options": {**never, "require": ["jti"]}, "audience": "a"}, jwt.MissingRequiredClaimError),
        ({"audience": "a", "leeway": "x"}, TypeError),
    ]
    for arguments, error in cases:
        with pytest.raises(error):
            jwt.decode(past, SECRET, ["HS256"], **arguments)
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(past, SECRET * 2, ["HS384"], options=never, audience="a")
    assert jwt.decode(past, SECRET, ["HS256"], audience={"a"}, issuer=("i",), leeway=datetime.timedelta(days=36500))


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (signed(b'{"exp":4102444800,"exp":4102444801}'), "a name twice in the payload"),
        (signed(b'{"sub":"a"}', b'{"alg":"HS256","alg":"HS256"}'), "a name twice in the header"),
        (signed(b'{"exp":"4102444800"}'), "a date in a string"),
        (signed(b'{"aud":[]}'), "an audience of nobody"),
        (signed(b'{"sub":"a"}') + "=", "padding"),
        (signed(b'{"sub":"' + b"a" * 16384 + b'"}'), "too long"),
    ],
)
def test_what_core_refuses_is_refused_unless_handed_over(token: str, why: str) -> None:
    for _ in range(2):
        with pytest.raises(jwt.DecodeError):
            jwt.decode(token, SECRET, ["HS256"])
    jwt.hand_over("tokens")
    assert jwt.decode(token, SECRET, ["HS256"]) == pyjwt.decode(token, SECRET, ["HS256"])
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, SECRET + "!", ["HS256"])
    jwt.hand_over()
    with pytest.raises(jwt.DecodeError):
        jwt.decode(token, SECRET, ["HS256"])


def test_what_is_handed_over_is_named() -> None:
    small = rsa.generate_private_key(65537, 1024)
    with pytest.warns(pyjwt.warnings.InsecureKeyLengthWarning):
        token = pyjwt.encode({"sub": "a"}, small, "RS256")
    with pytest.raises(jwt.InvalidKeyError):
        jwt.decode(token, small.public_key(), ["RS256"])
    jwt.hand_over("keys")
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        assert jwt.decode(token, small.public_key(), ["RS256"]) == {"sub": "a"}
    with pytest.raises(doorward.ConfigError):
        jwt.hand_over("everything")  # type: ignore[arg-type]

    p521 = ec.generate_private_key(ec.SECP521R1())
    token = pyjwt.encode({"sub": "a"}, p521, "ES512")
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(token, p521.public_key(), ["ES256", "ES512"])
    jwt.hand_over("algorithms")
    assert jwt.decode(token, p521.public_key(), ["ES256", "ES512"]) == {"sub": "a"}


@pytest.mark.parametrize("secret", ["", pem(RSA), pem(RSA).encode(), '{"kty":"oct","k":"AAAA"}'])
def test_what_is_no_secret_is_none(secret: str | bytes) -> None:
    token = signed(b'{"sub":"a"}')
    for function in (lambda: jwt.decode(token, secret, ["HS256", "RS256"]), lambda: jwt.encode({}, secret, "HS256")):
        with pytest.raises(jwt.InvalidKeyError):
            function()


def test_a_short_secret_is_warned_of_once_and_refused_on_request() -> None:
    token = signed(b'{"sub":"a"}', secret="short")
    with pytest.warns(jwt.InsecureKeyLengthWarning) as warned:
        for _ in range(3):
            assert jwt.decode(token, "short", ["HS256"]) == {"sub": "a"}
    assert len(warned) == 1
    with pytest.raises(jwt.InvalidKeyError):
        jwt.decode(token, "short", ["HS256"], options={"enforce_minimum_key_length": True})


@pytest.mark.parametrize(
    "token", [None, 1, b"\xff.\xff.\xff", "\ud800.a.b", "a.b.c", "", ".." * 10_000_000, "." * 5, object()]
)
def test_hostile_tokens(token: Any) -> None:
    with pytest.raises(jwt.DecodeError):
        jwt.decode(token, SECRET, ["HS256"])
    with pytest.raises(jwt.DecodeError):
        jwt.get_unverified_header(token)


def test_text_and_bytes_are_one_secret_but_two_keys() -> None:
    token = jwt.encode({"sub": "a"}, SECRET)
    assert jwt.decode(token, SECRET.encode(), ["HS256"]) == jwt.decode(token, SECRET, ["HS256"])


def test_keys_are_prepared_once_and_forgotten() -> None:
    token = jwt.encode({"sub": "a"}, RSA, "RS256")
    public = RSA.public_key()
    for _ in range(3):
        jwt.decode(token, public, ["RS256"])
    assert (verifier.cache_info().misses, verifier.cache_info().hits) == (1, 2)
    for leeway in range(200):
        jwt.decode(token, public, ["RS256"], leeway=leeway)
    assert verifier.cache_info().currsize == 64
    jwt.forget_keys()
    assert verifier.cache_info().currsize == 0


def test_threads_share_what_is_prepared() -> None:
    secrets = [f"{SECRET} {n}" for n in range(100)]
    tokens = [jwt.encode({"n": n}, secret) for n, secret in enumerate(secrets)]

    def work(offset: int) -> None:
        for turn in range(300):
            n = (offset + turn) % 100
            assert jwt.decode(tokens[n], secrets[n], ["HS256"]) == {"n": n}
            with pytest.raises(jwt.InvalidSignatureError):
                jwt.decode(tokens[n], secrets[n - 1], ["HS256"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(0, 80, 10)))


def test_algorithms_of_ones_own() -> None:
    class Reversed(jwt.algorithms.HMACAlgorithm):
        def sign(self, msg: bytes, key: bytes) -> bytes:
            return super().sign(msg, key)[::-1]

        def verify(self, msg: bytes, key: bytes, sig: bytes) -> bool:
            return super().verify(msg, key, sig[::-1])

    own = jwt.PyJWT()
    own._jws.register_algorithm("REV", Reversed(Reversed.SHA256))
    token = own.encode({"sub": "a"}, SECRET, "REV")
    assert own.decode(token, SECRET, ["REV"]) == {"sub": "a"}
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(token, SECRET, ["REV"])


def test_without_pyjwt() -> None:
    program = """
import sys
sys.modules["jwt"] = None
import doorward.pyjwt as jwt
secret = "a secret of at least 32 bytes, kept well"
token = jwt.encode({"sub": "anna", "exp": 4102444800}, secret)
assert jwt.decode(token, secret, ["HS256"]) == {"sub": "anna", "exp": 4102444800}
try:
    jwt.decode(jwt.encode({"exp": 1}, secret), secret, ["HS256"])
except jwt.ExpiredSignatureError as error:
    assert isinstance(error, jwt.InvalidTokenError) and type(error).__module__ == "doorward.pyjwt.exceptions"
else:
    raise SystemExit("not expired")
rsa, public = sys.argv[1:]
token = jwt.encode({"sub": "anna"}, rsa, "RS256")
assert jwt.decode(token, jwt.PyJWK.from_json(public), audience=None) == {"sub": "anna"}
for call in (lambda: jwt.PyJWKClient("https://a.example"), lambda: jwt.hand_over("tokens")):
    try:
        call()
    except (NotImplementedError, ValueError):
        pass
    else:
        raise SystemExit("there is no PyJWT")
"""
    public = pyjwt.get_algorithm_by_name("RS256").to_jwk(RSA.public_key())
    command = [sys.executable, "-W", "error", "-c", program, private_pem(RSA).decode(), public]
    subprocess.run(command, check=True, timeout=60)


def test_text_and_bytes_of_a_key_are_not_compared() -> None:
    """Which ``python -bb`` makes an error of."""
    private = ed25519.Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    code = f"""
import doorward.pyjwt as jwt
for key in ({public!r}, {public.decode()!r}):
    for options in ({{}}, {{"enforce_minimum_key_length": True}}):
        claims = jwt.decode({jwt.encode({"a": 1}, private, algorithm="EdDSA")!r}, key, ["EdDSA"], options)
        assert claims == {{"a": 1}}
"""
    subprocess.run([sys.executable, "-bb", "-W", "error", "-c", code], check=True)
