"""The gate's parts that vectors don't reach: questions, sessions, configuration, what it is asked besides."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from doorward import (
    Admitted,
    ApiKey,
    ApiKeys,
    Ask,
    ConfigError,
    Denial,
    Gate,
    Introspection,
    Jwks,
    Limit,
    NeedBody,
    Policy,
    Quota,
    SigningKey,
    Verifier,
    sign,
)
from shared import NOW, SECRET, forged

KEY = "a-key-nobody-guesses"
KEYS = ApiKeys([ApiKey("ci", KEY, roles=["user"])])
POLICY = Policy(roles={"user": {"tools": ["whoami"]}})
CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}})
ED25519 = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----"""


def headers(**more: str) -> dict[str, str]:
    return {"host": "localhost", "content-type": "application/json"} | {
        name.replace("_", "-"): value for name, value in more.items()
    }


def get(gate: Gate, now: float = NOW, **more: str) -> Any:
    return gate.begin("GET", headers(**more), "127.0.0.1", now=now)


def test_a_request_is_admitted_or_denied() -> None:
    gate = Gate(api_keys=KEYS, policy=POLICY)
    admitted = gate.admit("POST", headers(x_api_key=KEY), "127.0.0.1", CALL)
    assert isinstance(admitted, Admitted) and admitted
    assert admitted.target == ("tool", "whoami") and admitted.address == "127.0.0.1" and admitted.valid_until is None
    who = admitted.principal
    assert (who.id, who.method, who.roles, who.subject, who.claims) == ("key:ci", "api_key", ("user",), None, None)
    assert who == gate.admit("GET", headers(x_api_key=KEY), "127.0.0.1").principal and len({who, who}) == 1
    denied = gate.admit("POST", headers(x_api_key=KEY), "127.0.0.1", CALL.replace("whoami", "drop"))
    assert isinstance(denied, Denial) and not denied
    assert (denied.status, denied.code) == (403, "policy_forbidden") and denied.principal == who
    assert json.loads(denied.body)["error"] == "forbidden"
    nobody = gate.admit("POST", headers(), "127.0.0.1", CALL)
    assert isinstance(nobody, Denial) and nobody.status == 401 and dict(nobody.headers)["www-authenticate"] == "Bearer"
    assert json.loads(nobody.audit(5, now=NOW))["code"] == "credential_missing"


def test_a_token_s_principal_has_its_claims() -> None:
    token = sign({"sub": "anna", "iss": "https://i.example", "exp": NOW + 60, "scope": "a b", "role": "user"}, SECRET)
    gate = Gate(verifiers=Verifier(secret=SECRET), policy=POLICY)
    for _ in range(2):
        step = gate.begin("POST", headers(authorization=f"Bearer {token}"), "127.0.0.1", now=NOW)
        assert isinstance(step, NeedBody) and step.limit == 1024 * 1024
        assert step.principal.id == "jwt:https://i.example:anna"
        admitted = step.read(CALL, now=NOW)
        assert isinstance(admitted, Admitted) and admitted.valid_until == NOW + 60
        with pytest.raises(RuntimeError, match="good for once"):
            step.read(CALL)
        who = admitted.principal
    assert (
        who.claims is not None and who.claims["sub"] == "anna" and who.scopes == ("a", "b") and who.roles == ("user",)
    )
    assert who.claims is who.claims and gate.cache_stats() == {"hits": 1, "misses": 1, "evictions": 0}
    assert gate.still_good(who, token, now=NOW) and not gate.still_good(who, token, now=NOW + 60)
    gate.revoke_token(token, NOW + 60, now=NOW)
    assert not gate.still_good(who, token, now=NOW)
    assert get(gate, authorization=f"Bearer {token}").code == "token_revoked"
    assert get(gate, authorization=f"Bearer {forged(token)}").code == "signature_invalid"


def test_revocation_by_id_and_by_subject() -> None:
    gate = Gate(verifiers=[Verifier(secret=SECRET)], policy=POLICY)
    made = {"sub": "anna", "iss": "i", "jti": "7", "iat": NOW - 10, "exp": NOW + 60}
    by_id = sign(made, SECRET)
    other = sign(made | {"jti": "8"}, SECRET)
    gate.revoke_id("i", "7", NOW + 60, now=NOW)
    assert get(gate, authorization=f"Bearer {by_id}").code == "token_revoked"
    assert get(gate, authorization=f"Bearer {other}").principal.subject == "anna"
    gate.revoke_subject("i", "anna", NOW, NOW + 60, now=NOW)
    assert get(gate, authorization=f"Bearer {other}").code == "token_revoked"


def test_keys_that_are_fetched_are_asked_for() -> None:
    key = SigningKey.from_private(ED25519, kid="a")
    jwks = Jwks("https://issuer.example/jwks.json")
    gate = Gate(verifiers=Verifier(jwks=jwks, any_audience=True), policy=POLICY)
    token = key.sign({"sub": "anna", "exp": NOW + 60})
    moment = (NOW, 100.0)

    def begin(now: tuple[float, float]) -> Any:
        return gate.begin("GET", headers(authorization=f"Bearer {token}"), "127.0.0.1", now=now)

    first, second = begin(moment), begin(moment)
    assert isinstance(first, Ask) and isinstance(second, Ask) and first.kind == second.kind == "keys"
    fetch = first.take_fetch()
    assert fetch is not None and fetch.url == "https://issuer.example/jwks.json" and first.take_fetch() is None
    assert second.take_fetch() is None and second.is_waiting(now=moment) and (first.deadline or 0) > 0
    body = json.dumps({"keys": [key.public_jwk()]})
    fetched = fetch.replied(200, body, now=100.5)
    assert (fetched.keys, fetched.changed, fetched.error, fetched.next) == (1, True, None, None)
    with pytest.raises(RuntimeError, match="good for once"):
        fetch.unreachable()
    moment = (NOW, 101.0)
    assert not second.is_waiting(now=moment)
    for ask in (first, second):
        admitted = ask.ready(now=moment)
        assert isinstance(admitted, Admitted) and admitted.principal.subject == "anna"
        assert ask.kind is None
        with pytest.raises(RuntimeError, match="good for once"):
            ask.ready()
    assert isinstance(begin(moment), Admitted)
    # The verifier has the same keys, and a cache that ends with them.
    assert Verifier(jwks=jwks, any_audience=True).verify is not None
    assert jwks.standing(now=101)["keys"] == 1


def test_keys_that_never_come_are_unavailable() -> None:
    gate = Gate(verifiers=Verifier(jwks=Jwks(issuer="https://issuer.example"), any_audience=True), policy=POLICY)
    token = SigningKey.from_private(ED25519).sign({"iss": "https://issuer.example", "sub": "anna", "exp": NOW + 60})
    denied = gate.admit("GET", headers(authorization=f"Bearer {token}"), "127.0.0.1", now=NOW)
    assert isinstance(denied, Denial) and denied.status == 503 and denied.code == "keys_unavailable"


def test_api_keys_of_the_host() -> None:
    gate = Gate(api_key_lookup=True, policy=POLICY)
    ask = get(gate, x_api_key=KEY)
    assert isinstance(ask, Ask) and ask.kind == "api_key"
    assert ask.digest == hashlib.sha256(KEY.encode()).hexdigest()
    admitted = ask.found(ApiKey("db", KEY, roles=["user"]), now=NOW)
    assert isinstance(admitted, Admitted) and admitted.principal.id == "key:db"
    assert isinstance(get(gate, x_api_key=KEY), Admitted), "it is remembered"
    gate.forget_api_keys()
    again = get(gate, x_api_key=KEY)
    assert isinstance(again, Ask)
    nobody = again.found(None, now=NOW)
    assert isinstance(nobody, Denial) and nobody.code == "api_key_unknown"
    late = get(gate, x_api_key="another")
    assert isinstance(late, Ask)
    assert [late.url, late.body, late.limit, late.command, late.take_fetch()] == [None] * 5
    denied = late.unavailable(now=NOW)
    assert isinstance(denied, Denial) and denied.status == 503


def test_opaque_tokens_are_asked_of_their_issuer() -> None:
    introspection = Introspection("https://i.example/introspect", "https://i.example", audience="https://mcp.example")
    gate = Gate(introspection=introspection, policy=POLICY)
    ask = get(gate, authorization="Bearer opaque-token")
    assert isinstance(ask, Ask) and ask.kind == "introspection" and ask.url == "https://i.example/introspect"
    assert ask.body is not None and "token=opaque-token" in ask.body and ask.limit == 65536
    answer = {"active": True, "sub": "anna", "aud": "https://mcp.example", "exp": NOW + 60, "scope": "a"}
    admitted = ask.replied(200, json.dumps(answer), now=NOW)
    assert isinstance(admitted, Admitted) and admitted.principal.id == "opaque:https://i.example:anna"
    assert admitted.principal.method == "opaque" and admitted.principal.scopes == ("a",)
    other = get(gate, authorization="Bearer other")
    assert isinstance(other, Ask)
    denied = other.replied(200, '{"active":false}', now=NOW)
    assert isinstance(denied, Denial) and denied.code == "token_inactive"


def test_limits_that_are_shared() -> None:
    vars = {"API_KEYS": "0123456789abcdef", "REDIS_URL": "redis://127.0.0.1:6379"}
    gate = Gate.from_env(vars, policy=POLICY)
    ask = get(gate, x_api_key="0123456789abcdef")
    assert isinstance(ask, Ask) and ask.kind == "shared_limit" and ask.command is not None
    command, script, keys, key, *numbers = ask.command
    assert command == "EVALSHA" and len(script) == 40 and keys == 1 and key.endswith(b"{key:api-key-1}")
    assert all(isinstance(number, int) for number in numbers) and len(numbers) == 4
    again = ask.returned("NOSCRIPT No matching script", now=NOW)
    assert isinstance(again, Ask) and again.command is not None and again.command[0] == "EVAL"
    admitted = again.returned([1, 99, 600_000, 0], now=NOW)
    assert isinstance(admitted, Admitted) and dict(admitted.headers)["x-ratelimit-remaining"] == "99"
    for reply in ("unreachable", "unavailable", 3):
        ask = get(gate, x_api_key="0123456789abcdef")
        if isinstance(ask, Ask):
            step = getattr(ask, reply)() if isinstance(reply, str) else ask.returned(reply)
            assert isinstance(step, Admitted | Denial)


def test_sessions_are_bound_to_their_principals() -> None:
    keys = ApiKeys([ApiKey("a", "key-of-a"), ApiKey("b", "key-of-b")])
    gate = Gate(api_keys=keys, policy=POLICY, session_key=SECRET)
    assert gate.binds_sessions and not Gate(api_keys=keys).binds_sessions
    anna = get(gate, x_api_key="key-of-a").principal
    outward = gate.bind_session(anna, "inner")
    assert outward.startswith("inner.")
    assert get(gate, x_api_key="key-of-a", mcp_session_id=outward).session == "inner"
    stolen = get(gate, x_api_key="key-of-b", mcp_session_id=outward)
    assert isinstance(stolen, Denial) and stolen.status == 404
    task = gate.bind("task", anna, "7")
    assert gate.unbind("task", anna, task) == "7" and gate.unbind("other", anna, task) is None
    older = gate.begin(
        "GET", headers(x_api_key="key-of-a"), "127.0.0.1", session_in_query=("sessionId", f"sessionId={outward}")
    )
    assert isinstance(older, Admitted) and older.session == "inner"
    with pytest.raises(ConfigError):
        Gate(api_keys=keys, session_key="short")
    with pytest.raises(ConfigError):
        Gate(api_keys=keys).bind("task", anna, "7")


def test_limits_policy_and_quotas() -> None:
    minute = Quota(100, 60)
    policy = Policy(
        scopes={"files:write": {"tools": "write"}}, implies={"files:all": "files:write"}, everybody={"tools": "read"}
    )
    policy = policy.require("tool", "read", scopes=["files:read"], roles=["admin"])
    assert policy.is_allowed("tool", "write", scopes=["files:all"]) and not policy.is_allowed("tool", "write")
    assert policy.is_allowed("tool", "read", roles="admin") and not policy.is_allowed("tool", "read", scopes="x")
    assert Policy.allow_all().is_allowed("method", "tools/list")
    for wrong in (
        lambda: Policy(roles={"a": "everything"}),
        lambda: Policy(roles={"a": {"tool": ["x"]}}),
        lambda: Policy(scopes={"not a scope": "*"}),
        lambda: policy.is_allowed("thing", "x"),
        lambda: Limit("a", minute, "nobody"),
    ):
        with pytest.raises(ConfigError):
            wrong()
    gate = Gate(
        api_keys=KEYS,
        policy=POLICY,
        principal_quota=minute,
        limits=[Limit("calls", Quota(1, 60), "principal-tool", tools="who*")],
    )
    calls = [gate.admit("POST", headers(x_api_key=KEY), "127.0.0.1", CALL, now=(NOW, 5.0)) for _ in range(2)]
    assert isinstance(calls[0], Admitted) and isinstance(calls[1], Denial)
    assert calls[1].code == "limit_exceeded" and dict(calls[1].headers)["retry-after"] == "60"
    few = Gate(api_keys=KEYS, address_quota=Quota(2, 60))
    codes = [few.admit("GET", headers(x_api_key="x"), "127.0.0.1", now=(NOW, 5.0)) for _ in range(3)]
    assert [isinstance(one, Denial) and one.status for one in codes] == [401, 401, 429]


def test_oauth_s_addresses_and_cors() -> None:
    gate = Gate(
        api_keys=KEYS,
        host="0.0.0.0",
        public_url="https://mcp.example/mcp",
        authorization_servers=["https://issuer.example"],
        scopes_supported=["files:read"],
        origins="https://app.example",
    )
    answer = gate.well_known("GET", "/.well-known/oauth-protected-resource/mcp")
    assert answer is not None
    status, _, body = answer
    assert status == 200 and json.loads(body)["authorization_servers"] == ["https://issuer.example"]
    assert (gate.well_known("GET", "/.well-known/oauth-authorization-server") or [0])[0] == 404
    assert gate.well_known("GET", "/mcp") is None
    denied = gate.admit("GET", {"host": "mcp.example"}, "203.0.113.7")
    assert isinstance(denied, Denial) and "resource_metadata=" in dict(denied.headers)["www-authenticate"]
    assert gate.is_listed_origin("https://app.example") and not gate.is_listed_origin(b"https://evil.example")
    assert gate.address_headers({"host": "mcp.example"}, "203.0.113.7") and gate.address_headers({}, None) == []
    assert gate.refresh() is None and gate.api_key_header == "x-api-key"


def test_a_gate_from_the_environment_and_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEYS", "0123456789abcdef")
    assert isinstance(get(Gate.from_env(policy=POLICY), x_api_key="0123456789abcdef"), Admitted)
    keys = tmp_path / "keys.jsonl"

    def write(key: str) -> None:
        digest = "sha256:" + hashlib.sha256(key.encode()).hexdigest()
        keys.write_text(f'{{"doorward_keys":1}}\n{json.dumps({"id": "ci", "digest": digest, "roles": ["user"]})}\n')

    write("of-may")
    config = tmp_path / "doorward.toml"
    config.write_text(f'api_keys_file = "{keys}"\n\n[roles.user]\ntools = ["whoami"]\n')
    gate = Gate.from_config(config, {})
    assert isinstance(gate.admit("POST", headers(x_api_key="of-may"), "127.0.0.1", CALL), Admitted)
    write("of-june")
    assert gate.reload_api_keys() and isinstance(get(gate, x_api_key="of-may"), Denial)
    assert isinstance(get(gate, x_api_key="of-june"), Admitted)
    keys.write_text("broken")
    with pytest.raises(ConfigError):
        gate.reload_api_keys()
    keys.unlink()
    with pytest.raises(FileNotFoundError):
        gate.reload_api_keys()
    assert isinstance(get(gate, x_api_key="of-june"), Admitted), "the last good ones stay"
    gate.swap_api_keys(KEYS)
    assert isinstance(get(gate, x_api_key=KEY), Admitted)
    assert not Gate(api_keys=KEYS).reload_api_keys()
    with pytest.raises(ConfigError) as raised:
        Gate.from_env({"API_KEYS": "0123456789abcdef", "PORT": "many"})
    assert raised.value.setting == "PORT" and raised.value.code == "config_invalid"
    with pytest.raises(ConfigError, match="API_KEYS, API_KEYS_FILE, JWT_SECRET"):
        Gate.from_env({})
    with pytest.raises(FileNotFoundError):
        Gate.from_config(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError):
        Gate.from_config(config, {"RATE_LIMIT_MAX": "\udcff"})


@pytest.mark.parametrize(
    "arguments",
    [
        {}, {"api_keys": KEYS, "host": "localhost"}, {"api_keys": KEYS, "host": "0.0.0.0"},
        {"api_keys": KEYS, "public_url": "not a url"}, {"api_keys": KEYS, "origins": "*"},
        {"api_keys": KEYS, "trusted_proxies": "0.0.0.0/0"}, {"api_keys": KEYS, "api_key_header": "host"},
        {"api_keys": KEYS, "authorization_servers": "https://i.example"},
        {"verifiers": [Verifier(secret=SECRET), Verifier(secret=SECRET)]},
    ],
)  # fmt: skip
def test_a_gate_that_can_not_be(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Gate(**arguments)


@pytest.mark.parametrize(
    "bad", [None, 3, "host: x", b"host", [3], [("a",)], [("a", 3)], [(3, "a")], [("a", "b", "c")], {"a": 3}, ["ab"]]
)
def test_headers_of_the_wrong_type(bad: Any) -> None:
    gate = Gate(api_keys=KEYS)
    with pytest.raises((TypeError, ValueError)):
        gate.begin("GET", bad, "127.0.0.1")


@pytest.mark.parametrize("value", ["\ud800", "é", "€", "\x00", "", "a" * 10_000_000, "\r\nhost: evil"])
def test_hostile_headers_are_denied(value: str) -> None:
    gate = Gate(api_keys=KEYS, verifiers=Verifier(secret=SECRET))
    for name in ("x-api-key", "authorization", "host", "mcp-session-id", "content-type", value):
        for one in (value, f"Bearer {value}"):
            found = gate.begin("POST", [("host", "localhost"), (name, one)], "127.0.0.1")
            assert isinstance(found, Denial), name


@pytest.mark.parametrize("peer", [None, "testclient", "", "127.0.0.1:80", "\ud800", "fe80::1%eth0", "::1"])
def test_whoever_has_no_address_is_refused(peer: str | None) -> None:
    found = Gate(api_keys=KEYS).begin("GET", headers(x_api_key=KEY), peer)
    assert isinstance(found, Admitted if peer in ("::1", "fe80::1%eth0") else Denial)
    if isinstance(found, Denial):
        assert found.code == "address_unknown"
