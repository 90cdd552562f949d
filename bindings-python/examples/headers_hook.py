"""A server with a hook that gets the headers: what it raises rejects the caller, what it gives is the tools' context.

API_KEY=a-key-nobody-guesses python headers_hook.py
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from doorward import ApiKey, ApiKeys, Verifier
from doorward.headers import Authenticator, Caller, Rejected

api_key, secret = os.environ.get("API_KEY"), os.environ.get("JWT_SECRET")
authenticate = Authenticator(
    api_keys=ApiKeys([ApiKey("ci", api_key, roles=["user"])]) if api_key else None,
    verifier=Verifier(secret=secret) if secret else None,
)


def run_tool(name: str, context: Caller) -> str:
    """A tool that only some may run."""
    if name == "delete" and not context.has_role("admin"):
        raise Rejected("Admin access required")
    return f"{name} for {context.id}"


class Server(BaseHTTPRequestHandler):
    """Runs the tool named by the path."""

    def do_POST(self) -> None:  # noqa: D102
        try:
            context = authenticate.authenticate(self.headers.items())
            status, answer = 200, {"result": run_tool(self.path.strip("/"), context)}
        except Rejected as error:
            status, answer = 401, {"error": str(error)}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: D102
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Server).serve_forever()
