"""What a route requires, in Starlette and FastAPI: the challenge says where to ask for what is lacking."""

import asyncio
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from servers import KEY, SECRET
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from doorward import ApiKey, ApiKeys, ConfigError, Gate, Principal, Verifier, sign
from doorward.starlette import Guard, Requires

pytestmark = pytest.mark.thread_unsafe

METADATA = "https://mcp.example/.well-known/oauth-protected-resource/mcp"


def gate(**options: Any) -> Gate:
    keys = ApiKeys([ApiKey("ci", KEY, scopes=["read"])])
    return Gate(api_keys=keys, verifiers=Verifier(secret=SECRET), **options)


OAUTH: dict[str, Any] = {
    "public_url": "https://mcp.example/mcp",
    "authorization_servers": ["https://issuer.example"],
    "allowed_hosts": ["localhost"],
}


def by_fastapi(needs: Requires, gate: Gate) -> Any:
    app = FastAPI()
    app.add_middleware(Guard, gate=gate, plain=["/reports"])

    @app.get("/reports")
    def reports(caller: Annotated[Principal, Depends(needs)]) -> str:
        return caller.id

    return app


def by_starlette(needs: Requires, gate: Gate) -> Any:
    async def reports(request: Request) -> PlainTextResponse:
        return PlainTextResponse(needs(request).id)

    return Guard(Starlette(routes=[Route("/reports", reports)]), gate, plain=["/reports"])


def get(app: Any) -> httpx.Response:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=("192.0.2.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return await http.get("/reports", headers={"x-api-key": KEY})

    return asyncio.run(go())


@pytest.mark.parametrize("app", [by_fastapi, by_starlette])
def test_what_is_lacking_is_named_with_where_to_ask(app: Any) -> None:
    answer = get(app(Requires(scopes=["read", "write"]), gate(**OAUTH)))
    assert answer.status_code == 403 and answer.headers["cache-control"] == "no-store"
    challenge = f'Bearer error="insufficient_scope", scope="read write", resource_metadata="{METADATA}"'
    assert answer.headers["www-authenticate"] == challenge
    # Without OAuth there is nowhere to ask.
    answer = get(app(Requires(scopes=["write"]), gate()))
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="write"'
    # No scope makes up for a role.
    answer = get(app(Requires(roles=["admin"]), gate(**OAUTH)))
    assert answer.status_code == 403 and "www-authenticate" not in answer.headers
    assert get(app(Requires(scopes=["read"]), gate(**OAUTH))).status_code == 200


def test_the_gate_s_own_challenge_names_the_same_address() -> None:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(by_starlette(Requires(scopes=["read"]), gate(**OAUTH)), client=("192.0.2.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            token = sign({"sub": "a", "exp": 1}, SECRET)
            return await http.get("/reports", headers={"authorization": f"Bearer {token}"})

    answer = asyncio.run(go())
    assert answer.status_code == 401 and f'resource_metadata="{METADATA}"' in answer.headers["www-authenticate"]
    with pytest.raises(ConfigError):
        Requires()
