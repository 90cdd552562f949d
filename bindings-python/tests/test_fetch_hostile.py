"""Issuers and their like that answer as none should: packed, and clients that can't ask any more."""

import gzip
import json
import logging
import time
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from servers import SECRET
from test_asgi import CALL_TEXT, echo, post

from doorward import Gate, Introspection, Jwks, Policy, SigningKey, Verifier, asgi, blocking

pytestmark = pytest.mark.thread_unsafe

ISSUER = "https://issuer.example"
KEY = SigningKey.from_der(
    ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    "EdDSA",
    kid="one",
)
TOKEN = KEY.sign({"iss": ISSUER, "aud": "here", "sub": "anna", "exp": 4102444800})


def gate() -> Gate:
    return Gate(
        verifiers=Verifier(jwks=Jwks(f"{ISSUER}/keys"), issuer=ISSUER, audience="here"),
        introspection=Introspection(f"{ISSUER}/introspect", ISSUER, audience="here"),
        policy=Policy.allow_all(),
    )


def answering(packed: bool) -> Any:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept-encoding"] == "identity"
        told: dict[str, Any] = {"keys": [KEY.public_jwk()]}
        if request.method == "POST":
            told = {"active": True, "sub": "ben", "aud": "here", "exp": 4102444800}
        body = json.dumps(told).encode()
        if not packed:
            return httpx.Response(200, stream=httpx.ByteStream(body))
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(gzip.compress(body)))

    return httpx.MockTransport(answer)


def by_guard(transport: Any, token: str) -> int:
    client = httpx.AsyncClient(transport=transport)
    introspect = asgi.Introspector(SECRET, http_client=client)
    return post(asgi.Guard(echo, gate(), http_client=client, introspect=introspect), authorization=token).status_code


def by_door(transport: Any, token: str) -> int:
    client = httpx.Client(transport=transport)
    door = blocking.Door(gate(), http_client=client, introspect=blocking.Introspector(SECRET, http_client=client))
    headers = {"host": "localhost", "authorization": token, "content-type": "application/json"}
    decided = door.admit("POST", headers, "192.0.2.7", CALL_TEXT)
    door.close()
    return 200 if decided else decided.status


@pytest.mark.parametrize("called", [by_guard, by_door])
@pytest.mark.parametrize("token", [f"Bearer {TOKEN}", "Bearer an-opaque-token"], ids=["keys", "introspection"])
def test_an_answer_is_not_unpacked(called: Any, token: str) -> None:
    """A few kilobytes may be gigabytes, all of them there before any bound is looked at."""
    assert called(answering(packed=False), token) == 200
    assert called(answering(packed=True), token) == 503


@pytest.mark.parametrize("called", [by_guard, by_door])
def test_a_client_that_can_not_ask_is_told_of(called: Any, caplog: pytest.LogCaptureFixture) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise RuntimeError("the client has been closed")

    began = time.monotonic()
    assert called(httpx.MockTransport(broken), f"Bearer {TOKEN}") == 503
    assert time.monotonic() - began < 2
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.name for record in errors] == ["doorward"] and f"{ISSUER}/keys" in errors[0].getMessage()
