"""Objects shared by threads: the same answers, and not one unit too many."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from doorward import ApiKey, ApiKeys, Claims, Limiter, SigningKey, TokenError, Verifier, generate_key, sign
from shared import NOW, SECRET, forged

THREADS = 8

pytestmark = pytest.mark.thread_unsafe(reason="it has threads of its own")


@pytest.fixture(autouse=True)
def switch_often() -> Iterator[None]:
    """Has threads take turns after a few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(work: Callable[[int], object]) -> list[object]:
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> object:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


# Made once with an own key, for RSA takes long to make: RFC 8037's key of appendix A.
ED25519 = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----"""


@pytest.mark.parametrize("kind", ["secret", "public"])
def test_a_verifier_gives_all_the_same_answers(kind: str) -> None:
    key = SigningKey.from_secret(SECRET) if kind == "secret" else SigningKey.from_private(ED25519)
    verifier = Verifier(keys=[key.verifying_key()], any_audience=True, cache_size=64)
    tokens = [key.sign({"sub": str(n), "exp": NOW + 60, "list": [n]}) for n in range(200)]

    def work(number: int) -> None:
        for turn in range(3):
            for at in range(len(tokens)):
                n = (at * (number + 1) + turn) % len(tokens)
                claims = verifier.verify(tokens[n], now=NOW)
                assert claims.sub == str(n) and claims["list"] == [n]
                claims["list"].append("leak")
                with pytest.raises(TokenError):
                    verifier.verify(forged(tokens[n]), now=NOW)
            for n, outcome in enumerate(verifier.verify_many(tokens, now=NOW)):
                assert isinstance(outcome, Claims) and outcome["sub"] == str(n)
        verifier.clear_cache()

    at_once(work)


def told(claims: Claims, _: int) -> tuple[object, ...]:
    return dict(claims), claims.scopes


def test_claims_are_read_by_all_at_once() -> None:
    verifier = Verifier(secret=SECRET)
    for n in range(100):
        claims = verifier.verify(sign({"sub": str(n), "exp": NOW + 60, "scope": "a b"}, SECRET), now=NOW)
        found = at_once(partial(told, claims))
        assert found == [({"sub": str(n), "exp": NOW + 60, "scope": "a b"}, ("a", "b"))] * THREADS


def test_a_limiter_admits_its_quota_and_no_more() -> None:
    limiter = Limiter(1000, 60)
    spent = at_once(lambda _: sum(limiter.check("one", now=5).allowed for _ in range(500)))
    assert sum(spent) == 1000  # type: ignore[arg-type]
    denied = [limiter.check("other", now=5) for _ in range(1000)]
    assert sum(at_once(lambda _: sum(one.give_back() for one in denied))) <= 1000  # type: ignore[arg-type]


def test_api_keys_are_found_by_all() -> None:
    minted = [generate_key() for _ in range(50)]
    keys = ApiKeys([ApiKey(new.public, new.key) for new in minted])

    def work(_: int) -> None:
        for new in minted:
            found = keys.find(new.key)
            assert found is not None and found.id == new.public
            assert keys.find(new.key[:-1]) is None

    at_once(work)


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor")
def test_batches_and_public_keys_let_others_run() -> None:
    """While a batch is verified, another thread goes on: it would stand still if the interpreter were held."""
    key = SigningKey.from_private(ED25519)
    verifier = Verifier(keys=[key.verifying_key()], any_audience=True, cache=False)
    tokens = [key.sign({"exp": NOW + 60})] * 2000
    verifier.verify_many(tokens, now=NOW)
    sys.setswitchinterval(1000)
    turns: list[int] = []
    done = threading.Event()

    def count() -> None:
        while not done.is_set():
            turns.append(1)
            time.sleep(0)

    counter = threading.Thread(target=count)
    counter.start()
    before = len(turns)
    verifier.verify_many(tokens, now=NOW)
    during = len(turns) - before
    done.set()
    counter.join()
    # Held throughout, the interpreter would have let it run once at most: nothing asks it to be given up.
    assert during > 10
