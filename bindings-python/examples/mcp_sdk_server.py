"""The official SDK's server behind the whole gate: credentials, policy, limits.

    API_KEYS=a-key-nobody-guesses python mcp_sdk_server.py

Settings are doorward's own: API_KEYS, ADMIN_API_KEYS, JWT_SECRET, RATE_LIMIT_MAX and so on.
"""

import os

import uvicorn
from mcp.server import MCPServer

from doorward import Gate, Policy
from doorward.mcp import Guard, ListFilter, get_access_token, requires

policy = Policy(everybody={"tools": ["*"], "methods": ["*"]}).require("tool", "export", scopes=["export"])
gate = Gate.from_env(policy=policy)
server = MCPServer("guarded", middleware=[ListFilter(gate)])


@server.tool()
def whoami() -> str:
    """Who is calling, by their access token."""
    token = get_access_token()
    assert token is not None
    return f"{token.subject} with {' '.join(token.scopes) or 'no scopes'}"


@server.tool()
def export() -> str:
    """Needs the scope ``export``: the policy says so; whoever lacks it gets 403, and is not shown it."""
    return "exported"


@server.tool()
@requires(roles=["admin"])
def shut_down() -> str:
    """Needs the role ``admin``: whoever lacks it gets a tool result that is an error."""
    return "not really"


app = Guard(server.streamable_http_app(), gate)

if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")), log_level="warning", proxy_headers=False
    )
