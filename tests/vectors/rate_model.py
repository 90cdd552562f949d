"""Rate buckets with exact integers, from their documentation: GCRA, the tick and its rounding, one set of seven slots.

A model of what is promised and not of how it is kept: no words, no locks, no numbers modulo anything. `Story.audit` holds it
to the promise itself, in fractions that nobody rounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

# A word has 36 bits of ticks; no debt is over a quarter of that, and a 64th of it is left for rounding up.
MOST = 2**34
ROOM = MOST - MOST // 64
# How far time runs ahead before it is taken note of, in microseconds, and the last moment there is.
NOTED, LAST = 1024, 2**63 - 1
SLOTS = 7


class Refused(Exception):
    """The code."""


@dataclass(frozen=True)
class Quota:
    max: int
    window: float
    burst: int | None = None
    strict: bool = False

    @property
    def nanos(self) -> int:
        """The window; told in seconds that every language takes for the same number of nanoseconds."""
        exact = Decimal(repr(self.window)) * 10**9
        assert exact == int(exact) == round(Fraction(self.window) * 10**9), self
        return int(exact)

    def check(self) -> None:
        for value, code in [(self.max, "amount"), (self.nanos, "period"), (self.burst, "burst")]:
            if value == 0:
                raise Refused(f"quota_zero_{code}")

    @property
    def capacity(self) -> int:
        burst = self.max if self.burst is None else self.burst
        return min(burst, ceil(Fraction(self.max, 2))) if self.strict else burst

    @property
    def refill(self) -> Fraction:
        """Nanoseconds a unit takes to flow back."""
        return Fraction(self.nanos * (2 if self.strict else 1), self.max)

    @property
    def longest(self) -> int:
        """The period, or the time the bucket takes to fill, in nanoseconds."""
        return max(self.nanos, ceil(self.refill * self.capacity))

    def said(self) -> dict[str, Any]:
        more = ({} if self.burst is None else {"burst": self.burst}) | ({"strict": True} if self.strict else {})
        return {"max": self.max, "window": self.window, **more}


def ticks(nanos: Fraction | int, shift: int) -> Fraction:
    return Fraction(nanos) / (1000 * Fraction(2) ** shift)


@dataclass(frozen=True)
class Prepared:
    """A quota in ticks."""

    interval: int
    tolerance: int
    capacity: int


def tick_for(quota: Quota) -> int:
    """A tick is 2^shift microseconds: many of them to a unit, and few to a window."""

    def finest(nanos: int) -> int | None:
        return next((shift for shift in range(-20, 27) if floor(ticks(nanos, shift)) <= ROOM), None)

    def coarsest(many: int) -> int:
        return next((shift for shift in range(26, -21, -1) if floor(ticks(quota.refill, shift)) >= many), -20)

    needed = finest(quota.longest)
    if needed is None:
        raise Refused("quota_window_too_long")
    roomy = finest(16 * quota.longest)
    roomy = 26 if roomy is None else roomy
    fine, good = coarsest(2**14), coarsest(2**10)
    if needed <= 0 <= fine:
        return 0
    if roomy <= fine:
        return min(max(0, roomy), fine)
    return max(needed, min(roomy, good))


def prepare(quota: Quota, shift: int) -> Prepared:
    exact = ticks(quota.refill, shift)
    # Where a tick is more than a microsecond, one more pays for the part of it that time is rounded down by.
    interval = ceil(exact) + (1 if shift > 0 else 0)
    if interval > MOST or floor(ticks(quota.longest, shift)) > ROOM:
        raise Refused("quota_window_too_long")
    if interval - exact > exact / 100:
        raise Refused("quota_rounding")
    tolerance = interval * quota.capacity
    if tolerance > MOST:
        raise Refused("quota_window_too_long")
    return Prepared(interval, tolerance, quota.capacity)


@dataclass
class Receipt:
    key: str
    slot: int
    evictions: int
    tat: int
    cost: int
    at: int


@dataclass
class Limiter:
    base: Quota
    high: int = 0
    swept: int = 0
    evictions: int = 0
    evicted: int = 0
    sweeps: int = 0
    slots: list[tuple[str, int] | None] = field(default_factory=lambda: [None] * SLOTS)

    def __post_init__(self) -> None:
        self.base.check()
        self.shift = tick_for(self.base)
        self.prepared = prepare(self.base, self.shift)
        self.range = int(Fraction(2) ** (36 + self.shift))

    def own(self, quota: Quota) -> Prepared:
        if not (quota.longest <= 16 * self.base.longest and self.base.longest <= 16 * quota.longest):
            raise Refused("quota_windows_too_far_apart")
        return prepare(quota, self.shift)

    def tick(self, micros: int) -> int:
        return floor(micros / Fraction(2) ** self.shift)

    def micros(self, ticks: int, now: int, at: int) -> int:
        """From `at` to the beginning of the tick that is so many after `now`'s."""
        if ticks <= 0:
            return 0
        return ceil((self.tick(now) + ticks) * Fraction(2) ** self.shift) - now + max(now - at, 0)

    def find(self, key: str) -> int | None:
        return next((n for n, slot in enumerate(self.slots) if slot and slot[0] == key), None)

    def sweep(self) -> None:
        self.sweeps += 1
        self.slots = [slot if slot and slot[1] > self.tick(self.high) else None for slot in self.slots]

    def advance(self, at: int) -> None:
        if at <= self.high + NOTED:
            return
        while at - self.swept >= self.range // 2:
            top = self.swept + self.range // 2 - 1
            self.high = max(self.high, top)
            self.sweep()
            assert self.slots == [None] * SLOTS, "what is left would look younger"
            self.swept = top + (at - top) // self.range * self.range
            self.high = max(self.high, self.swept)
        self.high = max(self.high, at)
        if self.high - self.swept >= self.range // 4:
            self.sweep()
            self.swept = self.high

    def tell(self, allowed: bool, debt: int, now: int, at: int, quota: Prepared, retry: int | None = 0) -> dict[str, Any]:
        return {"allowed": allowed, "limit": quota.capacity, "remaining": max(quota.tolerance - debt, 0) // quota.interval,
                "reset": self.micros(debt, now, at), "retry": retry}

    def start(self, key: str) -> tuple[int, int, bool]:
        """Slot and TAT to begin with, and whether somebody loses the slot who owes something."""
        slot = self.find(key)
        if slot is not None:
            return slot, self.slots[slot][1], False
        if None in self.slots:
            return self.slots.index(None), self.tick(self.high), False
        slot = min(range(SLOTS), key=lambda n: self.slots[n][1])
        assert sorted(slot[1] for slot in self.slots)[:2] != [self.slots[slot][1]] * 2, "which one goes is nobody's promise"
        return slot, self.slots[slot][1], self.slots[slot][1] > self.tick(self.high)

    def peek(self, key: str, at: int, cost: int, quota: Prepared) -> dict[str, Any]:
        now = max(min(at, LAST), self.high)
        tat = self.start(key)[1] if self.find(key) is not None or None not in self.slots else 0
        debt = max(tat - self.tick(now), 0)
        if cost > quota.capacity:
            return self.tell(False, debt, now, at, quota, None)
        over = debt + cost * quota.interval - quota.tolerance
        return self.tell(cost == 0 or over <= 0, debt, now, at, quota, self.micros(over, now, at) if cost else 0)

    def check(self, key: str, at: int, cost: int, quota: Prepared) -> tuple[dict[str, Any], Receipt | None]:
        if cost == 0 or cost > quota.capacity:
            return self.peek(key, at, cost, quota), None
        self.advance(min(at, LAST))
        now = max(min(at, LAST), self.high)
        slot, tat, evicts = self.start(key)
        next_tat = max(tat, self.tick(now)) + cost * quota.interval
        over = next_tat - self.tick(now) - quota.tolerance
        if over > 0:
            return self.tell(False, max(tat - self.tick(now), 0), now, at, quota, self.micros(over, now, at)), None
        # A receipt is good while nobody who owed was put out of the set; putting somebody out is counted first.
        self.evictions += evicts
        self.evicted += evicts
        self.slots[slot] = (key, next_tat)
        receipt = Receipt(key, slot, self.evictions, next_tat, cost * quota.interval, now)
        return self.tell(True, next_tat - self.tick(now), now, at, quota), receipt

    def give_back(self, receipt: Receipt | None) -> bool:
        if receipt is None or receipt.evictions != self.evictions:
            return False
        held = self.slots[receipt.slot]
        if held is None or held[0] != receipt.key or self.high - receipt.at > self.range // 4:
            return False
        here = self.tick(self.high)
        given = min(receipt.tat - here, held[1] - here, receipt.cost)
        if given <= 0:
            return False
        self.slots[receipt.slot] = (receipt.key, held[1] - given)
        return True

    def reset(self, key: str) -> bool:
        slot = self.find(key)
        if slot is None:
            return False
        self.slots[slot] = None
        self.evictions += 1
        return True


class Story:
    """Steps as they are told, each with the answer."""

    def __init__(self, class_: str, name: str, base: Quota, **own: Quota) -> None:
        self.class_, self.name, self.base, self.own = class_, name, base, own
        self.limiter = Limiter(base)
        self.steps: list[dict[str, Any]] = []
        self.receipts: list[Receipt | None] = []
        self.admitted: list[tuple[str, int, int]] = []
        self.audited = True

    def ask(self, kind: str, key: str, at: int, cost: int, own: str | None = None) -> dict[str, Any]:
        step: dict[str, Any] = {kind: key, "at": at, "cost": cost} | ({} if own is None else {"quota": own})
        try:
            quota = self.limiter.prepared if own is None else self.limiter.own(self.own[own])
            if kind == "check":
                expect, receipt = self.limiter.check(key, at, cost, quota)
                self.receipts.append(receipt)
                if receipt is not None:
                    self.admitted.append((key, receipt.at, cost))
            else:
                expect = self.limiter.peek(key, at, cost, quota)
        except Refused as code:
            expect = {"code": str(code)}
        self.audited &= own is None
        self.steps.append({**step, "expect": expect})
        return expect

    def check(self, key: str, at: int, cost: int = 1, own: str | None = None) -> dict[str, Any]:
        return self.ask("check", key, at, cost, own)

    def peek(self, key: str, at: int, cost: int = 0, own: str | None = None) -> dict[str, Any]:
        return self.ask("peek", key, at, cost, own)

    def give_back(self, which: int) -> bool:
        """What the check of that number took, counted from 0."""
        expect = self.limiter.give_back(self.receipts[which])
        self.receipts[which] = None
        self.audited = False
        self.steps.append({"give_back": which, "expect": expect})
        return expect

    def reset(self, key: str) -> bool:
        expect = self.limiter.reset(key)
        self.audited = False
        self.steps.append({"reset": key, "expect": expect})
        return expect

    def stats(self) -> None:
        limiter = self.limiter
        self.steps.append({"stats": {"evictions_with_debt": limiter.evicted, "busy_denials": 0, "sweeps": limiter.sweeps,
                                     "slots": SLOTS}})

    def audit(self) -> None:
        """No key was admitted more in [a, b] than burst + (b - a) x rate, for all a and b; strict, no more than max in a window."""
        for key in {key for key, _, _ in self.admitted} if self.audited else ():
            mine = [(at * 1000, cost) for one, at, cost in self.admitted if one == key]
            for first in range(len(mine)):
                spent = 0
                for at, cost in mine[first:]:
                    spent += cost
                    assert spent <= self.base.capacity + (at - mine[first][0]) / self.base.refill, (self.name, key, at)
                    if self.base.strict and at - mine[first][0] <= self.base.nanos:
                        assert spent <= self.base.max, (self.name, key, at)

    def told(self) -> dict[str, Any]:
        own = {"own": {name: quota.said() for name, quota in self.own.items()}} if self.own else {}
        return {"name": f"{self.class_}: {self.name}", "class": self.class_, "quota": self.base.said(), **own, "steps": self.steps}
