"""Rows `python/drop-in/…` of the report: `jwt.decode` by doorward.pyjwt, beside PyJWT's own, in the same process.

Usage: drop_in.py [--quick] REPORT     REPORT is a file to add the rows to; rows of an earlier run are replaced

The same call for both, as existing code has it: the secret as text, or a key object of cryptography's. `fresh` goes through four
times as many tokens as are remembered, `seen` through some that are.
"""

import gc
import json
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jwt as pyjwt
from cryptography.hazmat.primitives.serialization import load_der_private_key
from verify import AUDIENCE, ISSUER, ROOT, SECRET, Batches, Verify, claims, figures, rounded

import doorward.pyjwt
from doorward.pyjwt._prepared import SEEN


def sides(algorithm: str) -> tuple[Any, Any]:
    """The key that signs, and the one that verifies."""
    if algorithm == "HS256":
        return SECRET, SECRET
    key = load_der_private_key((ROOT / "benches/keys/test-only-rsa-2048.pk8").read_bytes(), None)
    return key, key.public_key()


def decoding(module: Any, key: Any, algorithm: str) -> Verify:
    """The call."""
    return lambda token: module.decode(token, key, algorithms=[algorithm], issuer=ISSUER, audience=AUDIENCE)["sub"]


def rows(quick: bool) -> Iterable[dict[str, object]]:
    """Each row."""
    for algorithm in ("HS256", "RS256"):
        signing, key = sides(algorithm)
        ours, peer = decoding(doorward.pyjwt, key, algorithm), decoding(pyjwt, key, algorithm)
        for what, count in (("fresh", 4 * SEEN), ("seen", SEEN // 4)):
            tokens = [pyjwt.encode(claims(n), signing, algorithm) for n in range(count)]
            mine, theirs = Batches(ours, tokens, 1_000_000), Batches(peer, tokens, 1_000_000)
            count = 61 if quick else 501
            gc.collect()
            gc.disable()
            pairs = [(mine.next(), theirs.next()) for _ in range(count)]
            gc.enable()
            (ns, spread), (vs_ns, vs_spread) = (figures(list(times)) for times in zip(*pairs, strict=True))
            yield {
                "id": f"python/drop-in/{algorithm.lower()}/{what}",
                "ns": rounded(ns),
                "vs": f"PyJWT {version('PyJWT')}",
                "vs_ns": rounded(vs_ns),
                "ratio": rounded(ns / vs_ns),
                "vs_spread": rounded(vs_spread),
                "n": count,
                "spread": rounded(spread),
                "clock": "both",
                "python": platform.python_version(),
            }


def main() -> None:
    """Adds the rows to the report."""
    report = Path(sys.argv[-1])
    before = report.read_text().splitlines() if report.exists() else []
    kept = [line for line in before if not json.loads(line).get("id", "").startswith("python/drop-in/")]
    made = []
    for row in rows("--quick" in sys.argv):
        print(f"{row['id']:<28}{row['ns']:>10}  {row['vs']:<32}{row['vs_ns']:>10}{row['ratio']:>8}", file=sys.stderr)
        made.append(json.dumps(row, separators=(",", ":")))
    report.write_text("\n".join([*kept, *made]) + "\n")


if __name__ == "__main__":
    main()
