"""What a gate is made of besides: issuers, anonymous access, lists, the host's revocation list, shared limits."""

from __future__ import annotations

import gc
import json
import sys
import weakref
from collections import namedtuple
from datetime import timedelta
from typing import Any

import pytest

from doorward import (
    Admitted,
    ApiKey,
    ApiKeys,
    Ask,
    ClaimMapping,
    ConfigError,
    Denial,
    Gate,
    Introspection,
    Issuer,
    ListError,
    MissingClaim,
    NeedBody,
    Policy,
    Preset,
    Quota,
    Revocable,
    SharedLimit,
    SigningKey,
    Verifier,
    sign,
)
from shared import NOW, SECRET

URL = "https://mcp.example/mcp"
KEY = "a-key-nobody-guesses"
VERIFIER = Verifier(secret=SECRET, audience=URL)
KEYS = ApiKeys([ApiKey("ci", KEY, name="builds: 1", roles=["user"], scopes=["read"])])
ED25519 = SigningKey.from_private("""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----""")
JWKS = json.dumps({"keys": [ED25519.public_jwk()]})
STAFF = "https://sso.example/realms/staff"


def call(tool: str) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool}})


def decided(gate: Gate, body: str = call("search"), now: float = 5.0, **headers: str) -> Admitted | Denial:
    given = {"host": "localhost", "content-type": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    moment = (NOW, now)
    step = gate.begin("POST", given, "127.0.0.1", now=moment)
    while not isinstance(step, Admitted | Denial):
        if isinstance(step, NeedBody):
            step = step.read(body, now=moment)
        elif step.kind == "keys":
            if (fetch := step.take_fetch()) is not None:
                fetch.replied(200, JWKS, now=now)
            step = step.ready(now=moment)
        else:
            step = step.unavailable(now=moment)
    return step


def bearer(key: SigningKey = ED25519, /, **claims: Any) -> str:
    return "Bearer " + key.sign({"iss": STAFF, "aud": URL, "sub": "anna", "exp": NOW + 60, **claims})


def test_issuers_by_their_presets() -> None:
    preset = Preset.keycloak(client="mcp-server")
    staff = Issuer(STAFF, preset=preset, mapping=ClaimMapping(only_roles=["editor"]), jwks_url="https://sso.example/k")
    other = Issuer("https://tenant.eu.auth0.com/", preset=Preset.auth0(), jwks_url="https://auth0.example/k")
    policy = Policy(roles={"editor": {"tools": ["search"]}, "admin": "*"})
    gate = Gate(issuers=[staff, other], public_url=URL, policy=policy)
    assert staff.name == STAFF
    roles: dict[str, Any] = {"realm_access": {"roles": ["editor", "admin"]}}
    found = decided(gate, authorization=bearer(**roles))
    assert isinstance(found, Admitted) and found.principal.roles == ("editor",), "no other may be given"
    assert found.principal.id == f"jwt:{STAFF}:anna"
    # The same subject of another issuer is another principal; and its roles are elsewhere.
    token = bearer(iss="https://tenant.eu.auth0.com/", permissions=["editor"], **roles)
    elsewhere = decided(gate, authorization=token)
    assert isinstance(elsewhere, Admitted) and elsewhere.principal.id == "jwt:https://tenant.eu.auth0.com/:anna"
    for wrong in ({"aud": "https://other.example"}, {"iss": "https://evil.example"}, {"exp": NOW}):
        assert isinstance(decided(gate, authorization=bearer(**{**roles, **wrong})), Denial)
    _, _, body = gate.well_known("GET", "/.well-known/oauth-protected-resource/mcp") or (0, [], b"")
    assert json.loads(body)["authorization_servers"] == [STAFF, "https://tenant.eu.auth0.com/"]


def test_what_the_resource_says_of_itself() -> None:
    issuer = Issuer("plain text", jwks_url="https://issuer.example/k")
    introspection = Introspection("https://opaque.example/introspect", "https://opaque.example", audience=URL)
    said: dict[str, Any] = {"public_url": URL, "scopes_supported": ["a", "b"], "default_scopes": "a"}
    gate = Gate(issuers=issuer, introspection=introspection, resource_name="Tools", **said)
    _, _, body = gate.well_known("GET", "/.well-known/oauth-protected-resource/mcp") or (0, [], b"")
    document = json.loads(body)
    assert document["authorization_servers"] == ["https://opaque.example"], "clients can't be sent to a plain text"
    assert (document["resource_name"], document["scopes_supported"]) == ("Tools", ["a", "b"])
    challenge = dict(decided(gate).headers)["www-authenticate"]
    assert 'scope="a"' in challenge and "resource_metadata=" in challenge


@pytest.mark.parametrize(
    "arguments",
    [
        {"issuers": Issuer(STAFF)},
        {"issuers": Issuer("http://sso.example"), "public_url": URL},
        {"issuers": Issuer(STAFF, jwks_url="ftp://x"), "public_url": URL},
        {"issuers": [Issuer(STAFF), Issuer(STAFF)], "public_url": URL},
        {"api_keys": KEYS, "scopes_supported": ["a"], "public_url": URL},
        {"api_keys": KEYS, "resource_name": "Tools"},
        {"api_keys": KEYS, "anonymous": {"tool": ["x"]}},
        {"anonymous": "*"},
        {"api_keys": KEYS, "authorization_servers": "https://i.example", "public_url": URL, "scopes_supported": "a b"},
    ],
)
def test_what_can_not_be(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Gate(**arguments)


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (Gate, {"issuers": 3}),
        (Gate, {"issuers": [STAFF], "public_url": URL}),
        (Gate, {"api_keys": KEYS, "revocation_list": 3}),
        (Gate, {"api_keys": KEYS, "revocations": -1}),
        (Issuer, {"name": 3}),
        (Issuer, {"name": STAFF, "preset": "keycloak"}),
        (Issuer, {"name": STAFF, "mapping": {"roles": "r"}}),
        (ClaimMapping, {"roles": 3}),
        (ClaimMapping, {"roles": [["a"], 3]}),
        (ClaimMapping, {"client": [["a"]]}),
        (Preset.entra, {"application": None}),
        (SharedLimit, {"instances": -1}),
    ],
)
def test_what_is_of_the_wrong_type(make: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises((TypeError, OverflowError)):
        make(**arguments)


def test_claims_by_their_paths() -> None:
    claims = {"realm_access": {"roles": ["a"]}, "r": "b", "https://x.example/roles": ["c"], "scp": "s t"}
    token = bearer(SigningKey.from_secret(SECRET), **claims)
    for roles, found in (
        (None, ()),
        ("r", ("b",)),
        (["realm_access", "roles"], ("a",)),
        ((["realm_access", "roles"], ["r"], "https://x.example/roles"), ("a", "b", "c")),
        ("realm_access.roles", ()),
    ):
        mapping = ClaimMapping(roles=roles, scopes="scp", only_scopes="t")
        verifier = Verifier(secret=SECRET, audience=URL, mapping=mapping)
        gate = Gate(verifiers=verifier, policy=Policy.allow_all())
        admitted = decided(gate, authorization=token)
        assert isinstance(admitted, Admitted) and admitted.principal.roles == found
        assert admitted.principal.scopes == ("t",)
        who = verifier.identify(token.removeprefix("Bearer "), now=NOW)
        assert (who, who.roles, who.scopes) == (admitted.principal, found, ("t",))


def test_whom_a_credential_is_from_without_a_gate() -> None:
    verifier = Verifier(secret=SECRET, mapping=ClaimMapping(client="azp"))
    token = sign({"iss": "i", "sub": "a:b%", "exp": NOW + 60, "scope": "s"}, SECRET)
    who = verifier.identify(token, now=NOW)
    assert (who.id, who.method, who.subject, who.scopes) == ("jwt:i:a%3Ab%25", "jwt", "a:b%", ("s",))
    assert who.claims is verifier.verify(token, now=NOW)
    client = verifier.identify(sign({"iss": "i", "azp": "app", "exp": NOW + 60}, SECRET), now=NOW)
    assert (client.id, client.client, client.subject) == ("jwt-client:i:app", "app", None)
    with pytest.raises(MissingClaim) as raised:
        verifier.identify(sign({"iss": "i", "exp": NOW + 60}, SECRET), now=NOW)
    assert raised.value.code == "subject_missing"
    key = KEYS.identify(KEY)
    assert (key.id, key.method, key.roles, key.scopes) == ("key:builds%3A 1", "api_key", ("user",), ("read",))
    gate = Gate(api_keys=KEYS, policy=Policy.allow_all())
    admitted = decided(gate, x_api_key=KEY)
    assert admitted.principal == key
    # No gate let it in.
    assert admitted.principal is not None and gate.still_good(admitted.principal) and not gate.still_good(key)
    with pytest.raises(Exception, match=r".") as refused:
        KEYS.identify("a-guess")
    assert getattr(refused.value, "code", None) == "api_key_unknown"


def test_an_issuer_s_verifier_for_what_has_no_gate() -> None:
    verifier = Issuer(STAFF, preset=Preset.keycloak(), jwks_url="https://sso.example/k").verifier(URL)
    jwks = verifier.jwks
    assert jwks is not None and Verifier(secret=SECRET).jwks is None
    fetch = jwks.fetch(now=5)
    assert fetch is not None
    fetch.replied(200, JWKS, now=5)
    token = bearer(realm_access={"roles": ["editor"]}).removeprefix("Bearer ")
    assert verifier.identify(token, now=NOW).roles == ("editor",)
    with pytest.raises(ConfigError, match="https"):
        Issuer("http://sso.example").verifier(URL)


def test_a_revoked_client() -> None:
    gate = Gate(
        verifiers=Verifier(secret=SECRET, any_audience=True, mapping=ClaimMapping(client="azp")),
        policy=Policy.allow_all(),
    )
    key = SigningKey.from_secret(SECRET)
    client = "Bearer " + key.sign({"iss": "i", "azp": "anna", "iat": NOW - 9, "exp": NOW + 60})
    user = bearer(key, iss="i", iat=NOW - 9)
    gate.revoke_client("i", "anna", NOW, NOW + 60, now=NOW)
    refused = decided(gate, authorization=client)
    assert isinstance(refused, Denial) and refused.code == "token_revoked"
    assert isinstance(decided(gate, authorization=user), Admitted)
    few = Gate(verifiers=Verifier(secret=SECRET), revocations=1)
    few.revoke_id("i", "1", NOW + 60, now=NOW)
    with pytest.raises(ConfigError) as full:
        few.revoke_id("i", "2", NOW + 60, now=NOW)
    assert full.value.code == "revocations_full"


def test_anybody_may_do_what_is_named() -> None:
    gate = Gate(
        api_keys=KEYS,
        anonymous={"methods": ["initialize", "tools/list"], "tools": ["search"]},
        anonymous_quota=Quota(3, 60),
        policy=Policy(roles={"user": {"tools": ["delete"]}}),
    )
    anybody = decided(gate)
    assert isinstance(anybody, Admitted)
    who = anybody.principal
    assert (who.id, who.method, who.roles, who.subject) == ("anon:127.0.0.1", "anonymous", (), None)
    more = decided(gate, call("delete"))
    assert isinstance(more, Denial) and more.status == 401, "a credential could help"
    wrong = decided(gate, x_api_key="a-guess")
    assert isinstance(wrong, Denial) and wrong.status == 401, "one that is wrong is not none"
    assert isinstance(decided(gate), Admitted)
    spent = decided(gate)
    assert isinstance(spent, Denial) and spent.status == 429
    keyed = decided(gate, call("delete"), x_api_key=KEY)
    assert isinstance(keyed, Admitted)
    names = ["delete", "search", "other"]
    assert gate.filter(who, "tools/list", names) == ["search"]
    assert gate.filter(keyed.principal, "tools/list", names) == ["delete"]
    assert gate.shows(who, "tools/list", "search") and not gate.shows(keyed.principal, "tools/list", "search")
    shown = gate.filter_result(who, "tools/list", json.dumps({"tools": [{"name": name} for name in names]}))
    assert json.loads(shown) == {"tools": [{"name": "search"}], "cacheScope": "private"}


def test_lists_show_what_is_reached() -> None:
    Tool = namedtuple("Tool", "name")
    policy = Policy(
        roles={"user": {"tools": ["read_*"], "resources": ["docs://a/*"], "prompts": ["summary"]}},
        scopes={"write": {"tools": ["write_*"]}},
    )
    tools = [Tool("read_x"), Tool("write_x")]
    assert policy.filter("tools/list", tools, key=lambda tool: tool.name, roles="user") == tools[:1]
    assert policy.filter("tools/list", iter(tools), key=lambda tool: tool.name, scopes=["write"]) == tools[1:]
    assert policy.filter("resources/list", ["docs://a/1", "docs://b"], roles=["user"]) == ["docs://a/1"]
    assert policy.shows("resources/templates/list", "docs://{folder}/1", roles=["user"])
    assert policy.filter("prompts/list", ["summary", "\ud800"], roles="user") == ["summary"]
    with pytest.raises(ListError) as raised:
        policy.filter_result("tools/list", '{"tools":[{}]}')
    assert raised.value.code == "list_unreadable" and isinstance(raised.value, ValueError)
    for text in ("", "\ud800", b"\xff", '{"tools":[],"tools":[]}', "[" * 100_000):
        with pytest.raises(ListError):
            policy.filter_result("tools/list", text)
    for bad in (None, "ab", b"ab", [3], 7):
        with pytest.raises(TypeError):
            policy.filter("tools/list", bad)  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        policy.filter("tools/list", ["a"], key=lambda _: str(1 // 0))
    for method in ("tools/call", "tools", ""):
        with pytest.raises(ConfigError):
            policy.shows(method, "x")


def test_a_revocation_list_of_the_host_s_own() -> None:
    asked: list[Revocable] = []
    says: list[Any] = [False]

    def listed(token: Revocable) -> Any:
        asked.append(token)
        if isinstance(says[0], Exception):
            raise says[0]
        return says[0]

    gate = Gate(verifiers=VERIFIER, policy=Policy.allow_all(), revocation_list=listed)
    key = SigningKey.from_secret(SECRET)
    token = bearer(key, jti="7", iat=NOW - 5)
    assert isinstance(decided(gate, authorization=token), Admitted)
    one = asked[-1]
    assert (one.issuer, one.subject, one.is_client, one.id, one.issued_at) == (STAFF, "anna", False, "7", NOW - 5)
    assert one.token == token.removeprefix("Bearer ").encode() and "anna" in repr(one)
    # Cached ones too; until it says for how long it need not be asked.
    says[0] = timedelta(seconds=10)
    for now, count in ((6.0, 2), (7.0, 2), (15.9, 2), (16.0, 3)):
        assert isinstance(decided(gate, now=now, authorization=token), Admitted)
        assert len(asked) == count, now
    says[0] = True
    revoked = decided(gate, now=30.0, authorization=token)
    assert isinstance(revoked, Denial) and (revoked.code, revoked.status) == ("token_revoked", 401)
    assert isinstance(decided(gate, call("x"), x_api_key="none"), Denial)


@pytest.mark.thread_unsafe(reason="one hook for all threads")
@pytest.mark.parametrize("said", [None, 0, 1, "", "no", timedelta(seconds=-1), ZeroDivisionError()], ids=repr)
def test_a_list_that_goes_wrong_lets_nobody_in(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)

    def listed(_: Revocable) -> Any:
        if isinstance(said, Exception):
            raise said
        return said

    gate = Gate(verifiers=VERIFIER, policy=Policy.allow_all(), revocation_list=listed)
    refused = decided(gate, authorization=bearer(SigningKey.from_secret(SECRET)))
    assert isinstance(refused, Denial) and refused.code == "token_revoked"
    assert len(told) == 1 and told[0].object is listed and isinstance(told[0].exc_value, Exception)


def test_a_limit_that_is_shared() -> None:
    shared = SharedLimit(prefix="shop", fallback="deny")
    gate = Gate(api_keys=KEYS, policy=Policy.allow_all(), shared_limit=shared, principal_quota=Quota(7, 60))
    headers = {"host": "localhost", "x-api-key": KEY}
    ask = gate.begin("GET", headers, "127.0.0.1", now=(NOW, 5.0))
    assert isinstance(ask, Ask) and ask.kind == "shared_limit" and ask.command is not None
    assert ask.command[3].startswith(b"shop:principal:{")
    denied = ask.unreachable(now=(NOW, 5.0))
    assert isinstance(denied, Denial) and denied.status == 503
    for wrong in ({"fallback": "maybe"}, {"deadline": -1}, {"deadline": float("nan")}):
        with pytest.raises(ConfigError):
            SharedLimit(**wrong)
    for late in ({"prefix": "no spaces"}, {"instances": 0}):
        with pytest.raises(ConfigError):
            Gate(api_keys=KEYS, shared_limit=SharedLimit(**late))


def test_the_session_in_the_query() -> None:
    gate = Gate(api_keys=KEYS, session_key=SECRET, policy=Policy.allow_all())
    headers = {"host": "localhost", "x-api-key": KEY}
    outward = gate.bind_session(KEYS.identify(KEY), "inner")
    query = f"a=b&sessionId={outward}&c"
    found = gate.begin("GET", headers, "127.0.0.1", session_in_query=("sessionId", query))
    assert isinstance(found, Admitted) and found.session == "inner"
    assert found.query_with_session("sessionId", query) == "a=b&sessionId=inner&c"
    assert found.query_with_session("other", query) is None
    assert found.raw_headers == [(name.encode(), value.encode()) for name, value in found.headers]
    for bad in ("sessionId=inner", f"sessionId={outward}x", f"sessionid={outward}", f"sessionId={outward}&" * 2):
        refused = gate.begin("GET", headers, "127.0.0.1", session_in_query=("sessionId", bad))
        assert isinstance(refused, Denial) and refused.status in (400, 404), bad
        assert refused.raw_headers == [(name.encode(), value.encode()) for name, value in refused.headers]


def test_a_gate_that_its_revocation_list_holds_is_collected() -> None:
    class Server:
        def __init__(self) -> None:
            self.gate = Gate(verifiers=Verifier(secret=SECRET), revocation_list=self.is_revoked)

        def is_revoked(self, token: Revocable) -> bool:
            return False

    server = Server()
    left = weakref.ref(server)
    del server
    gc.collect()
    assert left() is None
