"""Limiters: what is told, and that it is what was asked for."""

from __future__ import annotations

import pytest

from doorward import ConfigError, Limiter, Quota


def test_a_bucket_empties_and_fills() -> None:
    limiter = Limiter(2, 10)
    spend = [limiter.check("anna", now=100) for _ in range(3)]
    assert [bool(one) for one in spend] == [one.allowed for one in spend] == [True, True, False]
    assert [one.remaining for one in spend] == [1, 0, 0] and spend[0].limit == 2
    assert (spend[0].retry_after, spend[2].retry_after, spend[1].reset_after) == (0, 5, 10)
    assert limiter.check("ben", now=100), "each has a bucket of their own"
    assert not limiter.check("anna", now=104.9) and limiter.check("anna", now=105)
    assert limiter.check(b"anna", now=110) and not limiter.check("anna", now=110), "bytes are the same key"


def test_costs() -> None:
    limiter = Limiter(10, 10)
    assert limiter.check("a", 7, now=0).remaining == 3
    assert not limiter.check("a", 4, now=0) and limiter.check("a", 3, now=0)
    assert limiter.check("b", 11, now=0).retry_after is None, "it never fits"
    assert limiter.check("c", 0, now=0).remaining == 10
    for cost in (-1, 2**32, 1.5, "1", None):
        with pytest.raises((TypeError, OverflowError)):
            limiter.check("a", cost)  # type: ignore[arg-type]


def test_a_peek_spends_nothing() -> None:
    limiter = Limiter(1, 10)
    assert all(limiter.peek("a", 1, now=0) for _ in range(3))
    assert limiter.check("a", now=0) and not limiter.peek("a", 1, now=0)
    assert limiter.peek("a", now=0).remaining == 0


def test_what_was_spent_is_given_back_once() -> None:
    limiter = Limiter(1, 10)
    spent = limiter.check("a", now=0)
    assert spent.give_back() and not spent.give_back()
    assert limiter.check("a", now=0)
    denied = limiter.check("a", now=0)
    assert not denied.give_back()
    assert limiter.reset("a") and limiter.check("a", now=0) and not limiter.reset("nobody")


def test_a_decision_outlives_its_limiter() -> None:
    assert Limiter(1, 10).check("a").give_back()


def test_a_key_with_a_quota_of_its_own() -> None:
    limiter = Limiter(1, 10)
    own = Quota(3, 10)
    assert [limiter.check("a", quota=own, now=0).allowed for _ in range(4)] == [True, True, True, False]
    with pytest.raises(ConfigError) as raised:
        limiter.check("a", quota=Quota(1, 1000))
    assert raised.value.code == "quota_windows_too_far_apart"
    with pytest.raises(TypeError):
        limiter.check("a", quota=3)  # type: ignore[arg-type]


def test_quotas() -> None:
    assert Quota(10, 60) == Quota(10, 60.0) != Quota(10, 61)
    quota = Quota(10, 60, strict=True)
    assert (quota.max, quota.window, quota.capacity) == (10, 60.0, 5)
    assert Limiter(10, 60, burst=3).quota.capacity == 3
    assert "10" in repr(quota) and "strict" in repr(quota)
    # The refill differs, though the bucket is as large.
    assert quota.strict and quota == Limiter(10, 60, strict=True).quota != Quota(10, 60, burst=5)


def test_who_comes_back_when_told_is_let_in() -> None:
    limiter = Limiter(1, 10)
    for n in range(2000):
        # Each a float that is not quite the microsecond it stands for.
        start = n * 12.779_607
        assert limiter.check(f"{n}", now=start)
        denied = limiter.check(f"{n}", now=start)
        assert denied.retry_after is not None and denied.retry_after <= 10
        assert limiter.check(f"{n}", now=start + denied.retry_after)


@pytest.mark.parametrize(
    ("max", "window", "code"),
    [
        (0, 1, "quota_zero_amount"), (1, 0, "quota_zero_period"), (1, -1, "argument_invalid"),
        (1, float("nan"), "argument_invalid"), (1, 1e300, "argument_invalid"), (1, 10**400, "argument_invalid"),
        (1, 1e15, "quota_window_too_long"),
    ],
)  # fmt: skip
def test_a_quota_that_can_not_be_kept(max: int, window: float, code: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Limiter(max, window)
    assert raised.value.code == code


def test_memory_is_not_asked_for_without_end() -> None:
    with pytest.raises(ConfigError) as raised:
        Limiter(1, 1, slots=2**63)
    assert raised.value.code == "limiter_too_many_slots"
    assert Limiter(1, 1, slots=1).stats()["slots"] >= 1
