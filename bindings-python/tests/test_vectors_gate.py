"""``gate.json`` (whole requests), ``audit.json`` (their events), ``address.json`` and ``origin.json`` (from where)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from doorward import Admitted, ApiKey, ApiKeys, Ask, ConfigError, Denial, Gate, NeedBody, Policy
from shared import load, report

GATE = load("gate.json")
AUDIT = load("audit.json")
ADDRESS = load("address.json")
ORIGIN = load("origin.json")
TIME = {"unix", "mono"}


def policy(file: dict[str, Any]) -> Policy:
    assert file["policy"].keys() == {"roles"}
    return Policy(roles=file["policy"]["roles"])


def moment(now: dict[str, float]) -> tuple[float, float]:
    assert now.keys() == TIME
    return now["unix"], now["mono"] / 1e6


def made(file: dict[str, Any], name: str, folder: Path) -> Gate:
    """A new gate of that name, by its variables and, where it has one, its TOML."""
    assert file.keys() <= {"format", "gates", "files", "policy", "vectors"}
    vars = file["gates"][name]
    if name not in file.get("files", {}):
        return Gate.from_env(vars, policy=policy(file))
    path = folder / "doorward.toml"
    path.write_text(file["files"][name], encoding="utf-8")
    return Gate.from_config(path, vars, policy=policy(file))


def content(text: Any) -> bytes:
    """A body: a text as it stands, in base64, or a unit so many times between two others."""
    if isinstance(text, str):
        return text.encode()
    if text.keys() == {"base64"}:
        return base64.b64decode(text["base64"])
    assert text.keys() == {"before", "unit", "times", "after"}, f"no text {text}"
    return str(text["before"] + text["unit"] * text["times"] + text["after"]).encode()


def answered(ask: Ask, wanted: dict[str, Any], now: tuple[float, float]) -> Admitted | Denial | NeedBody | Ask:
    """What the issuer said of an opaque token."""
    assert wanted.keys() == {"url", "asked", "answer"}
    assert (ask.kind, ask.url, ask.body) == ("introspection", wanted["url"], wanted["asked"])
    match wanted["answer"]:
        case "unavailable":
            return ask.unavailable(now=now)
        case {"status": status, "body": body, **rest} if not rest:
            return ask.replied(status, content(body), now=now)
        case other:
            raise AssertionError(f"no answer {other}")


def read(need: NeedBody, body: Any, now: tuple[float, float], *, as_text: bool) -> Admitted | Denial | Ask:
    """What came of reading the body."""
    match body:
        case None:
            return need.read(b"", now=now)
        case {"state": "too_large", **rest} if not rest:
            return need.too_large(now=now)
        case {"state": "broken", **rest} if not rest:
            return need.broken(now=now)
        case str(text) if as_text:
            return need.read(text, now=now)
        case _:
            return need.read(content(body), now=now)


def decide(gate: Gate, request: dict[str, Any], now: tuple[float, float], *, as_text: bool) -> Admitted | Denial:
    """Takes a request through the gate to its end, its headers as text or as bytes."""
    assert request.keys() <= {"method", "peer", "headers", "body", "introspect"}
    headers = [
        (name, value) if as_text else (name.encode(), value.encode("latin-1")) for name, value in request["headers"]
    ]
    step = gate.begin(request["method"], headers, request["peer"], now=now)
    asked = False
    while not isinstance(step, Admitted | Denial):
        if isinstance(step, Ask):
            step, asked = answered(step, request["introspect"], now), True
        else:
            step = read(step, request.get("body"), now, as_text=as_text)
    assert asked == ("introspect" in request)
    return step


def differences(expect: dict[str, Any], found: Admitted | Denial) -> list[str]:
    assert expect.keys() <= {"admitted", "session", "roles", "scopes", "status", "code", "headers", "body"}
    wrong = []
    for name, value in expect.get("headers", {}).items():
        values = [one for other, one in found.headers if other == name]
        if values != ([] if value is None else [value]):
            wrong.append(f"{name} is {values}, expected {value}")
    if isinstance(found, Admitted):
        assert found
        if found.principal.id != expect.get("admitted"):
            wrong.append(f"admitted {found.principal.id}")
        for name, held in (("roles", found.principal.roles), ("scopes", found.principal.scopes)):
            if expect.get(name, list(held)) != list(held):
                wrong.append(f"{name} are {held}")
        if (found.session or "") != expect.get("session", found.session or ""):
            wrong.append(f"session {found.session}")
        return wrong
    assert not found
    if "admitted" in expect:
        wrong.append(f"denied: {found.code}")
    told = {"status": found.status, "code": found.code, "body": found.body.decode()}
    return wrong + [f"{name} is {told[name]}" for name in told if expect.get(name, told[name]) != told[name]]


def test_every_request_gets_its_answer(tmp_path: Path) -> None:
    failures = []
    for as_text in (True, False):
        for vector in GATE["vectors"]:
            assert vector.keys() <= {"name", "class", "gate", "now", "request", "expect", "steps"}
            gate = made(GATE, vector["gate"], tmp_path)
            steps = vector.get("steps") or [{"request": vector["request"], "expect": vector["expect"]}]
            for number, step in enumerate(steps, 1):
                assert step.keys() <= {"request", "expect", "repeat", "now"}
                now = moment(step.get("now", vector["now"]))
                for _ in range(step.get("repeat", 1)):
                    found = differences(step["expect"], decide(gate, step["request"], now, as_text=as_text))
                    failures += [f"{vector['name']}, step {number}: {one}" for one in found]
    report(failures, len(GATE["vectors"]))
    assert len(GATE["vectors"]) >= 500


def test_every_event_is_the_line_it_must_be(tmp_path: Path) -> None:
    for vector in AUDIT["vectors"]:
        assert vector.keys() == {"name", "gate", "now", "micros", "request", "line"}
        gate = made(AUDIT, vector["gate"], tmp_path)
        now = moment(vector["now"])
        # These headers are UTF-8, as clients that send more than ASCII do.
        request = {
            **vector["request"],
            "headers": [(n, v.encode().decode("latin-1")) for n, v in vector["request"]["headers"]],
        }
        assert decide(gate, request, now, as_text=True).audit(vector["micros"], now=now) == vector["line"], vector[
            "name"
        ]
    assert len(AUDIT["vectors"]) >= 20


def test_every_address_is_the_one_it_must_be() -> None:
    keys = ApiKeys([ApiKey("ci", "a-key-nobody-guesses")])
    failures = []
    resolved = 0
    for vector in ADDRESS["vectors"]:
        assert vector.keys() <= {"name", "class", "trusted", "header_name", "ipv6_prefix", "peer", "lines", "expect"}
        name, expect = vector["name"], vector["expect"]
        try:
            gate = Gate(
                api_keys=keys,
                trusted_proxies=vector.get("trusted"),
                forwarded_header=vector.get("header_name"),
                ipv6_prefix=vector.get("ipv6_prefix"),
            )
        except ConfigError as error:
            if error.code != expect.get("error") or str(expect.get("position", "")) not in str(error):
                failures.append(f"{name}: {error.code}: {error}")
            continue
        if "error" in expect:
            failures.append(f"{name}: expected {expect['error']}, was taken")
            continue
        if "peer" not in vector:
            continue
        header = vector.get("header_name", "x-forwarded-for")
        headers = [("host", "localhost"), ("x-api-key", "a-key-nobody-guesses")]
        headers += [(header, line) for line in vector["lines"]]
        found = gate.begin("GET", headers, vector["peer"])
        assert isinstance(found, Admitted), name
        ignored = "forwarding_header_ignored" in found.notes
        if (found.address, ignored) != (expect["address"], expect["ignored_forwarding"]):
            failures.append(f"{name}: {found.address}, ignored: {ignored}")
        resolved += 1
    report(failures, len(ADDRESS["vectors"]))
    assert resolved >= 80, resolved


def test_every_host_and_origin_is_judged_as_it_must_be() -> None:
    """``origin.json``, by way of a gate, for what reads these has no name of its own in Python."""
    keys = ApiKeys([ApiKey("ci", "a-key-nobody-guesses")])
    failures = []
    for vector in ORIGIN["vectors"]:
        assert vector.keys() <= {
            *("name", "class", "text", "bind", "public_url", "allowed_hosts", "allowed_origins", "values", "expect")
        }
        name, expect = vector["name"], vector["expect"]
        made: dict[str, Any] = {
            "host": vector.get("bind"),
            "public_url": vector.get("public_url"),
            "allowed_hosts": vector.get("allowed_hosts"),
            "origins": vector.get("allowed_origins"),
        }
        match vector["class"]:
            case "origin":
                made["origins"] = vector["text"]
            case "public_url":
                made |= {"public_url": vector["text"], "authorization_servers": "https://issuer.example"}
        try:
            gate = Gate(api_keys=keys, **made)
        except ConfigError as error:
            if error.code != expect.get("error") or str(expect.get("position", "")) not in str(error):
                failures.append(f"{name}: {error.code}: {error}")
            continue
        if "error" in expect:
            failures.append(f"{name}: expected {expect['error']}, was taken")
            continue
        match vector["class"]:
            case "origin":
                told = gate.is_listed_origin(expect["canonical"])
            case "public_url":
                path = "/.well-known/oauth-protected-resource" + expect["path"]
                _, _, body = gate.well_known("GET", path) or (0, [], b"{}")
                told = json.loads(body).get("resource") == expect["canonical"]
            case "host" | "request_origin" as judged:
                header = "host" if judged == "host" else "origin"
                pairs = [(header, value) for value in vector["values"]]
                if header == "origin":
                    # A good host beside it, whatever the gate is bound to.
                    public = vector.get("public_url", "https://localhost")
                    pairs.append(("host", public.partition("//")[2].partition("/")[0]))
                found = gate.begin("GET", [*pairs, ("x-api-key", "a-key-nobody-guesses")], "127.0.0.1")
                allowed = isinstance(found, Admitted)
                told = allowed == (expect["verdict"] == "allowed")
                if isinstance(found, Denial):
                    told = told and found.code == f"{header}_not_allowed"
                if "listed" in expect:
                    told = told and any(map(gate.is_listed_origin, vector["values"])) == expect["listed"]
            case _:
                told = True
        if not told:
            failures.append(f"{name}: expected {expect}")
    report(failures, len(ORIGIN["vectors"]))
    assert len(ORIGIN["vectors"]) >= 130
