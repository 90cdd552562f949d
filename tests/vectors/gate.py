#!/usr/bin/env python3
"""Writes gate.json, the vectors of whole requests: `python3 gate.py`, or `--check` to compare it with what is there.

Nothing here comes from doorward: tokens, keys, answers and rate headers are made by the RFCs and by hand, so that a
mistake in doorward can't hide in its own vectors. Standard library only. The format is told in
tests/tests/gate_vectors.rs, which runs them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import sys
import zlib
from pathlib import Path
from typing import Any

import gate_limits
import gate_oauth
import gate_policy
import gate_session

NOW = 1_800_000_000
USER, ADMIN = "user-key-4f1d0c77a2b94e", "admin-key-9b3e55f0c81d7a"
SECRET = "gate vectors' secret, 0123456789abcdef, of 50 bytes"
PREVIOUS = "gate vectors' secret of last month, 0123456789abcdef"
ISSUER, AUDIENCE = "https://issuer.example", "https://mcp.example/mcp"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62(number: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits


def own_key(env: str, public_id: str, secret: int) -> str:
    body = f"dw_{env}_{public_id}_{base62(secret, 27)}"
    return body + base62(zlib.crc32(body.encode()), 6)


OWN = own_key("live", "Gate0Vectors", 0x1234567890ABCDEF1234567890ABCDEF12345678)
STRANGE = own_key("live", "Gate0Vectors", 1)


def b64(data: bytes | str) -> str:
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def join(header: Any, payload: Any, sign: Any) -> str:
    text = [part if isinstance(part, str) else compact(part) for part in (header, payload)]
    signed = ".".join(map(b64, text))
    return f"{signed}.{b64(sign(signed.encode()))}"


def hs(name: str = "sha256", secret: str = SECRET) -> Any:
    return lambda signed: hmac.new(secret.encode(), signed, name).digest()


def claims(**changed: Any) -> dict[str, Any]:
    """A good token's claims; a value of None leaves that one out."""
    all_claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "role": "user", "exp": NOW + 600} | changed
    return {name: value for name, value in all_claims.items() if value is not None}


def token(header: Any = None, payload: Any = None, sign: Any = None, **changed: Any) -> str:
    header = {"alg": "HS256", "typ": "JWT"} if header is None else header
    return join(header, claims(**changed) if payload is None else payload, sign or hs())


def is_prime(number: int, random_: random.Random) -> bool:
    if any(number % small == 0 for small in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(24):
        power = pow(random_.randrange(2, number - 1), odd, number)
        if power not in (1, number - 1):
            for _ in range(twos - 1):
                power = power * power % number
                if power == number - 1:
                    break
            else:
                return False
    return True


class Rsa:
    """A key for these vectors and nothing else: made from a number anybody can read."""

    def __init__(self, seed: int) -> None:
        random_ = random.Random(seed)
        primes: list[int] = []
        while len(primes) < 2:
            candidate = random_.getrandbits(1024) | 1 << 1023 | 1 << 1022 | 1
            if candidate % 65537 != 1 and is_prime(candidate, random_):
                primes.append(candidate)
        self.n = primes[0] * primes[1]
        self.d = pow(65537, -1, (primes[0] - 1) * (primes[1] - 1))

    def sign(self, signed: bytes) -> bytes:
        info = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(signed).digest()
        padded = b"\x00\x01" + b"\xff" * (256 - 3 - len(info)) + b"\x00" + info
        return pow(int.from_bytes(padded), self.d, self.n).to_bytes(256)

    def pem(self) -> str:
        def der(tag: int, body: bytes) -> bytes:
            length = len(body)
            octets = length.to_bytes((length.bit_length() + 7) // 8)
            return bytes([tag]) + (bytes([length]) if length < 128 else bytes([0x80 | len(octets)]) + octets) + body

        def integer(number: int) -> bytes:
            return der(2, number.to_bytes(number.bit_length() // 8 + 1))

        key = der(0x30, integer(self.n) + integer(65537))
        algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
        text = base64.b64encode(der(0x30, algorithm + der(3, b"\x00" + key))).decode()
        lines = [text[at : at + 64] for at in range(0, len(text), 64)]
        return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


RSA = Rsa(20260728)

KEYS = {"API_KEYS": f"{USER},{OWN}", "ADMIN_API_KEYS": ADMIN}
TOKENS = {"JWT_SECRET": SECRET, "JWT_ISSUER": ISSUER, "JWT_AUDIENCE": AUDIENCE}
GATES = {
    "both": KEYS | TOKENS,
    "keys": KEYS,
    "tokens": TOKENS,
    "rotated": TOKENS | {"JWT_SECRET_PREVIOUS": PREVIOUS},
    "tolerant": TOKENS | {"JWT_CLOCK_TOLERANCE": "5"},
    "unnamed": {"JWT_SECRET": SECRET},
    "public key": {"JWT_PUBLIC_KEY": RSA.pem(), "JWT_AUDIENCE": AUDIENCE},
    "listed": KEYS | {"CORS_ORIGINS": "https://app.example"},
    "public": KEYS
    | {"HOST": "0.0.0.0", "PUBLIC_URL": "https://mcp.example/mcp", "ALLOWED_HOSTS": "internal.example:8080"},
    "small": KEYS | {"BODY_LIMIT": "100", "RATE_LIMIT_MAX": "4"},
    "few": KEYS | {"RATE_LIMIT_MAX": "4"},
    "proxied": KEYS | {"TRUSTED_PROXIES": "127.0.0.1,10.0.0.0/8,fd00::/8"},
}
GATES |= gate_session.gates(sys.modules[__name__])
LIMITS = gate_limits.files(sys.modules[__name__])
GATES |= {name: {} for name in LIMITS}
GATES |= gate_policy.gates(sys.modules[__name__])
GATES |= gate_oauth.gates(sys.modules[__name__])
POLICY = {
    "roles": {
        "user": {"tools": ["whoami"]},
        "viewer": {"tools": ["read_*"], "resources": ["docs://a/*", "docs://one"], "prompts": ["summary"]},
        "lister": {"methods": ["tools/list"]},
        "listener": {"methods": ["subscriptions/listen"], "resources": ["docs://a/*", "docs://one"]},
        "admin": {"tools": ["*"], "resources": ["*"], "prompts": ["*"], "methods": ["*"]},
    }
}

SENTENCES = {
    "invalid_request": (400, "The request is malformed."),
    "unauthorized": (401, "A credential is required."),
    "invalid_token": (401, "The credential is not valid."),
    "insufficient_scope": (403, "The credential lacks a scope that this needs."),
    "forbidden": (403, "The credential does not allow this."),
    "origin_not_allowed": (403, "The Host or Origin is not allowed."),
    "session_not_found": (404, "There is no such session: start a new one."),
    "too_large": (413, "The request body is too large."),
    "rate_limited": (429, "Too many requests: wait as long as Retry-After says."),
    "unavailable": (503, "The service cannot decide now: try again later."),
}
VECTORS: list[dict[str, Any]] = []


def rate(policy: str, limit: int, used: int, retry: int | None = None, window: int = 60, burst: int | None = None,
         refill: int | None = None) -> dict[str, Any]:
    """The rate headers of a bucket of `limit` a window, `used` of it spent in this very microsecond. It holds `burst`, and
    `refill` units flow back in a window, where these are others than the limit."""
    holds, refill = limit if burst is None else burst, limit if refill is None else refill
    reset = -(-used * window // refill)
    return {
        "x-ratelimit-limit": str(holds),
        "x-ratelimit-remaining": str(holds - used),
        "x-ratelimit-reset": str(reset),
        "ratelimit-policy": f'"{policy}";q={limit};w={window}',
        "ratelimit": f'"{policy}";r={holds - used};t={reset if retry is None else retry}',
        "retry-after": None if retry is None else str(retry),
    }


def denied(error: str, code: str, headers: dict[str, Any] | None = None, body: str | None = None) -> dict[str, Any]:
    status, sentence = SENTENCES[error]
    challenge = {"unauthorized": "Bearer", "invalid_token": 'Bearer error="invalid_token"'}.get(error)
    always = {"content-type": "application/json", "cache-control": "no-store", "www-authenticate": challenge}
    return {
        "status": status,
        "code": code,
        "headers": always | ({"retry-after": None} if headers is None else headers),
        "body": compact({"error": error, "error_description": sentence}) if body is None else body,
    }


def by_address(error: str, code: str, used: int = 1) -> dict[str, Any]:
    return denied(error, code, rate("address", 30, used))


def by_principal(error: str, code: str, body: str | None = None, used: int = 1) -> dict[str, Any]:
    """A refusal behind a good head, which has cost its principal 1."""
    return denied(error, code, rate("principal", 100, used), body)


def mismatch(id_: str = "1") -> dict[str, Any]:
    sentence = "MCP-Protocol-Version, Mcp-Method or Mcp-Name is missing or disagrees with the body."
    text = '{"jsonrpc":"2.0","id":%s,"error":{"code":-32020,"message":"%s"}}'
    return by_principal("invalid_request", "header_mismatch", text % (id_, sentence))


def admitted(principal: str, used: int = 1, limit: int = 100) -> dict[str, Any]:
    return {"admitted": principal, "headers": rate("principal", limit, used)}


def rpc(method: str, params: Any = None, **more: Any) -> str:
    message = {"jsonrpc": "2.0", "id": 1, "method": method} | ({} if params is None else {"params": params})
    return compact(message | more)


def call(name: str) -> str:
    return rpc("tools/call", {"name": name})


WHOAMI = call("whoami")
JSON = ("content-type", "application/json")


def request(*headers: tuple[str, str], body: Any = WHOAMI, method: str = "POST", peer: str | None = "127.0.0.1",
            host: str | None = "127.0.0.1:3000", media: bool = True) -> dict[str, Any]:
    lines = [] if host is None else [("host", host)]
    lines += [JSON] if media else []
    return {"method": method, "peer": peer, "headers": [list(line) for line in [*lines, *headers]], "body": body}


def key(value: str = USER) -> tuple[str, str]:
    return ("x-api-key", value)


def bearer(value: str) -> tuple[str, str]:
    return ("authorization", f"Bearer {value}")


def vector(class_: str, name: str, request_: dict[str, Any], expect: dict[str, Any], gate: str = "both",
           now: dict[str, Any] | None = None) -> None:
    vector_ = {"name": f"{class_}: {name}", "class": class_, "gate": gate, "now": now or at(0)}
    VECTORS.append(vector_ | {"request": request_, "expect": expect})


def sequence(class_: str, name: str, steps: list[dict[str, Any]], gate: str = "both") -> None:
    VECTORS.append({"name": f"{class_}: {name}", "class": class_, "gate": gate, "now": at(0), "steps": steps})


def at(seconds: float) -> dict[str, Any]:
    return {"unix": NOW + seconds, "mono": 5_000_000 + round(seconds * 1_000_000)}


def step(request_: dict[str, Any], expect: dict[str, Any], repeat: int = 1, seconds: float = 0) -> dict[str, Any]:
    step_ = {"request": request_, "expect": expect}
    return step_ | ({"repeat": repeat} if repeat > 1 else {}) | ({"now": at(seconds)} if seconds else {})


ANNA = "jwt:https://issuer.example:anna"


def credentials() -> None:
    c = "credential"
    good = token()
    for name, headers, principal in [
        ("key", [key()], "key:api-key-1"),
        ("key's header in capitals", [("X-API-KEY", USER)], "key:api-key-1"),
        ("key as bearer", [bearer(USER)], "key:api-key-1"),
        ("own key", [key(OWN)], "key:Gate0Vectors"),
        ("own key as bearer", [bearer(OWN)], "key:Gate0Vectors"),
        ("admin key", [key(ADMIN)], "key:admin-key-1"),
        ("token", [bearer(good)], ANNA),
        ("scheme in odd case, several spaces", [("Authorization", f"bEaReR   {good}")], ANNA),
        ("Basic beside a key is none of ours", [("authorization", "Basic eDp5"), key()], "key:api-key-1"),
    ]:
        vector(c, name, request(*headers), admitted(principal))
    missing = by_address("unauthorized", "credential_missing")
    for name, headers in [
        ("none", []),
        ("Basic alone", [("authorization", "Basic eDp5")]),
        ("Basic and Bearer joined is Basic", [("authorization", f"Basic eDp5, Bearer {USER}")]),
        ("cookie", [("cookie", f"x-api-key={USER}")]),
        ("another header", [("api-key", USER)]),
        ("no scheme", [("authorization", good)]),
        ("tab for the space", [("authorization", f"Bearer\t{good}")]),
    ]:
        vector(c, name, request(*headers), missing)
    malformed = by_address("invalid_request", "credential_malformed")
    for name, headers in [
        ("scheme alone", [("authorization", "Bearer")]),
        ("scheme and space", [("authorization", "Bearer ")]),
        ("empty key", [key("")]),
        ("scheme twice", [bearer(f"Bearer {good}")]),
        ("two tokens", [bearer(f"{good} {good}")]),
        ("two joined by a comma", [bearer(f"{good},Bearer {good}")]),
        ("comma behind", [bearer(f"{good},")]),
        ("control character", [bearer("a\x01b")]),
        ("not ASCII", [bearer("caf\u00e9")]),
    ]:
        vector(c, name, request(*headers), malformed)
    repeated = by_address("invalid_request", "credential_repeated")
    for name, headers in [
        ("key and token", [key(), bearer(good)]),
        ("key and key as bearer", [key(), bearer(USER)]),
        ("key twice", [key(), key()]),
        ("key twice in two cases", [key(), ("X-Api-Key", ADMIN)]),
        ("token twice", [bearer(good), bearer(good)]),
        ("Bearer and Basic", [bearer(good), ("authorization", "Basic eDp5")]),
        ("empty key beside a token", [key(""), bearer(good)]),
    ]:
        vector(c, name, request(*headers), repeated)
    unknown = by_address("invalid_token", "api_key_unknown")
    damaged = by_address("invalid_token", "api_key_malformed")
    last = "0" if OWN[-1] != "0" else "1"
    for name, value, expect in [
        ("wrong key", "user-key-4f1d0c77a2b94f", unknown),
        ("key in capitals", USER.upper(), unknown),
        ("key cut short", USER[:-1], unknown),
        ("key and a character", USER + "x", unknown),
        ("list of keys", f"{USER},{OWN}", unknown),
        ("well-formed, issued by nobody", STRANGE, unknown),
        ("own key, wrong checksum", OWN[:-1] + last, damaged),
        ("own key cut short", OWN[:50], damaged),
        ("space inside", "user key", damaged),
        ("not ASCII in the key's header", "caf\u00e9", damaged),
        ("over 512 bytes", "x" * 513, damaged),
    ]:
        vector(c, name, request(key(value)), expect)
    vector(c, "keys only: a token is an unknown key", request(bearer(good)), unknown, "keys")
    vector(c, "tokens only: a key's header is ignored", request(key()), missing, "tokens")
    vector(c, "tokens only: and is no second one", request(key(), bearer(good)), admitted(ANNA), "tokens")
    vector(c, "tokens only: a key as bearer", request(bearer(USER)),
           by_address("invalid_token", "token_malformed"), "tokens")


def tokens() -> None:
    c = "token"
    good = token()
    head, payload, signature = good.split(".")
    rs256 = token({"alg": "RS256"}, sign=RSA.sign)
    bad = [
        ("HS512", "algorithm_not_allowed", token({"alg": "HS512"}, sign=hs("sha512"))),
        ("none", "algorithm_not_allowed", token({"alg": "none"}, sign=lambda _: b"AAA")),
        ("lower case", "algorithm_not_allowed", token({"alg": "hs256"})),
        ("RS256 where a secret is", "algorithm_not_allowed", rs256),
        ("alg missing", "token_header_invalid", token({"typ": "JWT"})),
        ("alg twice", "token_header_invalid", token('{"alg":"HS256","alg":"HS256"}')),
        ("crit", "token_header_critical", token({"alg": "HS256", "crit": ["exp"]})),
        ("header names a key", "signature_invalid",
         token({"alg": "HS256", "jwk": {"kty": "oct", "k": b64("x" * 32)}}, sign=hs(secret="x" * 32))),
        ("other secret", "signature_invalid", token(sign=hs(secret=PREVIOUS))),
        ("other payload", "signature_invalid", f"{head}.{b64(compact(claims(role='admin')))}.{signature}"),
        ("signature cut short", "signature_invalid", f"{head}.{payload}.{signature[:40]}"),
        ("16 KiB and more", "token_too_large", token(sub="x" * 16_384)),
    ]
    for name, code, value in bad:
        vector(c, name, request(bearer(value)), by_address("invalid_token", code))
    honest = [
        ("expired", "token_expired", token(exp=NOW - 1)),
        ("expires now", "token_expired", token(exp=NOW)),
        ("expired comes before wrong audience", "token_expired", token(exp=NOW - 1, aud="https://other.example")),
        ("not yet valid", "token_not_yet_valid", token(nbf=NOW + 1)),
        ("no expiry", "claim_missing", token(exp=None)),
        ("expiry is a text", "claim_invalid", token(exp=str(NOW + 600))),
        ("audience twice", "token_payload_invalid", token(payload=compact(claims())[:-1] + f',"aud":"{AUDIENCE}"}}')),
        ("other issuer", "issuer_mismatch", token(iss=ISSUER + "/")),
        ("no issuer", "issuer_mismatch", token(iss=None)),
        ("other audience", "audience_mismatch", token(aud="https://mcp.example")),
        ("no audience", "audience_mismatch", token(aud=None)),
        ("no subject", "subject_missing", token(sub=None)),
        ("a client_id is no subject", "subject_missing", token(sub=None, client_id="ci")),
        ("empty subject", "subject_missing", token(sub="")),
        ("azp is no subject", "subject_missing", token(sub=None, azp="ci")),
    ]
    for name, code, value in honest:
        vector(c, name, request(bearer(value)), by_address("invalid_token", code, used=0))
    for name, value, principal in [
        ("expires in a moment", token(exp=NOW + 0.5), ANNA),
        ("audience among others", token(aud=["https://other.example", AUDIENCE]), ANNA),
        ("colon and per cent in the subject", token(sub="a:b%c"), "jwt:https://issuer.example:a%3Ab%25c"),
        ("roles as an array", token(role=None, roles=["nobody", "user"]), ANNA),
    ]:
        vector(c, name, request(bearer(value)), admitted(principal))
    vector(c, "the previous secret still verifies", request(bearer(token(sign=hs(secret=PREVIOUS)))),
           admitted(ANNA), "rotated")
    vector(c, "tolerance: 4 s late", request(bearer(token(exp=NOW - 4))), admitted(ANNA), "tolerant")
    vector(c, "tolerance: 5 s late", request(bearer(token(exp=NOW - 5))),
           by_address("invalid_token", "token_expired", used=0), "tolerant")
    vector(c, "no audience configured: for somebody else", request(bearer(token())),
           by_address("invalid_token", "audience_mismatch", used=0), "unnamed")
    vector(c, "no audience configured: for nobody", request(bearer(token(aud=None, iss=None))),
           admitted("jwt::anna"), "unnamed")
    vector(c, "RS256", request(bearer(rs256)), admitted(ANNA), "public key")
    confused = token(sign=hs(secret=RSA.pem()))
    vector(c, "HS256 by the public key's text", request(bearer(confused)),
           by_address("invalid_token", "algorithm_not_allowed"), "public key")
    sequence(c, "a token seen before ends when it says", [
        step(request(bearer(good)), admitted(ANNA)),
        step(request(bearer(good)), admitted(ANNA, used=2)),
        step(request(bearer(good)), by_address("invalid_token", "token_expired", used=0), seconds=600),
    ])


def origins() -> None:
    c = "origin"
    host = by_address("origin_not_allowed", "host_not_allowed", used=0)
    origin = by_address("origin_not_allowed", "origin_not_allowed", used=0)
    for name, value in [("other", "evil.example"), ("missing", None), ("trailing dot", "localhost."),
                        ("all interfaces", "0.0.0.0:3000"), ("our name and more", "127.0.0.1.evil.example")]:
        vector(c, f"host {name}", request(key(), host=value), host)
    vector(c, "host twice", request(key(), ("host", "127.0.0.1")), host)
    vector(c, "host comes before the credential", request(key("wrong"), host="evil.example"), host)
    for value in ["localhost:3000", "[::1]", "127.9.9.9"]:
        vector(c, f"host {value}", request(key(), host=value), admitted("key:api-key-1"))
    for name, value in [("other", "https://evil.example"), ("null", "null"), ("empty", "")]:
        vector(c, f"origin {name}", request(key(), ("origin", value)), origin)
    vector(c, "origin of this machine", request(key(), ("origin", "http://localhost:5173")), admitted("key:api-key-1"))
    vector(c, "origin listed", request(key(), ("origin", "https://app.example")), admitted("key:api-key-1"), "listed")
    vector(c, "origin listed twice", request(key(), *[("origin", "https://app.example")] * 2), origin, "listed")
    site = lambda value: ("sec-fetch-site", value)  # noqa: E731
    for value in ["cross-site", "same-site"]:
        vector(c, f"a page elsewhere: {value}", request(key(), site(value)), origin)
        vector(c, f"a page elsewhere, by its origin: {value}", request(key(), ("origin", "https://app.example"), site(value)),
               admitted("key:api-key-1"), "listed")
    for value in ["none", "same-origin", "", "elsewhere"]:
        vector(c, f"no page elsewhere: {value!r}", request(key(), site(value)), admitted("key:api-key-1"))
    vector(c, "a page's site twice", request(key(), site("none"), site("none")), origin)
    sequence(c, "a page's images lock nobody out", [
        step(request(site("cross-site"), method="GET", media=False, body=None), origin, repeat=40),
        step(request(key()), admitted("key:api-key-1")),
    ])
    vector(c, "origin listed is no credential", request(("origin", "https://app.example")),
           by_address("unauthorized", "credential_missing"), "listed")
    own = ("origin", "https://mcp.example")
    vector(c, "public: own host and origin", request(key(), own, host="mcp.example"), admitted("key:api-key-1"), "public")
    vector(c, "public: allowed host", request(key(), host="internal.example:8080"), admitted("key:api-key-1"), "public")
    vector(c, "public: loopback is not ours", request(key()), host, "public")
    vector(c, "public: nor is its page", request(key(), ("origin", "http://localhost"), host="mcp.example"), origin, "public")


def bodies() -> None:
    c = "body"
    media = by_principal("invalid_request", "body_media_type")
    for name, headers in [
        ("no media type", []),
        ("text", [("content-type", "text/plain")]),
        ("UTF-7", [("content-type", "application/json; charset=utf-7")]),
        ("UTF-8, then UTF-7", [("content-type", "application/json; charset=utf-8; Charset=\"utf-7\"")]),
        ("form", [("content-type", "application/x-www-form-urlencoded")]),
        ("media type twice", [JSON, JSON]),
        ("gzip", [JSON, ("content-encoding", "gzip")]),
        ("identity, then gzip", [JSON, ("content-encoding", "identity"), ("content-encoding", "gzip")]),
    ]:
        vector(c, name, request(key(), *headers, media=False), media)
    for name, headers in [("odd case and parameters", [("content-type", "Application/JSON ; charset=utf-8")]),
                          ("identity", [JSON, ("content-encoding", "Identity")])]:
        vector(c, name, request(key(), *headers, media=False), admitted("key:api-key-1"))
    unreadable = by_principal("invalid_request", "body_unreadable")
    params = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":%s}'
    for name, body in [
        ("empty", ""),
        ("not JSON", "whoami"),
        ("null", "null"),
        ("an object without anything", "{}"),
        ("byte-order mark", "\ufeff" + WHOAMI),
        ("not UTF-8", {"base64": base64.b64encode(WHOAMI.replace("whoami", "\u00ff").encode("latin-1")).decode()}),
        ("something behind", WHOAMI + "x"),
        ("two messages", WHOAMI + WHOAMI),
        ("cut short", WHOAMI[:-1]),
        ("deep", {"before": params.partition("%s")[0] + '{"name":"whoami","arguments":', "unit": "[", "times": 100_000, "after": ""}),
        ("JSON-RPC 1.0", WHOAMI.replace("2.0", "1.0")),
        ("method twice", '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"x"}}'),
        ("method twice, once escaped", '{"jsonrpc":"2.0","id":1,"method":"ping","m\\u0065thod":"tools/call"}'),
        ("Method", '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"x"}}'),
        ("param\u017f", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"},"param\u017f":{}}'),
        ("name twice", params % '{"name":"whoami","name":"generate-token"}'),
        ("name twice, once escaped", params % '{"name":"whoami","n\\u0061me":"generate-token"}'),
        ("Name", params % '{"name":"whoami","NAME":"generate-token"}'),
        ("name is a number", params % '{"name":1}'),
        ("no name", params % "{}"),
        ("arguments twice", params % '{"name":"whoami","arguments":{},"Arguments":{}}'),
        ("by position", params % '["whoami"]'),
        ("id is an array", rpc("ping", id=[1])),
        ("call and result at once", rpc("ping", result={})),
        ("broken off", {"state": "broken"}),
    ]:
        vector(c, name, request(key(), body=body), unreadable)
    vector(c, "too long", request(key(), body={"state": "too_large"}), by_principal("too_large", "body_too_large"))
    limit = {"before": "", "unit": " ", "times": 100 - len(call("whoami")), "after": WHOAMI}
    vector(c, "just as long as allowed", request(key(), body=limit), admitted("key:api-key-1", limit=4), "small")
    longer = limit | {"times": limit["times"] + 1}
    vector(c, "longer by a byte", request(key(), body=longer),
           denied("too_large", "body_too_large", rate("principal", 4, 1)), "small")
    vector(c, "who is nobody learns nothing of it", request(body={"state": "too_large"}, media=False),
           by_address("unauthorized", "credential_missing"))
    for method in ["GET", "DELETE"]:
        vector(c, f"{method} has none", request(key(), method=method, media=False, body=None), admitted("key:api-key-1"))
    vector(c, "PUT is held to the same", request(key(), method="PUT", media=False), media)


def policies() -> None:
    c = "policy"
    forbidden = by_principal("forbidden", "policy_forbidden")

    def viewer(body: str) -> dict[str, Any]:
        return request(bearer(token(role="viewer")), body=body)

    read = lambda uri: rpc("resources/read", {"uri": uri})  # noqa: E731
    complete = lambda ref: rpc("completion/complete", {"ref": ref, "argument": {"name": "a", "value": "b"}})  # noqa: E731
    for name, body in [
        ("tool by prefix", call("read_file")),
        ("tool in escapes", call("read_file").replace("read", "\\u0072ead")),
        ("resource by prefix", read("docs://a/b")),
        ("resource by name", read("docs://one")),
        ("prompt", rpc("prompts/get", {"name": "summary"})),
        ("completion of its prompt", complete({"type": "ref/prompt", "name": "summary"})),
        ("completion of its resource", complete({"type": "ref/resource", "uri": "docs://a/b"})),
        ("the lists", rpc("tools/list")),
        ("ping", rpc("ping")),
        ("initialize", rpc("initialize", {})),
        ("server/discover", rpc("server/discover", {})),
        ("a notification", '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}'),
        ("a result on its way back", '{"jsonrpc":"2.0","id":1,"result":{}}'),
    ]:
        vector(c, name, viewer(body), admitted(ANNA))
    for name, body in [
        ("other tool", call("write")),
        ("prefix in other case", call("Read_file")),
        ("prefix in the middle", call("x_read_file")),
        ("the pattern itself", call("*")),
        ("empty name", call("")),
        ("tool as a prompt", rpc("prompts/get", {"name": "read_file"})),
        ("prompt as a tool", call("summary")),
        ("resource climbing out", read("docs://a/../b")),
        ("resource climbing out in escapes", read("docs://a/%2E%2e/b")),
        ("resource with an escaped slash", read("docs://a/..%2fb")),
        ("resource with a backslash", read("docs://a\\/b").replace("\\/", "/\\\\")),
        ("resource beyond its name", read("docs://one/more")),
        ("subscription to another's", rpc("resources/subscribe", {"uri": "docs://b"})),
        ("completion of another prompt", complete({"type": "ref/prompt", "name": "other"})),
        ("unknown method", rpc("admin/shutdown")),
        ("method in other case", rpc("Tools/List")),
        ("a call that is a notification", '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"write"}}'),
    ]:
        vector(c, name, viewer(body), forbidden)
    for name, role, expect in [
        ("no role", None, forbidden),
        ("unknown role", "emperor", forbidden),
        ("role in other case", "Viewer", forbidden),
        ("role and more", "viewer2", forbidden),
    ]:
        vector(c, name, request(bearer(token(role=role)), body=call("read_file")), expect)
    both = token(role=None, roles=["user", "viewer"])
    vector(c, "roles add up", request(bearer(both), body=call("read_file")), admitted(ANNA))
    lister = token(role="lister")
    vector(c, "methods given replace the default ones", request(bearer(lister), body=rpc("prompts/list")), forbidden)
    vector(c, "and are allowed", request(bearer(lister), body=rpc("tools/list")), admitted(ANNA))
    vector(c, "a key's role", request(key(), body=call("generate-token")), forbidden)
    vector(c, "an admin's", request(key(ADMIN), body=call("generate-token")), admitted("key:admin-key-1"))


def batches() -> None:
    c = "batch"
    bad = by_principal("invalid_request", "batch_invalid")
    ping = rpc("ping")
    of = lambda *members: f"[{','.join(members)}]"  # noqa: E731
    vector(c, "costs what its members do", request(key(), body=of(ping, WHOAMI)), admitted("key:api-key-1", used=2))
    vector(c, "64 members", request(key(), body=of(*[ping] * 64)), admitted("key:api-key-1", used=64))
    vector(c, "65 members", request(key(), body=of(*[ping] * 65)), bad)
    vector(c, "empty", request(key(), body="[]"), bad)
    vector(c, "a forbidden member among good ones", request(key(), body=of(ping, call("generate-token"), WHOAMI)),
           by_principal("forbidden", "policy_forbidden"))
    unreadable = by_principal("invalid_request", "body_unreadable")
    vector(c, "an unreadable member among good ones", request(key(), body=of(ping, "1")), unreadable)
    vector(c, "batch in a batch", request(key(), body=of(of(ping))), unreadable)
    vector(c, "not closed", request(key(), body="[" + ping), unreadable)
    for version, expect in [("2025-03-26", admitted("key:api-key-1")), ("2025-06-18", bad), ("2025-11-25", bad),
                            ("2026-07-28", bad), ("tomorrow", bad)]:
        vector(c, f"revision {version}", request(key(), ("mcp-protocol-version", version), body=of(ping)), expect)


def protocol() -> None:
    c = "protocol"

    method, name = lambda text: ("mcp-method", text), lambda text: ("mcp-name", text)  # noqa: E731
    version = ("mcp-protocol-version", "2026-07-28")
    encoded = lambda text: f"=?base64?{base64.b64encode(text.encode()).decode()}?="  # noqa: E731
    for label, headers in [
        ("headers that agree", [version, method("tools/call"), name("whoami")]),
        ("name in base64", [version, method("tools/call"), name(encoded("whoami"))]),
        ("method alone", [method("tools/call")]),
    ]:
        vector(c, label, request(key(), *headers), admitted("key:api-key-1"))
    for label, headers in [
        ("other method", [version, method("tools/list")]),
        ("method in other case", [version, method("Tools/Call")]),
        ("other name", [version, method("tools/call"), name("generate-token")]),
        ("other name in base64", [version, method("tools/call"), name(encoded("generate-token"))]),
        ("name that is no base64", [version, name("=?base64?!?=")]),
        ("other name in base64, 3000 bytes long", [version, name(encoded("x" * 3000))]),
        ("empty name", [version, name("")]),
        ("older revision, and they disagree", [("mcp-protocol-version", "2025-06-18"), method("ping")]),
    ]:
        vector(c, label, request(key(), *headers), mismatch())
    for label, id_ in [("id is a text", '"a\\"b"'), ("id is negative", "-7"), ("id is null", "null")]:
        body = '{"jsonrpc":"2.0","id":%s,"method":"ping"}' % id_
        vector(c, label, request(key(), method("tools/list"), body=body), mismatch(id_))
    notification = '{"jsonrpc":"2.0","method":"notifications/initialized"}'
    vector(c, "a notification has no id", request(key(), method("ping"), body=notification), mismatch("null"))
    vector(c, "a name where nothing is named", request(key(), name("whoami"), body=rpc("ping")), mismatch())
    vector(c, "headers beside a result", request(key(), method("ping"), body='{"jsonrpc":"2.0","id":1,"result":{}}'),
           mismatch("null"))
    vector(c, "headers admit nothing", request(key(), method("tools/call"), body=call("generate-token")),
           by_principal("forbidden", "policy_forbidden"))
    for header in [version, method("tools/call"), name("whoami")]:
        vector(c, f"{header[0]} twice", request(key(), header, header), mismatch("null"))


def rates() -> None:
    c = "rate"
    wrong = request(key("wrong-key"))
    limited = denied("rate_limited", "address_rate_limited", rate("address", 30, 30, retry=2))
    fail = [step(wrong, by_address("invalid_token", "api_key_unknown", used)) for used in range(1, 31)]
    seen, unseen = token(), token(sub="ben")
    sequence(c, "30 failures, and no more", [
        *fail,
        step(wrong, limited, repeat=5),
        step(request(), limited),
        step(request(("authorization", "Bearer")), limited),
    ])
    sequence(c, "who is no guesser goes on", [
        step(request(bearer(seen)), admitted(ANNA)),
        step(wrong, {"status": 401, "code": "api_key_unknown"}, repeat=30),
        step(request(bearer(seen)), admitted(ANNA, used=2)),
        step(request(key(OWN)), admitted("key:Gate0Vectors")),
        step(request(bearer(unseen)), limited),
        step(request(key()), limited),
        step(request(key(STRANGE)), limited),
        step(request(key(), peer="203.0.113.5"), admitted("key:api-key-1")),
    ])
    sequence(c, "attempts flow back one by one", [
        step(wrong, {"status": 401, "code": "api_key_unknown"}, repeat=30),
        step(wrong, denied("rate_limited", "address_rate_limited", rate("address", 30, 30, retry=1)
                           | {"x-ratelimit-reset": "59"}), seconds=1.5),
        step(wrong, {"status": 401, "code": "api_key_unknown"}, seconds=2),
        step(wrong, {"status": 429, "code": "address_rate_limited"}, seconds=2),
        step(wrong, {"status": 401, "code": "api_key_unknown"}, repeat=29, seconds=60),
        step(wrong, {"status": 429, "code": "address_rate_limited"}, seconds=60),
    ])
    sequence(c, "a clock that goes back frees nobody", [
        step(wrong, {"status": 401, "code": "api_key_unknown"}, repeat=30, seconds=100),
        step(wrong, {"status": 429, "code": "address_rate_limited"}, seconds=1),
    ])
    expired = request(bearer(token(exp=NOW - 1)))
    sequence(c, "honest mistakes spend nothing", [
        step(expired, by_address("invalid_token", "token_expired", used=0), repeat=40),
        step(request(key(), host="evil.example"), by_address("origin_not_allowed", "host_not_allowed", used=0), repeat=40),
        step(request(), by_address("unauthorized", "credential_missing")),
    ])
    forbidden, broken = request(key(), body=call("x")), request(key(), body="{")
    full = denied("rate_limited", "principal_rate_limited", rate("principal", 4, 4, retry=15))
    sequence(c, "what is wrong with a body costs its principal 1, and the address nothing", [
        step(forbidden, denied("forbidden", "policy_forbidden", rate("principal", 4, 1))),
        step(broken, denied("invalid_request", "body_unreadable", rate("principal", 4, 2))),
        step(request(key(), body={"state": "too_large"}), denied("too_large", "body_too_large", rate("principal", 4, 3))),
        step(request(key(), media=False), denied("invalid_request", "body_media_type", rate("principal", 4, 4))),
        *[step(one, full) for one in [forbidden, broken, request(key(), media=False), request(key())]],
        step(request(), by_address("unauthorized", "credential_missing")),
        step(broken, denied("invalid_request", "body_unreadable", rate("principal", 4, 4)), seconds=15),
        step(request(key(OWN)), admitted("key:Gate0Vectors", limit=4), seconds=15),
    ], "small")
    batch = lambda size: request(key(), body=f"[{','.join([rpc('ping')] * size)}]")  # noqa: E731
    never = rate("principal", 4, 1) | {"retry-after": None}
    sequence(c, "a batch that never fits costs what a refusal does", [
        step(batch(5), denied("rate_limited", "principal_rate_limited", never)),
        step(request(key()), admitted("key:api-key-1", 2, limit=4)),
    ], "few")
    bad = '[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":1,"method":"admin/shutdown"}]'
    sequence(c, "a batch that is refused costs 1", [
        step(request(key(), body=bad), denied("forbidden", "policy_forbidden", rate("principal", 4, 1))),
        step(batch(3), admitted("key:api-key-1", 4, limit=4)),
    ], "few")
    sequence(c, "a principal's calls, and nobody else's", [
        *[step(request(key()), admitted("key:api-key-1", used, limit=4)) for used in range(1, 5)],
        step(request(key()), full, repeat=3),
        step(request(bearer(USER)), full),
        step(request(key(), peer="203.0.113.5"), full),
        step(request(key(), method="GET", media=False, body=None), full),
        step(request(key(OWN)), admitted("key:Gate0Vectors", limit=4)),
        step(request(key()), admitted("key:api-key-1", 4, limit=4), seconds=15),
    ], "small")
    sequence(c, "a batch that does not fit now", [
        step(batch(2), admitted("key:api-key-1", 2, limit=4)),
        step(request(key()), admitted("key:api-key-1", 3, limit=4)),
        # Its head is paid for, its second member can't be; the next attempt has both to pay.
        step(batch(2), denied("rate_limited", "principal_rate_limited", rate("principal", 4, 4, retry=30))),
        step(batch(2), full),
    ], "small")


def addresses() -> None:
    c = "address"
    vector(c, "no peer", request(key(), peer=None),
           denied("unavailable", "address_unknown", {"retry-after": "1", "ratelimit": None, "x-ratelimit-limit": None}))

    def counted(name: str, gate: str, first: dict[str, Any], second: dict[str, Any], same: bool) -> None:
        used = 2 if same else 1
        sequence(c, name, [
            step(first, by_address("unauthorized", "credential_missing")),
            step(second, by_address("unauthorized", "credential_missing", used)),
        ], gate)

    def forwarded(*lines: str, peer: str = "127.0.0.1") -> dict[str, Any]:
        return request(*[("X-Forwarded-For", line) for line in lines], peer=peer)

    one, other = "198.51.100.1", "198.51.100.2"
    counted("a stranger's header is ignored", "keys", forwarded(one), forwarded(other), True)
    counted("other peers are others", "keys", request(peer=one), request(peer=other), False)
    counted("mapped is IPv4", "keys", request(peer=one), request(peer=f"::ffff:{one}"), True)
    counted("IPv6 by its /64", "keys", request(peer="2001:db8:1:2::1"), request(peer="2001:db8:1:2:ffff::9"), True)
    counted("another /64 is another", "keys", request(peer="2001:db8:1:2::1"), request(peer="2001:db8:1:3::1"), False)
    counted("a proxy's header is believed", "proxied", forwarded(one), forwarded(other), False)
    counted("from the right", "proxied", forwarded(one), forwarded(f"{other}, {one}"), True)
    counted("past trusted hops", "proxied", forwarded(one), forwarded(f"{one}, 10.1.2.3"), True)
    counted("lines are one list", "proxied", forwarded(one), forwarded(other, one), True)
    counted("with a port", "proxied", forwarded(one), forwarded(f"{one}:4711"), True)
    counted("garbage stops the walk", "proxied", request(), forwarded(f"{one}, unknown"), True)
    counted("only from a proxy", "proxied", request(peer=other), forwarded(one, peer=other), True)
    counted("no other header", "proxied", request(), request(("x-real-ip", one), ("forwarded", f"for={one}")), True)


for make in [credentials, tokens, origins, bodies, policies, batches, protocol, rates, addresses]:
    make()
for module in [gate_limits, gate_session, gate_policy, gate_oauth]:
    module.stories(sys.modules[__name__])


def text() -> str:
    files = LIMITS | gate_policy.FILES | {name: gate["TOML"] for name, gate in GATES.items() if "TOML" in gate}
    gates = {name: {setting: value for setting, value in gate.items() if setting != "TOML"} for name, gate in GATES.items()}
    head = compact({"format": 1, "gates": gates, "files": files, "policy": POLICY})[:-1]
    lines = ",\n".join(json.dumps(one, separators=(",", ":"), ensure_ascii=True) for one in VECTORS)
    return f'{head},"vectors":[\n{lines}\n]}}\n'


if __name__ == "__main__":
    path = Path(__file__).with_name("gate.json")
    if sys.argv[1:] == ["--check"]:
        sys.exit(None if path.read_text() == text() else "gate.json is not what gate.py writes: run it")
    path.write_text(text())
    print(len(VECTORS), "vectors")
