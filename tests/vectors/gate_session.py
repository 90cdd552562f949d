"""The gate's vectors of sessions and of protocol revisions, for gate.py, which hands itself over as `g`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

SESSION_KEY = "gate vectors' session key, known to everybody"
REVISIONS = ["2025-03-26", "2025-06-18", "2025-11-25"]
STATELESS = ["2026-07-28", "2026-12-24"]
META = "io.modelcontextprotocol/protocolVersion"
ANNA, CI = "jwt:https://issuer.example:anna", "key:api-key-1"


def gates(g: Any) -> dict[str, dict[str, str]]:
    return {"sessions": g.KEYS | g.TOKENS | {"SESSION_KEY": SESSION_KEY}}


def tag(principal: str, inner: str, kind: str = "session", key: str = SESSION_KEY) -> str:
    parts = [text.encode() for text in ("doorward id 1", kind, inner, principal)]
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def bound(principal: str, inner: str, **other: str) -> str:
    return f"{inner}.{tag(principal, inner, **other)}"


def stories(g: Any) -> None:
    sessions(g)
    revisions(g)
    listening(g)


def sessions(g: Any) -> None:
    c = "session"
    inner = "550e8400-e29b-41d4-a716-446655440000"
    own, token = bound(CI, inner), g.token()
    foreign = g.by_principal("session_not_found", "session_foreign")
    named = lambda *ids: [("mcp-session-id", one) for one in ids]  # noqa: E731

    def add(name: str, request: dict[str, Any], expect: dict[str, Any], session: str | None = None) -> None:
        g.vector(c, name, request, expect | ({} if session is None else {"session": session}), "sessions")

    bare = lambda method, *headers: g.request(*headers, method=method, media=False, body=None)  # noqa: E731
    add("its principal's", g.request(g.key(), *named(own)), g.admitted(CI), inner)
    add("header in capitals", g.request(g.key(), ("MCP-SESSION-ID", own)), g.admitted(CI), inner)
    add("a token's", g.request(g.bearer(token), *named(bound(ANNA, inner))), g.admitted(ANNA), inner)
    add("none", g.request(g.key()), g.admitted(CI), "")
    add("none, at initialize", g.request(g.key(), body=g.rpc("initialize", {})), g.admitted(CI), "")
    for method in ["GET", "DELETE"]:
        add(f"{method} by its principal", bare(method, g.key(), *named(own)), g.admitted(CI), inner)
        add(f"{method} by another", bare(method, g.bearer(token), *named(own)), foreign)
        add(f"{method} of the inner id", bare(method, g.key(), *named(inner)), foreign)
    for name, id_ in [("of one character", "a"), ("with dots", "a.b.c"), ("of 256 bytes", "x" * 256), ("of signs", "~!#$/?")]:
        add(f"id {name}", g.request(g.key(), *named(bound(CI, id_))), g.admitted(CI), id_)
    for name, id_ in [
        ("another principal's", bound(ANNA, inner)),
        ("another key's principal's", bound("key:admin-key-1", inner)),
        ("same subject of no issuer", bound("jwt::anna", inner)),
        ("the inner id alone", inner),
        ("no tag behind the dot", f"{inner}."),
        ("a tag alone", f".{tag(CI, '')}"),
        ("another id's tag", f"{inner}.{tag(CI, 'other')}"),
        ("a task's tag", bound(CI, inner, kind="task")),
        ("a tag under another key", bound(CI, inner, key=g.SECRET)),
        ("last character changed", own[:-1] + ("A" if own[-1] != "A" else "B")),
        ("first character changed", "4" + own[1:]),
        ("a character more", own + "A"),
        ("a character less", own[:-1]),
        ("padded", own + "=="),
        ("in capitals", own.upper()),
        ("empty", ""),
        ("id of 257 bytes", bound(CI, "x" * 257)),
        ("of 10,000 bytes", "x" * 10_000),
        ("not ASCII", "caf\u00e9" + own),
        ("a space inside", bound(CI, "a b")),
        ("two joined by a comma", f"{own},{own}"),
    ]:
        add(name, g.request(g.key(), *named(id_)), foreign)
    repeated = g.by_principal("invalid_request", "session_repeated")
    add("twice the same", g.request(g.key(), *named(own, own)), repeated)
    add("one's own and another's", g.request(g.key(), *named(own, bound(ANNA, inner))), repeated)
    add("twice, in two cases", g.request(g.key(), *named(own), ("Mcp-Session-Id", own)), repeated)
    add("before the body is looked at", g.request(g.key(), *named(inner), body={"state": "broken"}), foreign)
    add("before the media type is", g.request(g.key(), *named(inner), media=False), foreign)
    add("after the credential", g.request(*named(own)), g.by_address("unauthorized", "credential_missing"))
    for revision in REVISIONS:
        version = ("mcp-protocol-version", revision)
        add(f"{revision}: its principal's", g.request(g.key(), version, *named(own)), g.admitted(CI), inner)
        add(f"{revision}: another's", g.request(g.bearer(token), version, *named(own)), foreign)
    version = ("mcp-protocol-version", "2026-07-28")
    headers = [version, ("mcp-method", "tools/call"), ("mcp-name", "whoami")]
    for name, ids in [("its principal's", [own]), ("another's", [bound(ANNA, inner)]), ("two", [own, own])]:
        add(f"2026-07-28 has none: {name}", g.request(g.key(), *headers, *named(*ids)), g.admitted(CI), "")
        add(f"2026-07-28 has none, GET: {name}", bare("GET", g.key(), version, *named(*ids)), g.admitted(CI), "")
    unbound = g.admitted(CI) | {"session": ""}
    g.vector(c, "gate without a key: not its affair", g.request(g.key(), *named(inner)), unbound, "both")
    g.vector(c, "gate without a key: nor are two", g.request(g.key(), *named(inner, own)), unbound, "both")


def revisions(g: Any) -> None:
    c = "protocol"
    encoded = lambda text: f"=?base64?{base64.b64encode(text.encode()).decode()}?="  # noqa: E731
    said = lambda method, name=None: [("mcp-method", method)] + ([("mcp-name", name)] if name is not None else [])  # noqa: E731
    forbidden = g.by_principal("forbidden", "policy_forbidden")
    admin = g.key(g.ADMIN)
    good = g.admitted("key:admin-key-1")
    resource = g.rpc("resources/read", {"uri": "docs://\u00e9"})
    prompt = g.rpc("prompts/get", {"name": "summary"})
    ping = g.rpc("ping")

    def add(revision: str | None, name: str, headers: list[Any], expect: dict[str, Any], body: str = g.WHOAMI) -> None:
        version = [] if revision is None else [("mcp-protocol-version", revision)]
        g.vector(c, f"{revision}: {name}", g.request(admin, *version, *headers, body=body), expect)

    for revision in [None, *REVISIONS, *STATELESS]:
        new = revision in STATELESS
        missing = g.mismatch() if new else good
        add(revision, "all there", said("tools/call", "whoami"), good)
        add(revision, "name in base64", said("tools/call", encoded("whoami")), good)
        add(revision, "none there", [], missing)
        add(revision, "no method", [("mcp-name", "whoami")], missing)
        add(revision, "no name of a tool", said("tools/call"), missing)
        add(revision, "no name of a resource", said("resources/read"), missing, resource)
        add(revision, "no name of a prompt", said("prompts/get"), missing, prompt)
        add(revision, "a resource's in base64", said("resources/read", encoded("docs://\u00e9")), good, resource)
        add(revision, "a prompt's", said("prompts/get", "summary"), good, prompt)
        add(revision, "no name where none is named", said("ping"), good, ping)
        add(revision, "no method of a list", [], missing, g.rpc("tools/list"))
        add(revision, "other name", said("tools/call", "generate-token"), g.mismatch())
        add(revision, "other name in base64", said("tools/call", encoded("generate-token")), g.mismatch())
        add(revision, "other method", said("tools/list", "whoami"), g.mismatch())
        add(revision, "a resource's URI in other case", said("resources/read", encoded("DOCS://\u00e9")), g.mismatch(), resource)
        add(revision, "a notification needs no headers", [], good, '{"jsonrpc":"2.0","method":"notifications/cancelled"}')
        add(revision, "nor does initialize", [], good, g.rpc("initialize", {}))
        add(revision, "a task's id", said("tasks/get", "t1"), good, g.rpc("tasks/get", {"taskId": "t1"}))
        add(revision, "another task's id", said("tasks/get", "t2"), g.mismatch(), g.rpc("tasks/get", {"taskId": "t1"}))
        # What the body says of the revision must be what the header says.
        for name, meta, agrees in [
            ("the body says the same", revision or "2025-03-26", revision is not None),
            ("the body says an older one", "2024-11-05", False),
            ("the body says a newer one", "2027-01-01", False),
            ("the body says none", None, True),
        ]:
            body = g.rpc("tools/call", {"name": "whoami", "_meta": {META: meta} if meta else {"progressToken": "x" * 60}})
            add(revision, name, said("tools/call", "whoami"), good if agrees else g.mismatch(), body)
        forbidden_call = g.request(g.key(), *([] if revision is None else [("mcp-protocol-version", revision)]),
                                   *said("tools/call", "generate-token"), body=g.call("generate-token"))
        g.vector(c, f"{revision}: headers admit nothing", forbidden_call, forbidden)
        batch = f"[{ping},{ping}]"
        allowed = revision in (None, "2025-03-26")
        expect = g.admitted("key:admin-key-1", used=2) if allowed else g.by_principal("invalid_request", "batch_invalid")
        add(revision, "batch", [], expect, batch)
        add(revision, "batch of two calls under one name", said("tools/call", "whoami"),
            g.mismatch() if allowed else g.by_principal("invalid_request", "batch_invalid"), f"[{g.WHOAMI},{g.call('x')}]")
        for header in said("tools/call", "whoami"):
            add(revision, f"{header[0]} again", [*said("tools/call", "whoami"), header], g.mismatch("null"))
    for version in ["tomorrow", "2026-07-27", "2026-07-28 ", "26-07-28", "DRAFT-2026", "\u00e9"]:
        shown = version.encode("ascii", "backslashreplace").decode()
        g.vector(c, f"revision {shown!r} is not ours to refuse",
                 g.request(admin, ("mcp-protocol-version", version)), good)
    for name, body in [
        ("as a number", '{"%s":20260728}' % META),
        ("twice", '{"%s":"2026-07-28","%s":"2026-07-28"}' % (META, META)),
        ("in other case", '{"%s":"2026-07-28"}' % META.upper()),
    ]:
        g.vector(c, f"the body says its revision {name}",
                 g.request(admin, body='{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":%s}}' % body),
                 g.by_principal("invalid_request", "body_unreadable"))
    escaped = g.rpc("ping", {"_meta": {META: "2026-07-28"}}).replace("protocolVersion", "protocol\\u0056ersion")
    g.vector(c, "the body says its revision in escapes", g.request(admin, body=escaped), g.mismatch())
    version = ("mcp-protocol-version", "2026-07-28")
    g.vector(c, "2026-07-28 twice", g.request(admin, version, version, *said("tools/call", "whoami")), g.mismatch("null"))
    for method in ["GET", "DELETE"]:
        g.vector(c, f"2026-07-28: {method} is the service's to refuse",
                 g.request(admin, version, method=method, media=False, body=None), good)


def listening(g: Any) -> None:
    c = "policy"

    def listen(role: str, notifications: Any) -> dict[str, Any]:
        return g.request(g.bearer(g.token(role=role)), body=g.rpc("subscriptions/listen", {"notifications": notifications}))

    forbidden = g.by_principal("forbidden", "policy_forbidden")
    uris = lambda *them: {"toolsListChanged": True, "resourceSubscriptions": list(them)}  # noqa: E731
    g.vector(c, "listening, to nothing of resources", listen("listener", {"toolsListChanged": True}), g.admitted(ANNA))
    g.vector(c, "listening, to one's own resources", listen("listener", uris("docs://a/1", "docs://one")), g.admitted(ANNA))
    g.vector(c, "listening, to another's among them", listen("listener", uris("docs://a/1", "docs://b")), forbidden)
    g.vector(c, "listening, to what climbs out", listen("listener", uris("docs://a/../b")), forbidden)
    g.vector(c, "listening, the method is not allowed", listen("viewer", uris("docs://a/1")), forbidden)
    unreadable = g.by_principal("invalid_request", "body_unreadable")
    g.vector(c, "listening, to what is no text", listen("listener", uris("docs://a/1", 7)), unreadable)
    g.vector(c, "listening, to 1025 resources", listen("listener", uris(*["docs://a/1"] * 1025)), unreadable)
    folded = json.loads(g.rpc("x", {"notifications": {"ResourceSubscriptions": ["docs://b"]}}))["params"]["notifications"]
    g.vector(c, "listening, in a spelling that folds", listen("listener", folded), unreadable)
