"""The official SDK's server over the older transport, HTTP with SSE, its sessions bound by the gate."""

import os

import uvicorn
from mcp.server import MCPServer

from doorward import ApiKey, ApiKeys, Gate, Policy
from doorward.asgi import Guard

# The bare guard and not the SDK's own: the SDK knows nobody here, so that the gate alone keeps sessions apart.
server = MCPServer("older")
keys = ApiKeys([ApiKey("anna", "a-key-of-anna-alone"), ApiKey("ben", "a-key-of-ben-alone")])
gate = Gate(api_keys=keys, policy=Policy.allow_all(), session_key="a session key of at least 32 bytes")


@server.tool()
def echo(text: str) -> str:
    """Says it again."""
    return text


if __name__ == "__main__":
    app = Guard(server.sse_app(), gate)
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", proxy_headers=False)
