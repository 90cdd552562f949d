"""FastMCP's client against the example server: good, bad, expired, under-scoped, limited; and a token provider."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastmcp import Client, FastMCP
from fastmcp.client.transports import StreamableHttpTransport
from servers import ADMIN_KEY, KEY, SECRET, running

from doorward import ApiKey, ApiKeys, ConfigError, Verifier, sign
from doorward.fastmcp import Requirements, TokenProvider
from doorward.mcp import TokenVerifier

pytestmark = pytest.mark.thread_unsafe

LATER = 4102444800
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def bearer(**claims: Any) -> dict[str, str]:
    return {"authorization": "Bearer " + sign({"sub": "anna", "exp": LATER, **claims}, SECRET)}


def called(url: str, headers: dict[str, str], *tools: str) -> tuple[list[Any], list[str]]:
    """What FastMCP's client got of each tool, text or exception, and the tools it was shown."""

    async def go() -> tuple[list[Any], list[str]]:
        results: list[Any] = []
        shown: list[str] = []
        try:
            async with Client(StreamableHttpTransport(url + "/mcp", headers=headers), timeout=10) as client:
                shown = sorted(tool.name for tool in await client.list_tools())
                for tool in tools:
                    try:
                        results.append((await client.call_tool(tool, {})).data)
                    except Exception as error:
                        results.append(error)
        except Exception as error:
            results.append(error)
        return results, shown

    return asyncio.run(asyncio.wait_for(go(), 30))


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    with running("fastmcp_server", API_KEYS=KEY, ADMIN_API_KEYS=ADMIN_KEY, JWT_SECRET=SECRET) as url:
        yield url


def test_good(guarded: str) -> None:
    results, shown = called(guarded, {"x-api-key": KEY}, "whoami", "shut_down")
    assert results[0].startswith("key:") and shown == ["whoami"]
    assert "not yours to call" in str(results[1])
    results, shown = called(guarded, {"authorization": f"Bearer {ADMIN_KEY}"}, "shut_down")
    assert (results, shown) == (["not really"], ["shut_down", "whoami"])
    results, shown = called(guarded, bearer(scope="export", role="admin"), "whoami", "export", "shut_down")
    assert shown == ["export", "shut_down", "whoami"]
    assert results == ["anna with export", "exported", "not really"]


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, "unauthorized"),
        ({"x-api-key": "a-guess"}, "invalid_token"),
        ({"authorization": "Bearer a.b.c"}, "invalid_token"),
        (bearer(exp=1), "invalid_token"),
    ],
    ids=["none", "bad key", "bad token", "expired"],
)
def test_bad(guarded: str, headers: dict[str, str], error: str) -> None:
    results, _ = called(guarded, headers, "whoami")
    assert isinstance(results[0], Exception)
    answer = httpx.post(guarded + "/mcp", json=PING, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (401, error)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_another_scheme_beside_a_key_is_ignored(guarded: str) -> None:
    """The gate ignores it, and FastMCP's own check after the gate must not refuse whom the gate admitted."""
    headers = {"x-api-key": KEY, "authorization": "Basic dXNlcjpwYXNz", "accept": "application/json, text/event-stream"}
    answer = httpx.post(guarded + "/mcp", json=PING, headers=headers)
    assert answer.status_code != 401
    results, _ = called(guarded, {"x-api-key": KEY, "authorization": "Basic dXNlcjpwYXNz"}, "whoami")
    assert str(results[0]).startswith("key:")


def test_under_scoped_is_403(guarded: str) -> None:
    results, _ = called(guarded, bearer(scope="read"), "whoami", "export")
    assert results[0] == "anna with read" and isinstance(results[1], Exception)
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "export", "arguments": {}}}
    answer = httpx.post(guarded + "/mcp", json=call, headers=bearer(scope="read"))
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    assert 'scope="export"' in answer.headers["www-authenticate"]


def test_limits_answer_429() -> None:
    with running("fastmcp_server", API_KEYS=KEY, RATE_LIMIT_MAX="6") as url:
        results, _ = called(url, {"x-api-key": KEY}, *["whoami"] * 8)
        assert results[0].startswith("key:") and isinstance(results[-1], Exception)
        answer = httpx.post(url + "/mcp", json=PING, headers={"x-api-key": KEY})
        assert answer.status_code == 429 and int(answer.headers["retry-after"]) >= 1


def test_token_provider() -> None:
    keys = ApiKeys([ApiKey("ci", KEY, scopes=["read"], roles=["admin"])])
    tokens = TokenVerifier(Verifier(secret=SECRET), api_keys=keys)
    server: FastMCP = FastMCP(
        "verified",
        auth=TokenProvider(tokens, required_scopes=["read"]),
        middleware=[Requirements({"secret": {"roles": ["admin"]}})],
    )

    @server.tool
    def secret() -> str:
        return "told"

    app = server.http_app(json_response=True, stateless_http=True)

    async def go() -> list[int]:
        statuses = []
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
                accept = {"accept": "application/json, text/event-stream"}
                call = {
                    "jsonrpc": "2.0",
                    "id": 1,
                    "method": "tools/call",
                    "params": {"name": "secret", "arguments": {}},
                }
                for headers in (
                    {},
                    bearer(scope="write"),
                    bearer(scope="read", exp=1),
                    bearer(scope="read"),
                    {"authorization": f"Bearer {KEY}"},
                ):
                    answer = await http.post("/mcp", json=call, headers={**accept, **headers})
                    statuses.append(answer.status_code)
                    if answer.status_code == 200:
                        statuses.append(-1 if answer.json()["result"].get("isError") else 0)
        return statuses

    assert asyncio.run(go()) == [401, 403, 401, 200, -1, 200, 0]
    for needs in ({}, {"role": ["admin"]}, {"scopes": ["read"], "role": ["admin"]}):
        with pytest.raises(ConfigError):
            Requirements({"secret": needs})
