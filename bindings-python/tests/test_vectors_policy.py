"""``policy.json`` (who may reach what, what lists show of it) and ``claims.json`` (how issuers' claims are read)."""

from __future__ import annotations

import json
from typing import Any

from doorward import (
    Admitted,
    Ask,
    ClaimMapping,
    Denial,
    Gate,
    Issuer,
    ListError,
    NeedBody,
    Policy,
    Preset,
    SigningKey,
)
from shared import load, report

POLICY = load("policy.json")
CLAIMS = load("claims.json")
KINDS = {"tools": "tool", "resources": "resource", "prompts": "prompt", "methods": "method"}
ED25519 = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----"""


def policy(sections: dict[str, Any]) -> Policy:
    assert sections.keys() <= {"default", "roles", "scopes", "everybody", "require"}
    if sections.get("default") == "allow":
        assert sections.keys() <= {"default", "require"}
        made = Policy.allow_all()
    else:
        scopes = {name: dict(grants) for name, grants in sections.get("scopes", {}).items()}
        implies = {name: grants.pop("implies") for name, grants in scopes.items() if "implies" in grants}
        made = Policy(roles=sections.get("roles"), scopes=scopes, implies=implies, everybody=sections.get("everybody"))
    for requirement in sections.get("require", []):
        needs = {name: requirement[name] for name in ("any_of", "all_of") if name in requirement}
        assert requirement.keys() <= {*KINDS, "any_of", "all_of"} and needs
        for kinds, patterns in requirement.items():
            for pattern in patterns if kinds in KINDS else ():
                for name, held in needs.items():
                    made = made.require(KINDS[kinds], pattern, **held, all=name == "all_of")
    return made


POLICIES = {name: policy(sections) for name, sections in POLICY["policies"].items()}


def test_every_decision_holds() -> None:
    failures = []
    for vector in POLICY["vectors"]:
        assert vector.keys() == {"name", "policy", "roles", "scopes", "kind", "what", "expect"}
        held = {"roles": vector["roles"], "scopes": vector["scopes"]}
        if POLICIES[vector["policy"]].is_allowed(vector["kind"], vector["what"], **held) != vector["expect"]["allowed"]:
            failures.append(vector["name"])
    report(failures, len(POLICY["vectors"]))
    assert len(POLICY["vectors"]) >= 150


def test_every_list_holds() -> None:
    failures = []
    for vector in POLICY["lists"]:
        assert vector.keys() == {"name", "policy", "roles", "scopes", "method", "result", "shown"}
        held = {"roles": vector["roles"], "scopes": vector["scopes"]}
        for result in (vector["result"], vector["result"].encode()):
            shown: str | None
            try:
                shown = POLICIES[vector["policy"]].filter_result(vector["method"], result, **held)
            except ListError as error:
                shown, code = None, error.code
                assert code == "list_unreadable"
            if shown != vector["shown"]:
                failures.append(f"{vector['name']}: {shown}")
    report(failures, len(POLICY["lists"]))
    assert len(POLICY["lists"]) >= 20


def issuer(vector: dict[str, Any]) -> Issuer:
    preset: Preset | None = None
    for product, options in vector.get("preset", {}).items():
        preset = getattr(Preset, product)(**options)
    options = {
        name: vector[name] for name in ("audience", "audience_claim", "allow_missing_audience") if name in vector
    }
    mapping = ClaimMapping(**vector["mapping"]) if "mapping" in vector else None
    return Issuer(
        vector["issuer"], preset=preset, mapping=mapping, jwks_url="https://keys.example/jwks.json", **options
    )


def decided(gate: Gate, token: str, jwks: str) -> dict[str, Any]:
    now = (CLAIMS["now"], 5.0)
    headers = {"host": "localhost", "content-type": "application/json", "authorization": f"Bearer {token}"}
    step = gate.begin("POST", headers, "127.0.0.1", now=now)
    while not isinstance(step, Admitted | Denial):
        if isinstance(step, Ask):
            if (fetch := step.take_fetch()) is not None:
                fetch.replied(200, jwks, now=now[1])
            step = step.ready(now=now)
        else:
            assert isinstance(step, NeedBody)
            step = step.read('{"jsonrpc":"2.0","id":1,"method":"ping"}', now=now)
    if isinstance(step, Denial):
        return {"code": step.code}
    who = step.principal
    return {"id": who.id, "scopes": list(who.scopes), "roles": list(who.roles)}


def test_every_issuer_s_claims_are_read() -> None:
    """By way of ``Issuer``, whose keys are fetched: signed by a key of ours, whatever the payload is."""
    key = SigningKey.from_private(ED25519)
    jwks = json.dumps({"keys": [key.public_jwk()]})
    failures = []
    for vector in CLAIMS["vectors"]:
        assert vector.keys() <= {
            *("name", "issuer", "preset", "mapping", "audience", "audience_claim", "allow_missing_audience"),
            *("payload", "expect"),
        }
        gate = Gate(issuers=issuer(vector), public_url=CLAIMS["resource"], policy=Policy.allow_all())
        token = key.sign_jws(vector["payload"])
        # Twice: as a fresh token, and as one of the cache.
        found = [decided(gate, token, jwks) for _ in range(2)]
        if found != [vector["expect"]] * 2:
            failures.append(f"{vector['name']}: {found}, expected {vector['expect']}")
    report(failures, len(CLAIMS["vectors"]))
    assert len(CLAIMS["vectors"]) >= 90
