"""A server on stdin and stdout, started by its client with a key in the environment.

MCP_API_KEY=a-key-nobody-guesses python stdio_server.py
"""

from mcp.server import MCPServer

from doorward import ApiKey, ApiKeys
from doorward.headers import Authenticator
from doorward.stdio import authenticate

# In earnest: a file of digests, by ApiKeys.from_text.
keys = ApiKeys([ApiKey("anna", "a-key-nobody-guesses", roles=["user"])])
caller = authenticate(Authenticator(api_keys=keys))
server = MCPServer("on stdio")


@server.tool()
def whoami() -> str:
    """Who started this server."""
    return caller.id


if __name__ == "__main__":
    server.run("stdio")
