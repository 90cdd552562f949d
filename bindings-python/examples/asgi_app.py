"""A bare ASGI application behind the gate: it answers every MCP request with who asked, and streams on GET.

API_KEYS=a-key-nobody-guesses python asgi_app.py
"""

import asyncio
import json
import os
from collections.abc import MutableMapping
from typing import Any

import uvicorn

from doorward import Gate, Policy
from doorward.asgi import Guard


async def application(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Who asked for what."""
    if scope["type"] != "http":
        raise RuntimeError("HTTP only")
    caller = scope["state"]["principal"]
    head = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
    await send(head)
    if scope["method"] == "GET":
        while True:
            await send({"type": "http.response.body", "body": b": still there\n\n", "more_body": True})
            await asyncio.sleep(0.2)
    message = json.loads((await receive())["body"])
    answer = {"jsonrpc": "2.0", "id": message.get("id"), "result": {"caller": caller.id}}
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


app = Guard(application, Gate.from_env(policy=Policy.allow_all()))

if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", proxy_headers=False, lifespan="off")
