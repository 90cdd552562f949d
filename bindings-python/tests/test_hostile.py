"""Whatever is passed, a ``TypeError`` or an error of doorward's, and never anything else."""

from __future__ import annotations

import array
from collections.abc import Callable
from typing import Any

import pytest

import doorward
from doorward import (
    Admitted,
    ApiKey,
    ApiKeys,
    ConfigError,
    Denial,
    Gate,
    Key,
    KeySet,
    Limiter,
    NeedBody,
    Policy,
    SigningKey,
    TokenError,
    Verifier,
    sign,
)
from shared import NOW, SECRET

TOKEN = sign({"sub": "anna", "exp": NOW + 60}, SECRET)
VERIFIER = Verifier(secret=SECRET)
KEYS = ApiKeys([ApiKey("ci", "a-key-nobody-guesses")])


class Text(str):
    """A ``str`` that lies about itself."""

    def __len__(self) -> int:
        return 3

    def __str__(self) -> str:
        return "other"

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__

    def encode(self, *_: object) -> bytes:
        raise RuntimeError("nobody asks")


class Bytes(bytes):
    """``bytes`` that lie about themselves."""

    def __len__(self) -> int:
        return 3

    def __buffer__(self, flags: int, /) -> memoryview:
        raise RuntimeError("nobody asks")


NO_TEXT: list[Any] = [
    None, 0, 7, 1.5, True, [], {}, object(), Text, bytearray(b"x"), memoryview(b"x"), memoryview(TOKEN.encode()),
    array.array("b", b"x"), range(3), lambda: 0, ["x"], ("x",), Exception("x"),
]  # fmt: skip

HOSTILE_TEXT: list[str | bytes] = [
    "", b"", " ", "\x00", b"\x00", "\ud800", "a.\udfff.c", TOKEN + "\udc80", "é.é.é", "😀" * 10, b"\xff\xfe.\xff.\xff",
    ".", "..", "...", "." * 1_000_000, "a" * 10_000_000, b"a" * 10_000_000, "é" * 10_000_000, "\ud800" * 10_000_000,
    TOKEN + " ", " " + TOKEN, TOKEN + "\n", TOKEN + "\x00", TOKEN.replace(".", "\uff0e"),
    "".join(chr(ord(letter) + 0x100) for letter in TOKEN), TOKEN[:-1] + chr(ord(TOKEN[-1]) + 0x100),
    Text(""), Bytes(b""),
]  # fmt: skip


@pytest.mark.parametrize("thing", NO_TEXT, ids=lambda thing: type(thing).__name__)
@pytest.mark.parametrize(
    "call",
    [
        VERIFIER.verify,
        KEYS.find,
        KEYS.verify,
        Key.from_secret(SECRET).verify_jws,
        SigningKey.from_secret(SECRET).sign_jws,
        Limiter(1, 1).check,
        lambda thing: VERIFIER.verify_many([TOKEN, thing]),
        lambda thing: Key.from_secret(thing),
        lambda thing: Key.from_public(thing),
        lambda thing: sign({"exp": NOW}, thing),
        lambda thing: ApiKeys.from_text(thing),
    ],
)
def test_what_is_no_text_is_a_type_error(call: Callable[[Any], object], thing: Any) -> None:
    with pytest.raises(TypeError):
        call(thing)


@pytest.mark.parametrize("text", HOSTILE_TEXT, ids=lambda text: ascii(text[:9]))
@pytest.mark.parametrize("verify", [VERIFIER.verify, Key.from_secret(SECRET).verify_jws])
def test_hostile_text_is_a_token_error(verify: Callable[[Any], object], text: str | bytes) -> None:
    with pytest.raises(TokenError) as raised:
        verify(text)
    assert raised.value.code in ("token_malformed", "token_too_large", "token_header_invalid")
    assert isinstance(KEYS.find(text), ApiKey | None)
    assert KEYS.find(text) is None


@pytest.mark.parametrize("text", HOSTILE_TEXT, ids=lambda text: ascii(text[:9]))
@pytest.mark.parametrize(
    "make",
    [
        lambda text: Verifier(public_key=text, audience="a"),
        lambda text: Verifier(jwks=text, audience="a"),
        lambda text: Key.from_public(text),
        lambda text: Key.from_jwk(text),
        lambda text: KeySet.from_jwks(text),
        lambda text: SigningKey.from_private(text),
        lambda text: SigningKey.from_jwk(text),
        lambda text: ApiKeys.from_text(text),
        lambda text: Verifier(secret=SECRET, algorithms=text),
    ],
)
def test_hostile_text_is_a_config_error(make: Callable[[Any], object], text: str | bytes) -> None:
    # `algorithms` is a list of `str`, so `bytes` are of the wrong type there.
    with pytest.raises((ConfigError, TypeError)) as raised:
        make(text)
    assert isinstance(raised.value, ConfigError) or isinstance(text, bytes)


def test_a_subclass_is_what_its_text_is() -> None:
    assert VERIFIER.verify(Text(TOKEN), now=NOW)["sub"] == "anna"
    assert VERIFIER.verify(Bytes(TOKEN.encode()), now=NOW)["sub"] == "anna"
    assert KEYS.find(Text("a-key-nobody-guesses")) is not None
    assert KEYS.find(Text("another")) is None


@pytest.mark.parametrize("now", ["x", [], {}, object(), 1j, b"1", NOW.__str__])
def test_a_moment_is_a_number(now: Any) -> None:
    with pytest.raises(TypeError):
        VERIFIER.verify(TOKEN, now=now)
    with pytest.raises(TypeError):
        Limiter(1, 1).check("a", now=now)


@pytest.mark.parametrize("now", [float("nan"), float("inf"), float("-inf"), 10**400, -(10**400), NOW + 60])
def test_a_clock_that_is_broken_refuses(now: float) -> None:
    VERIFIER.verify(TOKEN, now=NOW)
    with pytest.raises(doorward.ExpiredToken):
        VERIFIER.verify(TOKEN, now=now)


@pytest.mark.parametrize("now", [float("nan"), float("inf"), float("-inf"), 10**400, -1, 0, 1e300, 2**63])
def test_any_clock_leaves_a_limiter_sound(now: float) -> None:
    limiter = Limiter(2, 60)
    allowed = [limiter.check("a", now=now).allowed for _ in range(9)]
    assert allowed.count(True) == 2
    limiter.peek("a", now=now)


@pytest.mark.parametrize(
    "arguments",
    [
        {"secret": 3}, {"secret": [SECRET]}, {"public_key": 3}, {"jwks": 3}, {"keys": 3}, {"keys": [3]}, {"keys": "x"},
        {"secret": SECRET, "issuer": 3}, {"secret": SECRET, "issuer": [3]}, {"secret": SECRET, "issuer": b"x"},
        {"secret": SECRET, "audience": {"any": True}.values()}, {"secret": SECRET, "leeway": "x"},
        {"secret": SECRET, "cache": 1}, {"secret": SECRET, "cache_size": "x"}, {"secret": SECRET, "nope": 1},
        {"secret": SECRET, "required": None}, {"secret": SECRET, "algorithms": 256},
    ],
)  # fmt: skip
def test_an_argument_of_the_wrong_type_is_a_type_error(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Verifier(**arguments)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "no_keys"),
        ({"secret": ""}, "secret_empty"),
        ({"secret": "short"}, "secret_too_short"),
        ({"secret": "\ud800" * 40}, "text_invalid"),
        ({"secret": "-----BEGIN PUBLIC KEY-----" + "x" * 40}, "secret_is_a_key"),
        ({"secret": SECRET, "algorithms": []}, "key_algorithm_mismatch"),
        ({"secret": SECRET, "algorithms": ["RS256"]}, "key_algorithm_mismatch"),
        ({"secret": SECRET, "algorithms": ["HS256", "RS256"]}, "key_algorithm_mismatch"),
        ({"secret": SECRET, "algorithms": ["none"]}, "algorithm_unknown"),
        ({"secret": SECRET, "algorithms": "hs256"}, "algorithm_unknown"),
        ({"secret": SECRET, "algorithms": ["HS512"]}, "secret_too_short"),
        ({"keys": []}, "no_keys"),
        ({"jwks": '{"keys":[]}', "audience": "a"}, "no_keys"),
        ({"jwks": {"keys": []}, "keys": []}, "argument_invalid"),
        ({"secret": SECRET, "cache_size": 10**7}, "argument_invalid"),
        ({"secret": SECRET, "cache_ttl": -1}, "argument_invalid"),
        ({"secret": SECRET, "cache_ttl": float("nan")}, "argument_invalid"),
        ({"secret": SECRET, "issuer": "\ud800"}, "text_invalid"),
    ],
)
def test_a_bad_argument_is_a_config_error(arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Verifier(**arguments)
    assert raised.value.code == code
    assert SECRET not in str(raised.value)


def test_a_secret_shorter_than_its_hash_by_choice_alone() -> None:
    token = sign({"exp": NOW}, SECRET)
    with pytest.raises(doorward.BadSignature):
        Verifier(secret="short", allow_short_secret=True).verify(token)


@pytest.mark.parametrize("claims", ["[]", "3", "", "{", b"\xff", {"exp": "soon"}, {"exp": -1}, {"aud": 3, "exp": 1}])
def test_claims_that_no_verifier_would_take_are_not_signed(claims: Any) -> None:
    with pytest.raises((doorward.SignError, ConfigError)):
        sign(claims, SECRET)


@pytest.mark.parametrize(
    "claims", [None, 3, [], {"exp": NOW, "x": object()}, {"exp": NOW, "x": {1, 2}}, {"exp": NOW, (1, 2): 3}]
)
def test_claims_that_json_has_no_words_for_are_a_type_error(claims: Any) -> None:
    with pytest.raises(TypeError):
        sign(claims, SECRET)


def test_claims_that_are_not_finite_or_go_round_are_a_value_error() -> None:
    loop: dict[str, Any] = {"exp": NOW}
    loop["loop"] = loop
    for claims in ({"exp": NOW, "x": float("nan")}, loop):
        with pytest.raises(ValueError):
            sign(claims, SECRET)
    with pytest.raises(doorward.SignError) as raised:
        sign({"sub": "anna"}, SECRET)
    assert raised.value.code == "expiry_missing"


LONE = ["\ud800", "/a\udfff", "GET\udc80"]


@pytest.mark.parametrize("lone", LONE, ids=ascii)
def test_a_lone_surrogate_in_a_request_is_nobody_s_name(lone: str) -> None:
    """JSON may hold one, and frameworks' paths: an answer, and no error of another kind."""
    key = {"host": "localhost", "x-api-key": "a-key-nobody-guesses", "content-type": "application/json"}
    policy = Policy(everybody={"tools": ["*"], "methods": ["*"]})
    gate = Gate(api_keys=KEYS, policy=policy, session_key=SECRET)
    admitted = gate.admit("GET", key, "127.0.0.1")
    assert isinstance(admitted, Admitted)
    who = admitted.principal
    assert gate.well_known("GET", lone) is None and gate.well_known(lone, "/mcp") is None
    for decided in (gate.begin(lone, {}, "127.0.0.1"), gate.admit(lone, {}, "127.0.0.1", b"{}")):
        assert isinstance(decided, Denial)
    for query in (("session_id", f"session_id={lone}"), (lone, "session_id=1")):
        assert isinstance(gate.begin("POST", key, "127.0.0.1", session_in_query=query), Denial | NeedBody)
    assert not policy.is_allowed("tool", lone)
    assert not policy.shows("tools/list", lone) and not gate.shows(who, "tools/list", lone)
    assert gate.filter(who, "tools/list", [lone, "a"]) == ["a"]
    assert gate.unbind("task", who, gate.bind("task", who, "one") + lone) is None


@pytest.mark.parametrize("thing", [None, 3, b"GET", ["GET"]])
def test_a_request_s_method_and_path_are_text(thing: Any) -> None:
    gate = Gate(api_keys=KEYS)
    calls: list[Callable[[], object]] = [
        lambda: gate.begin(thing, {}, "127.0.0.1"),
        lambda: gate.admit(thing, {}, "127.0.0.1"),
        lambda: gate.well_known(thing, "/"),
        lambda: gate.well_known("GET", thing),
        lambda: gate.begin("GET", {}, "127.0.0.1", session_in_query=("a", thing)),
        lambda: Policy().is_allowed("tool", thing),
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call()


def test_a_revocation_before_no_moment_revokes_everything() -> None:
    gate = Gate(verifiers=VERIFIER, policy=Policy.allow_all())
    gate.revoke_subject("", "anna", float("nan"), NOW + 60)
    token = sign({"sub": "anna", "iat": NOW - 60, "exp": NOW + 60}, SECRET)
    headers = {"host": "localhost", "authorization": f"Bearer {token}"}
    decided = gate.admit("GET", headers, "127.0.0.1", now=NOW)
    assert isinstance(decided, Denial) and decided.code == "token_revoked"
