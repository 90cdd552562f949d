"""The hook that gets headers alone, and the example's server."""

import asyncio
from typing import Any

import httpx
import pytest
from servers import KEY, SECRET, running

from doorward import ApiKey, ApiKeys, ClaimMapping, ConfigError, Issuer, SigningKey, Verifier, sign
from doorward.headers import Authenticator, Caller, Rejected

ED25519 = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----"""
TOKEN = sign({"iss": "https://i.example", "sub": "anna", "exp": 4102444800, "roles": ["admin"], "scope": "a b"}, SECRET)
NOBODY = sign({"iss": "https://i.example", "exp": 4102444800}, SECRET)
KEYS = ApiKeys([ApiKey("ci", KEY, roles=["user"], scopes=["read"])])


def both(**options: Any) -> Authenticator:
    return Authenticator(verifier=Verifier(secret=SECRET), api_keys=KEYS, **options)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": KEY},
        {"x-api-key": KEY},
        {"authorization": f"Bearer {KEY}"},
        {"Authorization": f"bEaReR  {KEY} "},
        [(b"x-api-key", KEY.encode())],
        {"x-api-key": [KEY]},
        {"x-api-key": KEY, "authorization": "Basic abc"},
    ],
)
def test_keys(headers: Any) -> None:
    caller = asyncio.run(both()(headers))
    assert caller == Caller(id="key:ci", method="api_key", scopes=("read",), roles=("user",))
    assert KEY not in repr(caller)


def test_tokens() -> None:
    caller = both().authenticate({"Authorization": f"Bearer {TOKEN}"})
    assert (caller.id, caller.method, caller.subject) == ("jwt:https://i.example:anna", "jwt", "anna")
    assert caller.has_role("admin") and not caller.has_role("user") and caller.scopes == ("a", "b")
    assert caller.claims["iss"] == "https://i.example"


@pytest.mark.parametrize(
    ("headers", "sentence", "code"),
    [
        ({}, "Missing credentials", "credentials_missing"),
        ({"authorization": "Basic abc"}, "Missing credentials", "credentials_missing"),
        ({"authorization": "Bearer "}, "Missing credentials", "credentials_missing"),
        ({"x-api-key": "a-guess"}, "Invalid credentials", "api_key_unknown"),
        ({"authorization": f"Bearer {NOBODY}"}, "Invalid credentials", "subject_missing"),
        ({"authorization": f"Bearer {TOKEN[:-4]}AAAA"}, "Invalid credentials", "signature_invalid"),
        ({"x-api-key": KEY, "authorization": f"Bearer {TOKEN}"}, "Too many credentials", "credentials_ambiguous"),
        ([("X-Api-Key", KEY), ("x-api-key", KEY)], "Too many credentials", "credentials_ambiguous"),
        (
            [("authorization", f"Bearer {TOKEN}"), ("Authorization", "Basic abc")],
            "Too many credentials",
            "credentials_ambiguous",
        ),
        (
            [("authorization", "Basic abc"), ("Authorization", f"Bearer {TOKEN}")],
            "Too many credentials",
            "credentials_ambiguous",
        ),
        ({"Authorization": [f"Bearer {TOKEN}"] * 2}, "Too many credentials", "credentials_ambiguous"),
    ],
)
def test_rejected(headers: Any, sentence: str, code: str) -> None:
    with pytest.raises(Rejected) as raised:
        asyncio.run(both()(headers))
    assert (str(raised.value), raised.value.code) == (sentence, code)


def test_hostile_headers_and_settings() -> None:
    for bad in ({"x-api-key": None}, {"x-api-key": 7}, {3: "x"}):
        with pytest.raises(TypeError):
            both().authenticate(bad)  # type: ignore[arg-type]
    for headers in ({"x-api-key": "\ud800"}, {"authorization": "Bearer " + "x" * 10_000_000}):
        with pytest.raises(Rejected):
            both().authenticate(headers)
    with pytest.raises(ConfigError):
        Authenticator()
    only_tokens = Authenticator(verifier=Verifier(secret=SECRET))
    with pytest.raises(Rejected, match="Missing"):
        only_tokens.authenticate({"x-api-key": KEY})
    with pytest.raises(Rejected, match="Invalid"):
        only_tokens.authenticate({"authorization": f"Bearer {KEY}"})


@pytest.mark.thread_unsafe(reason="event loops")
@pytest.mark.parametrize("awaits", [True, False])
def test_keys_that_are_fetched(awaits: bool) -> None:
    key = SigningKey.from_private(ED25519, kid="one")
    gets = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal gets
        gets += 1
        return httpx.Response(200, json={"keys": [key.public_jwk()]})

    network = httpx.MockTransport(answer)
    issuer = Issuer("https://i.example", jwks_url="https://i.example/k", mapping=ClaimMapping(roles=["a", "roles"]))
    client: httpx.AsyncClient | httpx.Client = httpx.AsyncClient(transport=network)
    if not awaits:
        client = httpx.Client(transport=network)
    hook = Authenticator(verifier=issuer.verifier("here"), api_keys=KEYS, http_client=client)

    def called(token: str) -> Caller:
        headers = {"authorization": f"Bearer {token}"}
        return asyncio.run(hook(headers)) if awaits else hook.authenticate(headers)

    claims = {"iss": "https://i.example", "aud": "here", "sub": "anna", "exp": 4102444800, "a": {"roles": ["admin"]}}
    assert called(KEY).id == "key:ci" and gets == 0
    for _ in range(2):
        caller = called(key.sign(claims))
        assert (caller.id, caller.roles, gets) == ("jwt:https://i.example:anna", ("admin",), 1)
    for _ in range(3):
        with pytest.raises(Rejected) as raised:
            called(SigningKey.from_private(ED25519, kid="two").sign(claims))
        assert raised.value.code == "key_not_found" and gets == 1, "a cool-down"


@pytest.mark.thread_unsafe
def test_the_example() -> None:
    with running("headers_hook", API_KEY=KEY, JWT_SECRET=SECRET) as url:
        as_ci = httpx.post(url + "/search", headers={"X-API-Key": KEY})
        assert (as_ci.status_code, as_ci.json()) == (200, {"result": "search for key:ci"})
        refused = httpx.post(url + "/delete", headers={"X-API-Key": KEY})
        assert (refused.status_code, refused.json()) == (401, {"error": "Admin access required"})
        admin = httpx.post(url + "/delete", headers={"Authorization": f"Bearer {TOKEN}"})
        assert admin.json() == {"result": "delete for jwt:https://i.example:anna"}
        nobody = httpx.post(url + "/search")
        assert (nobody.status_code, nobody.json()) == (401, {"error": "Missing credentials"})


@pytest.mark.parametrize(
    "headers", ["authorization: x", b"authorization: x", None, 3, [1], ["ab"], [b"ab"], {"x": None}]
)
def test_what_are_no_headers_is_a_type_error(headers: Any) -> None:
    with pytest.raises(TypeError):
        both().authenticate(headers)
