"""``tests/vectors/jwt.json``: every token gets its answer, cached and not, alone and in a batch."""

from __future__ import annotations

from typing import Any

import pytest

import doorward
from doorward import Claims, ConfigError, Key, KeySet, TokenError, Verifier
from shared import load, report, text

FILE = load("jwt.json")
FIELDS = {"name", "class", "token", "keys", "rules", "now", "expect", "claims"}
# A vector's rule, and the argument that says it.
SAME = ("issuer", "subject", "algorithms", "token_type", "nonce", "max_age", "max_lifetime")
OTHER = {"id": "token_id", "tolerance": "leeway"}


def key(name: str, kid: str | None) -> Key:
    made = FILE["keys"][name]
    if made["kind"] == "hmac":
        return Key.from_secret(bytes.fromhex(made["secret_hex"]), made["alg"], kid=kid)
    assert made["kind"] == "pem"
    return Key.from_pem(made["pem"], made["algs"], kid=kid)


def arguments(rules: dict[str, Any]) -> dict[str, Any]:
    rules = dict(rules)
    made = {name: rules.pop(name) for name in SAME if name in rules}
    made |= {theirs: rules.pop(ours) for ours, theirs in OTHER.items() if ours in rules}
    for flag in ("ignore_expiry", "ignore_not_before"):
        made[flag] = rules.pop(flag, False)
    required = rules.pop("required", [])
    required = [required] if isinstance(required, str) else list(required)
    if rules.pop("require_expiry", True) and not made["ignore_expiry"]:
        required.append("exp")
    made["required"] = required
    match rules.pop("audience", None):
        case {"any": True}:
            made["any_audience"] = True
        case audience:
            made["audience"] = audience
    assert not rules, f"unknown rules {rules}"
    return made


def compare(vector: dict[str, Any], outcome: Claims | TokenError | ConfigError) -> str | None:
    if not isinstance(outcome, Claims):
        return None if outcome.code == vector["expect"] else f"expected {vector['expect']}, got {outcome.code}"
    if vector["expect"] != "ok":
        return f"expected {vector['expect']}, was ACCEPTED"
    aud = outcome.aud
    found = {
        "subject": outcome.sub,
        "issuer": outcome.iss,
        "scopes": list(outcome.scopes),
        "roles": list(outcome.roles),
        "audience": [] if aud is None else [aud] if isinstance(aud, str) else aud,
    }
    for name, expected in vector.get("claims", {}).items():
        if found[name] != expected:
            return f"{name} is {found[name]}, expected {expected}"
    return None


@pytest.mark.parametrize("cache", [True, False])
def test_every_vector_gets_its_answer(cache: bool) -> None:
    failures = []
    for vector in FILE["vectors"]:
        assert vector.keys() <= FIELDS
        token = text(vector["token"])
        outcomes: list[Claims | TokenError | ConfigError] = []
        try:
            keys = KeySet([key(one["name"], one.get("kid")) for one in vector["keys"]])
            verifier = Verifier(keys=keys, cache=cache, **arguments(vector["rules"]))
        except ConfigError as error:
            outcomes.append(error)
        else:
            # Again, for the cache; as bytes; in a batch of both.
            for presented in (token, token, token.encode()):
                try:
                    outcomes.append(verifier.verify(presented, now=vector["now"]))
                except TokenError as error:
                    outcomes.append(error)
            outcomes += verifier.verify_many([token, token.encode()], now=vector["now"])
        for outcome in outcomes:
            if (wrong := compare(vector, outcome)) is not None:
                failures.append(f"{vector['name']}: {wrong}")
                break
    report(failures, len(FILE["vectors"]))
    assert len(FILE["vectors"]) >= 1384


def test_every_code_has_the_class_its_group_has() -> None:
    """A code is of one class, and a class that stands for one code says so itself."""
    classes: dict[str, set[type[TokenError]]] = {}
    for vector in FILE["vectors"]:
        if vector["expect"] in ("ok", "audience_not_configured"):
            continue
        keys = [key(one["name"], one.get("kid")) for one in vector["keys"]]
        with pytest.raises(TokenError) as raised:
            Verifier(keys=keys, **arguments(vector["rules"])).verify(text(vector["token"]), now=vector["now"])
        classes.setdefault(raised.value.code, set()).add(type(raised.value))
        assert str(raised.value) == str(raised.value).lower() or "jwe" not in str(raised.value)
    assert all(len(of) == 1 and TokenError not in of for of in classes.values()), classes
    assert classes["token_expired"] == {doorward.ExpiredToken}
    assert classes["signature_invalid"] == {doorward.BadSignature}
    assert classes["audience_mismatch"] == {doorward.WrongAudience}
    assert len(classes) >= 20
