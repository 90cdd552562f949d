"""Doors that were given the wrong client, or none: said at once or in the log, and never silently local."""

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import redis
import redis.asyncio as aredis
from servers import KEY, SECRET, environment, free_port
from test_asgi import CALL_TEXT, echo, gate, post

from doorward import Admitted, ApiKey, Introspection, Jwks, SharedLimit, SigningKey, Verifier, asgi, blocking
from doorward.headers import Authenticator
from doorward.mcp import TokenVerifier

pytestmark = pytest.mark.thread_unsafe

# RFC 8037's key of appendix A.
ED25519 = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----"""

HEADERS = {"host": "localhost", "x-api-key": KEY, "content-type": "application/json"}


@pytest.mark.parametrize(
    ("make", "client"),
    [
        (lambda client: asgi.Guard(echo, gate(), redis=client), redis.Redis()),
        (lambda client: blocking.Door(gate(), redis=client), aredis.Redis()),
        (lambda client: asgi.Guard(echo, gate(), http_client=client), httpx.Client()),
        (lambda client: blocking.Door(gate(), http_client=client), httpx.AsyncClient()),
        (lambda client: asgi.Introspector("secret", http_client=client), httpx.Client()),
        (lambda client: blocking.Introspector("secret", http_client=client), httpx.AsyncClient()),
        (lambda client: TokenVerifier(Verifier(secret=SECRET), http_client=client), httpx.Client()),
    ],
)
def test_a_client_of_the_wrong_kind(make: Any, client: Any) -> None:
    """A client that blocks would stop the event loop; one that is awaited, nobody would await."""
    with pytest.raises(TypeError, match=r"(?i)async"):
        make(client)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_limit_that_nobody_shares_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    guarded = asgi.Guard(echo, gate(shared_limit=SharedLimit()))
    assert [post(guarded, **{"x-api-key": KEY}).status_code for _ in range(3)] == [200, 200, 200]
    (line,) = told(caplog)
    assert "shared_limit" in line and "redis=" in line
    caplog.clear()
    door = blocking.Door(gate(shared_limit=SharedLimit()))
    assert all(door.admit("POST", HEADERS, "192.0.2.7", CALL_TEXT) for _ in range(3))
    door.close()
    (line,) = told(caplog)
    assert "redis=" in line


def test_a_server_that_can_not_be_asked_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    door = blocking.Door(gate(shared_limit=SharedLimit(deadline=1)), redis=redis.Redis(port=port, password="hidden"))
    assert all(door.admit("POST", HEADERS, "192.0.2.7", CALL_TEXT) for _ in range(3))
    door.close()
    (line,) = told(caplog)
    assert "shared limits" in line and "Error)" in line and "hidden" not in line and str(port) not in line
    caplog.clear()

    async def go() -> int:
        async with aredis.Redis(port=port) as client:
            guarded = asgi.Guard(echo, gate(shared_limit=SharedLimit(deadline=1)), redis=client)
            transport = httpx.ASGITransport(guarded, client=("192.0.2.7", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                return (await http.post("/mcp", content=CALL_TEXT, headers=HEADERS)).status_code

    assert asyncio.run(go()) == 200
    (line,) = told(caplog)
    assert "shared limits" in line


def test_keys_and_tokens_that_nobody_is_asked_about(caplog: pytest.LogCaptureFixture) -> None:
    asking = gate(api_key_lookup=True, verifiers=None)
    assert post(asgi.Guard(echo, asking), **{"x-api-key": "another-key-of-somebody"}).status_code == 503
    assert "api_key_look_up=" in told(caplog)[0]
    caplog.clear()
    introspecting = gate(introspection=Introspection("https://issuer.example/i", "https://issuer.example"))
    assert post(asgi.Guard(echo, introspecting), authorization="Bearer opaque-token").status_code == 503
    assert "introspect=" in told(caplog)[0]


def test_a_look_up_that_is_not_awaited_is_the_host_s_mistake_and_lets_nobody_in(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(digest: str) -> ApiKey | None:
        raise KeyError(digest)

    look_up: Any = broken
    guarded = asgi.Guard(echo, gate(api_key_lookup=True), api_key_look_up=look_up)
    assert post(guarded, **{"x-api-key": "another-key-of-somebody"}).status_code == 503
    assert "failed" in told(caplog)[0]


def test_a_door_without_an_event_loop_tells_what_the_guard_tells(caplog: pytest.LogCaptureFixture) -> None:
    door = blocking.Door(gate())
    with caplog.at_level(logging.INFO, "doorward"):
        for _ in range(2):
            decided = door.admit("POST", {**HEADERS, "x-forwarded-for": "192.0.2.1"}, "192.0.2.7", CALL_TEXT)
            assert isinstance(decided, Admitted)
    door.close()
    (line,) = told(caplog)
    assert line.startswith("forwarding_header_ignored") and "TRUSTED_PROXIES" in line
    assert sum(json.loads(r.getMessage())["decision"] != "" for r in caplog.records if r.levelno == logging.INFO) == 2


FORKED = """
import os, sys
from doorward import ApiKey, Gate, Policy, Verifier
from doorward.blocking import Door

gate = Gate(api_key_lookup=True, verifiers=Verifier(secret="x" * 32), policy=Policy.allow_all())
door = Door(gate, api_key_look_up=lambda digest: ApiKey("customer", digest=digest))

def asked(key):
    headers = {"host": "localhost", "x-api-key": key, "content-type": "application/json"}
    return bool(door.admit("POST", headers, "192.0.2.7", b'{"jsonrpc":"2.0","id":1,"method":"ping"}'))

assert asked("a-key-before-the-fork")
pid = os.fork()
if pid == 0:
    os._exit(0 if asked("a-key-behind-the-fork") else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_door_answers_behind_a_fork() -> None:
    """As gunicorn's workers are made, whose parent's threads they have not."""
    command = [sys.executable, "-W", "ignore", "-c", FORKED]
    subprocess.run(command, env=environment({}), check=True, timeout=30)


@pytest.mark.parametrize(
    ("peer", "host", "status", "hint"),
    [(None, "localhost", 503, "peer="), (("192.0.2.7", 1), "mcp.example", 403, "PUBLIC_URL")],
    ids=["unix socket", "unnamed host"],
)
def test_settings_by_which_all_are_refused_are_told_of(
    peer: Any, host: str, status: int, hint: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Decisions are logged as information, which nobody sees by default: that nobody gets in, everybody should."""
    guarded = asgi.Guard(echo, gate())
    for _ in range(2):
        assert post(guarded, peer=peer, **{"x-api-key": KEY, "host": host}).status_code == status
    (line,) = told(caplog)
    assert hint in line and host not in line


def test_threads_with_event_loops_of_their_own_share_a_fetch(caplog: pytest.LogCaptureFixture) -> None:
    """What waits in one loop for the task of another must not be woken by it: that is not thread-safe."""
    key = SigningKey.from_private(ED25519, kid="one")
    started = threading.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        started.set()
        await asyncio.sleep(0.3)
        return httpx.Response(200, json={"keys": [key.public_jwk()]})

    jwks = Jwks("https://issuer.example/keys")
    verifier = Verifier(jwks=jwks, issuer="https://issuer.example", audience="here")
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    hook = Authenticator(verifier=verifier, http_client=client)
    token = key.sign({"iss": "https://issuer.example", "aud": "here", "sub": "anna", "exp": 4102444800})

    async def called() -> str:
        return (await hook({"authorization": f"Bearer {token}"})).id

    def wait() -> str:
        started.wait(5)
        return asyncio.run(called(), debug=True)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(asyncio.run, called()), pool.submit(wait)
        assert first.result(5) == second.result(5) == "jwt:https://issuer.example:anna"
    assert told(caplog) == []
