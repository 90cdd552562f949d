"""A FastMCP server behind the whole gate.

API_KEYS=a-key-nobody-guesses RATE_LIMIT_MAX=60 python fastmcp_server.py
"""

import os

import uvicorn
from fastmcp import FastMCP
from fastmcp.server.dependencies import get_access_token

from doorward import Gate, Policy
from doorward.fastmcp import GateProvider, ListFilter, Requirements

policy = Policy(everybody={"tools": ["*"], "methods": ["*"]}).require("tool", "export", scopes=["export"])
gate = Gate.from_env(policy=policy)
server: FastMCP = FastMCP(
    "guarded",
    auth=GateProvider(gate),
    middleware=[ListFilter(gate), Requirements({"shut_down": {"roles": ["admin"]}})],
)


@server.tool
def whoami() -> str:
    """Who is calling, by their access token."""
    token = get_access_token()
    assert token is not None
    return f"{token.subject} with {' '.join(token.scopes) or 'no scopes'}"


@server.tool
def export() -> str:
    """Needs the scope ``export``: 403 without, and not shown."""
    return "exported"


@server.tool
def shut_down() -> str:
    """Needs the role ``admin``; nobody else sees it."""
    return "not really"


app = server.http_app()

if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")), log_level="warning", proxy_headers=False
    )
