#!/usr/bin/env python3
"""Writes audit.json, the vectors of audit events: `python3 audit.py`, or `--check` to compare it with what is there.

A vector is a request as in gate.json, decided on by a new gate, and the line that its decision's event must be after so
many `micros`. The format is told in tests/tests/audit_vectors.rs, which runs them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import gate as g

VECTORS: list[dict[str, Any]] = []
ANNA = "jwt:https://issuer.example:anna"


def line(decision: str, code: str, status: int | None = None, time: str = f"{g.NOW}.000", micros: int = 7,
         address: str | None = "127.0.0.1", **known: str) -> str:
    def text(name: str) -> str:
        return json.dumps(known[name], ensure_ascii=False) if name in known else "null"

    head = f'{{"time":{time},"decision":"{decision}","code":"{code}","status":{"null" if status is None else status}'
    who = f'"principal":{text("principal")},"auth":{text("auth")},"kind":{text("kind")},"name":{text("name")}'
    where = f'"address":{"null" if address is None else json.dumps(address)}'
    return f'{head},{who},{where},"micros":{micros},"detail":{text("detail")}}}'


def event(name: str, request: dict[str, Any], expect: str, gate: str = "both", micros: int = 7,
          seconds: float = 0) -> None:
    VECTORS.append({"name": name, "gate": gate, "now": g.at(seconds), "micros": micros, "request": request, "line": expect})


def admitted(**known: Any) -> str:
    return line("admitted", "admitted", **known)


def denied(code: str, status: int, **known: Any) -> str:
    return line("denied", code, status, **known)


KEY = {"principal": "key:api-key-1", "auth": "api_key"}
# Which roles would, for the operator; the caller is told nothing of them.
UNREACHED = {"detail": "nothing held reaches this tool: role admin would"}
TOKEN = {"principal": ANNA, "auth": "jwt"}
event("a key calls a tool", g.request(g.key()), admitted(**KEY, kind="tool", name="whoami"))
event("a token calls a tool", g.request(g.bearer(g.token())), admitted(**TOKEN, kind="tool", name="whoami"))
event("a list", g.request(g.key(), body=g.rpc("tools/list")), admitted(**KEY, kind="method", name="tools/list"))
event("the first of a batch", g.request(g.key(), body=f"[{g.rpc('ping')},{g.WHOAMI}]"),
      admitted(**KEY, kind="method", name="ping"))
event("a GET reads no body", g.request(g.key(), method="GET", media=False, body=None), admitted(**KEY))
event("to the millisecond", g.request(g.key()), admitted(**KEY, kind="tool", name="whoami", time=f"{g.NOW}.500", micros=0),
      micros=0, seconds=0.5)
event("micros are whole", g.request(g.key()),
      admitted(**KEY, kind="tool", name="whoami", micros=9007199254740991), micros=9007199254740991)
event("no credential", g.request(), denied("credential_missing", 401))
event("nobody's key", g.request(g.key("nobody-knows-this-one")), denied("api_key_unknown", 401))
event("an expired token", g.request(g.bearer(g.token(exp=g.NOW - 1))), denied("token_expired", 401))
event("another Host", g.request(g.key(), host="evil.example"), denied("host_not_allowed", 403))
event("no address", g.request(g.key(), peer=None), denied("address_unknown", 503, address=None))
event("an IPv6 network", g.request(peer="2001:db8:1:2:3::9"), denied("credential_missing", 401, address="2001:db8:1:2::/64"))
event("IPv4 in IPv6", g.request(peer="::ffff:192.0.2.1"), denied("credential_missing", 401, address="192.0.2.1"))
event("forbidden", g.request(g.key(), body=g.call("generate-token")),
      denied("policy_forbidden", 403, **KEY, **UNREACHED, kind="tool", name="generate-token"))
event("a body that is none", g.request(g.key(), body="{"), denied("body_unreadable", 400, **KEY))
event("a name that would end the line", g.request(g.key(), body=g.call('x"}\r\n{"time":0,\u202e')),
      denied("policy_forbidden", 403, **KEY, **UNREACHED, kind="tool", name='x\\"}\\r\\n{\\"time\\":0,\\u{202e}'))
event("a long name is cut", g.request(g.key(), body=g.call("y" * 1000)),
      denied("policy_forbidden", 403, **KEY, **UNREACHED, kind="tool", name="y" * 125 + "\u2026"))
event("a subject is escaped", g.request(g.bearer(g.token(sub="anna\n\u001b[2Jroot"))),
      admitted(principal=ANNA + "\\n\\u{1b}[2Jroot", auth="jwt", kind="tool", name="whoami"))
event("a long subject is cut", g.request(g.bearer(g.token(sub="z" * 2000))),
      admitted(principal=ANNA[:-4] + "z" * (509 - len(ANNA) + 4) + "\u2026", auth="jwt", kind="tool", name="whoami"))


def text() -> str:
    used = {vector["gate"]: g.GATES[vector["gate"]] for vector in VECTORS}
    head = g.compact({"format": 1, "gates": used, "policy": g.POLICY})[:-1]
    lines = ",\n".join(json.dumps(one, separators=(",", ":"), ensure_ascii=True) for one in VECTORS)
    return f'{head},"vectors":[\n{lines}\n]}}\n'


if __name__ == "__main__":
    path = Path(__file__).with_name("audit.json")
    if sys.argv[1:] == ["--check"]:
        sys.exit(None if path.read_text() == text() else "audit.json is not what audit.py writes: run it")
    path.write_text(text())
    print(len(VECTORS), "vectors")
