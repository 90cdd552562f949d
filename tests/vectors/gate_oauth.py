"""The gate's vectors of OAuth, of opaque tokens and of callers without a credential, for gate.py, which hands itself over as
`g`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

AS = "https://as.example"
PUBLIC_URL = "https://mcp.example/mcp"
METADATA = 'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"'
CHALLENGE = f'scope="mcp:read", {METADATA}'
OPAQUE = "2YotnFZFEjr1zCsicMWpAA"


def toml(value: Any) -> str:
    # A JSON string or array of strings is one of TOML's, too.
    return json.dumps(value)


def table(name: str, **members: Any) -> str:
    return f"{name}\n" + "".join(f"{key} = {toml(value)}\n" for key, value in members.items())


def gates(g: Any) -> dict[str, dict[str, str]]:
    settings = dict(api_keys=[g.USER, g.OWN], public_url=PUBLIC_URL)
    tokens = dict(jwt_secret=g.SECRET, jwt_issuer=g.ISSUER, jwt_audience=g.AUDIENCE)
    policy = (
        table("[roles.user]", tools=["whoami"])
        + table("[roles.reader]", tools=["read"])
        + table('[scopes."mcp:read"]', tools=["read"])
        + table('[scopes."mcp:write"]', tools=["write"])
    )
    oauth = table("[oauth]", scopes=["mcp:read", "mcp:write", "offline_access"], default_scopes=["mcp:read"])
    issuer = table("[[issuer]]", url=AS)
    asked = dict(introspection_client_secret="of no matter here")
    introspection = dict(url=f"{AS}/introspect", issuer=AS)
    mapped = dict(
        roles_claim=[["realm_access", "roles"], ["resource_access", "mcp.server", "roles"]],
        scopes_claim=["grants", "scopes"],
        allow_roles=["user", "reader"],
        allow_scopes=["mcp:read"],
        subject_claim="client_id",
        allow_missing_audience=True,
        audience=["https://mcp.example/mcp", "mcp-server"],
    )

    def gate(*parts: str, **top: Any) -> dict[str, str]:
        return {"TOML": table("", **top) + "".join(parts)}

    anybody = table("[anonymous]", methods=["initialize", "notifications/*", "tools/list"],
                    tools=["search", "read_*"], resources=["docs://open/*"], prompts=["hello"]) + "max = 4\n"
    requirement = '[[require]]\ntools = ["read_secret"]\nall_of = { scopes = ["mcp:read"] }\n'
    return {
        "oauth": gate(policy, oauth, issuer, **settings, **tokens),
        "oauth at the root": gate(policy, issuer, **settings | {"public_url": "HTTPS://MCP.Example/"}),
        "oauth on loopback": {"API_KEYS": g.USER, "OAUTH_ISSUER": AS, "HOST": "::1", "PORT": "4711"},
        "oauth nowhere": {"API_KEYS": g.USER, "OAUTH_ISSUER": "accounts", "JWKS_URL": f"{AS}/jwks"},
        "anonymous": gate(policy, oauth, issuer, anybody, requirement, **settings, **tokens),
        "anonymous without oauth": gate(table("[roles.user]", tools=["whoami"]), anybody, api_keys=[g.USER]),
        "opaque": gate(policy, table("[introspection]", **introspection), **settings, **tokens, **asked),
        "opaque alone": gate(policy, table("[introspection]", **introspection), public_url=PUBLIC_URL, **asked),
        "opaque mapped": gate(policy, table("[introspection]", **introspection | mapped), **settings, **asked),
    }


def stories(g: Any) -> None:
    challenges(g)
    buckets(g)
    nobody(g)
    nobodys_buckets(g)
    introspected(g)
    remembered(g)


def challenged(expect: dict[str, Any], challenge: str | None) -> dict[str, Any]:
    return expect | {"headers": expect["headers"] | {"www-authenticate": challenge}}


def missing(g: Any, used: int = 1, challenge: str = f"Bearer {CHALLENGE}") -> dict[str, Any]:
    return challenged(g.denied("unauthorized", "credential_missing", g.rate("unauthenticated", 300, used)), challenge)


def invalid(g: Any, code: str, used: int = 1) -> dict[str, Any]:
    return challenged(g.by_address("invalid_token", code, used), f'Bearer error="invalid_token", {CHALLENGE}')


def challenges(g: Any) -> None:
    c, gate = "oauth", "oauth"
    bare = lambda method: g.request(method=method, media=False, body=None)  # noqa: E731
    for name, request in [
        ("no credential", g.request()),
        ("no credential: GET", bare("GET")),
        ("no credential: DELETE", bare("DELETE")),
        ("Basic alone", g.request(("authorization", "Basic eDp5"))),
        ("in the query is nowhere", g.request(("cookie", f"access_token={g.token()}"))),
    ]:
        g.vector(c, name, request, missing(g), gate)
    head, payload, signature = g.token().split(".")
    for name, request, code, used in [
        ("unknown key", g.request(g.key("a-key-of-nobody-at-all")), "api_key_unknown", 1),
        ("own key of nobody", g.request(g.bearer(g.STRANGE)), "api_key_unknown", 1),
        ("unsigned", g.request(g.bearer(f"{head}.{payload}.AAAA")), "signature_invalid", 1),
        ("no issuer of ours", g.request(g.bearer(g.token(iss="https://evil.example"))), "issuer_unknown", 1),
        ("expired", g.request(g.bearer(g.token(exp=g.NOW))), "token_expired", 0),
        ("expired and without the scope: 401 before 403",
         g.request(g.bearer(g.token(exp=g.NOW, scope="mcp:read")), body=g.call("write")), "token_expired", 0),
        ("for another", g.request(g.bearer(g.token(aud="https://other.example/mcp"))), "audience_mismatch", 0),
        ("for the origin alone", g.request(g.bearer(g.token(aud="https://mcp.example"))), "audience_mismatch", 0),
        ("for the resource and a slash", g.request(g.bearer(g.token(aud=PUBLIC_URL + "/"))), "audience_mismatch", 0),
    ]:
        g.vector(c, name, request, invalid(g, code, used), gate)
    scoped = lambda scope, body, **more: g.request(g.bearer(g.token(role=None, scope=scope, **more)), body=body)  # noqa: E731

    def step_up(scopes: str) -> dict[str, Any]:
        expect = g.by_principal("insufficient_scope", "scope_insufficient")
        return challenged(expect, f'Bearer error="insufficient_scope", scope="{scopes}", {METADATA}')

    both = f"[{g.call('read')},{g.call('write')}]"
    for name, request, scopes in [
        ("step-up", scoped("mcp:read", g.call("write")), "mcp:write"),
        ("step-up from nothing", scoped("", g.call("read")), "mcp:read"),
        ("step-up: scopes have case", scoped("MCP:READ", g.call("read")), "mcp:read"),
        ("step-up: every scope of a batch", scoped("", both), "mcp:read mcp:write"),
    ]:
        g.vector(c, name, request, step_up(scopes), gate)
    for name, request in [
        ("by its scope", scoped("mcp:write", g.call("write"))),
        ("by scp as a text", g.request(g.bearer(g.token(role=None, scp="x mcp:write")), body=g.call("write"))),
        ("by scp as an array", g.request(g.bearer(g.token(role=None, scp=["mcp:write"])), body=g.call("write"))),
        ("by its role", g.request(g.bearer(g.token(role=None, roles=["reader"])), body=g.call("read"))),
    ]:
        g.vector(c, name, request, g.admitted(g.ANNA), gate)
    plain = [
        ("403 by role is no challenge", g.request(g.bearer(g.token()), body=g.call("other")),
         g.by_principal("forbidden", "policy_forbidden")),
        ("400 is no challenge", g.request(g.key(), g.bearer(g.token())),
         g.by_address("invalid_request", "credential_repeated")),
        ("403 by Host is no challenge", g.request(g.key(), host="evil.example"),
         g.by_address("origin_not_allowed", "host_not_allowed", used=0)),
    ]
    for name, request, expect in plain:
        g.vector(c, name, request, challenged(expect, None), gate)
    for name, where, url in [
        ("the root", "oauth at the root", "https://mcp.example/.well-known/oauth-protected-resource"),
        ("loopback", "oauth on loopback", "http://[::1]:4711/.well-known/oauth-protected-resource/mcp"),
    ]:
        request = g.request(host="localhost")
        g.vector(c, f"metadata at {name}", request, missing(g, challenge=f'Bearer resource_metadata="{url}"'), where)
    g.vector(c, "an issuer that is no address is nowhere to be sent to", g.request(), missing(g, challenge="Bearer"),
             "oauth nowhere")
    forged = g.request(("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example"))
    g.vector(c, "no header tells the address", forged, missing(g), gate)


def buckets(g: Any) -> None:
    c, gate = "oauth", "oauth"
    wrong, nothing = g.request(g.key("a-key-of-nobody-at-all")), g.request()
    limited = g.denied("rate_limited", "address_rate_limited", g.rate("unauthenticated", 300, 300, retry=1))
    g.sequence(c, "to begin without a credential has a bucket ten times as large", [
        *[g.step(nothing, missing(g, used)) for used in range(1, 301)],
        g.step(nothing, limited, repeat=3),
        g.step(wrong, invalid(g, "api_key_unknown")),
        g.step(g.request(g.key()), g.admitted("key:api-key-1")),
        g.step(g.request(peer="203.0.113.9"), missing(g)),
        g.step(nothing, missing(g, 300), seconds=0.2),
    ], gate)
    g.sequence(c, "guesses spend nothing of it", [
        *[g.step(wrong, invalid(g, "api_key_unknown", used)) for used in range(1, 31)],
        g.step(wrong, g.denied("rate_limited", "address_rate_limited", g.rate("address", 30, 30, retry=2))),
        g.step(nothing, missing(g)),
    ], gate)


def nobody(g: Any) -> None:
    c, gate = "anonymous", "anonymous"

    def free(used: int = 1, who: str = "anon:127.0.0.1") -> dict[str, Any]:
        return {"admitted": who, "headers": g.rate("anonymous", 4, used)}

    for name, body in [
        ("a tool by its name", g.call("search")),
        ("a tool by a prefix", g.call("read_file")),
        ("initialize", g.rpc("initialize", {})),
        ("a notification", g.rpc("notifications/initialized")),
        ("a list", g.rpc("tools/list")),
        ("a resource", g.rpc("resources/read", {"uri": "docs://open/a"})),
        ("a prompt", g.rpc("prompts/get", {"name": "hello"})),
    ]:
        g.vector(c, name, g.request(body=body), free(), gate)
    search, ping = g.call("search"), g.rpc("ping")
    g.vector(c, "by its /64", g.request(body=search, peer="2001:db8:1:2::7"), free(who="anon:2001:db8:1:2::/64"), gate)
    g.vector(c, "a batch of what is free", g.request(body=f"[{search},{search}]"), free(2), gate)
    for name, body in [
        ("a tool that is not named", g.call("delete")),
        ("a tool with another case", g.call("Search")),
        ("what stands on a scope, though named", g.call("read_secret")),
        ("ping, which any principal may", ping),
        ("a method that is not named", g.rpc("resources/list")),
        ("a resource outside", g.rpc("resources/read", {"uri": "docs://closed/a"})),
        ("a resource that climbs", g.rpc("resources/read", {"uri": "docs://open/../closed/a"})),
        ("a batch with one that is not free", f"[{search},{ping}]"),
        ("a reply", g.compact({"jsonrpc": "2.0", "id": 1, "result": {}})),
        ("a batch with a reply", f'[{search},{g.compact({"jsonrpc": "2.0", "id": 1, "result": {}})}]'),
    ]:
        g.vector(c, f"401 for {name}", g.request(body=body), missing(g), gate)
    for method in ["GET", "DELETE", "HEAD", "OPTIONS"]:
        g.vector(c, f"401 for {method}", g.request(method=method, media=False, body=None), missing(g), gate)
    for name, headers, expect in [
        ("wrong key", [g.key("a-key-of-nobody-at-all")], invalid(g, "api_key_unknown")),
        ("expired token", [g.bearer(g.token(exp=g.NOW))], invalid(g, "token_expired", used=0)),
        ("another scheme", [("authorization", "Basic eDp5")], missing(g)),
        ("a scheme of nobody", [("authorization", "x")], missing(g)),
        ("empty Authorization", [("authorization", "")], missing(g)),
        ("empty key", [g.key("")], challenged(g.by_address("invalid_request", "credential_malformed"), None)),
        ("Bearer alone", [("authorization", "Bearer")],
         challenged(g.by_address("invalid_request", "credential_malformed"), None)),
        ("two credentials", [g.key(), g.bearer(g.token())],
         challenged(g.by_address("invalid_request", "credential_repeated"), None)),
    ]:
        g.vector(c, f"never instead of a {name}", g.request(*headers, body=search), expect, gate)
    g.vector(c, "a good key is its own principal", g.request(g.key()), g.admitted("key:api-key-1"), gate)
    by_nobody = lambda error, code: g.denied(error, code, g.rate("anonymous", 4, 1))  # noqa: E731
    for name, body, expect in [
        ("unreadable", "{", by_nobody("invalid_request", "body_unreadable")),
        ("empty batch", "[]", by_nobody("invalid_request", "batch_invalid")),
        ("method twice", '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"x"}',
         by_nobody("invalid_request", "body_unreadable")),
        ("too large", {"state": "too_large"}, by_nobody("too_large", "body_too_large")),
    ]:
        g.vector(c, f"body: {name}", g.request(body=body), expect, gate)
    alone = "anonymous without oauth"
    g.vector(c, "without OAuth", g.request(body=search), free(), alone)
    g.vector(c, "without OAuth: 401 by the address's own bucket", g.request(body=ping),
             g.by_address("unauthorized", "credential_missing"), alone)
    ignored = g.request(g.bearer(g.token()), body=search)
    g.vector(c, "without OAuth: a token is an unknown key", ignored, g.by_address("invalid_token", "api_key_unknown"), alone)


def nobodys_buckets(g: Any) -> None:
    c, gate = "anonymous", "anonymous"
    search = g.request(body=g.call("search"))
    full = g.denied("rate_limited", "principal_rate_limited", g.rate("anonymous", 4, 4, retry=15))
    free = lambda used, who="anon:127.0.0.1": {"admitted": who, "headers": g.rate("anonymous", 4, used)}  # noqa: E731
    g.sequence(c, "an address's bucket, and nobody else's", [
        *[g.step(search, free(used)) for used in range(1, 5)],
        g.step(search, full, repeat=3),
        g.step(g.request(body="{"), full),
        g.step(g.request(g.key(), body=g.WHOAMI), g.admitted("key:api-key-1")),
        g.step(g.request(body=g.call("search"), peer="203.0.113.9"), free(1, "anon:203.0.113.9")),
        g.step(search, free(4), seconds=15),
    ], gate)
    ping = g.request(body=g.rpc("ping"))
    g.sequence(c, "what is refused costs too", [
        *[g.step(ping, missing(g, used)) for used in range(1, 5)],
        g.step(ping, full),
        g.step(search, full),
    ], gate)


def answer(g: Any, body: Any = None, status: int = 200, **changed: Any) -> dict[str, Any]:
    claims = {"active": True, "sub": "anna", "aud": PUBLIC_URL, "roles": ["user"], "exp": g.NOW + 600} | changed
    claims = {name: value for name, value in claims.items() if value is not None}
    return {"status": status, "body": g.compact(claims) if body is None else body}


def asking(g: Any, answer_: Any, token: str = OPAQUE, body: Any = None, peer: str = "127.0.0.1") -> dict[str, Any]:
    """A request with an opaque token about which the gate must ask, and what it is told."""
    request = g.request(g.bearer(token), body=g.WHOAMI if body is None else body, peer=peer)
    asked = f"token={quote(token, safe='')}&token_type_hint=access_token"
    return request | {"introspect": {"url": f"{AS}/introspect", "asked": asked, "answer": answer_}}


def introspected(g: Any) -> None:
    c, gate = "opaque", "opaque"
    anna = f"opaque:{AS}:anna"
    metadata = f'Bearer error="invalid_token", {METADATA}'
    refused = lambda code, used=0: challenged(g.by_address("invalid_token", code, used), metadata)  # noqa: E731
    unavailable = g.denied("unavailable", "introspection_unavailable", g.rate("address", 30, 0) | {"retry-after": "1"})
    known = g.admitted(anna) | {"roles": ["user"], "scopes": []}
    for name, answer_, expect in [
        ("active", answer(g), known),
        ("of that issuer", answer(g, iss=AS), known),
        ("without an end", answer(g, exp=None), known),
        ("audience among others", answer(g, aud=["https://other.example", PUBLIC_URL]), known),
        ("scope", answer(g, scope="a b", roles=["user"]), g.admitted(anna) | {"scopes": ["a", "b"], "roles": ["user"]}),
        ("members nobody asked for", answer(g, ext={"deep": [[1]]}, username="root", token_type="Bearer"), known),
        ("colon and per cent in the subject", answer(g, sub="a:b%c"), g.admitted(f"opaque:{AS}:a%3Ab%25c")),
        ("not active", answer(g, body='{"active":false}'), refused("token_inactive", 1)),
        ("not active, whatever else", answer(g, active=False), refused("token_inactive", 1)),
        ("another issuer's", answer(g, iss=AS + "/"), refused("issuer_mismatch")),
        ("for another", answer(g, aud="https://other.example"), refused("audience_mismatch")),
        ("for nobody", answer(g, aud=None), refused("audience_mismatch")),
        ("expired", answer(g, exp=g.NOW), refused("token_expired")),
        ("not yet", answer(g, nbf=g.NOW + 1), refused("token_not_yet_valid")),
        ("no subject", answer(g, sub=None, client_id="ci", username="anna"), refused("subject_missing")),
        ("empty subject", answer(g, sub=""), refused("subject_missing")),
    ]:
        g.vector(c, name, asking(g, answer_), expect, gate)
    good = g.compact({"active": True, "sub": "anna", "aud": PUBLIC_URL})
    for name, answer_ in [
        ("no answer", "unavailable"),
        ("status 401", answer(g, status=401)),
        ("status 500", answer(g, body="", status=500)),
        ("status 204", answer(g, body="", status=204)),
        ("status 302", answer(g, status=302)),
        ("active as a text", answer(g, active="true")),
        ("active as a number", answer(g, active=1)),
        ("active as null", answer(g, body='{"active":null,"sub":"anna"}')),
        ("without active", answer(g, body='{"sub":"anna"}')),
        ("Active", answer(g, body='{"Active":true,"sub":"anna"}')),
        ("active twice", answer(g, body='{"active":false,"active":true,"sub":"anna"}')),
        ("active twice, once escaped", answer(g, body='{"active":false,"\\u0061ctive":true,"sub":"anna"}')),
        ("subject twice", answer(g, body=good[:-1] + ',"sub":"root"}')),
        ("no JSON", answer(g, body="active=true")),
        ("no UTF-8", answer(g, body={"base64": "eyJhY3RpdmUiOnRydWUsInN1YiI6Iv8ifQ=="})),
        ("HTML", answer(g, body="<html></html>")),
        ("an array", answer(g, body=f"[{good}]")),
        ("empty", answer(g, body="")),
        ("a BOM", answer(g, body="\ufeff" + good)),
        ("something behind", answer(g, body=good + "x")),
        ("cut short", answer(g, body=good[:-1])),
        ("huge", answer(g, body={"before": good[:-1] + ',"x":"', "unit": "y", "times": 65536, "after": '"}'})),
        ("deep", answer(g, body={"before": good[:-1] + ',"x":' + "[" * 40, "unit": "", "times": 1, "after": "]" * 40 + "}"})),
        ("exp as a text", answer(g, exp=str(g.NOW + 600))),
        ("exp negative", answer(g, exp=-1)),
        ("sub as a number", answer(g, sub=7)),
        ("sub as an array", answer(g, sub=["anna"])),
        ("aud as a number", answer(g, aud=7)),
        ("iss as an array", answer(g, iss=[AS])),
    ]:
        g.vector(c, f"503: {name}", asking(g, answer_), challenged(unavailable, None), gate)
    for token in ["a+b/c==", "~tilde-._", "%41&x=y", "#?;", "\"'<>\\^`{|}"]:
        g.vector(c, f"form-encoded: {token}", asking(g, answer(g), token), known, gate)
    for name, request, expect in [
        ("a key of another form is no token", g.request(g.bearer(g.USER)), g.admitted("key:api-key-1")),
        ("a key of our form is no token", g.request(g.bearer(g.STRANGE)), refused("api_key_unknown", 1)),
        ("a damaged key of our form is no token", g.request(g.bearer(g.OWN[:-1])), refused("api_key_malformed", 1)),
        ("in the key's header it is a key", g.request(g.key(OPAQUE)), refused("api_key_unknown", 1)),
        ("a JWT is one by its looks", g.request(g.bearer(g.token())), g.admitted(g.ANNA)),
        ("a bad JWT is not asked about", g.request(g.bearer(g.token(sign=g.hs(secret="x" * 32)))), refused("signature_invalid", 1)),
        ("over 4096 bytes", g.request(g.bearer("x" * 4097)), refused("token_too_large", 1)),
        ("Bearer alone", g.request(("authorization", "Bearer ")),
         challenged(g.by_address("invalid_request", "credential_malformed"), None)),
        ("token and key", g.request(g.key(), g.bearer(OPAQUE)),
         challenged(g.by_address("invalid_request", "credential_repeated"), None)),
        ("none", g.request(), missing(g, challenge=f"Bearer {METADATA}")),
    ]:
        g.vector(c, name, request, expect, gate)
    g.vector(c, "4096 bytes", asking(g, answer(g), "x" * 4096), known, gate)
    g.vector(c, "alone: what has dots is asked about", asking(g, answer(g), "a.b.c"), known, "opaque alone")
    forbidden = g.by_principal("forbidden", "policy_forbidden")
    g.vector(c, "its role gives no more", asking(g, answer(g), body=g.call("other")), forbidden, gate)
    mapped = [
        ("realm's and client's roles, those allowed",
         dict(realm_access={"roles": ["user", "admin", "User"]},
              resource_access={"mcp.server": {"roles": ["reader", "user"]}, "other": {"roles": ["root"]}}),
         ["user", "reader"], []),
        ("roles elsewhere are none", dict(roles=["user"], realm_access={"roles": {"user": True}}), [], []),
        ("roles behind an array are none", dict(realm_access=[{"roles": ["user"]}]), [], []),
        ("a role that is a number", dict(realm_access={"roles": ["user", 7]}), [], []),
        ("a role alone", dict(realm_access={"roles": "user"}), ["user"], []),
        ("scopes inside, those allowed", dict(grants={"scopes": "mcp:read mcp:write"}), [], ["mcp:read"]),
        ("scopes as an array", dict(grants={"scopes": ["mcp:write", "mcp:read"]}), [], ["mcp:read"]),
        ("the usual scope is not looked at", dict(scope="mcp:read"), [], []),
        ("no audience", dict(aud=None), [], []),
        ("another of the audiences", dict(aud="mcp-server"), [], []),
    ]
    pong = g.rpc("ping")
    for name, changed, roles, scopes in mapped:
        answer_ = answer(g, **{"roles": None} | changed)
        g.vector(c, f"mapped: {name}", asking(g, answer_, body=pong), g.admitted(anna) | {"roles": roles, "scopes": scopes},
                 "opaque mapped")
    client = g.admitted(f"opaque-client:{AS}:anna")
    g.vector(c, "mapped: a client is no user of its name", asking(g, answer(g, sub=None, client_id="anna"), body=pong),
             client, "opaque mapped")
    for name, changed in [("both empty", dict(sub="", client_id="ci")), ("an empty client", dict(sub=None, client_id=""))]:
        g.vector(c, f"mapped: {name}", asking(g, answer(g, **changed), body=pong), refused("subject_missing"), "opaque mapped")
    g.vector(c, "mapped: an audience there is must be ours", asking(g, answer(g, aud="https://other.example"), body=pong),
             refused("audience_mismatch"), "opaque mapped")


def remembered(g: Any) -> None:
    c, gate = "opaque", "opaque"
    anna = f"opaque:{AS}:anna"
    metadata = f'Bearer error="invalid_token", {METADATA}'
    refused = lambda code, used: challenged(g.by_address("invalid_token", code, used), metadata)  # noqa: E731
    seen = g.request(g.bearer(OPAQUE))
    g.sequence(c, "a good answer is kept for a minute", [
        g.step(asking(g, answer(g)), g.admitted(anna)),
        g.step(seen, g.admitted(anna, 2)),
        g.step(seen, g.admitted(anna, 1), seconds=59.999),
        g.step(asking(g, answer(g, body='{"active":false}')), refused("token_inactive", 1), seconds=60),
    ], gate)
    g.sequence(c, "but not beyond the token's end", [
        g.step(asking(g, answer(g, exp=g.NOW + 5)), g.admitted(anna)),
        g.step(seen, g.admitted(anna, 1), seconds=4.9),
        g.step(asking(g, answer(g, body='{"active":false}')), refused("token_inactive", 1), seconds=5),
    ], gate)
    g.sequence(c, "a bad answer is kept for ten seconds, and costs each time", [
        g.step(asking(g, answer(g, body='{"active":false}')), refused("token_inactive", 1)),
        g.step(seen, refused("token_inactive", 2)),
        g.step(seen, refused("token_inactive", 1), seconds=9.9),
        g.step(asking(g, answer(g)), g.admitted(anna), seconds=10),
    ], gate)
    unavailable = g.denied("unavailable", "introspection_unavailable", g.rate("address", 30, 0) | {"retry-after": "1"})
    g.sequence(c, "no answer is not kept", [
        g.step(asking(g, "unavailable"), unavailable),
        g.step(asking(g, answer(g)), g.admitted(anna)),
    ], gate)
    wrong = g.request(g.key("a-key-of-nobody-at-all"))
    limited = g.denied("rate_limited", "address_rate_limited", g.rate("address", 30, 30, retry=2))
    g.sequence(c, "a flood of guesses asks nobody, and locks out no token that is known", [
        g.step(asking(g, answer(g)), g.admitted(anna)),
        *[g.step(wrong, refused("api_key_unknown", used)) for used in range(1, 31)],
        g.step(g.request(g.bearer("another-token")), limited),
        g.step(seen, g.admitted(anna, 2)),
    ], gate)
