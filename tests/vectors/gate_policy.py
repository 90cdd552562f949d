"""The gate's vectors of scopes and requirements, for gate.py, which hands itself over as `g`."""

from __future__ import annotations

from typing import Any

ANNA, CI = "jwt:https://issuer.example:anna", "key:api-key-1"

FILES = {
    "scoped": """
[roles.user]
tools = ["whoami"]
[roles.admin]
tools = ["*"]
[roles.staff]
tools = ["publish"]
[scopes."files:read"]
tools = ["read_*"]
resources = ["docs://*"]
methods = []
[scopes."files:write"]
tools = ["write_*", "delete_*"]
methods = []
implies = ["files:read"]
[scopes."web:publish"]
methods = []
[everybody]
methods = ["tools/list"]
[[require]]
tools = ["delete_*"]
any_of = { scopes = ["files:delete"], roles = ["admin"] }
[[require]]
tools = ["publish"]
all_of = { scopes = ["web:publish"], roles = ["staff"] }
""",
    "open": """
[policy]
default = "allow"
[[require]]
tools = ["delete_*"]
resources = ["docs://secret/*"]
all_of = { scopes = ["danger"] }
""",
}


def gates(g: Any) -> dict[str, dict[str, str]]:
    return {"scoped": g.KEYS | g.TOKENS, "open": g.KEYS | g.TOKENS}


def stories(g: Any) -> None:
    c = "policy"

    def lacks(scope: str) -> dict[str, Any]:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        answer = g.by_principal("insufficient_scope", "scope_insufficient")
        return answer | {"headers": answer["headers"] | {"www-authenticate": challenge}}

    forbidden = g.by_principal("forbidden", "policy_forbidden")
    admitted = g.admitted(ANNA)

    def add(name: str, scope: Any, body: str, expect: dict[str, Any], role: str | None = None, **more: Any) -> None:
        token = g.token(role=role, scope=scope, **more)
        g.vector(c, f"scopes: {name}", g.request(g.bearer(token), body=body), expect, "scoped")

    read, write, delete = g.call("read_x"), g.call("write_x"), g.call("delete_x")
    uri = lambda text: g.rpc("resources/read", {"uri": text})  # noqa: E731
    add("none", None, read, lacks("files:read"))
    add("another", "files:list", read, lacks("files:read"))
    add("in another case", "Files:Read", read, lacks("files:read"))
    add("the one", "files:read", read, admitted)
    add("among others", "openid files:read offline_access", read, admitted)
    add("as scp", None, read, admitted, scp=["openid", "files:read"])
    add("as a text in scp", None, read, admitted, scp="openid files:read")
    add("implied", "files:write", read, admitted)
    add("not upwards", "files:read", write, lacks("files:write"))
    add("a resource's", None, uri("docs://a"), lacks("files:read"))
    add("a resource's, held", "files:read", uri("docs://a"), admitted)
    add("none would reach out of its folder", "files:read", uri("docs://a/../b"), forbidden)
    add("none reaches it", "files:write", g.call("other"), forbidden)
    add("none reaches that method", "files:write", g.rpc("prompts/list"), forbidden)
    add("what everybody may", None, g.rpc("tools/list"), admitted)
    add("ping needs none", None, g.rpc("ping"), admitted)
    add("a role's tool needs none", None, g.WHOAMI, admitted, role="user")
    add("a scope's name as a role", None, read, lacks("files:read"), role="files:read")
    all_of_deleting = lacks("files:delete files:write")
    add("all of an operation at once", None, delete, all_of_deleting)
    add("the same with one of them held", "files:write", delete, all_of_deleting)
    add("the same with the other", "files:delete", delete, all_of_deleting)
    add("both", "files:delete files:write", delete, admitted)
    add("the required one in a role's place", "files:write", delete, admitted, role="admin")
    add("role and scope required, role missing", "web:publish", g.call("publish"), forbidden)
    add("role and scope required, scope missing", None, g.call("publish"), lacks("web:publish"), role="staff")
    add("role and scope required, both held", "web:publish", g.call("publish"), admitted, role="staff")
    add("expired comes first", None, read, g.by_address("invalid_token", "token_expired", used=0), exp=g.NOW - 1)
    add("a scope beyond ASCII gives nothing", "files:read\u00e9", read, lacks("files:read"))
    of = lambda *members: f"[{','.join(members)}]"  # noqa: E731
    add("a batch, all members'", None, of(read, g.rpc("ping"), delete), lacks("files:delete files:read files:write"))
    add("a batch, the refused members'", "files:read", of(read, write), lacks("files:write"))
    add("a batch, one of which no scope helps", None, of(read, g.call("other")), forbidden)
    add("a batch, the same the other way round", None, of(g.call("other"), read), forbidden)
    add("a batch, all held", "files:write", of(read, write), g.admitted(ANNA, used=2))
    version, name = ("mcp-protocol-version", "2026-07-28"), ("mcp-name", "read_x")
    meta = g.rpc("tools/call", {"name": "read_x", "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}})
    headers = [version, ("mcp-method", "tools/call"), name]
    bearer = lambda scope: g.bearer(g.token(role=None, scope=scope))  # noqa: E731
    g.vector(c, "scopes: revision 2026-07-28, missing", g.request(bearer(None), *headers, body=meta), lacks("files:read"), "scoped")
    g.vector(c, "scopes: revision 2026-07-28, held", g.request(bearer("files:read"), *headers, body=meta), admitted, "scoped")
    g.vector(c, "scopes: a key has none", g.request(g.key(), body=read), lacks("files:read"), "scoped")
    g.vector(c, "scopes: a key's role", g.request(g.key()), g.admitted(CI), "scoped")
    danger = lacks("danger")
    for label, body, expect in [
        ("what nobody names", g.call("anything"), admitted),
        ("any method", g.rpc("x/y"), admitted),
        ("what is required", delete, danger),
        ("a resource that is required, in escapes", uri("docs://%73ecret/x"), danger),
        ("a resource that is required, by a detour", uri("docs://open/../secret/x"), danger),
        ("another resource", uri("docs://open/x"), admitted),
    ]:
        g.vector(c, f"default allow: {label}", g.request(bearer(None), body=body), expect, "open")
    g.vector(c, "default allow: the scope is held", g.request(bearer("danger"), body=delete), admitted, "open")
    lacking, held = g.request(bearer("files:read"), body=delete), g.request(bearer("files:write files:delete"), body=delete)
    g.sequence(c, "scopes: a step up, and it spends nothing of the address", [
        g.step(lacking, all_of_deleting | {"headers": {"ratelimit-policy": '"principal";q=100;w=60'}}),
        g.step(held, {"admitted": ANNA}),
    ], "scoped")
