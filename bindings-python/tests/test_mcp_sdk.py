"""The official SDK's clients against the example servers: good, bad, expired, under-scoped, limited."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from servers import ADMIN_KEY, EXAMPLES, KEY, SECRET, environment, running

from doorward import ApiKey, ApiKeys, ConfigError, Gate, Jwks, Policy, Verifier, sign
from doorward.mcp import Guard, TokenVerifier, requires

pytestmark = pytest.mark.thread_unsafe

LATER = 4102444800


def token(**claims: Any) -> str:
    return sign({"sub": "anna", "exp": LATER, **claims}, SECRET)


def bearer(**claims: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {token(**claims)}"}


class Watching(httpx2.AsyncClient):
    """Remembers the statuses of what was answered."""

    statuses: list[int]

    async def send(self, *args: Any, **kwargs: Any) -> Any:
        response = await super().send(*args, **kwargs)
        self.statuses.append(response.status_code)
        return response


def called(url: str, headers: dict[str, str], *tools: str, mode: str = "auto") -> tuple[list[Any], list[int]]:
    """What the official client got of each tool, text or exception, and the statuses it saw."""

    async def go(http: Watching) -> list[Any]:
        results: list[Any] = []
        async with Client(streamable_http_client(url + "/mcp", http_client=http), mode=mode) as client:
            for tool in tools:
                try:
                    result = await client.call_tool(tool, {})
                    text = "".join(getattr(block, "text", "") for block in result.content)
                    results.append(("error: " if result.is_error else "") + text)
                except Exception as error:
                    results.append(error)
        return results

    async def watched() -> tuple[list[Any], list[int]]:
        async with Watching(headers=headers, timeout=10) as http:
            http.statuses = []
            try:
                return await asyncio.wait_for(go(http), 20), http.statuses
            except Exception as error:
                return [error], http.statuses

    return asyncio.run(watched())


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    with running("mcp_sdk_server", API_KEYS=KEY, ADMIN_API_KEYS=ADMIN_KEY, JWT_SECRET=SECRET) as url:
        yield url


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_good(guarded: str, mode: str) -> None:
    results, statuses = called(guarded, {"x-api-key": KEY}, "whoami", "shut_down", mode=mode)
    assert results[0].startswith("key:") and results[0].endswith("with no scopes")
    assert results[1] == "error: Error executing tool shut_down: forbidden: shut_down is not yours to call"
    assert set(statuses) <= {200, 202, 204, 400, 405}
    results, _ = called(guarded, {"x-api-key": ADMIN_KEY}, "shut_down", mode=mode)
    assert results == ["not really"]
    results, _ = called(guarded, bearer(scope="read export", role="admin"), "whoami", "export", "shut_down", mode=mode)
    assert results == ["anna with read export", "exported", "not really"]


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, "unauthorized"),
        ({"x-api-key": "a-guess"}, "invalid_token"),
        ({"authorization": "Bearer " + token()[:-4] + "AAAA"}, "invalid_token"),
        (bearer(exp=1), "invalid_token"),
        (bearer(exp=1, scope="nothing"), "invalid_token"),
    ],
    ids=["none", "bad key", "bad signature", "expired", "expired and under-scoped"],
)
def test_bad(guarded: str, headers: dict[str, str], error: str) -> None:
    results, statuses = called(guarded, headers, "whoami")
    assert isinstance(results[0], Exception) and set(statuses) == {401}
    answer = httpx.post(guarded + "/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=headers)
    assert answer.json()["error"] == error
    assert ("error=" in answer.headers["www-authenticate"]) == (error != "unauthorized")


def test_under_scoped(guarded: str) -> None:
    results, statuses = called(guarded, bearer(scope="read"), "whoami", "export")
    assert results[0] == "anna with read"
    assert isinstance(results[1], Exception) and 403 in statuses


def test_limited() -> None:
    with running("mcp_sdk_server", API_KEYS=KEY, RATE_LIMIT_MAX="6") as url:
        results, statuses = called(url, {"x-api-key": KEY}, *["whoami"] * 8)
        assert results[0].startswith("key:") and isinstance(results[-1], Exception)
        assert 429 in statuses
        answer = httpx.post(
            url + "/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers={"x-api-key": KEY}
        )
        assert answer.status_code == 429 and int(answer.headers["retry-after"]) >= 1
        assert answer.headers["x-ratelimit-remaining"] == "0"


def test_a_session_is_its_openers_own(guarded: str) -> None:
    start = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    accept = {"accept": "application/json, text/event-stream"}
    opened = httpx.post(guarded + "/mcp", json=start, headers={**accept, "x-api-key": KEY})
    assert opened.status_code == 200
    session = {**accept, "mcp-session-id": opened.headers["mcp-session-id"], "mcp-protocol-version": "2025-06-18"}
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    own = httpx.post(guarded + "/mcp", json=ping, headers={**session, "x-api-key": KEY})
    other = httpx.post(guarded + "/mcp", json=ping, headers={**session, "x-api-key": ADMIN_KEY})
    third = httpx.post(guarded + "/mcp", json=ping, headers={**session, **bearer()})
    assert (own.status_code, other.status_code, third.status_code) == (200, 404, 404)


def test_a_session_of_the_older_transport_is_its_openers_own() -> None:
    """By a real client over SSE; and by hand, as somebody who has overheard its id."""
    posted: list[str] = []

    async def go(url: str) -> str:
        opened: list[str] = []
        headers = {"x-api-key": "a-key-of-anna-alone"}
        # Not "auto", which asks by a revision that has no such transport.
        transport = sse_client(url + "/sse", headers=headers, on_session_created=opened.append)
        async with Client(transport, mode="legacy") as client:
            result = await client.call_tool("echo", {"text": "hello"})
            posted.extend(opened)
            ping = {"jsonrpc": "2.0", "id": 7, "method": "ping"}
            inner, _, _ = opened[0].rpartition(".")
            async with httpx.AsyncClient(base_url=url) as http:
                for key, session, status in (
                    ("a-key-of-anna-alone", opened[0], 202),
                    ("a-key-of-ben-alone", opened[0], 404),
                    ("a-key-of-anna-alone", inner, 404),
                    ("a-key-of-anna-alone", f"{opened[0]}&session_id={opened[0]}", 400),
                    ("a-key-of-anna-alone", f"x&session_i%64={opened[0]}", 400),
                ):
                    path = f"/messages/?session_id={session}"
                    answer = await http.post(path, json=ping, headers={"x-api-key": key})
                    assert answer.status_code == status, (path, answer.text)
            return "".join(getattr(block, "text", "") for block in result.content)

    with running("sse_server", folder=Path(__file__).parent) as url:
        assert asyncio.run(asyncio.wait_for(go(url), 30)) == "hello"
    assert "." in posted[0]


def test_lists_show_what_is_reached(guarded: str) -> None:
    async def shown(headers: dict[str, str]) -> list[str]:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=10) as http,
            Client(streamable_http_client(guarded + "/mcp", http_client=http)) as client,
        ):
            return sorted(tool.name for tool in (await client.list_tools()).tools)

    for headers, names in (
        ({"x-api-key": KEY}, ["shut_down", "whoami"]),
        (bearer(scope="export"), ["export", "shut_down", "whoami"]),
    ):
        assert asyncio.run(asyncio.wait_for(shown(headers), 20)) == names


def test_the_sdks_own_bearer_check() -> None:
    here = "http://127.0.0.1:8000/mcp"
    with running("mcp_sdk_token_verifier", JWT_SECRET=SECRET) as url:
        results, _ = called(url, bearer(aud=here, scope="read", team="blue"), "whoami")
        assert results == ["anna of blue"]
        for status, claims in (
            (401, {"aud": "https://other.example", "scope": "read"}),
            (401, {"aud": here, "scope": "read", "exp": 1}),
            (403, {"aud": here, "scope": "write"}),
        ):
            results, statuses = called(url, bearer(**claims), "whoami")
            assert isinstance(results[0], Exception) and set(statuses) == {status}


def test_token_verifier() -> None:
    keys = ApiKeys([ApiKey("ci", KEY, scopes=["read"], roles=["user"], expires=LATER)])
    both = TokenVerifier(Verifier(secret=SECRET), api_keys=keys, resource="https://mcp.example/mcp")
    found = asyncio.run(both.verify_token(token(scope="a b", client_id="app", custom=[1])))
    assert found is not None and found.claims is not None
    assert (found.client_id, found.subject, found.scopes, found.expires_at) == ("app", "anna", ["a", "b"], LATER)
    assert found.claims["custom"] == [1] and found.resource == "https://mcp.example/mcp"
    key = asyncio.run(both.verify_token(KEY))
    assert key is not None
    assert (key.client_id, key.scopes, key.claims, key.expires_at) == ("key:ci", ["read"], {"roles": ["user"]}, LATER)
    for bad in (token(exp=1), "a.b.c", "a-guess", "", "x" * 100_000, "\ud800"):
        assert asyncio.run(both.verify_token(bad)) is None
    with pytest.raises(ConfigError):
        TokenVerifier()


def test_token_verifier_with_fetched_keys() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from doorward import SigningKey

    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = SigningKey.from_private(pem, "ES256", kid="one")
    gets = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal gets
        gets += 1
        return httpx.Response(200, json={"keys": [key.public_jwk()]})

    async def go() -> None:
        jwks = Jwks("https://issuer.example/keys")
        verifier = Verifier(jwks=jwks, audience="here", issuer="https://issuer.example")
        client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        tokens = TokenVerifier(verifier, http_client=client)
        good = key.sign({"iss": "https://issuer.example", "aud": "here", "sub": "anna", "exp": LATER})
        found = await asyncio.gather(*(tokens.verify_token(good) for _ in range(5)))
        assert all(one is not None and one.subject == "anna" for one in found)
        other = SigningKey.from_private(pem, "ES256", kid="two")
        unknown = other.sign({"iss": "https://issuer.example", "aud": "here", "sub": "anna", "exp": LATER})
        # A flood of unknown keys is no flood of fetches.
        assert [await tokens.verify_token(unknown) for _ in range(5)] == [None] * 5
        assert gets <= 2

    asyncio.run(go())


def test_requires_needs_somebody_and_something() -> None:
    @requires(scopes=["read"])
    def tool() -> str:
        return "read"

    with pytest.raises(Exception, match="authentication required"):
        tool()
    for bad in ({}, {"scopes": "read"}, {"scopes": ['a"b']}):
        with pytest.raises(ConfigError):
            requires(**bad)


def stdio(**settings: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-W", "ignore", str(EXAMPLES / "stdio_server.py")]
    return subprocess.run(command, env=environment(settings), input=b"", capture_output=True, timeout=60)


def test_stdio_without_a_key_or_with_a_bad_one() -> None:
    for settings, line in (
        ({}, b"MCP_API_KEY environment variable is required\n"),
        ({"MCP_API_KEY": " "}, b"MCP_API_KEY environment variable is required\n"),
        ({"MCP_API_KEY": "a-guess"}, b"MCP_API_KEY environment variable is refused (api_key_unknown)\n"),
    ):
        run = stdio(**settings)
        assert (run.returncode, run.stdout, run.stderr) == (1, b"", line)


def test_stdio_with_a_good_one() -> None:
    from mcp import StdioServerParameters

    async def go() -> str:
        command = [str(EXAMPLES / "stdio_server.py")]
        server = StdioServerParameters(command=sys.executable, args=command, env=environment({"MCP_API_KEY": KEY}))
        async with Client(server) as client:
            result = await client.call_tool("whoami", {})
            return "".join(getattr(block, "text", "") for block in result.content)

    assert asyncio.run(asyncio.wait_for(go(), 60)) == "key:anna"


def test_the_tokens_time_is_the_sessions_too(guarded: str) -> None:
    """What was admitted once is not admitted for ever."""
    soon = bearer(exp=time.time() + 1)
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    accept = {"accept": "application/json, text/event-stream"}
    assert httpx.post(guarded + "/mcp", json=ping, headers={**soon, **accept}).status_code != 401
    time.sleep(1.1)
    assert httpx.post(guarded + "/mcp", json=ping, headers={**soon, **accept}).status_code == 401


def test_a_credential_of_another_scheme_is_no_access_token() -> None:
    tokens: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        tokens.append(scope["user"].access_token.token)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gate = Gate(api_keys=ApiKeys([ApiKey("ci", KEY)]), verifiers=Verifier(secret=SECRET), policy=Policy.allow_all())
    transport = httpx.ASGITransport(Guard(app, gate), client=("192.0.2.7", 1))

    async def go() -> None:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            for headers in ({"x-api-key": KEY, "authorization": "Basic dXNlcjpwYXNz"}, bearer()):
                assert (await http.get("/mcp", headers=headers)).status_code == 200

    asyncio.run(go())
    assert tokens[0] == "" and tokens[1].count(".") == 2
