"""Rows `python/asgi/overhead` of the report: an MCP call through Starlette behind our guard, beside none and PyJWT.

Usage: asgi.py [--quick] REPORT     REPORT is a file to add the rows to; rows of an earlier run are replaced

The same Starlette application, called in process without a socket: it reads the body's JSON and answers with JSON. Ours has
the whole gate before it, with a token that was seen before among 1,000, its policy and its buckets; theirs nothing, or a bearer
check by PyJWT as its users write it, and nothing else. By turns, in batches of equal length, by the thread's own time.
"""

import asyncio
import gc
import json
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jwt as pyjwt
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, SimpleUser
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from verify import AUDIENCE, ISSUER, SECRET, TOKENS, Batches, claims, figures, rounded

from doorward import Gate, Policy, Quota, SigningKey, Verifier
from doorward.asgi import Guard

CALL = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"query":"doors"}}}'


async def endpoint(request: Request) -> JSONResponse:
    """What any tool costs at least: its body read and an answer written."""
    message = await request.json()
    return JSONResponse({"jsonrpc": "2.0", "id": message["id"], "result": {"content": []}})


def application(*middleware: Middleware) -> Starlette:
    return Starlette(routes=[Route("/mcp", endpoint, methods=["POST"])], middleware=middleware)


class ByPyJWT(AuthenticationBackend):
    """A bearer check as PyJWT's users write it."""

    async def authenticate(self, conn: Any) -> Any:
        scheme, _, token = conn.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationError("no bearer token")
        try:
            found = pyjwt.decode(token, SECRET, algorithms=["HS256"], issuer=ISSUER, audience=AUDIENCE)
        except pyjwt.InvalidTokenError as error:
            raise AuthenticationError("invalid token") from error
        return AuthCredentials(found["scope"].split()), SimpleUser(found["sub"])


def guarded() -> Any:
    gate = Gate(
        verifiers=Verifier(secret=SECRET, issuer=ISSUER, audience=AUDIENCE),
        policy=Policy(roles={"user": {"tools": ["search"]}}),
        principal_quota=Quota(1_000_000, 1),
    )
    return application(Middleware(Guard, gate=gate))


def caller(app: Any, loop: asyncio.AbstractEventLoop) -> Callable[[str], None]:
    """Calls the application with a token, to the end of its answer."""

    async def call(token: str) -> None:
        headers = [
            (b"host", b"127.0.0.1:8000"),
            (b"authorization", b"Bearer " + token.encode()),
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(CALL)),
            (b"accept", b"application/json, text/event-stream"),
            (b"mcp-protocol-version", b"2025-06-18"),
            (b"user-agent", b"bench"),
        ]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/mcp",
            "raw_path": b"/mcp",
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 4711),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }
        status = 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": CALL, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)

        await app(scope, receive, send)
        assert status == 200, status

    def verify(token: str) -> None:
        loop.run_until_complete(call(token))

    return verify


class Calls(Batches):
    """Batches of calls: whoever is admitted is not told by whom."""

    def check(self, n: int, given: object) -> None:
        assert given is None


def rows(quick: bool) -> Any:
    loop = asyncio.new_event_loop()
    signing = SigningKey.from_secret(SECRET)
    tokens = [signing.sign(claims(n)) for n in range(TOKENS)]
    ours = caller(guarded(), loop)
    peers = [
        (f"Starlette {version('starlette')} with no auth", application()),
        (
            f"Starlette {version('starlette')} with PyJWT {version('PyJWT')}",
            application(Middleware(AuthenticationMiddleware, backend=ByPyJWT())),
        ),
    ]
    for name, app in peers:
        mine, theirs = Calls(ours, tokens, 4_000_000), Calls(caller(app, loop), tokens, 4_000_000)
        count = 61 if quick else 501
        gc.collect()
        gc.disable()
        pairs = [(mine.next(), theirs.next()) for _ in range(count)]
        gc.enable()
        (ns, spread), (vs_ns, vs_spread) = (figures(list(times)) for times in zip(*pairs, strict=True))
        yield {
            "id": "python/asgi/overhead",
            "ns": rounded(ns),
            "vs": name,
            "vs_ns": rounded(vs_ns),
            "ratio": rounded(ns / vs_ns),
            "vs_spread": rounded(vs_spread),
            "n": count,
            "spread": rounded(spread),
            "clock": "both" if "PyJWT" in name else "ours",
            "python": platform.python_version(),
        }


def main() -> None:
    report = Path(sys.argv[-1])
    before = report.read_text().splitlines() if report.exists() else []
    kept = [line for line in before if not json.loads(line).get("id", "").startswith("python/asgi/")]
    made = []
    for row in rows("--quick" in sys.argv):
        print(f"{row['id']:<28}{row['ns']:>10}  {row['vs']:<44}{row['vs_ns']:>10}{row['ratio']:>8}", file=sys.stderr)
        made.append(json.dumps(row, separators=(",", ":")))
    report.write_text("\n".join([*kept, *made]) + "\n")


if __name__ == "__main__":
    main()
