"""Rows `python/verify/…` of the report: a token to claims, one claim read, beside other libraries in the same process.

Usage: verify.py [--quick] REPORT     REPORT is a file to add the rows to; rows of an earlier run are replaced

Ours and the peer's run by turns, in batches of equal length, by the thread's own time. Both read the clock and both check
issuer, audience and expiry; keys are prepared once where the library can do so. `seen` is a hit in our cache among 1,000
tokens, beside the peer's only way.
"""

import gc
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

import joserfc.jwk
import joserfc.jwt
import jwt as pyjwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from doorward import SigningKey, Verifier

try:
    import ryjwt
except ImportError:
    ryjwt = None

ROOT = Path(__file__).resolve().parents[2]
ISSUER, AUDIENCE, SECRET = (
    "https://issuer.example",
    "https://mcp.example/mcp",
    "a secret of at least 32 bytes, kept well",
)
TOKENS = 1000

Verify = Callable[[str], str]


def claims(n: int) -> dict[str, object]:
    """Eight claims, of the length of the Rust benches'."""
    return {
        "iss": ISSUER,
        "sub": f"user-{n:06}",
        "aud": AUDIENCE,
        "exp": 4102444800,
        "iat": 1700000000,
        "jti": f"{n:032x}",
        "scope": "tools:read tools:write",
        "role": "user",
    }


def joserfc_verify(key: object, algorithm: str) -> Verify:
    registry = joserfc.jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}, exp={"essential": True}
    )

    def verify(token: str) -> str:
        decoded = joserfc.jwt.decode(token, key, algorithms=[algorithm])
        registry.validate(decoded.claims)
        return decoded.claims["sub"]

    return verify


def pyjwt_verify(key: object, algorithm: str) -> Verify:
    return lambda token: pyjwt.decode(token, key, algorithms=[algorithm], issuer=ISSUER, audience=AUDIENCE)["sub"]


def sides(algorithm: str) -> tuple[list[str], Verify, Verify, list[tuple[str, str, Verify]]]:
    """The tokens, ours without a cache and with one, and each peer with its package."""
    rules = {"algorithms": [algorithm], "issuer": ISSUER, "audience": AUDIENCE}
    if algorithm == "HS256":
        signing, key = SigningKey.from_secret(SECRET), {"secret": SECRET}
        theirs = SECRET.encode()
        jose = joserfc.jwk.OctKey.import_key(theirs)
        fast = ryjwt and ryjwt.SecretKey(SECRET, algorithms=["HS256"], audience=AUDIENCE, issuer=ISSUER)
    else:
        der = (ROOT / "benches/keys/test-only-rsa-2048.pk8").read_bytes()
        signing = SigningKey.from_private(der, algorithm)
        theirs = load_der_private_key(der, None).public_key()
        pem = theirs.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        key = {"public_key": pem}
        jose = joserfc.jwk.RSAKey.import_key(pem)
        fast = ryjwt and ryjwt.PublicKey(pem, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)
    tokens = [signing.sign(claims(n)) for n in range(TOKENS)]
    fresh, cached = Verifier(**key, **rules, cache=False), Verifier(**key, **rules)
    peers = [
        ("PyJWT", "pyjwt", pyjwt_verify(theirs, algorithm)),
        ("joserfc", "joserfc", joserfc_verify(jose, algorithm)),
    ]
    if fast:
        peers.insert(0, ("ryjwt", "ryjwt", lambda token: fast.decode(token)["sub"]))
    return tokens, lambda token: fresh.verify(token)["sub"], lambda token: cached.verify(token)["sub"], peers


def batch(verify: Verify, tokens: Iterable[str]) -> int:
    """The thread's time for all of them, in ns."""
    begin = time.thread_time_ns()
    for token in tokens:
        verify(token)
    return time.thread_time_ns() - begin


class Batches:
    """The tokens in batches that take about as long as they should."""

    def __init__(self, verify: Verify, tokens: list[str], nanos: int) -> None:
        for n, token in enumerate(tokens):
            self.check(n, verify(token))
        each = batch(verify, tokens) / len(tokens)
        self.verify, self.tokens, self.at = verify, tokens, 0
        self.size = max(1, min(len(tokens), round(nanos / each)))

    def check(self, n: int, given: object) -> None:
        """Whether a side does what it is timed for."""
        assert given == f"user-{n:06}"

    def next(self) -> float:
        """Nanoseconds a token."""
        if self.at + self.size > len(self.tokens):
            self.at = 0
        some = self.tokens[self.at : self.at + self.size]
        self.at += self.size
        return batch(self.verify, some) / len(some)


def figures(times: list[float]) -> tuple[float, float]:
    """Median and spread, (p90 − p10) / p50."""
    median = statistics.median(times)
    tenths = statistics.quantiles(times, n=10)
    return median, (tenths[8] - tenths[0]) / median


def rounded(number: float) -> float:
    return float(f"{number:.4g}")


def rows(quick: bool) -> Iterable[dict[str, object]]:
    for algorithm in ("HS256", "RS256"):
        tokens, fresh, seen, peers = sides(algorithm)
        for what, verify, most in (("fresh", fresh, 1.0), ("seen", seen, 0.25)):
            for name, package, peer in peers:
                long = 1_000_000
                ours, theirs = Batches(verify, tokens, long), Batches(peer, tokens, long)
                count = 61 if quick else 501
                gc.collect()
                gc.disable()
                pairs = [(ours.next(), theirs.next()) for _ in range(count)]
                gc.enable()
                (ns, spread), (vs_ns, vs_spread) = (figures(list(times)) for times in zip(*pairs))
                row = {
                    "id": f"python/verify/{algorithm.lower()}/{what}",
                    "ns": rounded(ns),
                    "vs": f"{name} {version(package)}",
                    "vs_ns": rounded(vs_ns),
                    "ratio": rounded(ns / vs_ns),
                    "vs_spread": rounded(vs_spread),
                    "n": count,
                    "spread": rounded(spread),
                    "clock": "both",
                    "python": platform.python_version(),
                }
                if name == "ryjwt":
                    row |= {"budget": {"ratio": most}, "met": ns / vs_ns <= most}
                yield row


def main() -> None:
    quick = "--quick" in sys.argv
    report = Path(sys.argv[-1])
    before = report.read_text().splitlines() if report.exists() else []
    kept = [line for line in before if not json.loads(line).get("id", "").startswith("python/verify/")]
    made = []
    for row in rows(quick):
        print(f"{row['id']:<28}{row['ns']:>10}  {row['vs']:<32}{row['vs_ns']:>10}{row['ratio']:>8}", file=sys.stderr)
        made.append(json.dumps(row, separators=(",", ":")))
    report.write_text("\n".join([*kept, *made]) + "\n")
    if ryjwt is None:
        print("ryjwt is not here: it takes Python 3.12 or newer", file=sys.stderr)


if __name__ == "__main__":
    main()
