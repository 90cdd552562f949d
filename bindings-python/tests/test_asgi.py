"""The guard around a bare ASGI application, a Starlette one and FastAPI's, by httpx; and its parts against fakes."""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from servers import KEY, SECRET, running

from doorward import ApiKey, ApiKeys, Gate, Jwks, Policy, Quota, Verifier, _asgi_body, sign
from doorward import asgi as doorward_asgi
from doorward._sse import EndpointEvent
from doorward.asgi import Guard

pytestmark = pytest.mark.thread_unsafe

CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}}
CALL_TEXT = json.dumps(CALL).encode()
PEER = ("192.0.2.7", 4711)


def gate(**options: Any) -> Gate:
    keys = ApiKeys([ApiKey("ci", KEY, roles=["user"])])
    defaults: dict[str, Any] = {"api_keys": keys, "policy": Policy.allow_all(), "verifiers": Verifier(secret=SECRET)}
    return Gate(**{**defaults, **options})


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with its caller and the body it was handed."""
    message = await receive() if scope["method"] == "POST" else {"body": b""}
    caller = scope["state"]["principal"].id
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"x-ratelimit-limit", b"9"), (b"x-own", b"1")]}
    )
    await send({"type": "http.response.body", "body": caller.encode() + b" " + message["body"]})


def client(app: Any, peer: Any = PEER, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=peer)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)


def post(app: Any, body: Any = CALL, path: str = "/mcp", peer: Any = PEER, **headers: str) -> httpx.Response:
    async def go() -> httpx.Response:
        async with client(app, peer, **headers) as http:
            if isinstance(body, bytes):
                return await http.post(path, content=body, headers={"content-type": "application/json"})
            return await http.post(path, json=body)

    return asyncio.run(go())


def test_admitted() -> None:
    answer = post(Guard(echo, gate()), **{"x-api-key": KEY})
    assert answer.status_code == 200
    caller, _, body = answer.text.partition(" ")
    assert caller == "key:ci" and json.loads(body) == CALL
    # The gate's own word on the rate, and nobody else's; the application's other headers are its own.
    assert answer.headers.get_list("x-ratelimit-limit") == ["100"]
    assert answer.headers["x-ratelimit-remaining"] == "99" and answer.headers["x-own"] == "1"


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({}, CALL, 401, "unauthorized"),
        ({"x-api-key": "a-guess"}, CALL, 401, "invalid_token"),
        ({"authorization": "Bearer " + sign({"sub": "a", "exp": 1}, SECRET)}, CALL, 401, "invalid_token"),
        ({"x-api-key": KEY, "authorization": "Bearer " + KEY}, CALL, 400, "invalid_request"),
        ({"x-api-key": KEY, "origin": "https://evil.example"}, CALL, 403, "origin_not_allowed"),
        ({"x-api-key": KEY, "host": "evil.example"}, CALL, 403, "origin_not_allowed"),
        ({"x-api-key": KEY}, b"not json", 400, "invalid_request"),
        ({"x-api-key": KEY}, b"x" * 2_000_000, 413, "too_large"),
    ],
)
def test_refused(headers: dict[str, str], body: Any, status: int, code: str) -> None:
    async def never(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("it was let through")

    answer = post(Guard(never, gate()), body, **headers)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_policy_and_step_up() -> None:
    policy = Policy(everybody={"tools": ["*"]}).require("tool", "whoami", scopes=["read"])
    guarded = Guard(echo, gate(policy=policy))
    for scope, status in (("write", 403), ("read", 200)):
        token = sign({"sub": "a", "exp": 4102444800, "scope": scope}, SECRET)
        answer = post(guarded, authorization=f"Bearer {token}")
        assert answer.status_code == status
        if status == 403:
            assert answer.json()["error"] == "insufficient_scope"
            assert 'scope="read"' in answer.headers["www-authenticate"]


def test_limits_of_principals_and_addresses() -> None:
    guarded = Guard(echo, gate(principal_quota=Quota(2, 60), address_quota=Quota(3, 60)))
    statuses = [post(guarded, **{"x-api-key": KEY}).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    answers = [post(guarded, **{"x-api-key": f"guess-{n}"}) for n in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    # Another address has a bucket of its own.
    assert post(guarded, peer=("192.0.2.8", 1), **{"x-api-key": "a-guess"}).status_code == 401


def test_without_an_address_nobody_is_let_in() -> None:
    assert post(Guard(echo, gate()), peer=None, **{"x-api-key": KEY}).status_code >= 500
    told = Guard(echo, gate(), peer=lambda scope: "192.0.2.9")
    assert post(told, peer=None, **{"x-api-key": KEY}).status_code == 200


def test_paths_that_are_no_mcp_endpoints() -> None:
    async def whoever(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    guarded = Guard(whoever, gate(), open=["/health"], plain=["/upload/"])
    assert post(guarded, b"anything", "/health").text == "anything"
    assert post(guarded, b"anything", "/health/deep").status_code == 200
    assert post(guarded, b"anything", "/healthy").status_code == 401
    assert post(guarded, b"anything", "/upload").status_code == 401
    assert post(guarded, b"anything", "/upload/it", **{"x-api-key": KEY}).text == "anything"
    assert post(guarded, b"anything", "/uploads", **{"x-api-key": KEY}).status_code == 400
    for path in ("/health/../mcp", "/health/..", "/health/./x", "/health/..\\mcp", "/health/..;/mcp", "/upload/../mcp"):
        asked = {**scope(), "path": path}
        assert serve(guarded, asked, _never)[0]["status"] == 401, path
    for path in ("/health/.hidden", "/health/a..b", "/health/..."):
        assert post(guarded, b"anything", path).status_code == 200, path


def test_well_known_addresses() -> None:
    async def get(app: Any, path: str) -> httpx.Response:
        async with client(app) as http:
            return await http.get(path)

    none = asyncio.run(get(Guard(echo, gate()), "/.well-known/oauth-protected-resource"))
    assert none.status_code == 404
    url = "https://mcp.example/mcp"
    oauth = gate(public_url=url, authorization_servers=["https://issuer.example"])
    for path in ("/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"):
        found = asyncio.run(get(Guard(echo, oauth), path))
        assert found.json()["resource"] == url
        assert found.headers["access-control-allow-origin"] == "*"
    challenged = post(Guard(echo, oauth), host="mcp.example")
    assert "resource_metadata=" in challenged.headers["www-authenticate"]


def test_sessions_are_bound_to_their_principals() -> None:
    seen: list[list[bytes]] = []

    async def sessions(scope: Any, receive: Any, send: Any) -> None:
        seen.append([value for name, value in scope["headers"] if name == b"mcp-session-id"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Mcp-Session-Id", b"session-1")]})
        await send({"type": "http.response.body", "body": b""})

    guarded = Guard(sessions, gate(session_key="a session key of at least 32 bytes"))
    outward = post(guarded, **{"x-api-key": KEY}).headers["mcp-session-id"]
    assert outward.startswith("session-1.") and seen == [[]]
    own = post(guarded, **{"x-api-key": KEY, "mcp-session-id": outward})
    assert own.status_code == 200 and own.headers["mcp-session-id"] == outward and seen[-1] == [b"session-1"]
    other = {"authorization": "Bearer " + sign({"sub": "a", "exp": 4102444800}, SECRET)}
    for headers in ({**other, "mcp-session-id": outward}, {"x-api-key": KEY, "mcp-session-id": "session-1"}):
        answer = post(guarded, **headers)
        assert (answer.status_code, answer.json()["error"]) == (404, "session_not_found")
    assert len(seen) == 2


QUERIED = {"session_key": "a session key of at least 32 bytes", "policy": Policy.allow_all()}


def test_sessions_in_the_query() -> None:
    """The older transport, its answers cut as badly as they come."""
    seen: list[bytes] = []

    async def older(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["query_string"])
        kind = b"text/event-stream" if scope["method"] == "GET" else b"text/plain"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        told = b": hello\n\nevent: endpoint\ndata: /messages/?a=b&session_id=inner-1\n\ndata: x?session_id=inner-1\n\n"
        for at in range(0, len(told), 7):
            await send({"type": "http.response.body", "body": told[at : at + 7], "more_body": True})
        await send({"type": "http.response.body"})

    def with_query(scope: dict[str, Any], query: str) -> dict[str, Any]:
        return {**scope, "query_string": query.encode()}

    keyed = {"x-api-key": KEY}
    guarded = Guard(older, gate(**QUERIED))
    sent = serve(guarded, with_query(scope("GET", **keyed), ""), _never)
    whole = b"".join(message.get("body", b"") for message in sent[1:])
    before, _, rest = whole.partition(b"session_id=")
    outward, _, after = rest.partition(b"\r\n\r\n")
    assert before == b": hello\n\nevent: endpoint\r\ndata: /messages/?a=b&" and outward.startswith(b"inner-1.")
    assert after == b"data: x?session_id=inner-1\n\n", "what follows is nobody's to change"
    session = outward.decode()
    posted = scope(**keyed, **{"content-type": "application/json"})

    async def body() -> Any:
        return {"type": "http.request", "body": json.dumps(CALL).encode()}

    answered = serve(guarded, with_query(posted, f"x=%20&session_id={session}&y"), body)
    assert answered[0]["status"] == 200 and seen[-1] == b"x=%20&session_id=inner-1&y"
    assert all(name != b"mcp-session-id" for name, _ in posted["headers"])
    for query, status in (
        ("session_id=inner-1", 404),
        (f"session_id={session}x", 404),
        (f"session_id={session}&session_id={session}", 400),
        (f"Session_ID={session}", 400),
    ):
        count = len(seen)
        assert serve(guarded, with_query(posted, query), body)[0]["status"] == status, query
        assert len(seen) == count
    # Switched off, and by another name.
    plain = Guard(older, gate(**QUERIED), session_in_query=None)
    assert serve(plain, with_query(posted, "session_id=inner-1"), body)[0]["status"] == 200
    named = Guard(older, gate(**QUERIED), session_in_query="sessionId")
    assert serve(named, with_query(posted, "sessionId=inner-1"), body)[0]["status"] == 404


@pytest.mark.parametrize(
    ("stream", "told"),
    [
        (
            b"event: endpoint\r\ndata: /m?session_id=a%20b\r\n\r\n",
            b"event: endpoint\r\ndata: /m?session_id=A%20B\r\n\r\n",
        ),
        (b"data:/m?session_id=a\revent:endpoint\r\rx", b"event: endpoint\r\ndata: /m?session_id=A\r\n\r\nx"),
        (b"event: endpoint\ndata: /m\n\n", b"event: endpoint\r\ndata: /m\r\n\r\n"),
        (b"event: endpoint\ndata: /m?\ndata: session_id=a\n\n", b"event: endpoint\ndata: /m?\ndata: session_id=a\n\n"),
        (b"event: endpoint\ndata: /m?session_id=none\n\nx", b"x"),
        (b"event: message\ndata: session_id=a\n\n", b"event: message\ndata: session_id=a\n\n"),
        (b"id: 1\ndata\n\nevent: endpoint\ndata: ?session_id=a\n\n", None),
        (b"event: endpoint\ndata: ?session_id=a", None),
        (b"x" * 100_000, None),
        (b"", None),
    ],
)
def test_the_endpoint_event(stream: bytes, told: bytes | None) -> None:
    for size in (1, 3, 100_000):
        event = EndpointEvent("session_id", lambda inner: None if inner == "none" else inner.upper())
        passed = b"".join(event.passed_on(stream[at : at + size], True) for at in range(0, len(stream), size))
        assert passed + event.passed_on(b"", False) == (stream if told is None else told)


def test_under_trio_it_says_so() -> None:
    """Under whatever runs coroutines but asyncio: it has no event loop."""
    for what in ({"type": "lifespan"}, scope(**{"x-api-key": KEY})):
        with pytest.raises(RuntimeError, match="under asyncio alone"):
            Guard(echo, gate())(what, _never, _never_sent).send(None)


async def _never_sent(message: Any) -> None:
    raise AssertionError("nothing is to be sent")


def test_websockets_are_refused() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def go() -> None:
        await Guard(echo, gate())({"type": "websocket", "path": "/mcp", "headers": []}, _never, send)

    asyncio.run(go())
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def _never() -> Any:
    raise AssertionError("nothing is to be received")


def scope(method: str = "POST", **headers: str) -> dict[str, Any]:
    pairs = [(name.encode(), value.encode()) for name, value in {"host": "localhost", **headers}.items()]
    return {"type": "http", "method": method, "path": "/mcp", "headers": pairs, "client": PEER, "http_version": "1.1"}


def serve(guarded: Guard, scope: dict[str, Any], receive: Any, seconds: float = 5.0) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(asyncio.wait_for(guarded(scope, receive, send), seconds))
    return sent


def test_a_body_is_not_read_before_its_head_is_good_nor_beyond_its_bound() -> None:
    refused = serve(Guard(echo, gate()), scope(**{"content-length": "10"}), _never)
    assert refused[0]["status"] == 401
    assert (b"connection", b"close") in refused[0]["headers"]
    # One that says it is too long is not read at all; one that says nothing, no further than the bound.
    good = {"x-api-key": KEY, "content-type": "application/json"}
    assert serve(Guard(echo, gate()), scope(**good, **{"content-length": "9000000"}), _never)[0]["status"] == 413
    chunks = 0

    async def endless() -> Any:
        nonlocal chunks
        chunks += 1
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    assert serve(Guard(echo, gate(body_limit=200_000)), scope(**good), endless)[0]["status"] == 413
    assert chunks == 4


def test_a_body_that_trickles_or_breaks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    good = {"x-api-key": KEY, "content-type": "application/json"}

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    assert serve(Guard(echo, gate()), scope(**good), gone)[0]["status"] == 400

    async def slow() -> Any:
        await asyncio.sleep(60)

    with monkeypatch.context() as patched:
        patched.setattr(_asgi_body, "BODY_TIME", 0.05)
        assert serve(Guard(echo, gate()), scope(**good), slow)[0]["status"] == 400

    parts = iter([CALL_TEXT[:9], CALL_TEXT[9:20], CALL_TEXT[20:]])

    async def in_parts() -> Any:
        await asyncio.sleep(0.001)
        part = next(parts)
        return {"type": "http.request", "body": part, "more_body": part != CALL_TEXT[20:]}

    whole = serve(Guard(echo, gate()), scope(**good), in_parts)
    assert whole[0]["status"] == 200 and whole[1]["body"] == b"key:ci " + CALL_TEXT

    async def broken() -> Any:
        await asyncio.sleep(0.001)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        serve(Guard(echo, gate()), scope(**good), broken)

    async def cancelled() -> Any:
        await asyncio.sleep(0.001)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        serve(Guard(echo, gate()), scope(**good), cancelled)


def streaming(guarded: Guard, **headers: str) -> tuple[float, list[Any]]:
    began = time.monotonic()
    sent = serve(guarded, scope("GET", accept="text/event-stream", **headers), _never)
    return time.monotonic() - began, sent


async def endlessly(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})

    # From a task of its own, as frameworks send.
    async def all_of_it() -> None:
        while True:
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            await asyncio.sleep(0.01)

    task = asyncio.ensure_future(all_of_it())
    try:
        await task
    finally:
        task.cancel()


def test_a_streaming_answer_ends_with_its_token() -> None:
    token = sign({"sub": "a", "exp": time.time() + 0.6}, SECRET)
    seconds, sent = streaming(Guard(endlessly, gate()), authorization=f"Bearer {token}")
    assert 0.3 < seconds < 2.0
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert len(sent) > 10


def test_a_streaming_answer_ends_when_its_credential_is_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorward_asgi, "SWEEP", 0.05)
    keyed = gate()

    async def withdrawing(scope: Any, receive: Any, send: Any) -> None:
        asyncio.get_running_loop().call_later(
            0.2, keyed.swap_api_keys, ApiKeys([ApiKey("other", "some-other-key-altogether")])
        )
        await endlessly(scope, receive, send)

    seconds, sent = streaming(Guard(withdrawing, keyed), **{"x-api-key": KEY})
    assert 0.2 < seconds < 2.0 and not sent[-1]["more_body"]


def test_who_hangs_up_is_no_longer_served() -> None:
    """A cancellation that is not the guard's own goes on to whoever it came from."""

    async def go() -> None:
        guarded = Guard(endlessly, gate())
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        task = asyncio.ensure_future(guarded(scope("GET", **{"x-api-key": KEY}), _never, send))
        await asyncio.sleep(0.05)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(go())


def test_api_keys_that_the_host_knows() -> None:
    asked: list[str] = []

    async def look_up(digest: str) -> ApiKey | None:
        asked.append(digest)
        if digest == "0" * 64:
            return None
        if len(asked) > 2:
            raise ConnectionError("the database is down")
        return ApiKey("customer-7", digest=digest)

    lookup = Gate(api_key_lookup=True, policy=Policy.allow_all())
    guarded = Guard(echo, lookup, api_key_look_up=look_up)
    for _ in range(2):
        assert post(guarded, **{"x-api-key": "a-key-of-the-database"}).text.startswith("key:customer-7 ")
    assert len(asked) == 1, "the answer is remembered"
    assert post(guarded, **{"x-api-key": "another-of-the-database"}).status_code == 200
    assert post(guarded, **{"x-api-key": "a-third-of-the-database"}).status_code == 503
    assert post(Guard(echo, lookup), **{"x-api-key": "nobody-to-ask-for-it"}).status_code == 503


@pytest.fixture
def issuer() -> Iterator[Any]:
    """An issuer's key set, served by httpx's own fake network."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from doorward import SigningKey

    class Issuer:
        def __init__(self) -> None:
            private = ec.generate_private_key(ec.SECP256R1())
            pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            self.key = SigningKey.from_private(pem, "ES256", kid="one")
            self.gets = 0
            self.broken = False
            self.client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))

        async def answer(self, request: httpx.Request) -> httpx.Response:
            assert "authorization" not in request.headers
            self.gets += 1
            await asyncio.sleep(0.05)
            if self.broken:
                raise httpx.ConnectError("down")
            return httpx.Response(200, json={"keys": [self.key.public_jwk()]})

        def token(self) -> str:
            return self.key.sign({"iss": "https://issuer.example", "aud": "here", "sub": "anna", "exp": 4102444800})

        def gate(self) -> Gate:
            jwks = Jwks("https://issuer.example/keys")
            verifier = Verifier(jwks=jwks, issuer="https://issuer.example", audience="here")
            return Gate(verifiers=verifier, policy=Policy.allow_all())

    yield Issuer()


def test_keys_are_fetched_once_for_all_who_wait(issuer: Any) -> None:
    guarded = Guard(echo, issuer.gate(), http_client=issuer.client)

    async def go() -> list[httpx.Response]:
        async with client(guarded, authorization=f"Bearer {issuer.token()}") as http:
            answers = await asyncio.gather(*(http.post("/mcp", json=CALL) for _ in range(8)))
            await guarded.door.stop()
            return list(answers)

    answers = asyncio.run(go())
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].text.startswith("jwt:https://issuer.example:anna ")
    assert issuer.gets == 1


def test_an_issuer_that_is_down_is_no_reason_to_throw_tokens_away(issuer: Any) -> None:
    issuer.broken = True
    guarded = Guard(echo, issuer.gate(), http_client=issuer.client)
    answer = post(guarded, authorization=f"Bearer {issuer.token()}")
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert "www-authenticate" not in answer.headers


def test_the_examples() -> None:
    with running("asgi_app", API_KEYS=KEY) as url:
        assert httpx.post(url, json=CALL).status_code == 401
        answer = httpx.post(url, json=CALL, headers={"x-api-key": KEY})
        assert answer.json()["result"]["caller"].startswith("key:")
    with running("fastapi_app", JWT_SECRET=SECRET, RATE_LIMIT_MAX="4") as url:
        token = sign({"sub": "anna", "exp": 4102444800, "scope": "reports:write"}, SECRET)
        poor = sign({"sub": "ben", "exp": 4102444800}, SECRET)
        with httpx.Client(base_url=url) as http:
            assert http.get("/health").json() == "ok"
            assert http.get("/me").status_code == 401
            assert http.get("/docs").status_code == 401, "what is named nowhere is guarded"
            good = {"authorization": f"Bearer {token}"}
            assert http.get("/me", headers=good).json()["scopes"] == ["reports:write"]
            answer = http.post("/reports", json={"title": "one"}, headers=good)
            assert answer.json() == {"title": "one", "by": "jwt::anna"}
            refused = http.post("/reports", json={"title": "one"}, headers={"authorization": f"Bearer {poor}"})
            assert refused.status_code == 403
            assert 'error="insufficient_scope", scope="reports:write"' in refused.headers["www-authenticate"]
            statuses = [http.get("/me", headers=good).status_code for _ in range(4)]
            assert statuses[-1] == 429
