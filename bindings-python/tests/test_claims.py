"""What a verified token says, and that nobody can change it."""

from __future__ import annotations

import copy
import json
import math
import pickle
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from doorward import Claims, SigningKey, Verifier
from shared import NOW, SECRET

SAID = {
    "iss": "https://issuer.example",
    "sub": "anna",
    "aud": ["https://mcp.example/mcp", "other"],
    "exp": NOW + 60,
    "nbf": NOW - 60.5,
    "iat": NOW,
    "jti": "7",
    "scope": "read write",
    "roles": ["user", "é"],
    "nested": {"list": [1, {"deep": [None, True, -0.25]}], "text": 'quote " and \\ and \u2028 😀'},
}


def verify(claims: Mapping[str, Any] | str, *, cache: bool = True) -> Claims:
    token = SigningKey.from_secret(SECRET).sign(claims, without_expiry=True)
    verifier = Verifier(secret=SECRET, any_audience=True, required=(), cache=cache)
    verifier.verify(token, now=NOW)
    return verifier.verify(token, now=NOW)


def test_a_mapping_of_what_was_signed() -> None:
    claims = verify(SAID)
    assert dict(claims) == SAID
    assert list(claims) == list(SAID) == list(claims.keys())
    assert list(claims.items()) == list(SAID.items())
    assert list(claims.values()) == list(SAID.values())
    assert len(claims) == len(SAID)
    assert claims["sub"] == "anna" and claims.get("sub") == "anna"
    assert "sub" in claims and "nope" not in claims and 3 not in claims  # type: ignore[comparison-overlap]
    assert claims.get("nope") is None and claims.get("nope", 7) == 7
    with pytest.raises(KeyError, match="nope"):
        claims["nope"]
    with pytest.raises(TypeError, match="unhashable"):
        claims[["sub"]]  # type: ignore[index]
    assert isinstance(claims, Mapping)
    match claims:
        case {"sub": subject, **rest}:
            assert subject == "anna" and "iss" in rest
        case _:
            pytest.fail("a mapping matches a mapping pattern")
    assert json.loads(claims.raw) == SAID
    assert {**claims} == SAID


def test_attributes_are_registered_claims_alone() -> None:
    claims = verify(SAID)
    for name in ("iss", "sub", "aud", "exp", "nbf", "iat", "jti"):
        assert getattr(claims, name) == SAID[name]
        assert getattr(verify({"other": 1}), name) is None
    assert (claims.scopes, claims.roles) == (("read", "write"), ("user", "é"))
    assert verify({"scp": ["a", "b"], "role": "c"}).scopes == ("a", "b")
    assert verify({}).roles == ()
    with pytest.raises(AttributeError):
        _ = claims.nested  # type: ignore[attr-defined]


@pytest.mark.parametrize("cache", [True, False])
def test_what_callers_do_to_values_stays_with_them(cache: bool) -> None:
    token = SigningKey.from_secret(SECRET).sign(SAID)
    verifier = Verifier(secret=SECRET, any_audience=True, cache=cache)
    claims = verifier.verify(token, now=NOW)
    assert (verifier.verify(token, now=NOW) is claims) == cache
    for given in (claims["nested"], claims.get("nested"), dict(claims)["nested"], dict(claims.items())["nested"]):
        given["list"][1]["deep"].append("leak")
        given["new"] = 1
    assert isinstance(claims.aud, list)
    claims.aud.append("leak")
    next(iter(claims.values()))
    for one in (claims, verifier.verify(token, now=NOW)):
        assert dict(one) == SAID
        for change in (
            lambda c: c.__setitem__("sub", "eve"),
            lambda c: c.__delitem__("sub"),
            lambda c: setattr(c, "sub", "eve"),
            lambda c: setattr(c, "new", 1),
            lambda c: c.update({}),
        ):
            with pytest.raises((TypeError, AttributeError)):
                change(one)


class Spy(dict[str, Any]):
    """Compares equal to anything, and keeps what it was compared with."""

    seen: list[Any]

    def __eq__(self, other: object) -> bool:
        self.__dict__.setdefault("seen", []).append(other)
        return True

    __hash__ = None


def test_equality_is_that_of_mappings_and_hands_out_nothing() -> None:
    claims = verify(SAID)
    assert claims == SAID and SAID == claims and claims == verify(SAID) and claims != {} and claims != 3
    spy = Spy()
    assert claims == {**SAID, "nested": spy}
    for given in spy.seen:
        given["leak"] = 1
    assert dict(claims) == SAID
    with pytest.raises(TypeError, match="unhashable"):
        hash(claims)


class Odd(Mapping[str, Any]):
    """A mapping that is no dict, and fails."""

    def __getitem__(self, key: str) -> Any:
        raise RuntimeError("on purpose")

    def __iter__(self) -> Iterator[str]:
        return iter(["sub"])

    def __len__(self) -> int:
        return 1


def test_what_others_raise_comes_through() -> None:
    with pytest.raises(RuntimeError, match="on purpose"):
        assert verify(SAID) == Odd()


def test_copies_are_the_same_object_and_pickles_are_refused() -> None:
    claims = verify(SAID)
    assert copy.copy(claims) is claims and copy.deepcopy(claims) is claims
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="can't be pickled"):
            pickle.dumps(claims, protocol)
    with pytest.raises(TypeError):
        Claims()
    with pytest.raises(TypeError):
        Claims.__new__(Claims)
    with pytest.raises(TypeError):
        type("Mine", (Claims,), {})


def test_nothing_of_the_token_is_shown() -> None:
    claims = verify(SAID)
    for text in (repr(claims), str(claims), repr(claims.keys())):
        assert "anna" not in text and "issuer" not in text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("-0", 0), ("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63)),
        ("9223372036854775808", 2**63), ("1" * 640, int("1" * 640)), ("-" + "1" * 639, -int("1" * 639)),
        ("1.0", 1.0), ("-0.0", -0.0), ("1e3", 1000.0), ("1E-400", 0.0), ("1e400", math.inf), ("-1e400", -math.inf),
        ("1" * 641, math.inf), ("1" * 5000, math.inf), ("0.1", 0.1), ("123456789.123456789", 123456789.123456789),
    ],
    ids=lambda one: str(one)[:9] if isinstance(one, str) else "",
)  # fmt: skip
def test_numbers_are_what_they_were_written_as(text: str, value: float) -> None:
    found = verify(f'{{"n":{text},"in":[{text}]}}')["n"]
    assert found == value and type(found) is type(value)
    if isinstance(value, float):
        assert math.copysign(1, found) == math.copysign(1, value)


@pytest.mark.parametrize(
    "text",
    ["null", "true", "false", '""', '"\\u0000"', '"\\ud83d\\ude00"', "[]", "{}", "[[[[]]]]", '{"a":{"b":[{}]}}'],
)
def test_values_are_those_of_the_json_module(text: str) -> None:
    found = verify(f'{{"v":{text}}}')["v"]
    assert found == json.loads(text) and type(found) is type(json.loads(text))
