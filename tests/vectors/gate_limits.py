"""The gate's vectors of named limits, for gate.py, which hands itself over as `g`."""

from __future__ import annotations

import json
from typing import Any


def configured(g: Any, *limits: dict[str, Any], **settings: Any) -> str:
    """A gate by TOML, which JSON's texts, numbers and lists are: tables can't be variables."""
    keys = {"api_keys": [g.USER, g.OWN], "admin_api_keys": [g.ADMIN], "jwt_secret": g.SECRET, "jwt_issuer": g.ISSUER,
            "jwt_audience": g.AUDIENCE}
    lines = [f"{name} = {json.dumps(value)}" for name, value in (keys | settings).items()]
    for limit in limits:
        lines += ["[[limit]]", *(f"{name} = {json.dumps(value)}" for name, value in limit.items())]
    return "\n".join(lines) + "\n"


def limit(name: str, max_: int, window: str = "1m", **more: Any) -> dict[str, Any]:
    return {"name": name, "max": max_, "window": window} | more


def files(g: Any) -> dict[str, str]:
    return {
        "per tool": configured(g, limit("reads", 2, tools=["read_*"])),
        "each tool": configured(g, limit("each", 2, per="principal-tool")),
        "by role": configured(g, limit("viewers", 3, roles=["viewer", "lister"]), limit("admins", 5, roles=["admin"])),
        "by address": configured(g, limit("network", 3, per="address")),
        "everybody": configured(g, limit("all", 3, per="everybody")),
        "stacked": configured(g, limit("search", 2, tools=["search_*"]), limit("own", 4), limit("all", 6, per="everybody")),
        "costly": configured(g, limit("exports", 12, tools=["export"], cost=5), limit("own", 10)),
        "burst": configured(g, limit("burst", 60, burst=2)),
        "strict": configured(g, limit("strict", 4, strict=True)),
        "long": configured(g, limit("slow", 2, "4h", tools=["export"]), limit("fast", 1, "2s")),
        "kinds": configured(g, limit("docs", 2, resources=["docs://a/*"]), limit("texts", 2, prompts=["summary"]),
                            limit("lists", 2, methods=["tools/list", "prompts/l*"])),
        "tight": configured(g, limit("tool", 1, tools=["x"]), rate_limit_max=4),
        "own and role": configured(g, limit("viewers", 2, roles=["viewer"], tools=["read_*"]), limit("each", 3, per="principal-tool",
                                   tools=["*"])),
    }


def stories(g: Any) -> None:
    c = "limit"

    def told(name: str, max_: int, used: int, who: str = "key:admin-key-1", **more: Any) -> dict[str, Any]:
        return {"admitted": who, "headers": g.rate(name, max_, used, **more)}

    def full(name: str, max_: int, used: int, retry: int | None, **more: Any) -> dict[str, Any]:
        return g.denied("rate_limited", "limit_exceeded", g.rate(name, max_, used, retry, **more))

    def admin(*tools: str, **more: Any) -> dict[str, Any]:
        calls = [g.call(tool) for tool in tools]
        return g.request(g.key(g.ADMIN), body=calls[0] if len(calls) == 1 else f"[{','.join(calls)}]", **more)

    def role(name: str, tool: str = "read_file", sub: str = "anna") -> dict[str, Any]:
        return g.request(g.bearer(g.token(role=name, sub=sub)), body=g.call(tool))

    own = g.admitted
    ben = "jwt:https://issuer.example:ben"
    g.sequence(c, "a tool's, which leaves the others alone", [
        g.step(admin("read_file"), told("reads", 2, 1)),
        g.step(admin("write"), own("key:admin-key-1", 2)),
        g.step(admin("read_mail"), told("reads", 2, 2)),
        g.step(admin("read_file"), full("reads", 2, 2, 30), repeat=3),
        # What was refused cost the principal nothing.
        g.step(admin("write"), own("key:admin-key-1", 4)),
        g.step(g.request(g.key(g.ADMIN), method="GET", media=False, body=None), own("key:admin-key-1", 5)),
        g.step(g.request(g.key(g.ADMIN), body=g.rpc("resources/read", {"uri": "read_file"})), own("key:admin-key-1", 6)),
        g.step(role("viewer"), told("reads", 2, 1, g.ANNA)),
    ], "per tool")
    g.sequence(c, "it flows back", [
        g.step(admin("read_file"), told("reads", 2, 1), repeat=1),
        g.step(admin("read_file"), told("reads", 2, 2)),
        g.step(admin("read_file"), {"status": 429, "code": "limit_exceeded"}, seconds=29),
        g.step(admin("read_file"), told("reads", 2, 2), seconds=30),
        g.step(admin("read_file"), told("reads", 2, 1), seconds=600),
    ], "per tool")
    g.sequence(c, "escapes are no other tool", [
        g.step(admin("read_file"), told("reads", 2, 1)),
        g.step(g.request(g.key(g.ADMIN), body=g.call("read_file").replace("read", "\\u0072ead")), told("reads", 2, 2)),
        g.step(g.request(g.key(g.ADMIN), body=g.call("read_file").replace("_", "\\u005f")), full("reads", 2, 2, 30)),
    ], "per tool")
    g.sequence(c, "what the policy refuses counts nowhere but with its principal", [
        g.step(g.request(g.key(), body=g.call("read_file")), g.denied("forbidden", "policy_forbidden", g.rate("principal", 100, 1))),
        g.step(g.request(g.key(), body=g.call("read_file")), g.denied("forbidden", "policy_forbidden", g.rate("principal", 100, 2)),
             repeat=1),
        g.step(g.request(g.key()), own("key:api-key-1", 3)),
        g.step(admin("read_file"), told("reads", 2, 1)),
    ], "per tool")
    g.sequence(c, "each tool of each principal", [
        g.step(admin("x"), told("each", 2, 1)),
        g.step(admin("y"), told("each", 2, 1)),
        g.step(admin("x"), told("each", 2, 2)),
        g.step(admin("x"), full("each", 2, 2, 30)),
        g.step(admin("y"), told("each", 2, 2)),
        g.step(g.request(g.key()), told("each", 2, 1, "key:api-key-1")),
        g.step(g.request(g.key(g.ADMIN), body=g.rpc("prompts/get", {"name": "x"})), told("each", 2, 1)),
        g.step(g.request(g.key(g.ADMIN), body=g.rpc("ping")), told("each", 2, 1)),
        g.step(g.request(g.key(g.ADMIN), method="GET", media=False, body=None), told("each", 2, 1)),
        g.step(g.request(g.key(g.ADMIN), method="DELETE", media=False, body=None), told("each", 2, 2)),
        g.step(g.request(g.key(g.ADMIN), method="GET", media=False, body=None), full("each", 2, 2, 30)),
    ], "each tool")
    g.sequence(c, "each tool: a batch spends from each bucket once", [
        g.step(admin("x", "y", "x"), told("each", 2, 2)),
        g.step(admin("y", "z", "x"), full("each", 2, 2, 30)),
        g.step(admin("y", "z"), told("each", 2, 2)),
        g.step(admin("z"), told("each", 2, 2)),
        g.step(admin("v", "v", "v"), full("each", 2, 0, None)),
        g.step(admin("v", "v"), told("each", 2, 2)),
    ], "each tool")
    g.sequence(c, "a role's, and no other's", [
        g.step(role("viewer"), told("viewers", 3, 1, g.ANNA)),
        g.step(role("viewer"), told("viewers", 3, 2, g.ANNA)),
        # Whatever her role is called by, she is who she is.
        g.step(g.request(g.bearer(g.token(role="lister")), body=g.rpc("tools/list")), told("viewers", 3, 3, g.ANNA)),
        g.step(role("viewer"), full("viewers", 3, 3, 20)),
        g.step(g.request(g.bearer(g.token())), own(g.ANNA, 4)),
        g.step(role("viewer", sub="ben"), told("viewers", 3, 1, ben)),
        g.step(admin("x"), told("admins", 5, 1)),
        g.step(g.request(g.key()), own("key:api-key-1", 1)),
    ], "by role")
    both = g.request(g.bearer(g.token(role=None, roles=["admin", "viewer"])), body=g.call("x"))
    g.sequence(c, "two roles have both limits", [
        g.step(both, told("viewers", 3, 1, g.ANNA)),
        g.step(both, told("viewers", 3, 2, g.ANNA)),
        g.step(both, told("viewers", 3, 3, g.ANNA)),
        g.step(both, full("viewers", 3, 3, 20)),
        g.step(role("admin", "x"), told("admins", 5, 4, g.ANNA)),
    ], "by role")
    g.sequence(c, "an address's, whoever calls from there", [
        g.step(admin("x"), told("network", 3, 1)),
        g.step(g.request(g.key()), told("network", 3, 2, "key:api-key-1")),
        g.step(g.request(g.bearer(g.token())), told("network", 3, 3, g.ANNA)),
        g.step(admin("x"), full("network", 3, 3, 20)),
        g.step(admin("x", peer="203.0.113.5"), told("network", 3, 1)),
        g.step(admin("x", peer="2001:db8:1:2::1"), told("network", 3, 1)),
        g.step(admin("x", peer="2001:db8:1:2::2"), told("network", 3, 2)),
        g.step(admin("x", peer="2001:db8:1:3::1"), told("network", 3, 1)),
    ], "by address")
    g.sequence(c, "an address's failures are another bucket", [
        g.step(g.request(g.key("wrong-key")), g.by_address("invalid_token", "api_key_unknown", 1)),
        g.step(g.request(g.key("wrong-key")), g.by_address("invalid_token", "api_key_unknown", 2)),
        g.step(admin("x"), told("network", 3, 1)),
        g.step(g.request(), g.by_address("unauthorized", "credential_missing", 3)),
    ], "by address")
    g.sequence(c, "everybody's", [
        g.step(admin("x"), told("all", 3, 1)),
        g.step(g.request(g.key(), peer="203.0.113.5"), told("all", 3, 2, "key:api-key-1")),
        g.step(g.request(g.bearer(g.token())), told("all", 3, 3, g.ANNA)),
        g.step(g.request(g.key(g.OWN)), full("all", 3, 3, 20)),
        g.step(g.request(g.key(g.ADMIN), method="GET", media=False, body=None), full("all", 3, 3, 20)),
        g.step(g.request(g.key(g.OWN)), told("all", 3, 3, "key:Gate0Vectors"), seconds=20),
    ], "everybody")
    g.sequence(c, "a body that is refused counts for nobody else", [
        g.step(g.request(g.key(g.ADMIN), body="{"), g.by_principal("invalid_request", "body_unreadable"), repeat=1),
        g.step(g.request(g.key(g.ADMIN), media=False), g.by_principal("invalid_request", "body_media_type", used=2)),
        g.step(g.request(g.key(), body=g.call("x")), g.by_principal("forbidden", "policy_forbidden")),
        g.step(admin("x"), told("all", 3, 1)),
    ], "everybody")
    g.sequence(c, "a batch that everybody's has no room for", [
        g.step(admin("x", "y"), told("all", 3, 2)),
        g.step(admin("x", "y"), full("all", 3, 2, 20)),
        g.step(admin("x", "y", "z", "v"), full("all", 3, 2, None)),
        g.step(admin("z"), told("all", 3, 3)),
    ], "everybody")
    g.sequence(c, "three deep: what a later one refuses costs the earlier ones nothing", [
        g.step(admin("search_a"), told("search", 2, 1)),
        g.step(admin("x"), told("own", 4, 2)),
        g.step(g.request(g.key()), told("own", 4, 1, "key:api-key-1")),
        g.step(g.request(g.key(g.OWN)), told("all", 6, 4, "key:Gate0Vectors")),
        g.step(g.request(g.bearer(g.token())), told("all", 6, 5, g.ANNA)),
        g.step(g.request(g.bearer(g.token(sub="ben"))), told("all", 6, 6, ben)),
        # Refused by the last of them, and given back to the two before and to the principal's own.
        g.step(admin("search_a"), full("all", 6, 6, 10), repeat=5),
        # Had any of them cost something there, `search` had no room now. Of those alike, the first is told of.
        g.step(admin("search_a"), {"admitted": "key:admin-key-1", "headers": {"ratelimit": '"search";r=0;t=50'}}, seconds=10),
        g.step(admin("search_a"), full("search", 2, 2, 20) | {"headers": {"ratelimit-policy": '"search";q=2;w=60'}}, seconds=20),
        g.step(admin("x"), {"admitted": "key:admin-key-1", "headers": {"ratelimit": '"all";r=0;t=60'}}, seconds=20),
        g.step(admin("x"), {"status": 429, "code": "limit_exceeded", "headers": {"ratelimit": '"all";r=0;t=10'}}, seconds=20),
    ], "stacked")
    g.sequence(c, "three deep: the first that has no room is told of", [
        g.step(admin("search_a", "search_b"), told("search", 2, 2)),
        g.step(admin("search_c"), full("search", 2, 2, 30)),
        g.step(admin("x", "x"), told("own", 4, 4)),
        g.step(admin("x"), full("own", 4, 4, 15)),
        g.step(admin("search_a"), full("search", 2, 2, 30)),
        g.step(admin("x", "y", "z", "v", "w"), full("own", 4, 4, None)),
        g.step(g.request(g.key()), told("all", 6, 5, "key:api-key-1")),
    ], "stacked")
    g.sequence(c, "units are not calls", [
        g.step(admin("export"), told("exports", 12, 5)),
        g.step(admin("x"), told("own", 10, 2)),
        g.step(admin("export"), told("exports", 12, 10)),
        g.step(admin("export"), full("exports", 12, 10, 15)),
        g.step(admin("export", "export", "export"), full("exports", 12, 10, None)),
        g.step(admin("x"), told("own", 10, 4)),
    ], "costly")
    g.sequence(c, "a burst below the limit", [
        g.step(admin("x"), told("burst", 60, 1, burst=2)),
        g.step(admin("x"), told("burst", 60, 2, burst=2)),
        g.step(admin("x"), full("burst", 60, 2, 1, burst=2)),
        g.step(admin("x"), told("burst", 60, 2, burst=2), seconds=1),
        g.step(admin("x", "x"), told("burst", 60, 2, burst=2), seconds=3),
        g.step(admin("x", "x", "x"), full("burst", 60, 2, None, burst=2), seconds=3),
    ], "burst")
    g.sequence(c, "a strict one", [
        g.step(admin("x"), told("strict", 4, 1, burst=2, refill=2)),
        g.step(admin("x"), told("strict", 4, 2, burst=2, refill=2)),
        g.step(admin("x"), full("strict", 4, 2, 30, burst=2, refill=2)),
        g.step(admin("x"), told("strict", 4, 2, burst=2, refill=2), seconds=30),
    ], "strict")
    g.sequence(c, "windows of hours and of seconds", [
        g.step(admin("export"), told("fast", 1, 1, window=2)),
        g.step(admin("export"), full("fast", 1, 1, 2, window=2)),
        g.step(admin("export"), {"admitted": "key:admin-key-1", "headers": {"ratelimit": '"slow";r=0;t=14398'}}, seconds=2),
        g.step(admin("export"), {"status": 429, "code": "limit_exceeded",
                               "headers": {"ratelimit-policy": '"slow";q=2;w=14400', "retry-after": "7196"}}, seconds=4),
        g.step(admin("x"), told("fast", 1, 1, window=2), seconds=4),
    ], "long")
    read = lambda uri: g.request(g.key(g.ADMIN), body=g.rpc("resources/read", {"uri": uri}))  # noqa: E731
    g.sequence(c, "resources, in whatever spelling", [
        g.step(read("docs://a/b"), told("docs", 2, 1)),
        g.step(read("docs://b/a"), own("key:admin-key-1", 2)),
        g.step(read("DOCS://%61//b"), told("docs", 2, 2)),
        g.step(read("docs://a/c"), full("docs", 2, 2, 30)),
        g.step(read("docs://b/../a/c"), full("docs", 2, 2, 30)),
        g.step(read("docs://b/%2e%2e/a/c"), full("docs", 2, 2, 30)),
        g.step(admin("docs://a/b"), own("key:admin-key-1", 4)),
    ], "kinds")
    complete = {"ref": {"type": "ref/prompt", "name": "summary"}, "argument": {"name": "a", "value": "b"}}
    g.sequence(c, "prompts and methods", [
        g.step(g.request(g.key(g.ADMIN), body=g.rpc("prompts/get", {"name": "summary"})), told("texts", 2, 1)),
        g.step(g.request(g.key(g.ADMIN), body=g.rpc("completion/complete", complete)), told("texts", 2, 2)),
        g.step(g.request(g.key(g.ADMIN), body=g.rpc("prompts/get", {"name": "summary"})), full("texts", 2, 2, 30)),
        g.step(g.request(g.key(g.ADMIN), body=g.rpc("prompts/get", {"name": "other"})), own("key:admin-key-1", 3)),
        g.step(g.request(g.key(g.ADMIN), body=g.rpc("tools/list")), told("lists", 2, 1)),
        g.step(g.request(g.key(g.ADMIN), body=g.rpc("prompts/list")), told("lists", 2, 2)),
        g.step(g.request(g.key(g.ADMIN), body=g.rpc("tools/list")), full("lists", 2, 2, 30)),
        g.step(g.request(g.key(g.ADMIN), body=g.rpc("resources/list")), own("key:admin-key-1", 6)),
    ], "kinds")
    twice = g.rate("tool", 1, 1, retry=60)
    g.sequence(c, "as many refusals are free as the principal's quota has units", [
        g.step(admin("x"), told("tool", 1, 1)),
        g.step(admin("x"), g.denied("rate_limited", "limit_exceeded", twice), repeat=4),
        g.step(admin("y"), own("key:admin-key-1", 2, limit=4)),
        # From here on they cost what any refused body does.
        g.step(admin("x"), g.denied("rate_limited", "limit_exceeded", twice)),
        g.step(admin("y"), own("key:admin-key-1", 4, limit=4)),
        g.step(admin("x"), g.denied("rate_limited", "principal_rate_limited", g.rate("principal", 4, 4, retry=15))),
    ], "tight")
    g.sequence(c, "the principal's own bucket comes first", [
        g.step(admin("y", "y", "y", "y"), own("key:admin-key-1", 4, limit=4)),
        g.step(admin("x"), g.denied("rate_limited", "principal_rate_limited", g.rate("principal", 4, 4, retry=15)), repeat=5),
        g.step(admin("x"), own("key:admin-key-1", 4, limit=4), seconds=15),
        g.step(admin("x"), g.denied("rate_limited", "limit_exceeded", g.rate("tool", 1, 1, retry=45) | {"x-ratelimit-reset": "45"}),
             seconds=30),
    ], "tight")
    g.sequence(c, "a batch gives back all that it took", [
        g.step(admin("x"), told("tool", 1, 1)),
        g.step(admin("y", "x", "y"), g.denied("rate_limited", "limit_exceeded", twice)),
        g.step(admin("y", "y"), own("key:admin-key-1", 3, limit=4)),
    ], "tight")
    g.sequence(c, "a role's tools, and each tool", [
        g.step(role("viewer"), told("viewers", 2, 1, g.ANNA)),
        g.step(role("viewer", "read_mail"), told("viewers", 2, 2, g.ANNA)),
        g.step(role("viewer"), full("viewers", 2, 2, 30)),
        g.step(role("admin"), told("each", 3, 2, g.ANNA)),
        g.step(role("admin"), told("each", 3, 3, g.ANNA)),
        g.step(role("admin"), full("each", 3, 3, 20)),
        g.step(role("admin", "read_mail"), told("each", 3, 2, g.ANNA)),
    ], "own and role")
