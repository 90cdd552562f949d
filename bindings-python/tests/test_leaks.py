"""A million verifications, and memory stays what it was."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from doorward import (
    Admitted,
    ApiKey,
    ApiKeys,
    ClaimMapping,
    Claims,
    Gate,
    Limiter,
    Policy,
    Quota,
    TokenError,
    Verifier,
    sign,
)
from shared import NOW, SECRET, forged

ROUNDS = int(os.environ.get("DOORWARD_LEAK_ROUNDS", "1000000"))
STATM = Path("/proc/self/statm")

pytestmark = [
    pytest.mark.skipif(not STATM.exists(), reason="no /proc"),
    pytest.mark.thread_unsafe(reason="memory is the process's"),
]


def resident() -> int:
    """Resident memory, in bytes."""
    gc.collect()
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def flat(work: Callable[[int], object], rounds: int) -> None:
    """Fails if memory still grows after a tenth of the rounds: by a byte a round and 2 MiB of the allocator's."""
    for n in range(rounds // 10):
        work(n)
    before = resident()
    for n in range(rounds):
        work(n)
    grown = resident() - before
    assert grown < 2 * 1024 * 1024 + rounds, f"{grown} bytes in {rounds} rounds"


TOKEN = sign({"sub": "anna", "exp": NOW + 60, "aud": ["a"], "scope": "x y", "o": {"l": [1, 2.5, None]}}, SECRET)
TOKENS = [sign({"sub": str(n), "exp": NOW + 60, "o": {"l": [n]}}, SECRET) for n in range(1000)]
FORGED = [forged(token) for token in TOKENS]


def read(claims: Claims) -> None:
    assert claims["o"]["l"] and dict(claims) and claims.scopes is not None and claims.roles == () and claims.raw


def test_fresh_tokens() -> None:
    verifier = Verifier(secret=SECRET, any_audience=True, cache=False)
    flat(lambda _: verifier.verify(TOKEN, now=NOW), ROUNDS)
    flat(lambda _: read(verifier.verify(TOKEN, now=NOW)), ROUNDS // 10)


def test_seen_tokens_and_evictions() -> None:
    seen = Verifier(secret=SECRET, any_audience=True)
    flat(lambda _: seen.verify(TOKEN, now=NOW), ROUNDS)
    small = Verifier(secret=SECRET, any_audience=True, cache_size=64)
    flat(lambda n: read(small.verify(TOKENS[n % 1000], now=NOW)), ROUNDS // 10)
    flat(lambda n: small.verify_many([*TOKENS[n % 900 : n % 900 + 10], "x"], now=NOW), ROUNDS // 100)


def test_refusals() -> None:
    verifier = Verifier(secret=SECRET)

    def refused(n: int) -> None:
        for token in (FORGED[n % 1000], "x", "\ud800"):
            try:
                verifier.verify(token)
            except TokenError:
                continue
            raise AssertionError("accepted")

    flat(refused, ROUNDS // 20)


def test_everything_else() -> None:
    keys, limiter = ApiKeys([ApiKey("a", "key")]), Limiter(10, 1)

    def work(n: int) -> None:
        keys.find("key")
        keys.find("other")
        limiter.check(str(n % 100)).give_back()

    flat(work, ROUNDS // 20)

    verifier = Verifier(secret=SECRET, any_audience=True, mapping=ClaimMapping(roles=["o", "l"]))
    policy = Policy(roles={"a": {"tools": ["x*"]}})
    gate = Gate(
        verifiers=verifier,
        policy=policy,
        revocation_list=lambda token: token.subject == "nobody",
        principal_quota=Quota(1_000_000, 1),
    )
    headers = {"host": "localhost", "authorization": f"Bearer {TOKENS[0]}"}

    def decide(_: int) -> None:
        step = gate.begin("GET", headers, "127.0.0.1", now=(NOW, 5.0))
        assert isinstance(step, Admitted) and step.principal == verifier.identify(TOKENS[0], now=NOW)
        assert gate.filter(step.principal, "tools/list", [{"name": "x"}], key=lambda tool: tool["name"]) == []

    flat(decide, ROUNDS // 50)

    def make(_: int) -> None:
        Verifier(secret=SECRET, cache_size=8).verify(TOKENS[0], now=NOW)
        ApiKeys([ApiKey("a", "key")])
        Limiter(10, 1, slots=64).check("a")

    flat(make, ROUNDS // 100)
