#!/usr/bin/env python3
"""Writes policy.json, the vectors of policies: `python3 policy.py`, or `--check` to compare it with what is there.

Every verdict is written by hand from the rules in the documentation; nothing is computed by anybody's policy. Standard
library only. The format is told in core/tests/vectors_policy.rs, which runs them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

POLICIES: dict[str, dict[str, Any]] = {
    "empty": {},
    "open": {
        "default": "allow",
        "require": [
            {"tools": ["delete_*"], "any_of": {"scopes": ["files:delete"], "roles": ["admin"]}},
            {"tools": ["audit"], "all_of": {"roles": ["admin", "auditor"]}},
            {"resources": ["docs://secret/*", "docs://one"], "all_of": {"scopes": ["secret"]}},
            {"prompts": ["*"], "any_of": {"scopes": ["prompts", "all"]}},
        ],
    },
    "roles": {
        "roles": {
            "viewer": {"tools": ["read_*", "list"], "resources": ["docs://a/*", "docs://one"], "prompts": ["summary"]},
            "editor": {"tools": ["write_*"], "methods": ["tasks/*"]},
            "admin": {"tools": ["*"], "resources": ["*"], "prompts": ["*"], "methods": ["*"]},
            "nothing": {"methods": []},
        },
        "everybody": {"tools": ["whoami"], "methods": ["tools/list"]},
    },
    "scopes": {
        "roles": {"user": {"tools": ["whoami"]}, "staff": {"tools": ["publish_*"]}},
        "scopes": {
            "files:read": {"tools": ["read_*"], "resources": ["docs://*"]},
            "files:write": {"tools": ["write_*", "delete_*"], "implies": ["files:read"]},
            "files:draft": {"tools": ["write_draft_*"]},
            "files:all": {"implies": ["files:write", "files:delete"]},
            "a": {"tools": ["shared"], "implies": ["b"]},
            "b": {"tools": ["of_b", "shared"], "implies": ["c"]},
            "c": {"tools": ["of_c"], "implies": ["a"]},
            "mcp": {"tools": ["*"]},
            "https://api.example/run": {"prompts": ["run"]},
        },
        "require": [
            {"tools": ["delete_*"], "any_of": {"scopes": ["files:delete", "mfa"], "roles": ["admin"]}},
            {"tools": ["delete_all"], "all_of": {"scopes": ["mfa", "confirmed"]}},
            {"tools": ["publish_*"], "all_of": {"scopes": ["web"], "roles": ["staff"]}},
            {"tools": ["whoami"], "any_of": {"scopes": ["id", "aaa"]}},
        ],
    },
}
VECTORS: list[dict[str, Any]] = []
FORBIDDEN: list[str] = []


def decide(class_: str, name: str, policy: str, roles: list[str], scopes: list[str], kind: str, what: str, expect: Any) -> None:
    """`expect` is True, or the scopes that are asked for: none where none would help."""
    verdict = {"allowed": True} if expect is True else {"allowed": False, "scopes": expect}
    VECTORS.append({"name": f"{class_}: {name}", "policy": policy, "roles": roles, "scopes": scopes, "kind": kind,
                    "what": what, "expect": verdict})


def of_default() -> None:
    c = "default"
    for method in ["initialize", "ping", "server/discover", "notifications/initialized", "notifications/"]:
        decide(c, f"{method} always", "empty", [], [], "method", method, True)
    for kind, what in [("method", "tools/list"), ("method", "Ping"), ("method", "notifications"), ("method", "pings"),
                       ("method", ""), ("tool", "ping"), ("tool", "x"), ("tool", ""), ("prompt", "initialize"),
                       ("resource", "docs://a"), ("resource", "notifications/x")]:
        decide(c, f"deny {kind} {what!r}", "empty", ["admin", ""], ["*", "mcp"], kind, what, FORBIDDEN)
    for kind, what in [("tool", "anything"), ("resource", "docs://open/../x y"), ("method", "tools/list"),
                       ("method", "x/y"), ("tool", "delete"), ("tool", "Delete_x")]:
        expect = ["secret"] if what.endswith("x y") else True
        decide(c, f"allow {kind} {what}", "open", [], [], kind, what, expect)
    decide(c, "allow, but what is required is not given", "open", [], [], "tool", "delete_x", ["files:delete"])
    decide(c, "allow, the scope is held", "open", [], ["files:delete"], "tool", "delete_x", True)
    decide(c, "allow, the role is held", "open", ["admin"], [], "tool", "delete_x", True)
    decide(c, "allow, the scope's name as a role", "open", ["files:delete"], [], "tool", "delete_x", ["files:delete"])
    decide(c, "allow, the role's name as a scope", "open", [], ["admin"], "tool", "delete_x", ["files:delete"])
    decide(c, "allow, one of two roles", "open", ["admin"], [], "tool", "audit", FORBIDDEN)
    decide(c, "allow, both roles", "open", ["auditor", "admin"], [], "tool", "audit", True)
    decide(c, "allow, a requirement on everything", "open", ["admin"], [], "prompt", "p", ["prompts"])
    decide(c, "allow, its second scope", "open", [], ["all"], "prompt", "p", True)


def of_spelling() -> None:
    c = "spelling"
    for uri in ["docs://secret/a", "docs://secret/", "DOCS://secret/a", "docs://Secret/a", "docs://%73ecret/a",
                "docs:///secret/a", "docs://secret//a", "docs://open/../secret/a", "docs://open/%2e%2e/a",
                "docs://open/%2E./a", "docs://open%2fa", "docs://open/%252e", "docs://open\\a", "docs://./secret/a",
                "docs://open/.", " docs://secret/a", "docs://open/a ", "docs://open/\ta", "docs://open/\u007f",
                "docs://one", "docs://ONE", "docs://one/", "docs://one?x", "docs://one#x", "docs://%6fne"]:
        decide(c, f"{uri!r} is covered", "open", ["admin"], [], "resource", uri, ["secret"])
    decide(c, "and reached by whoever may", "open", [], ["secret"], "resource", "docs://open/../secret/a", True)
    for uri in ["docs://open/a", "docs://open/a%20b", "docs://secre", "docs://ones", "docs://o", "xdocs://secret/a", ""]:
        decide(c, f"{uri!r} is not", "open", [], [], "resource", uri, True)
    decide(c, "tools have one spelling", "open", [], [], "tool", "DELETE_x", True)
    for uri in ["docs://a/b", "docs://a/", "docs://a/b?c#d", "docs://one"]:
        decide(c, f"granted {uri}", "roles", ["viewer"], [], "resource", uri, True)
    for uri in ["docs://a/../b", "docs://a/%2e%2E/b", "docs://a/..%2fb", "docs://a/%5cb", "docs://a/%25", "docs://a\\b",
                "docs://a/\nb", "docs://a", "DOCS://a/b", "docs://one/", "docs://One", "docs://%6fne", "docs:///a/b"]:
        decide(c, f"not granted {uri!r}", "roles", ["viewer"], [], "resource", uri, FORBIDDEN)
    decide(c, "* grants even that", "roles", ["admin"], [], "resource", "docs://a/../b", True)


def of_roles() -> None:
    c = "roles"
    for roles, kind, what, expect in [
        (["viewer"], "tool", "read_file", True),
        (["viewer"], "tool", "read_", True),
        (["viewer"], "tool", "read", FORBIDDEN),
        (["viewer"], "tool", "list", True),
        (["viewer"], "tool", "list2", FORBIDDEN),
        (["viewer"], "tool", "List", FORBIDDEN),
        (["viewer"], "tool", "write_x", FORBIDDEN),
        (["viewer"], "prompt", "summary", True),
        (["viewer"], "tool", "summary", FORBIDDEN),
        (["viewer"], "prompt", "list", FORBIDDEN),
        (["viewer"], "method", "prompts/list", True),
        (["viewer"], "method", "resources/templates/list", True),
        (["viewer"], "method", "logging/setLevel", True),
        (["viewer"], "method", "tasks/list", FORBIDDEN),
        (["editor"], "method", "tasks/list", True),
        (["editor"], "method", "prompts/list", FORBIDDEN),
        (["editor"], "method", "tools/list", True),
        (["editor", "viewer"], "method", "prompts/list", True),
        (["editor", "viewer"], "tool", "read_x", True),
        (["editor", "viewer"], "tool", "write_x", True),
        (["admin"], "tool", "anything", True),
        (["admin"], "method", "x/y", True),
        (["nothing"], "tool", "whoami", True),
        (["nothing"], "tool", "read_x", FORBIDDEN),
        (["nothing", "admin"], "tool", "read_x", True),
        ([], "tool", "whoami", True),
        ([], "method", "tools/list", True),
        ([], "method", "prompts/list", FORBIDDEN),
        (["emperor"], "tool", "read_x", FORBIDDEN),
        (["Viewer"], "tool", "read_x", FORBIDDEN),
        (["viewer "], "tool", "read_x", FORBIDDEN),
        (["view"], "tool", "read_x", FORBIDDEN),
        (["viewer,admin"], "tool", "write_x", FORBIDDEN),
        (["*"], "tool", "read_x", FORBIDDEN),
    ]:
        decide(c, f"{'+'.join(roles) or 'none'}: {kind} {what}", "roles", roles, [], kind, what, expect)
    decide(c, "a role's name as a scope", "roles", [], ["admin"], "tool", "read_x", FORBIDDEN)


def of_scopes() -> None:
    c = "scopes"
    for scopes, kind, what, expect in [
        (["files:read"], "tool", "read_x", True),
        (["files:read"], "resource", "docs://a", True),
        (["files:read"], "method", "tools/list", True),
        (["files:read"], "tool", "write_x", ["files:write"]),
        ([], "tool", "read_x", ["files:read"]),
        (["nonsense"], "tool", "read_x", ["files:read"]),
        (["Files:read"], "tool", "read_x", ["files:read"]),
        (["files:read files:write"], "tool", "read_x", ["files:read"]),
        ([], "tool", "write_draft_1", ["files:draft"]),
        (["files:write"], "tool", "write_draft_1", True),
        ([], "tool", "other", ["mcp"]),
        (["mcp"], "tool", "read_x", True),
        (["mcp"], "resource", "docs://a", ["files:read"]),
        ([], "resource", "other://a", FORBIDDEN),
        ([], "prompt", "run", ["https://api.example/run"]),
        (["https://api.example/run"], "prompt", "run", True),
        ([], "prompt", "walk", FORBIDDEN),
        ([], "method", "tools/list", ["a"]),
        ([], "method", "tasks/list", FORBIDDEN),
    ]:
        decide(c, f"{'+'.join(scopes) or 'none'}: {kind} {what}", "scopes", [], scopes, kind, what, expect)
    c = "implied"
    for scopes, what, expect in [
        (["files:write"], "read_x", True),
        (["files:all"], "read_x", True),
        (["files:all"], "write_x", True),
        (["files:all"], "delete_x", True),
        (["files:read"], "delete_x", ["files:delete", "files:write"]),
        (["a"], "of_c", True), (["b"], "of_c", True), (["c"], "of_c", True),
        (["a"], "of_b", True), (["c"], "of_b", True),
        ([], "of_b", ["b"]),
        ([], "shared", ["a"]),
    ]:
        decide(c, f"{'+'.join(scopes) or 'none'}: {what}", "scopes", [], scopes, "tool", what, expect)
    decide(c, "a role implies nothing", "scopes", ["files:write"], [], "tool", "read_x", ["files:read"])


def of_requirements() -> None:
    c = "required"
    confirmed = ["confirmed", "files:write", "mfa"]
    for roles, scopes, what, expect in [
        ([], ["files:write"], "delete_x", ["files:delete", "files:write"]),
        ([], ["files:delete"], "delete_x", ["files:delete", "files:write"]),
        ([], ["files:write", "files:delete"], "delete_x", True),
        ([], ["files:write", "mfa"], "delete_x", True),
        (["admin"], ["files:write"], "delete_x", True),
        (["admin"], [], "delete_x", ["files:write"]),
        ([], [], "delete_x", ["files:delete", "files:write"]),
        ([], ["files:write", "mfa"], "delete_all", confirmed),
        ([], ["files:write", "confirmed"], "delete_all", confirmed),
        ([], ["files:write", "mfa", "confirmed"], "delete_all", True),
        (["admin"], ["files:all"], "delete_all", confirmed),
        ([], [], "delete_all", confirmed),
        (["staff"], [], "publish_x", ["web"]),
        (["staff"], ["web"], "publish_x", True),
        ([], ["web"], "publish_x", FORBIDDEN),
        ([], ["web", "mcp"], "publish_x", FORBIDDEN),
        (["user"], [], "whoami", ["id"]),
        (["user"], ["aaa"], "whoami", True),
        (["user"], ["id"], "whoami", True),
        ([], ["id"], "whoami", ["id", "mcp"]),
        ([], ["mcp"], "whoami", ["id", "mcp"]),
        ([], ["mcp", "id"], "whoami", True),
        (["user"], ["offline_access"], "whoami", ["id"]),
    ]:
        held = "+".join([*roles, *scopes]) or "none"
        decide(c, f"{held}: {what}", "scopes", roles, scopes, "tool", what, expect)


LISTS: list[dict[str, Any]] = []


def lists() -> None:
    def filtered(name: str, policy: str, roles: list[str], scopes: list[str], method: str, result: str, shown: str | None) -> None:
        LISTS.append({"name": name, "policy": policy, "roles": roles, "scopes": scopes, "method": method,
                      "result": result, "shown": shown})

    private = ',"cacheScope":"private"}'
    tools = '{"tools":[{"name":"read_x"},{"name":"write_x"},{"name":"whoami"}]'
    filtered("tools", "roles", ["viewer"], [], "tools/list", tools + "}", '{"tools":[{"name":"read_x"},{"name":"whoami"}]' + private)
    filtered("tools of nobody", "roles", [], [], "tools/list", tools + "}", '{"tools":[{"name":"whoami"}]' + private)
    filtered("all tools, white space gone between, not within", "roles", ["admin"], [], "tools/list",
             '{ "tools" : [ { "name" : "x" } , {"name":"y"} ] , "nextCursor" : "a\\u0062" }',
             '{"tools":[{ "name" : "x" },{"name":"y"}],"nextCursor":"a\\u0062"' + private)
    filtered("a public list becomes private", "roles", ["viewer"], [], "tools/list",
             '{"cacheScope":"public","ttlMs":5,"tools":[]}', '{"ttlMs":5,"tools":[]' + private)
    filtered("names in escapes", "roles", ["viewer"], [], "tools/list", '{"tools":[{"n\\u0061me":"\\u006cist"}]}',
             '{"tools":[{"n\\u0061me":"\\u006cist"}]' + private)
    filtered("prompts", "roles", ["viewer"], [], "prompts/list", '{"prompts":[{"name":"summary"},{"name":"list"}]}',
             '{"prompts":[{"name":"summary"}]' + private)
    filtered("resources, by URI and not by name", "roles", ["viewer"], [], "resources/list",
             '{"resources":[{"name":"docs://one","uri":"docs://two"},{"name":"x","uri":"docs://a/b"},{"uri":"docs://a/../b"}]}',
             '{"resources":[{"name":"x","uri":"docs://a/b"}]' + private)
    filtered("templates that may lead somewhere", "roles", ["viewer"], [], "resources/templates/list",
             '{"resourceTemplates":[{"uriTemplate":"docs://a/{x}"},{"uriTemplate":"docs://{x}"},{"uriTemplate":"{+x}"},'
             '{"uriTemplate":"docs://b/{x}"},{"uriTemplate":"docs://one{?x}"},{"uriTemplate":"docs://ones{?x}"}]}',
             '{"resourceTemplates":[{"uriTemplate":"docs://a/{x}"},{"uriTemplate":"docs://{x}"},{"uriTemplate":"{+x}"},'
             '{"uriTemplate":"docs://one{?x}"}]' + private)
    filtered("templates within what is required", "open", [], [], "resources/templates/list",
             '{"resourceTemplates":[{"uriTemplate":"docs://secret/{x}"},{"uriTemplate":"docs://{x}/{y}"}]}',
             '{"resourceTemplates":[{"uriTemplate":"docs://{x}/{y}"}]' + private)
    filtered("by scopes", "scopes", [], ["files:all"], "tools/list",
             '{"tools":[{"name":"delete_x"},{"name":"delete_all"},{"name":"read_x"},{"name":"whoami"}]}',
             '{"tools":[{"name":"delete_x"},{"name":"read_x"}]' + private)
    for name, result in [
        ("no list", "{}"), ("another's list", '{"prompts":[]}'), ("null", "null"), ("list is null", '{"tools":null}'),
        ("list twice", '{"tools":[],"tools":[]}'), ("list twice in two cases", '{"tools":[],"TOOLS":[]}'),
        ("item without a name", '{"tools":[{"title":"x"}]}'), ("item's name twice", '{"tools":[{"name":"list","name":"x"}]}'),
        ("item's name in another case", '{"tools":[{"name":"list","Name":"x"}]}'), ("item's name a number", '{"tools":[{"name":1}]}'),
        ("item no object", '{"tools":["list"]}'), ("garbage behind", '{"tools":[]}]'), ("empty", ""),
        ("cacheScope in another case", '{"tools":[],"cachescope":"public"}'),
    ]:
        filtered(f"unreadable: {name}", "roles", ["admin"], [], "tools/list", result, None)


for make in [of_default, of_spelling, of_roles, of_scopes, of_requirements, lists]:
    make()


def text() -> str:
    def rows(rows: list[dict[str, Any]]) -> str:
        return ",\n".join(json.dumps(row, separators=(",", ":"), ensure_ascii=True) for row in rows)

    head = json.dumps({"format": 1, "policies": POLICIES}, separators=(",", ":"))[:-1]
    return f'{head},"vectors":[\n{rows(VECTORS)}\n],"lists":[\n{rows(LISTS)}\n]}}\n'


if __name__ == "__main__":
    path = Path(__file__).with_name("policy.json")
    if sys.argv[1:] == ["--check"]:
        sys.exit(None if path.read_text() == text() else "policy.json is not what policy.py writes: run it")
    path.write_text(text())
    print(len(VECTORS), "decisions and", len(LISTS), "lists")
