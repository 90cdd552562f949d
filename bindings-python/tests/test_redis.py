"""Shared limits by redis-py, asyncio and not, against a real server; and the door of callers without an event loop."""

import asyncio
import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
import redis.asyncio as aredis
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from servers import KEY, SECRET, free_port

from doorward import Admitted, ApiKey, Denial, Gate, Introspection, Jwks, Policy, SigningKey, Verifier, sign
from doorward.asgi import Guard
from doorward.blocking import Door

pytestmark = pytest.mark.thread_unsafe

HEADERS = {"host": "localhost", "x-api-key": KEY, "content-type": "application/json"}
CALL = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    binary = shutil.which("redis-server")
    assert binary is not None, "redis-server is needed: make deps-system"
    port = free_port()
    command = [binary, "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with contextlib.closing(redis.Redis(port=port)) as client:
        for _ in range(100):
            with contextlib.suppress(redis.ConnectionError):
                client.ping()
                break
            time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}"
    process.kill()
    process.wait()


def shared(url: str, **settings: str) -> Gate:
    """A gate as another process would have it: nothing in common with others but the server."""
    limits = {"API_KEYS": KEY, "REDIS_URL": url, "RATE_LIMIT_MAX": "5", **settings}
    return Gate.from_env(limits, policy=Policy.allow_all())


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_two_processes_share_one_limit(server: str) -> None:
    async def go() -> list[int]:
        async with aredis.Redis.from_url(server) as client:
            statuses = []
            guards = [Guard(nothing, shared(server), redis=client) for _ in range(2)]
            for turn in range(8):
                transport = httpx.ASGITransport(guards[turn % 2], client=("192.0.2.7", 1))
                async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                    answer = await http.post("/mcp", content=CALL, headers=HEADERS)
                    statuses.append(answer.status_code)
            return statuses

    assert asyncio.run(go()) == [200] * 5 + [429] * 3


def test_the_same_without_an_event_loop(server: str) -> None:
    with contextlib.closing(redis.Redis.from_url(server)) as client:
        doors = [Door(shared(server), redis=client) for _ in range(2)]
        decisions = [doors[turn % 2].admit("POST", HEADERS, "192.0.2.7", CALL) for turn in range(8)]
        assert [bool(decision) for decision in decisions] == [True] * 5 + [False] * 3
        assert isinstance(decisions[-1], Denial) and decisions[-1].status == 429
        # A script that the server has forgotten is sent again.
        client.script_flush()
        client.flushall()
        doors += [Door(shared(server), redis=client), Door(shared(server), redis=client)]
        assert doors[2].admit("POST", HEADERS, "192.0.2.7", CALL)
        client.script_flush()
        assert doors[2].admit("POST", HEADERS, "192.0.2.7", CALL)
        # Something else at our keys is a failure, and no crash.
        for key in client.keys("*"):
            client.delete(key)
            client.rpush(key, "a list")
        assert isinstance(doors[3].admit("POST", HEADERS, "192.0.2.7", CALL), (Admitted, Denial))
        for door in doors:
            door.close()


def test_a_server_that_is_down_costs_no_more_than_the_deadline() -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}"
    with contextlib.closing(redis.Redis.from_url(nowhere)) as client:
        door = Door(shared(nowhere, REDIS_FALLBACK="deny"), redis=client)
        began = time.monotonic()
        decision = door.admit("POST", HEADERS, "192.0.2.7", CALL)
        assert isinstance(decision, Denial) and decision.status == 503
        assert time.monotonic() - began < 2.0
        door.close()

    async def go() -> int:
        async with aredis.Redis.from_url(nowhere) as silent:
            transport = httpx.ASGITransport(
                Guard(nothing, shared(nowhere, REDIS_FALLBACK="deny"), redis=silent), client=("192.0.2.7", 1)
            )
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                return (await http.post("/mcp", content=CALL, headers=HEADERS)).status_code

    assert asyncio.run(go()) == 503


def test_questions_of_a_door_without_an_event_loop() -> None:
    der = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = SigningKey.from_der(der, "EdDSA", kid="one")
    issuer = "https://issuer.example"
    gate = Gate(
        verifiers=Verifier(jwks=Jwks(f"{issuer}/keys"), issuer=issuer, audience="here"),
        introspection=Introspection(f"{issuer}/introspect", issuer, audience="here"),
        policy=Policy.allow_all(),
    )
    gets = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal gets
        gets += 1
        return httpx.Response(200, json={"keys": [key.public_jwk()]})

    def introspect(url: str, form: str) -> tuple[int, bytes]:
        assert url == f"{issuer}/introspect"
        if "token=broken" in form:
            raise ConnectionError("down")
        active = (
            b'{"active":true,"sub":"ben","aud":"here","exp":4102444800}'
            if "token=good" in form
            else b'{"active":false}'
        )
        return 200, active

    door = Door(gate, http_client=httpx.Client(transport=httpx.MockTransport(answer)), introspect=introspect)

    def admit(token: str) -> Admitted | Denial:
        headers = {"host": "localhost", "authorization": f"Bearer {token}", "content-type": "application/json"}
        return door.admit("POST", headers, "192.0.2.7", CALL)

    by_jwt = admit(key.sign({"iss": issuer, "aud": "here", "sub": "anna", "exp": 4102444800}))
    assert isinstance(by_jwt, Admitted) and by_jwt.principal.id == f"jwt:{issuer}:anna" and gets == 1
    good = admit("good-opaque-token")
    assert isinstance(good, Admitted) and good.principal.id == f"opaque:{issuer}:ben"
    refused = admit("bad-opaque-token")
    assert isinstance(refused, Denial) and refused.status == 401
    unavailable = admit("broken-opaque-token")
    assert isinstance(unavailable, Denial) and unavailable.status == 503
    door.close()


def test_api_keys_of_a_door_without_an_event_loop() -> None:
    def look_up(digest: str) -> ApiKey | None:
        return ApiKey("customer-7", digest=digest)

    gate = Gate(api_key_lookup=True, verifiers=Verifier(secret=SECRET), policy=Policy.allow_all())
    door = Door(gate, api_key_look_up=look_up)
    found = door.admit("POST", HEADERS, "192.0.2.7", CALL)
    assert isinstance(found, Admitted) and found.principal.id == "key:customer-7"
    too_large = door.admit("POST", HEADERS, "192.0.2.7", b" " * 2_000_000)
    assert isinstance(too_large, Denial) and too_large.status == 413
    token = sign({"sub": "anna", "exp": 4102444800}, SECRET)
    headers = {"host": "localhost", "authorization": f"Bearer {token}", "content-type": "application/json"}
    assert door.admit("POST", headers, "192.0.2.7", CALL)
    door.close()
