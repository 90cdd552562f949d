#!/usr/bin/env python3
"""Writes claims.json, the vectors of how issuers' claims are read: `python3 claims.py`, or `--check` to compare it with what
is there.

Payloads are shaped as the products' own documentation shows them. A vector has a `preset`, a `mapping` that replaces it
where it says something, the `audience` a token must name where that is not the preset's, a `payload` to be signed, and what
is made of it: the principal's `id`, `scopes` and `roles` in their order, or the `code` of the refusal. Run by
core/tests/vectors_claims.rs. Standard library only.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

NOW = 1_800_000_000
RESOURCE = "https://mcp.example/mcp"
TENANT = "8f3a6c1e-0d52-4b7a-9c0e-5d1f2a3b4c5d"
APPLICATION = "11111111-2222-3333-4444-555555555555"
VECTORS: list[dict[str, Any]] = []

PRESETS = {
    "auth0": {"preset": {"auth0": {"roles_claim": "https://mcp.example/roles"}}, "issuer": "https://tenant.eu.auth0.com/"},
    "entra v2": {"preset": {"entra": {"application": APPLICATION}},
                 "issuer": f"https://login.microsoftonline.com/{TENANT}/v2.0"},
    "entra v1": {"preset": {"entra": {"application": APPLICATION}}, "issuer": f"https://sts.windows.net/{TENANT}/"},
    "keycloak": {"preset": {"keycloak": {"client": "mcp-server"}}, "issuer": "https://sso.example/realms/staff"},
    "keycloak, realm alone": {"preset": {"keycloak": {}}, "issuer": "https://sso.example/realms/staff"},
    "none": {"issuer": "https://issuer.example"},
}

AUTH0 = {
    "https://mcp.example/roles": ["editor"],
    "iss": "https://tenant.eu.auth0.com/",
    "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
    "aud": [RESOURCE, "https://tenant.eu.auth0.com/userinfo"],
    "iat": NOW - 60,
    "exp": NOW + 86340,
    "scope": "openid profile mcp:read",
    "azp": "my_client_id",
    "permissions": ["mcp:read", "mcp:admin"],
}
ENTRA_V2 = {
    "aud": APPLICATION,
    "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    "iat": NOW - 60,
    "nbf": NOW - 60,
    "exp": NOW + 4000,
    "aio": "AXQAi/8IAAAAtAaZLo3ChMif6KOnttRB7eBq4/DccQzjcJGxPYy/C3jDaNGxXd6wNIIVGRghNRnwJ1lOcAnNZcjvkoyrFxCttv33140RioOFJ4bCCGVuoCag1uOTT22222gHwLPYQ/uf79QX+0KIijdrmp69RctzmQ==",
    "azp": "6e74172b-be56-4843-9ff4-e66a39bb12e3",
    "azpacr": "0",
    "name": "Abe Lincoln",
    "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
    "preferred_username": "abeli@microsoft.com",
    "rh": "I",
    "roles": ["Mcp.Editor"],
    "scp": "Mcp.Read Mcp.Write",
    "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
    "tid": TENANT,
    "uti": "fqiBqXLPj0eQa82S-IYFAA",
    "ver": "2.0",
}
ENTRA_V1 = {
    "aud": f"api://{APPLICATION}",
    "iss": f"https://sts.windows.net/{TENANT}/",
    "iat": NOW - 60,
    "nbf": NOW - 60,
    "exp": NOW + 4000,
    "acr": "1",
    "amr": ["pwd"],
    "appid": "75dbe77f-10a3-4e59-85fd-8c127544f17c",
    "appidacr": "0",
    "scp": "Mcp.Read",
    "sub": "MIUuhaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
    "ver": "1.0",
}
KEYCLOAK = {
    "exp": NOW + 300,
    "iat": NOW,
    "auth_time": NOW - 5,
    "jti": "onrtac:1f6d8a0e-1c5b-4d5b-8f1e-6e1d6a3f2b11",
    "iss": "https://sso.example/realms/staff",
    "aud": [RESOURCE, "account"],
    "sub": "f1a5b0c2-7f3e-4f59-9d0e-0f5b7f1e2a33",
    "typ": "Bearer",
    "azp": "some-client",
    "sid": "0c1d2e3f",
    "acr": "1",
    "allowed-origins": ["https://app.example"],
    "realm_access": {"roles": ["default-roles-staff", "offline_access", "editor"]},
    "resource_access": {
        "mcp-server": {"roles": ["writer", "editor"]},
        "account": {"roles": ["manage-account", "view-profile"]},
    },
    "scope": "openid email profile mcp:read",
    "email_verified": True,
    "preferred_username": "anna",
}
PLAIN = {"iss": "https://issuer.example", "aud": RESOURCE, "sub": "anna", "exp": NOW + 600}


def vector(name: str, preset: str, payload: Any, expect: dict[str, Any], **more: Any) -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload, separators=(",", ":"))
    VECTORS.append({"name": f"{preset}: {name}"} | PRESETS[preset] | more | {"payload": text, "expect": expect})


def without(payload: dict[str, Any], *names: str, **changed: Any) -> dict[str, Any]:
    return {name: value for name, value in (payload | changed).items() if name not in names}


def good(id_: str, scopes: list[str], roles: list[str]) -> dict[str, Any]:
    return {"id": id_, "scopes": scopes, "roles": roles}


def refused(code: str) -> dict[str, Any]:
    return {"code": code}


def jwt(payload: dict[str, Any]) -> str:
    return f"jwt:{payload['iss']}:{payload['sub']}"


def auth0() -> None:
    openid = ["openid", "profile", "mcp:read"]
    vector("a user", "auth0", AUTH0, good(jwt(AUTH0), openid, ["editor", "mcp:read", "mcp:admin"]))
    machine = without(AUTH0, "permissions", "https://mcp.example/roles", sub="my_client_id@clients", aud=RESOURCE,
                      scope="mcp:read", gty="client-credentials")
    vector("a machine", "auth0", machine, good(jwt(machine), ["mcp:read"], []))
    vector("what a user may is not what the client was granted", "auth0", without(AUTH0, "scope"),
           good(jwt(AUTH0), [], ["editor", "mcp:read", "mcp:admin"]))
    vector("another tenant's namespace", "auth0", without(AUTH0, "permissions", "https://mcp.example/roles") |
           {"https://evil.example/roles": ["admin"]}, good(jwt(AUTH0), openid, []))
    vector("roles without a namespace", "auth0", without(AUTH0, "permissions", "https://mcp.example/roles", roles=["admin"]),
           good(jwt(AUTH0), openid, []))
    vector("for userinfo alone", "auth0", AUTH0 | {"aud": AUTH0["aud"][1]}, refused("audience_mismatch"))
    vector("the issuer without its slash", "auth0", AUTH0 | {"iss": AUTH0["iss"][:-1]}, refused("issuer_mismatch"))
    vector("permissions as a text is one role", "auth0", without(AUTH0, "https://mcp.example/roles", permissions="a b"),
           good(jwt(AUTH0), openid, ["a b"]))


def entra() -> None:
    scopes = ["Mcp.Read", "Mcp.Write"]
    vector("a user", "entra v2", ENTRA_V2, good(jwt(ENTRA_V2), scopes, ["Mcp.Editor"]))
    vector("a user", "entra v1", ENTRA_V1, good(jwt(ENTRA_V1), ["Mcp.Read"], []))
    vector("by the application's id", "entra v1", ENTRA_V1 | {"aud": APPLICATION}, good(jwt(ENTRA_V1), ["Mcp.Read"], []))
    daemon = without(ENTRA_V2, "scp", roles=["Mcp.Editor", "Mcp.Admin"])
    vector("a daemon has roles and no scopes", "entra v2", daemon, good(jwt(daemon), [], ["Mcp.Editor", "Mcp.Admin"]))
    vector("Graph's token", "entra v2", ENTRA_V2 | {"aud": "00000003-0000-0000-c000-000000000000"},
           refused("audience_mismatch"))
    vector("another application's", "entra v2", ENTRA_V2 | {"aud": APPLICATION[:-1] + "6"}, refused("audience_mismatch"))
    vector("the id in capitals", "entra v2", ENTRA_V2 | {"aud": "A" + APPLICATION[1:]}, refused("audience_mismatch"))
    vector("another tenant's", "entra v2", ENTRA_V2 | {"iss": ENTRA_V2["iss"].replace("8f3a", "8f3b")},
           refused("issuer_mismatch"))
    vector("the other version's issuer", "entra v2", ENTRA_V2 | {"iss": ENTRA_V1["iss"]}, refused("issuer_mismatch"))
    vector("scope is not where scopes are", "entra v2", without(ENTRA_V2, "scp", "roles", scope="Mcp.Read"),
           good(jwt(ENTRA_V2), [], []))


def keycloak() -> None:
    scopes = ["openid", "email", "profile", "mcp:read"]
    realm = ["default-roles-staff", "offline_access", "editor"]
    vector("realm's and client's roles, each once", "keycloak", KEYCLOAK, good(jwt(KEYCLOAK), scopes, [*realm, "writer"]))
    vector("realm's roles", "keycloak, realm alone", KEYCLOAK, good(jwt(KEYCLOAK), scopes, realm))
    vector("no roles at all", "keycloak", without(KEYCLOAK, "realm_access", "resource_access"),
           good(jwt(KEYCLOAK), scopes, []))
    vector("no audience mapper", "keycloak", KEYCLOAK | {"aud": "account"}, refused("audience_mismatch"))
    vector("no audience mapper: azp is no audience", "keycloak", KEYCLOAK | {"aud": "account", "azp": RESOURCE},
           refused("audience_mismatch"))
    vector("a lightweight token names nobody", "keycloak", without(KEYCLOAK, "sub"), refused("subject_missing"))
    vector("a lightweight token of a client", "keycloak", without(KEYCLOAK, "sub"),
           good(f"jwt-client:{KEYCLOAK['iss']}:some-client", scopes, [*realm, "writer"]), mapping={"client": ["azp"]})
    vector("another realm's", "keycloak", KEYCLOAK | {"iss": "https://sso.example/realms/guests"},
           refused("issuer_mismatch"))
    vector("the clients' roles as an array", "keycloak",
           KEYCLOAK | {"resource_access": [{"mcp-server": {"roles": ["root"]}}]}, good(jwt(KEYCLOAK), scopes, realm))
    vector("roles in the plain claim", "keycloak", without(KEYCLOAK, "realm_access", "resource_access", roles=["root"]),
           good(jwt(KEYCLOAK), scopes, []))
    vector("only those allowed", "keycloak", KEYCLOAK, good(jwt(KEYCLOAK), ["mcp:read"], ["editor"]),
           mapping={"only_roles": ["editor", "Writer"], "only_scopes": ["mcp:read", "mcp:write"]})


def plain() -> None:
    anna = "jwt:https://issuer.example:anna"
    at = lambda *path: {"roles": [list(path)]}  # noqa: E731
    vector("role and scope", "none", PLAIN | {"role": "user", "scope": "a b"}, good(anna, ["a", "b"], ["user"]))
    vector("roles before role, scope before scp", "none",
           PLAIN | {"role": "x", "roles": ["y"], "scope": "a", "scp": ["b"]}, good(anna, ["a"], ["y"]))
    for name, claim in [
        ("a number", 7), ("true", True), ("null", None), ("an object", {"admin": True}), ("arrays in an array", [["admin"]]),
        ("a number among them", ["admin", 7]), ("null among them", ["admin", None]), ("empty", []), ("an empty text", ""),
    ]:
        vector(f"roles: {name}", "none", PLAIN | {"roles": claim}, good(anna, [], []))
        vector(f"scope: {name}", "none", PLAIN | {"scope": claim}, good(anna, [], []))
        vector(f"roles inside: {name}", "none", PLAIN | {"a": {"b": claim}}, good(anna, [], []), mapping=at("a", "b"))
    vector("inside, three deep", "none", PLAIN | {"a": {"b": {"c": ["user"]}}}, good(anna, [], ["user"]),
           mapping=at("a", "b", "c"))
    vector("inside: an array on the way", "none", PLAIN | {"a": [{"b": ["user"]}]}, good(anna, [], []), mapping=at("a", "b"))
    vector("inside: by number is not into an array", "none", PLAIN | {"a": [["user"]]}, good(anna, [], []),
           mapping=at("a", "0"))
    vector("inside: a text on the way", "none", PLAIN | {"a": '{"b":["user"]}'}, good(anna, [], []), mapping=at("a", "b"))
    vector("dots are letters", "none", PLAIN | {"a": {"b": ["user"]}, "a.b": ["dotted"]}, good(anna, [], ["dotted"]),
           mapping=at("a.b"))
    vector("names have case", "none", PLAIN | {"A": {"b": ["user"]}}, good(anna, [], []), mapping=at("a", "b"))
    vector("an empty path", "none", PLAIN | {"": ["user"]}, good(anna, [], []), mapping={"roles": [[]]})
    vector("the empty name", "none", PLAIN | {"": ["user"]}, good(anna, [], ["user"]), mapping=at(""))
    vector("several places, each word once", "none", PLAIN | {"a": ["x", "y"], "b": "y", "c": ["z", "x"]},
           good(anna, [], ["x", "y", "z"]), mapping={"roles": [["a"], ["b"], ["c"]]})
    text = json.dumps(PLAIN, separators=(",", ":"))[:-1]
    for name, rest in [
        ("roles twice", ',"roles":["user"],"roles":["admin"]}'),
        ("roles twice, once escaped", ',"roles":["user"],"\\u0072oles":["admin"]}'),
        ("roles twice inside", ',"a":{"b":["user"],"b":["admin"]}}'),
        ("the way twice", ',"a":{"b":["user"]},"a":{"b":["admin"]}}'),
        ("twice where nobody looks", ',"z":[{"y":1,"y":2}]}'),
    ]:
        vector(name, "none", text + rest, refused("token_payload_invalid"), mapping=at("a", "b"))
    vector("escaped is the same", "none", text + ',"\\u0061":{"\\u0062":["\\u0075ser"]}}', good(anna, [], ["user"]),
           mapping=at("a", "b"))
    allow = {"only_roles": ["user"], "only_scopes": ["a"]}
    vector("allowed, to the letter", "none", PLAIN | {"roles": ["User", "user", "user ", "USER", "\u0075ser\u0301"],
                                                      "scope": "A a \u0430"}, good(anna, ["a"], ["user"]), mapping=allow)
    vector("none allowed", "none", PLAIN | {"roles": ["user"], "scope": "a"}, good(anna, [], []),
           mapping={"only_roles": [], "only_scopes": []})
    clients = {"client": ["client_id"]}
    nobody = without(PLAIN, "sub")
    vector("a client without a subject", "none", nobody | {"client_id": "anna"},
           good("jwt-client:https://issuer.example:anna", [], []), mapping=clients)
    vector("a client with one is its subject", "none", PLAIN | {"client_id": "x"}, good(anna, [], []), mapping=clients)
    vector("a user called as a client's id is", "none", PLAIN | {"sub": "client:anna"},
           good("jwt:https://issuer.example:client%3Aanna", [], []), mapping=clients)
    vector("a client, and nobody said so", "none", nobody | {"client_id": "anna"}, refused("subject_missing"))
    for name, claims in [
        ("an empty subject", {"sub": "", "client_id": "anna"}), ("an empty client", {"client_id": ""}),
        ("a client that is a number", {"client_id": 7}), ("clients", {"client_id": ["anna"]}), ("no client", {}),
    ]:
        vector(name, "none", nobody | claims, refused("subject_missing"), mapping=clients)
    vector("a subject that is a number", "none", nobody | {"sub": 7, "client_id": "anna"}, refused("claim_invalid"),
           mapping=clients)
    vector("no audience", "none", without(PLAIN, "aud"), refused("audience_mismatch"))
    vector("no audience, and that was allowed", "none", without(PLAIN, "aud"), good(anna, [], []),
           allow_missing_audience=True)
    for name, aud in [("another", "https://other.example"), ("the origin", "https://mcp.example"), ("with a slash", RESOURCE + "/")]:
        vector(f"audience: {name}, and none was allowed", "none", PLAIN | {"aud": aud}, refused("audience_mismatch"),
               allow_missing_audience=True)
    vector("audience elsewhere", "none", without(PLAIN, "aud", client_id="mcp"), good(anna, [], []),
           audience=["mcp"], audience_claim="client_id")
    vector("audience elsewhere: aud is not looked at", "none", PLAIN | {"client_id": "other"}, refused("audience_mismatch"),
           audience=[RESOURCE], audience_claim="client_id")
    vector("audience elsewhere: not there", "none", PLAIN, refused("audience_mismatch"), audience=[RESOURCE],
           audience_claim="client_id")
    vector("audience elsewhere: a number", "none", PLAIN | {"client_id": 7}, refused("audience_mismatch"),
           audience=["7"], audience_claim="client_id")


for make in [auth0, entra, keycloak, plain]:
    make()


def text() -> str:
    lines = ",\n".join(json.dumps(one, separators=(",", ":"), ensure_ascii=True) for one in VECTORS)
    return f'{{"format":1,"now":{NOW},"resource":"{RESOURCE}","vectors":[\n{lines}\n]}}\n'


if __name__ == "__main__":
    path = Path(__file__).with_name("claims.json")
    if sys.argv[1:] == ["--check"]:
        sys.exit(None if path.read_text() == text() else "claims.json is not what claims.py writes: run it")
    path.write_text(text())
    print(len(VECTORS), "vectors")
