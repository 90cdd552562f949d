"""An MCP client with OAuth, driven line by line: a JSON command in, a JSON outcome out.

The official Python SDK, 2.x. See ../README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

# Nobody listens there: the answer is read from the redirect itself.
REDIRECT_URL = "http://127.0.0.1:9/callback"
TIMEOUT_SECONDS = 20.0


def further_headers() -> dict[str, str]:
    """What else every request carries: from the environment, for an argument would show in the process list."""
    name, colon, value = os.environ.get("DOORWARD_TEST_HEADER", "").partition(":")
    return {name.strip(): value.strip()} if colon else {}


class Storage:
    """Keeps everything in memory."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Wire(httpx2.AsyncBaseTransport):
    """Changes nothing, and notes who was asked for what, and what the answer was. Below the SDK's own OAuth requests."""

    def __init__(self, server: str) -> None:
        self.server = urlsplit(server).netloc
        self.inner = httpx2.AsyncHTTPTransport()
        self.notes: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = urlsplit(str(request.url))
        to = "server" if url.netloc == self.server else "issuer"
        note: dict[str, Any] = {"to": to, "method": request.method, "path": url.path}
        if request.headers.get("content-type", "").startswith("application/json") and to == "server":
            note["rpc"] = json.loads(await request.aread()).get("method")
        note["credential"] = "authorization" in request.headers
        self.notes.append(note)
        try:
            response = await self.inner.handle_async_request(request)
        except httpx2.TransportError:
            note["status"] = 0
            raise
        note["status"] = response.status_code
        if "www-authenticate" in response.headers:
            note["challenge"] = response.headers["www-authenticate"]
        return response


class Session:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.wire = Wire(options.url)
        self.storage = Storage()
        self.stack = AsyncExitStack()
        self.client: Client | None = None
        self.answer: dict[str, list[str]] = {}
        self.auth = OAuthClientProvider(
            server_url=options.url,
            client_metadata=OAuthClientMetadata(
                client_name="doorward-test-client",
                redirect_uris=[REDIRECT_URL],
                token_endpoint_auth_method="none",
            ),
            storage=self.storage,
            redirect_handler=self.redirect,
            callback_handler=self.callback,
        )

    async def redirect(self, url: str) -> None:
        """There is no browser: it asks for consent itself and reads where it was sent."""
        async with httpx2.AsyncClient(transport=self.wire) as http:
            response = await http.get(url, follow_redirects=False)
        self.answer = parse_qs(urlsplit(response.headers["location"]).query)

    async def callback(self) -> AuthorizationCodeResult:
        one = {name: values[0] for name, values in self.answer.items()}
        return AuthorizationCodeResult(code=one.get("code", ""), state=one.get("state"), iss=one.get("iss"))

    async def connect(self, _: dict[str, Any]) -> Any:
        await self.stack.aclose()
        self.client = None
        http = await self.stack.enter_async_context(
            httpx2.AsyncClient(
                auth=self.auth, transport=self.wire, headers=further_headers(), timeout=TIMEOUT_SECONDS
            )
        )
        transport = streamable_http_client(self.options.url, http_client=http)
        self.client = await self.stack.enter_async_context(Client(transport, mode=self.options.protocol))
        return self.client.protocol_version

    async def list(self, _: dict[str, Any]) -> Any:
        assert self.client is not None, "not connected"
        return sorted(tool.name for tool in (await self.client.list_tools()).tools)

    async def call(self, command: dict[str, Any]) -> Any:
        assert self.client is not None, "not connected"
        result = await self.client.call_tool(command["tool"], command.get("args", {}))
        if result.is_error:
            raise RuntimeError(str(result.content))
        return result.structured_content

    async def tokens(self, _: dict[str, Any]) -> Any:
        """Whether there are tokens, never the tokens themselves."""
        tokens = self.storage.tokens
        return {"access": tokens is not None, "scope": tokens.scope if tokens else None}


def root_cause(error: BaseException) -> BaseException:
    """The first exception of a task group's tree."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--protocol", default="legacy", help="auto, legacy, or a revision such as 2026-07-28")
    session = Session(parser.parse_args())
    while line := await asyncio.to_thread(sys.stdin.readline):
        command = json.loads(line)
        session.wire.notes.clear()
        try:
            outcome = {"ok": True, "result": await getattr(session, command["do"])(command)}
        except Exception as raised:
            error = root_cause(raised)
            outcome = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(outcome | {"wire": session.wire.notes}, separators=(",", ":")), flush=True)
    # Whatever is still open ends with the process.
    os._exit(0)


asyncio.run(main())
