"""``rates.json``: quotas that can be counted and that can't, and stories of buckets on a clock."""

from __future__ import annotations

from typing import Any

from doorward import ConfigError, Decision, Limiter, Quota
from shared import load, report

FILE = load("rates.json")


def limiter(said: dict[str, Any]) -> Limiter:
    assert {"max", "window"} <= said.keys() <= {"max", "window", "burst", "strict"}
    return Limiter(**said, slots=1)


def micros(seconds: float) -> int:
    return round(seconds * 1e6)


def told(decision: Decision) -> dict[str, Any]:
    assert bool(decision) is decision.allowed
    return {
        "allowed": decision.allowed,
        "limit": decision.limit,
        "remaining": decision.remaining,
        "reset": micros(decision.reset_after),
        "retry": None if decision.retry_after is None else micros(decision.retry_after),
    }


def test_every_quota_is_made_or_refused() -> None:
    failures = []
    for vector in FILE["quotas"]:
        assert {"name", "quota", "expect"} <= vector.keys() <= {"name", "quota", "own", "expect"}
        found: dict[str, Any]
        try:
            made = limiter(vector["quota"])
            quota = made.quota
            said = vector.get("own", vector["quota"])
            if "own" in vector:
                quota = Quota(**said)
                assert made.check("a", quota=quota).limit == quota.capacity
            assert (quota.max, quota.window, quota.strict) == (said["max"], said["window"], said.get("strict", False))
            assert quota == Quota(**said)
            found = {"capacity": quota.capacity}
        except ConfigError as error:
            found = {"code": error.code}
        if found != vector["expect"]:
            failures.append(f"{vector['name']}: {found}, expected {vector['expect']}")
    report(failures, len(FILE["quotas"]))
    assert len(FILE["quotas"]) >= 100


def asked(limiter: Limiter, own: dict[str, Quota], step: dict[str, Any], kind: str) -> Decision:
    assert step.keys() - {"quota"} == {kind, "at", "cost", "expect"}
    ask = limiter.check if kind == "check" else limiter.peek
    quota = own[step["quota"]] if "quota" in step else None
    return ask(step[kind], step["cost"], quota=quota, now=step["at"] / 1e6)


def run(story: dict[str, Any]) -> str | None:
    """What the first step to go wrong says, and what it was."""
    buckets = limiter(story["quota"])
    own = {name: Quota(**said) for name, said in story.get("own", {}).items()}
    decisions: list[Decision] = []
    for number, step in enumerate(story["steps"]):
        found: Any
        expect = step.get("expect")
        if "check" in step or "peek" in step:
            kind = "check" if "check" in step else "peek"
            try:
                decision = asked(buckets, own, step, kind)
                found = told(decision)
                if kind == "check":
                    decisions.append(decision)
            except ConfigError as error:
                found = {"code": error.code}
        elif "give_back" in step:
            assert step.keys() == {"give_back", "expect"}
            found = decisions[step["give_back"]].give_back()
        elif "reset" in step:
            assert step.keys() == {"reset", "expect"}
            found = buckets.reset(step["reset"])
        else:
            assert step.keys() == {"stats"}
            found, expect = buckets.stats(), step["stats"]
        if found != expect:
            return f"step {number}: {found}, expected {expect}"
    return None


def test_every_story_holds() -> None:
    failures = []
    for story in FILE["stories"]:
        assert {"name", "class", "quota", "steps"} <= story.keys() <= {"name", "class", "quota", "own", "steps"}
        if (wrong := run(story)) is not None:
            failures.append(f"{story['name']}: {wrong}")
    report(failures, len(FILE["stories"]))
    assert len(FILE["stories"]) >= 120
