"""The same calls to PyJWT and to the drop-in: what PyJWT refuses is refused, by the same exception, in the same words.

What PyJWT takes is taken, with the same claims, or refused by core, as the README's list of differences says.
"""

import datetime
import random
import warnings
from typing import Any

import jwt as pyjwt
import pytest

import doorward.pyjwt as jwt

pytestmark = pytest.mark.thread_unsafe(reason="filters of warnings are the process's")

SECRET = "a secret of at least 32 bytes, kept well"
PAST, LATER = 1_000_000_000, 4_102_444_800

CLAIMS: dict[str, list[Any]] = {
    "exp": [LATER, PAST, LATER + 0.5, f"{LATER}", "x", True, None],
    "nbf": [PAST, LATER, f"{PAST}"],
    "iat": [PAST, LATER, PAST + 0.5],
    "aud": ["a", ["a", "b"], [], "", 7, ["a", 7], {"x": 1}, None],
    "iss": ["i", ""],
    "sub": ["s", 5],
    "jti": ["j", 5],
}
ARGUMENTS: dict[str, list[Any]] = {
    "algorithms": [["HS256"], ["HS256", "HS512", "RS256"], ["HS512"], None, ("HS256",)],
    "audience": [None, "a", ["a"], ["z"], [], "", ("b",), {"b"}, b"a", 1],
    "issuer": [None, "i", "", ["i"], [], {"i", "k"}, ("k",), 1],
    "subject": [None, "s", "t"],
    "leeway": [0, 1, 1.5, datetime.timedelta(seconds=1), -1, 2 * LATER],
    "options": [
        None,
        {},
        *({f"verify_{name}": False} for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti", "signature")),
        {"require": ["exp", "sub"]},
        {"strict_aud": True},
        {"verify_signature": False, "verify_exp": True},
    ],
}


def outcome(module: Any, token: str, arguments: dict[str, Any]) -> tuple[Any, str]:
    try:
        return module.decode(token, SECRET, **arguments), ""
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("seed", range(10))
def test_no_call_is_taken_that_pyjwt_refuses(seed: int) -> None:
    choose = random.Random(seed)
    taken = stricter = 0
    for _ in range(400):
        share = choose.choice([0.15, 0.5])
        claims = {name: choose.choice(values) for name, values in CLAIMS.items() if choose.random() < share}
        arguments = {
            name: choose.choice(values) if choose.random() < 0.35 else values[0] for name, values in ARGUMENTS.items()
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            token = pyjwt.encode(claims, SECRET, choose.choice(["HS256"] * 5 + ["HS512"]))
            theirs, ours = outcome(pyjwt, token, arguments), outcome(jwt, token, arguments)
        if ours != theirs:
            assert isinstance(theirs[0], dict), (claims, arguments, theirs, ours)
            assert ours[0] is jwt.DecodeError and ours[1].startswith("Refused by doorward: "), (claims, arguments, ours)
            stricter += 1
        taken += isinstance(ours[0], dict)
    assert taken > 40 and 0 < stricter < 40
