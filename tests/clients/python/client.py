"""One MCP client run against a server: connect, list the tools, call one, print one JSON line.

The official Python SDK, 2.x. See ../README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading
from typing import Any

try:
    import httpx2
    from mcp import Client, MCPError
    from mcp.client.streamable_http import streamable_http_client
except ImportError as missing:
    print(json.dumps({"ok": False, "stage": "setup", "status": None, "code": None, "error": str(missing)}))
    sys.exit(2)

TIMEOUT_SECONDS = 20.0
TRACED_HEADERS = ("mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id")


def finish(outcome: dict[str, Any], exit_code: int) -> None:
    """Print the line and leave at once, whatever is still open."""
    sys.stdout.write(json.dumps(outcome, separators=(",", ":")) + "\n")
    sys.stdout.flush()
    os._exit(exit_code)


def failure(stage: str, error: str, status: int | None = None, code: int | None = None) -> dict[str, Any]:
    return {"ok": False, "stage": stage, "status": status, "code": code, "error": error}


def credential() -> dict[str, str]:
    """The credential comes from the environment: an argument would show in the process list."""
    header = os.environ.get("DOORWARD_TEST_HEADER", "")
    if not header:
        return {}
    name, colon, value = header.partition(":")
    if not colon or not name:
        raise ValueError("DOORWARD_TEST_HEADER must read `name: value`")
    return {name.strip(): value.strip()}


def recording_client(headers: dict[str, str], wire: list[dict[str, Any]]) -> httpx2.AsyncClient:
    """An HTTP client that notes what goes over the wire: the SDK hides the status of a refusal."""

    async def on_request(request: httpx2.Request) -> None:
        rpc = json.loads(request.content).get("method") if request.method == "POST" else None
        note = {"method": request.method, "status": None, "rpc": rpc}
        note.update((name, request.headers[name]) for name in TRACED_HEADERS if name in request.headers)
        request.extensions["note"] = note
        wire.append(note)

    async def on_response(response: httpx2.Response) -> None:
        response.request.extensions["note"]["status"] = response.status_code

    return httpx2.AsyncClient(
        headers=headers,
        timeout=TIMEOUT_SECONDS,
        event_hooks={"request": [on_request], "response": [on_response]},
        trust_env=False,
    )


async def list_tools(client: Client) -> list[str]:
    names: list[str] = []
    cursor = None
    while True:
        page = await client.list_tools(cursor=cursor)
        names.extend(tool.name for tool in page.tools)
        cursor = page.next_cursor
        if cursor is None:
            return sorted(names)


def text_of(result: Any) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


def value_of(result: Any) -> Any:
    if result.structured_content is not None:
        return result.structured_content
    text = text_of(result)
    try:
        return json.loads(text)
    except ValueError:
        return text


def root_cause(error: BaseException) -> BaseException:
    """The first exception of a task group's tree."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def run(options: argparse.Namespace, headers: dict[str, str], wire: list[dict[str, Any]]) -> dict[str, Any]:
    stage = "connect"
    try:
        async with recording_client(headers, wire) as http:
            transport = streamable_http_client(options.url, http_client=http)
            async with Client(transport, mode=options.protocol) as client:
                protocol = client.protocol_version
                stage = "list"
                tools = await list_tools(client)
                stage = "call"
                result = await client.call_tool(options.call, options.args)
                if result.is_error:
                    return failure(stage, text_of(result)) | {"protocol": protocol}
                stage = "close"
        return {"ok": True, "tools": tools, "result": value_of(result), "protocol": protocol}
    except Exception as raised:
        error = root_cause(raised)
        last = next((note["status"] for note in reversed(wire) if note["rpc"] is not None), None)
        status = last if last is not None and last >= 400 else None
        code = error.code if isinstance(error, MCPError) else None
        return failure(stage, f"{type(error).__name__}: {error}", status, code)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--protocol", default="auto", help="auto, legacy, or a revision such as 2026-07-28")
    parser.add_argument("--call", default="whoami")
    parser.add_argument("--args", default={}, type=json.loads)
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args()

    wire: list[dict[str, Any]] = []
    watchdog = threading.Timer(TIMEOUT_SECONDS, lambda: finish(failure("timeout", "timed out") | {"wire": wire}, 2))
    watchdog.daemon = True
    watchdog.start()
    try:
        outcome = asyncio.run(run(options, credential(), wire))
    except Exception as error:
        finish(failure("setup", str(error)), 2)
    if options.trace:
        outcome["wire"] = wire
    # A refusal is an answer. Where nothing answered, the set-up is broken and no test may take it for a refusal.
    answered = any(note["status"] is not None for note in wire)
    finish(outcome, 0 if outcome["ok"] or answered else 2)


if __name__ == "__main__":
    main()
