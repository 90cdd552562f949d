"""``tests/vectors/keys.json``: what may be configured as a key, and what not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from doorward import ConfigError, Key, KeySet, SigningKey
from shared import load, report, text

FILE = load("keys.json")
FIELDS = {
    "name", "class", "kind", "expect", "alg", "algs", "secret_hex", "pem", "der_hex", "jwk", "jwks", "jws", "kid",
    "accepted", "left_out",
}  # fmt: skip
PAYLOAD = b"hello, not JSON"


def verifying(vector: dict[str, Any], key: Key) -> str | None:
    expected = [vector["alg"]] if "alg" in vector else vector["algs"]
    if sorted(key.algorithms) != sorted(expected):
        return f"it is for {key.algorithms}"
    return None if key.kid == vector.get("kid") else f"its kid is {key.kid}"


def signing(vector: dict[str, Any], key: SigningKey) -> str | None:
    if (key.algorithm, key.kid) != (vector["alg"], vector.get("kid")):
        return f"it is {key} with the kid {key.kid}"
    ours, theirs = key.sign_jws(PAYLOAD), vector["jws"]
    if key.algorithm[:2] not in ("PS", "ES") and ours != theirs:
        return f"it signs {ours}"
    keys = [key.verifying_key()]
    published = key.public_jwk()
    assert (published is None) == key.algorithm.startswith("HS")
    if published is not None:
        keys.append(Key.from_jwk(published))
    for one in keys:
        assert one.algorithms == (key.algorithm,) and one.kid == key.kid
        if {one.verify_jws(ours), one.verify_jws(theirs)} != {PAYLOAD}:
            return "its public half does not verify"
    return None


def jwks(vector: dict[str, Any], keys: KeySet) -> str | None:
    left_out = [list(one) for one in keys.left_out]
    if (keys.kids, left_out) != (vector["accepted"], vector["left_out"]):
        return f"accepted {keys.kids}, left out {left_out}"
    return None


def outcome(vector: dict[str, Any]) -> str | None:
    made: dict[str, Callable[[], Any]] = {
        "hmac": lambda: Key.from_secret(bytes.fromhex(vector["secret_hex"]), vector["alg"]),
        "hmac_allowing_short": lambda: Key.from_secret(
            bytes.fromhex(vector["secret_hex"]), vector["alg"], allow_short=True
        ),
        "pem": lambda: Key.from_pem(vector["pem"], vector["algs"]),
        "der": lambda: Key.from_der(bytes.fromhex(vector["der_hex"]), vector["algs"]),
        "jwk": lambda: Key.from_jwk(vector["jwk"]),
        "jwks": lambda: KeySet.from_jwks(text(vector["jwks"])),
        "signing_pem": lambda: SigningKey.from_pem(vector["pem"], vector["alg"]),
        "signing_der": lambda: SigningKey.from_der(bytes.fromhex(vector["der_hex"]), vector["alg"]),
        "signing_jwk": lambda: SigningKey.from_jwk(vector["jwk"]),
    }
    try:
        key = made[vector["kind"]]()
    except ConfigError as error:
        return None if error.code == vector["expect"] else f"expected {vector['expect']}, got {error.code}"
    if vector["expect"] != "ok":
        return f"expected {vector['expect']}, was ACCEPTED"
    if isinstance(key, SigningKey):
        return signing(vector, key)
    return jwks(vector, key) if isinstance(key, KeySet) else verifying(vector, key)


def test_every_vector_gets_its_answer() -> None:
    failures = []
    for vector in FILE["vectors"]:
        assert vector.keys() <= FIELDS
        if (wrong := outcome(vector)) is not None:
            failures.append(f"{vector['name']}: {wrong}")
    report(failures, len(FILE["vectors"]))
    assert len(FILE["vectors"]) >= 1410


def test_a_key_of_any_form_is_the_key_of_its_form() -> None:
    """``from_public`` and ``from_private`` make what the constructors of one form make, and refuse what they refuse."""
    tried = refused = 0
    for vector in FILE["vectors"]:
        kind, good = vector["kind"], vector["expect"] == "ok"
        source = vector.get("pem") or vector.get("jwk") or bytes.fromhex(vector.get("der_hex", ""))
        if kind in ("pem", "der"):
            make: Callable[[], Key | SigningKey] = partial(Key.from_public, source, vector["algs"])
        elif kind in ("signing_pem", "signing_der", "signing_jwk"):
            make = partial(SigningKey.from_private, source, vector.get("alg"))
        else:
            continue
        if not good:
            # Without algorithms it is a key for its usual ones; and one form given for another can be read here.
            if vector.get("algs") == [] or vector["expect"] == "key_unreadable":
                continue
            try:
                made = make()
            except ConfigError:
                refused += 1
                continue
            raise AssertionError(f"{vector['name']}: {made} was made")
        assert make().kid == vector.get("kid"), vector["name"]
        tried += 1
    assert tried >= 50 and refused >= 100, (tried, refused)
