"""The official SDK's own bearer check, with doorward for a verifier: no limits, no policy, no keys but behind Bearer.

JWT_SECRET=a-secret-of-at-least-32-bytes-kept-well python mcp_sdk_token_verifier.py
"""

import os

import uvicorn
from mcp.server import MCPServer
from mcp.server.auth.settings import AuthSettings
from pydantic import AnyHttpUrl

from doorward import Verifier
from doorward.mcp import TokenVerifier, get_access_token

HERE = "http://127.0.0.1:8000/mcp"

server = MCPServer(
    "verified",
    token_verifier=TokenVerifier(Verifier(secret=os.environ["JWT_SECRET"], audience=HERE), resource=HERE),
    auth=AuthSettings(
        issuer_url=AnyHttpUrl("https://issuer.example"),
        resource_server_url=AnyHttpUrl(HERE),
        required_scopes=["read"],
    ),
)


@server.tool()
def whoami() -> str:
    """Who is calling, by their access token."""
    token = get_access_token()
    assert token is not None and token.claims is not None
    return f"{token.subject} of {token.claims['team']}"


app = server.streamable_http_app()

if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")), log_level="warning", proxy_headers=False
    )
