"""Spans as ``timedelta``, moments as ``datetime``: what they say in seconds, and none that is ambiguous."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from doorward import (
    ApiKey,
    ApiKeys,
    ConfigError,
    Denial,
    ExpiredToken,
    Gate,
    Introspection,
    Issuer,
    Jwks,
    Limiter,
    Policy,
    Quota,
    SharedLimit,
    Verifier,
    sign,
)
from shared import NOW, SECRET

THEN = datetime.fromtimestamp(NOW, timezone.utc)
ELSEWHERE = THEN.astimezone(timezone(timedelta(hours=-7, minutes=-30)))
SECOND = timedelta(seconds=1)


def test_a_token_s_dates() -> None:
    token = sign({"sub": "a", "exp": THEN + 1.5 * SECOND, "iat": ELSEWHERE, "nbf": THEN}, SECRET)
    claims = Verifier(secret=SECRET).verify(token, now=THEN)
    assert (claims["exp"], claims["iat"], claims["nbf"]) == (NOW + 1, NOW, NOW)
    assert all(isinstance(claims[name], int) for name in ("exp", "iat", "nbf"))
    for late in (THEN + SECOND, ELSEWHERE + SECOND, NOW + 1):
        with pytest.raises(ExpiredToken):
            Verifier(secret=SECRET).verify(token, now=late)
    lenient = Verifier(secret=SECRET, leeway=5 * SECOND, max_age=3 * SECOND)
    assert lenient.verify(token, now=THEN + 2 * SECOND)
    with pytest.raises(ExpiredToken) as raised:
        lenient.verify(token, now=THEN + 9 * SECOND)
    assert raised.value.code in ("token_expired", "token_too_old")


def test_a_key_s_dates() -> None:
    keys = ApiKeys([ApiKey("a", "key", not_before=THEN, expires=ELSEWHERE + SECOND)])
    assert keys.find("key", now=THEN) and not keys.find("key", now=THEN + SECOND)
    assert not keys.find("key", now=THEN - SECOND)
    entry = next(iter(keys))
    assert (entry.not_before, entry.expires) == (NOW, NOW + 1)


def test_a_gate_s_moments() -> None:
    gate = Gate(verifiers=Verifier(secret=SECRET), policy=Policy.allow_all())
    token = sign({"sub": "a", "iss": "i", "exp": NOW + 60, "iat": NOW - 1}, SECRET)
    headers = {"host": "localhost", "authorization": f"Bearer {token}"}
    assert gate.admit("GET", headers, "127.0.0.1", now=THEN) and gate.admit("GET", headers, "::1", now=(THEN, 7.0))
    gate.revoke_subject("i", "a", THEN, THEN + 60 * SECOND, now=THEN)
    refused = gate.admit("GET", headers, "127.0.0.1", now=THEN)
    assert isinstance(refused, Denial) and refused.code == "token_revoked"


def test_spans() -> None:
    assert Quota(10, timedelta(minutes=1)) == Quota(10, 60)
    assert Limiter(10, timedelta(minutes=1)).quota.window == 60
    for make in (
        lambda: Jwks("https://i.example", cooldown=SECOND, fresh_for=SECOND, stale_for=SECOND, timeout=SECOND),
        lambda: Introspection("https://i.example/i", "i", leeway=SECOND),
        lambda: Issuer("https://i.example", leeway=SECOND),
        lambda: SharedLimit(deadline=SECOND / 20),
        lambda: Verifier(secret=SECRET, cache_ttl=SECOND, max_lifetime=SECOND),
    ):
        assert make()
    with pytest.raises(ConfigError):
        Quota(10, -SECOND)


@pytest.mark.parametrize("naive", [datetime(2027, 1, 15, 8), datetime.min, datetime.max])
def test_a_datetime_without_a_time_zone_is_ambiguous(naive: datetime) -> None:
    verifier = Verifier(secret=SECRET)
    for call in (
        lambda: verifier.verify("x", now=naive),
        lambda: ApiKey("a", "key", expires=naive),
        lambda: sign({"exp": naive}, SECRET),
    ):
        with pytest.raises(ConfigError, match="time zone"):
            call()


@pytest.mark.parametrize("bad", ["x", [], object(), b"1", 1j, THEN.date()])
def test_what_is_no_time(bad: Any) -> None:
    for call in (
        lambda: Verifier(secret=SECRET, leeway=bad),
        lambda: Verifier(secret=SECRET).verify("x", now=bad),
        lambda: Quota(1, bad),
    ):
        with pytest.raises(TypeError, match="must be a number of seconds"):
            call()
    for call in (lambda: Quota(1, THEN), lambda: Verifier(secret=SECRET).verify("x", now=SECOND)):  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            call()
