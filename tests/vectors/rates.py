#!/usr/bin/env python3
"""Writes rates.json, the vectors of rate buckets: `python3 rates.py`, or `--check` to compare it with what is there.

Answers are those of rate_model.py, which shares no code with the core; every story in which nothing is given back is held
to the promise besides. The format is told in core/tests/vectors_rates.rs, which runs them.
"""

from __future__ import annotations

import json
import random
import sys
from math import ceil
from pathlib import Path
from typing import Any

from rate_model import LAST, NOTED, Limiter, Quota, Refused, Story

SECOND, MINUTE, HOUR, DAY = 10**6, 60 * 10**6, 3600 * 10**6, 86400 * 10**6
YEAR = 365 * DAY
STORIES: list[Story] = []
QUOTAS: list[dict[str, Any]] = []

TWO = Quota(2, 10)
TEN = Quota(10, 60)
# Of every tick: a microsecond, much less, much more.
MANY = [
    Quota(1, 1), Quota(1, 0.001), Quota(1, 0.000001), Quota(2, 10), Quota(3, 1), Quota(7, 1), Quota(30, 60), Quota(60, 60),
    Quota(100, 60), Quota(50, 1), Quota(61, 1), Quota(62, 1), Quota(1000, 3600), Quota(999, 60), Quota(1, 3600), Quota(1, 86400),
    Quota(7, 86400), Quota(1000, 86400), Quota(1_000_000, 86400), Quota(1, 31_536_000), Quota(100, 31_536_000),
    Quota(3, 100_000_000), Quota(10_000, 1), Quota(999_983, 1), Quota(1_000_000, 1), Quota(50_000_000, 1), Quota(100_000_000, 1),
    Quota(5, 0.000000007), Quota(10, 60, burst=1), Quota(10, 60, burst=3), Quota(10, 60, burst=100), Quota(1, 60, burst=16),
    Quota(1_000_000, 1, burst=1), Quota(1, 86400, burst=7), Quota(10, 60, strict=True), Quota(1, 1, strict=True),
    Quota(2, 1, strict=True), Quota(3, 1, strict=True), Quota(99, 60, strict=True), Quota(100, 86400, strict=True),
    Quota(1_000_000, 1, strict=True), Quota(10, 60, burst=3, strict=True), Quota(10, 60, burst=9, strict=True),
    Quota(9, 60, burst=5, strict=True), Quota(13, 0.37), Quota(1, 16_000), Quota(1, 17_500), Quota(4_000, 17_000),
    Quota(123_457, 4321.5),
]


def story(class_: str, name: str, quota: Quota, **own: Quota) -> Story:
    made = Story(class_, name, quota, **own)
    STORIES.append(made)
    return made


def label(quota: Quota) -> str:
    burst = "" if quota.burst is None else f", {quota.burst} at once"
    return f"{quota.max} in {quota.window} s{burst}{', strict' if quota.strict else ''}"


def of_quotas() -> None:
    """What a quota says of itself, and which can't be counted."""

    def quota(quota: Quota, expect: str | None = None, own: Quota | None = None) -> None:
        told: dict[str, Any]
        try:
            limiter = Limiter(quota)
            if own is not None:
                limiter.own(own)
            told = {"capacity": (own or quota).capacity}
        except Refused as code:
            told = {"code": str(code)}
        assert expect is None or told == {"code": expect}, (quota, told)
        under = {} if own is None else {"own": own.said()}
        QUOTAS.append({"name": label(quota) + ("" if own is None else f"; own: {label(own)}"), "quota": quota.said(), **under, "expect": told})

    for one in MANY:
        quota(one)
    for max in range(4, 12):
        quota(Quota(max, 1, strict=True))
    long, rounding, apart = "quota_window_too_long", "quota_rounding", "quota_windows_too_far_apart"
    quota(Quota(0, 60), "quota_zero_amount")
    quota(Quota(0, 0), "quota_zero_amount")
    quota(Quota(1, 0), "quota_zero_period")
    quota(Quota(1, 60, burst=0), "quota_zero_burst")
    quota(Quota(1, 60, burst=0, strict=True), "quota_zero_burst")
    quota(Quota(0, 60, burst=0), "quota_zero_amount")
    quota(Quota(1, 10**15), long)
    quota(Quota(1, 10**12))
    quota(Quota(1, 10**12, burst=2), long)
    # 36,558 years are a quarter of the range at the coarsest tick; a 64th is left out.
    edge = (2**34 - 2**28) * 2**26 // 10**6
    quota(Quota(1, edge))
    quota(Quota(1, edge + 100), long)
    quota(Quota(1, edge, strict=True))
    quota(Quota(1, edge // 2 + 1, burst=2))
    quota(Quota(4_294_967_295, 0.1), rounding)
    quota(Quota(4_294_967_295, 0.000000001), rounding)
    quota(Quota(1_000_000, 1, burst=4_294_967_295))
    quota(Quota(1, 1, burst=4_294_967_295))
    quota(Quota(4_294_967_295, 31_536_000, burst=4_294_967_295))
    quota(Quota(1, 31_536_000, burst=4_294_967_295), long)
    quota(Quota(4_294_967_295, 1), rounding)
    # 1 % and no more: how many ticks there are to a unit, where a window is as many as there can be.
    for max in range(65_000_000, 320_000_000, 10_000_000):
        quota(Quota(max, 1))
    minute = Quota(10, 60)
    quota(minute, None, Quota(3, 960))
    quota(minute, apart, Quota(3, 960.000000001))
    quota(minute, None, Quota(3, 3.75))
    quota(minute, apart, Quota(3, 3.749999999))
    quota(minute, None, Quota(10, 60, burst=160))
    quota(minute, apart, Quota(10, 60, burst=161))
    quota(minute, None, Quota(10, 60, burst=1))
    quota(minute, None, Quota(10, 480, strict=True))
    quota(minute, None, Quota(10, 960, strict=True))
    quota(Quota(1_000_000, 1), None, Quota(16, 16))
    quota(Quota(1_000_000, 1), rounding, Quota(97_523_810, 1))
    quota(Quota(50, 1), rounding, Quota(700_000, 1))
    quota(Quota(50, 1), None, Quota(500_000, 1))
    quota(Quota(1, 10_000), long, Quota(1, 160_000))
    quota(Quota(1, 10**12), long, Quota(1, 16 * 10**12))


def of_promises() -> None:
    """Of every quota: all at once, then denied; told when; a microsecond before that denied still, and then let in."""
    for quota in MANY:
        capacity = quota.capacity
        one = story("told", label(quota), quota)
        for key in ["from 0", "later"]:
            start = 0 if key == "from 0" else one.limiter.high + 12_345_678_901
            assert one.check(key, start, capacity)["remaining"] == 0
            denied = one.check(key, start)
            assert not denied["allowed"] and denied["remaining"] == 0
            wait = denied["retry"]
            exact = quota.refill / 1000
            assert exact <= wait <= ceil(exact * 101 / 100 + 2.0 ** max(one.limiter.shift, 0)), (label(quota), wait)
            if wait > 1:
                early = one.check(key, start + wait - 1)
                assert not early["allowed"] and early["retry"] == 1
            assert one.check(key, start + wait)["allowed"]
            again = one.check(key, start + wait)
            assert exact < 2 or not again["allowed"]
            full = one.peek(key, start + wait)
            if full["reset"] > 1:
                assert one.peek(key, start + wait + full["reset"] - 1)["reset"] == 1
            assert one.peek(key, start + wait + full["reset"])["remaining"] == capacity
            assert one.check(key, start + wait + full["reset"], capacity)["allowed"]
    for quota in [TWO, TEN, Quota(10, 60, burst=3), Quota(7, 86400), Quota(10, 60, strict=True), Quota(1_000_000, 1, burst=4)]:
        one = story("greedy", label(quota), quota)
        at, admitted = 0, 0
        while len(one.steps) < 60:
            answer = one.check("greedy", at)
            admitted += answer["allowed"]
            at += answer["retry"]
        assert admitted >= 30


def of_costs() -> None:
    one = story("cost", "of ten", TEN)
    for cost, allowed, left in [(7, True, 3), (4, False, 3), (3, True, 0), (1, False, 0), (0, True, 0), (10, False, 0), (11, False, 0), (4_294_967_295, False, 0)]:
        answer = one.check("a", 0, cost)
        assert (answer["allowed"], answer["remaining"]) == (allowed, left) and (answer["retry"] is None) == (cost > 10)
    assert one.check("a", 6 * SECOND, 1)["remaining"] == 0
    assert one.check("a", 6 * SECOND, 2)["retry"] == 12 * SECOND
    assert one.check("a", 66 * SECOND, 10)["allowed"]
    one = story("cost", "nothing costs nothing", TEN)
    for n in range(5):
        assert one.check("a", n * SECOND, 0)["remaining"] == 10
    assert one.reset("a") is False
    one.stats()
    one = story("cost", "what never fits writes nothing", TEN)
    assert one.check("a", 0, 11)["retry"] is None
    assert one.reset("a") is False
    assert one.check("a", 0, 10)["allowed"]
    one = story("cost", "a burst below the cost", Quota(100, 60, burst=5))
    assert one.check("a", 0, 6)["retry"] is None and one.check("a", HOUR, 6)["retry"] is None
    assert one.check("a", HOUR, 5)["allowed"]
    one = story("cost", "a burst above the amount", Quota(2, 10, burst=5))
    assert [one.check("a", 0)["allowed"] for _ in range(6)] == [True] * 5 + [False]
    assert one.check("a", 0, 6)["retry"] is None and one.check("a", 5 * SECOND)["allowed"]
    one = story("cost", "strict: half at once", Quota(5, 10, strict=True))
    assert [one.check("a", 0)["allowed"] for _ in range(4)] == [True] * 3 + [False]
    assert one.check("a", 0)["retry"] == 4 * SECOND and one.check("a", 0, 4)["retry"] is None
    one = story("cost", "a denial costs nothing", TWO)
    one.check("a", 0, 2)
    for n in range(1, 6):
        assert not one.check("a", n * 10**5)["allowed"]
    assert one.check("a", 5 * SECOND)["allowed"]
    one = story("cost", "what is dear waits longer, and what is cheap goes before it", TEN)
    one.check("a", 0, 10)
    assert one.check("a", 12 * SECOND, 5)["retry"] == 18 * SECOND
    assert one.check("a", 12 * SECOND, 2)["allowed"]
    assert one.check("a", 12 * SECOND, 5)["retry"] == 30 * SECOND


def of_keys() -> None:
    keys = ["", "\u0000", "a", "A", "a ", "\u00e9"]
    one = story("keys", "each has a bucket of its own", Quota(1, 10))
    for key in keys:
        assert one.check(key, 0)["allowed"]
    for key in keys:
        assert not one.check(key, 0)["allowed"]
    one.stats()
    one = story("keys", "alike to some eyes", Quota(1, 10))
    for key in ["e\u0301", "\u00e9", "\u00c9", "a" * 1000, "a" * 1001, "\U0001f600", "\ufffd"]:
        assert one.check(key, 0)["allowed"]
    one = story("keys", "a principal's and an address", TWO)
    for n in range(3):
        one.check("key:ci", n * SECOND)
        one.check("192.0.2.1", n * SECOND)
        one.check("2001:db8::/64", n * SECOND)
    one = story("keys", "what one spends is no other's", TWO)
    one.check("a", 0, 2)
    assert one.check("b", 0)["remaining"] == 1 and not one.check("a", 0)["allowed"] and one.peek("c", 0)["remaining"] == 2


def of_peeks() -> None:
    one = story("peek", "spends nothing", Quota(1, 10))
    for cost in [0, 1, 1, 1, 2]:
        assert one.peek("a", 0, cost)["allowed"] == (cost < 2)
    assert one.reset("a") is False and one.check("a", 0)["allowed"]
    assert one.peek("a", 0, 1)["retry"] == 10 * SECOND and one.peek("a", 0)["allowed"]
    one = story("peek", "says what check would", TEN)
    for n in range(12):
        at = n * 1_700_000
        seen, asked = one.peek("a", at, n % 5), one.check("a", at, n % 5)
        assert (seen["allowed"], seen["retry"]) == (asked["allowed"], asked["retry"])
    one = story("peek", "moves no time", TWO)
    one.check("a", 0, 2)
    assert one.peek("a", YEAR)["remaining"] == 2
    assert one.peek("a", 0)["remaining"] == 0 and not one.check("a", SECOND)["allowed"]
    one.stats()
    one = story("peek", "into the past", TWO)
    one.check("a", 100 * SECOND, 2)
    assert one.peek("a", 0, 1)["retry"] == 105 * SECOND
    one = story("peek", "at a key that nobody knows, of all costs", Quota(5, 10))
    for cost in range(8):
        one.peek("a", 123, cost)


def of_gifts() -> None:
    one = story("give back", "once", Quota(1, 10))
    one.check("a", 0)
    assert one.give_back(0) and not one.give_back(0)
    assert one.check("a", 0)["allowed"] and not one.check("a", 0)["allowed"]
    assert not one.give_back(2), "nothing was spent"
    one = story("give back", "what cost nothing", TEN)
    one.check("a", 0, 0)
    one.check("a", 0, 11)
    assert not one.give_back(0) and not one.give_back(1)
    one = story("give back", "a part of what was spent", TEN)
    one.check("a", 0, 4)
    one.check("a", 0, 5)
    assert one.give_back(0) and one.peek("a", 0)["remaining"] == 5
    assert one.give_back(1) and one.peek("a", 0)["remaining"] == 10
    one = story("give back", "the last first", TEN)
    for cost in [4, 5]:
        one.check("a", 0, cost)
    assert one.give_back(1) and one.peek("a", 0)["remaining"] == 6 and one.give_back(0) and one.peek("a", 0)["remaining"] == 10
    one = story("give back", "no more than time has left of it", TEN)
    one.check("a", 0, 4)
    one.check("b", 12 * SECOND)
    assert one.give_back(0) and one.peek("a", 12 * SECOND)["remaining"] == 10
    one.check("a", 12 * SECOND, 10)
    assert not one.check("a", 12 * SECOND)["allowed"]
    one = story("give back", "after the bucket is full again", TWO)
    one.check("a", 0, 2)
    one.check("b", 10 * SECOND)
    assert not one.give_back(0)
    one = story("give back", "of a time that is over, while there is newer debt", TWO)
    one.check("a", 0, 2)
    one.check("a", 10 * SECOND, 2)
    assert not one.give_back(0) and not one.check("a", 10 * SECOND)["allowed"] and one.give_back(1)
    one = story("give back", "half of its time is over", TWO)
    one.check("a", 0, 2)
    one.check("a", 5 * SECOND)
    assert one.give_back(0) and one.peek("a", 5 * SECOND)["remaining"] == 1
    one = story("give back", "years later", TEN)
    one.check("a", 0)
    one.check("a", YEAR)
    assert not one.give_back(0) and one.give_back(1)
    one = story("give back", "to whom was reset", TEN)
    one.check("a", 0, 3)
    assert one.reset("a") and not one.give_back(0)
    one.check("a", 0, 3)
    assert one.give_back(1) and one.peek("a", 0)["remaining"] == 10
    one = story("give back", "beside whom was reset: its set's receipts are void", TEN)
    one.check("a", 0, 3)
    one.check("b", 0, 3)
    assert one.reset("b") and not one.give_back(0) and one.peek("a", 0)["remaining"] == 7
    one = story("give back", "in a coarse tick", Quota(7, 86400))
    for n in range(4):
        one.check("a", n * HOUR + 7, 1)
    for n in [2, 0, 3, 1]:
        one.give_back(n)
        one.peek("a", 3 * HOUR + 7)
    one = story("give back", "in a fine tick", Quota(1_000_000, 1))
    for n in range(4):
        one.check("a", n, 1000)
    for n in [1, 3, 0, 2]:
        one.give_back(n)
        one.peek("a", 3)
    one = story("give back", "of a quota of its own", TEN, own=Quota(20, 60))
    one.check("a", 0, 8, "own")
    one.check("a", 0, 2)
    assert one.give_back(0) and one.peek("a", 0)["remaining"] == 8


def of_resets() -> None:
    one = story("reset", "an operator's act", TWO)
    assert one.reset("a") is False
    one.check("a", 0, 2)
    assert not one.check("a", 0)["allowed"] and one.reset("a") and one.check("a", 0, 2)["allowed"]
    assert one.reset("a") and one.reset("a") is False and one.reset("b") is False
    one = story("reset", "of one key", TWO)
    one.check("a", 0, 2)
    one.check("b", 0, 2)
    assert one.reset("a") and not one.check("b", 0)["allowed"] and one.check("a", 0)["allowed"]
    one = story("reset", "of a key that owes nothing any more", TWO)
    one.check("a", 0)
    one.check("b", MINUTE)
    assert one.reset("a")
    one = story("reset", "of a key that was swept away", TWO)
    one.check("a", 0)
    one.check("b", DAY)
    assert one.reset("a") is False and one.reset("b")
    one.stats()


def of_clocks() -> None:
    one = story("clock", "that goes back stands still", TWO)
    one.check("a", 100 * SECOND, 2)
    for at in [99 * SECOND, 50 * SECOND, 0]:
        denied = one.check("a", at)
        assert not denied["allowed"] and denied["retry"] == 105 * SECOND - at
    assert one.check("b", 0)["reset"] == 105 * SECOND
    assert not one.check("a", 105 * SECOND - 1)["allowed"] and one.check("a", 105 * SECOND)["allowed"]
    one = story("clock", "that goes back a little is taken at its word", Quota(1_000_000, 1, burst=1))
    for at in [5000, 5000 + NOTED, 5000, 5001, 5001, 5000 + NOTED, 5000 + NOTED + 1, 5000 + NOTED + 1, 5000, 4999]:
        one.check("a", at)
    one = story("clock", "ahead by as much as is not noted", Quota(1000, 1, burst=1))
    for at in [0, NOTED, 0, NOTED - 1, NOTED + 1, NOTED, 0, 2 * NOTED + 1, 2 * NOTED + 2, NOTED]:
        one.check("a", at)
        one.peek("a", 0)
    for name, jump in [("an hour", HOUR), ("a quarter of the range", 2**34), ("a microsecond less", 2**34 - 1), ("half of the range", 2**35), ("a microsecond less than half", 2**35 - 1),
                       ("the range", 2**36), ("a microsecond more than the range", 2**36 + 1), ("a range and a half", 3 * 2**35), ("a year", YEAR), ("thirty years", 30 * YEAR)]:
        one = story("clock", f"that jumps by {name}", TEN)
        one.check("a", 0, 10)
        one.check("b", 0, 1)
        assert one.check("a", jump, 10)["allowed"] and not one.check("a", jump)["allowed"]
        assert one.check("b", jump)["remaining"] == 9
        assert one.check("a", 0)["retry"] == jump + 6 * SECOND, "there is no way back"
        assert not one.check("a", jump + 6 * SECOND - 1)["allowed"] and one.check("a", jump + 6 * SECOND)["allowed"]
        one.stats()
    for quota in [Quota(1_000_000, 1), Quota(100, 31_536_000), Quota(7, 86400)]:
        one = story("clock", f"with a tick that is no microsecond, {label(quota)}", quota)
        for turns in [0.1, 0.2499, 0.26, 0.5, 0.51, 0.99, 1.0, 1.3, 2.0, 7.77]:
            at = int(one.limiter.range * turns)
            if at < 2**50:
                one.check("a", at, quota.capacity)
                one.check("a", at + 1)
                one.check("b", at // 2)
        one.stats()
    one = story("clock", "step by step around the whole range", TEN)
    for n in range(40):
        at = n * 2**36 // 16 - 3 * (n % 2)
        one.check("a", max(at, 0), 10)
        one.check("a", max(at, 0) + SECOND)
        one.check("b", max(at, 0), n % 3 + 1)
    one.stats()
    one = story("clock", "of debts that last from sweep to sweep", Quota(1, 17_000))
    for n in range(30):
        one.check("ab"[n % 2], n * 4000 * SECOND)
    one.stats()
    one = story("clock", "beyond all moments stands still", TWO)
    one.check("a", 2**62, 2)
    assert not one.check("a", 2**62)["allowed"]
    one.check("a", 2**63 + 2**62, 2)
    denied = one.check("a", 2**64 - 2**12)
    assert one.limiter.high == LAST and not denied["allowed"] and denied["retry"] == 5 * SECOND


def of_own() -> None:
    own = {"more": Quota(20, 60), "longer": Quota(10, 960), "shorter": Quota(10, 3.75), "strict": Quota(10, 60, strict=True), "burst": Quota(10, 60, burst=2)}
    for name, quota in own.items():
        one = story("own", name, TEN, own=quota)
        for n in range(3):
            one.check("a", n * SECOND, 1, "own")
            one.check("b", n * SECOND)
        one.check("a", 3 * SECOND, quota.capacity, "own")
        one.check("a", 3 * SECOND, 1, "own")
        one.check("a", 3 * SECOND, quota.capacity + 1, "own")
        one.peek("a", 5 * SECOND, 2, "own")
        one.peek("a", 5 * SECOND)
    one = story("own", "two quotas, one bucket", TEN, twice=Quota(20, 60))
    one.check("a", 0, 20, "twice")
    assert not one.check("a", 0)["allowed"] and one.check("a", 0)["retry"] == 6 * SECOND
    assert one.check("a", 6 * SECOND, 1)["remaining"] == 0 and one.check("a", 6 * SECOND, 1, "twice")["retry"] == 3 * SECOND
    one = story("own", "a bucket larger than a quota's", TEN, twice=Quota(20, 30))
    one.check("a", 0, 20, "twice")
    assert one.check("a", 0)["remaining"] == 4, "30 seconds of 60 are owed"
    one.check("b", 0, 10)
    assert one.peek("b", 0, 0, "twice")["remaining"] == 0
    one = story("own", "a bucket with more debt than another quota allows", Quota(10, 60, burst=20), less=Quota(10, 60, burst=2))
    one.check("a", 0, 20)
    assert one.check("a", 0, 1, "less")["remaining"] == 0 and one.peek("a", 0, 0, "less")["reset"] == 120 * SECOND
    one = story("own", "quotas that can't be counted here", Quota(50, 1), apart=Quota(1, 17), fast=Quota(700_000, 1), near=Quota(1, 16))
    one.check("a", 0, 1, "apart")
    one.peek("a", 0, 1, "apart")
    one.check("a", 0, 1, "fast")
    one.check("a", 0, 1, "near")
    one.check("a", 0, 0, "apart")
    one = story("own", "in a fine tick", Quota(1_000_000, 1), slow=Quota(16, 16), even=Quota(500_000, 1))
    for n in range(6):
        one.check("a", n * 100, 300_000, "even")
        one.check("b", n * 100, 3, "slow")


def of_crowds() -> None:
    """Seven to a set: an eighth takes the place of who owes least, and what is owed with it."""
    costs = [2, 4, 5, 6, 7, 8, 9]
    one = story("crowd", "an eighth inherits the least debt", TEN)
    for n, cost in enumerate(costs):
        one.check(f"k{n}", 0, cost)
    one.stats()
    assert one.peek("new", 0)["remaining"] == 8, "two of ten would be owed already"
    assert one.check("new", 0)["remaining"] == 7
    one.stats()
    assert one.peek("k0", 0)["remaining"] == 7, "whoever owes least now would go"
    assert one.check("k0", 0, 8)["retry"] == 6 * SECOND and one.reset("k0") is False
    assert one.check("k0", 0, 7)["remaining"] == 0 and one.peek("new", 0)["remaining"] == 6
    one.stats()
    one = story("crowd", "denied for its neighbours' sake, and takes no place", Quota(5, 60))
    for n in range(7):
        one.check(f"k{n}", n * SECOND, 5)
    assert not one.check("new", 7 * SECOND)["allowed"] and one.reset("new") is False
    one.stats()
    assert one.check("new", 13 * SECOND)["allowed"]
    one.stats()
    one = story("crowd", "who owes nothing makes room for nothing", TEN)
    for n in range(7):
        one.check(f"k{n}", n * MINUTE)
    assert one.check("new", 6 * MINUTE + 30 * SECOND)["remaining"] == 9
    one.stats()
    one = story("crowd", "receipts of a set that made room are void", TEN)
    for n, cost in enumerate(costs):
        one.check(f"k{n}", 0, cost)
    one.check("new", 0)
    assert not one.give_back(3) and one.give_back(7)
    one = story("crowd", "a flood resets nobody", Quota(3, 60))
    one.check("me", 0, 3)
    for n in range(30):
        one.check(f"flood {n}", (n + 1) * 10**5 + n, 1 + n % 3)
    assert not one.check("me", 4 * SECOND)["allowed"]
    one.stats()


def of_chance() -> None:
    """Whatever comes, by a generator that is the same everywhere."""
    for seed in range(36):
        chance = random.Random(seed).random
        quota = MANY[int(chance() * len(MANY))] if seed >= 12 else [TWO, TEN, Quota(100, 60), Quota(5, 1, burst=9)][seed % 4]
        one = story("chance", f"{seed}: {label(quota)}", quota)
        gifts, unit = seed % 3 == 2, max(int(quota.refill / 1000), 1)
        at = int(chance() * 1000)
        for _ in range(40):
            dice = chance()
            # Ahead by some units; seldom very far, and seldom back.
            at += int(chance() * 2.5 * unit) if dice < 0.75 else 0 if dice < 0.9 else -int(chance() * 3 * unit) if dice < 0.96 else int(chance() * 40 * unit)
            at = min(max(at, 0), 2**50)
            key, cost = "abc"[int(chance() * chance() * 3)], 1 + int(chance() ** 3 * min(quota.capacity, 20))
            if gifts and one.receipts and chance() < 0.3:
                one.give_back(int(chance() * len(one.receipts)))
            elif chance() < 0.15:
                one.peek(key, at, cost)
            else:
                one.check(key, at, cost)
        one.stats()


for make in [of_quotas, of_promises, of_costs, of_keys, of_peeks, of_gifts, of_resets, of_clocks, of_own, of_crowds, of_chance]:
    make()
for one in STORIES:
    one.audit()
for names in [[one["name"] for one in QUOTAS], [f"{one.class_}: {one.name}" for one in STORIES]]:
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)


def text() -> str:
    def rows(rows: list[dict[str, Any]]) -> str:
        return ",\n".join(json.dumps(row, separators=(",", ":"), ensure_ascii=True) for row in rows)

    return f'{{"format":1,"quotas":[\n{rows(QUOTAS)}\n],"stories":[\n{rows([one.told() for one in STORIES])}\n]}}\n'


if __name__ == "__main__":
    path = Path(__file__).with_name("rates.json")
    if sys.argv[1:] == ["--check"]:
        sys.exit(None if path.read_text() == text() else "rates.json is not what rates.py writes: run it")
    path.write_text(text())
    print(len(QUOTAS), "quotas and", len(STORIES), "stories of", sum(len(one.steps) for one in STORIES), "steps")
