"""Sets of API keys: found or not, and held to the same rules as in the core."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from doorward import ApiKey, ApiKeyError, ApiKeys, ConfigError, Quota, generate_key
from shared import NOW

KEY = "a-key-nobody-guesses"


def test_a_key_is_found_by_its_text_or_its_digest() -> None:
    minted = generate_key()
    digest = hashlib.sha256(b"by digest").hexdigest()
    keys = ApiKeys([ApiKey("ci", KEY), ApiKey("minted", minted.key), ApiKey("stored", digest=digest)])
    cases: list[tuple[str | bytes, str | None]] = [
        (KEY, "ci"),
        (minted.key, "minted"),
        ("by digest", None),
        (b"by digest", None),
    ]
    for presented, expected in cases:
        found = keys.find(presented)
        # A key with a space has a digest, and can't come in a header.
        assert (found.id if found else None) == expected
    assert len(keys) == 3 and [key.id for key in keys] == ["ci", "minted", "stored"]
    assert keys.find(KEY) is keys.find(KEY.encode()) is next(iter(keys))
    assert minted.digest == hashlib.sha256(minted.key.encode()).hexdigest()


def test_an_entry_says_what_was_said() -> None:
    quota = Quota(10, 60.0, burst=5)
    entry = ApiKey(
        "ci", KEY, name="build", roles=["user", "deploy"], scopes="read", quota=quota, not_before=NOW,
        expires=NOW + 60.5, disabled=True, metadata={"team": "tools"},
    )  # fmt: skip
    for one in (entry, next(iter(ApiKeys([entry])))):
        assert (one.id, one.name, one.roles, one.scopes) == ("ci", "build", ("user", "deploy"), ("read",))
        assert (one.not_before, one.expires, one.disabled) == (NOW, NOW + 60.5, True)
        assert one.quota == quota
        one.metadata["team"] = "leak"
        assert one.metadata == {"team": "tools"}
        assert KEY not in repr(one)
    plain = ApiKey("ci", KEY)
    assert (plain.name, plain.roles, plain.scopes, plain.quota, plain.expires) == ("ci", (), (), None, None)


@pytest.mark.parametrize(
    ("entry", "now", "code"),
    [
        ({"expires": NOW}, NOW, "api_key_expired"),
        ({"expires": NOW}, NOW + 1, "api_key_expired"),
        ({"not_before": NOW}, NOW - 1, "api_key_not_yet_valid"),
        ({"disabled": True}, NOW, "api_key_disabled"),
        ({"expires": NOW}, NOW - 1, None),
        ({"not_before": NOW}, NOW, None),
    ],
)
def test_a_key_is_good_in_its_time(entry: dict[str, Any], now: float, code: str | None) -> None:
    keys = ApiKeys([ApiKey("ci", KEY, **entry)])
    assert (keys.find(KEY, now=now) is None) == (code is not None)
    if code is None:
        assert keys.verify(KEY, now=now).id == "ci"
        return
    with pytest.raises(ApiKeyError) as raised:
        keys.verify(KEY, now=now)
    assert raised.value.code == code and KEY not in str(raised.value)


def test_what_is_not_in_the_set_is_refused() -> None:
    minted = generate_key("test", prefix="acme")
    keys = ApiKeys([ApiKey("own", minted.key)], prefix="acme")
    assert minted.public.startswith("acme_test_") and keys.find(minted.key) is not None
    other = generate_key("test", prefix="acme").key
    for presented, code in [(other, "api_key_unknown"), (KEY, "api_key_malformed"), ("", "api_key_malformed")]:
        with pytest.raises(ApiKeyError) as raised:
            keys.verify(presented)
        assert raised.value.code == code
    for at in range(len(minted.key)):
        changed = minted.key[:at] + chr(ord(minted.key[at]) ^ 1) + minted.key[at + 1 :]
        assert keys.find(changed) is None


def test_a_file_s_keys_and_a_pepper() -> None:
    line = {"id": "ci", "digest": "sha256:" + hashlib.sha256(KEY.encode()).hexdigest(), "roles": ["user"]}
    text = '{"doorward_keys":1}\n' + json.dumps(line) + "\n"
    pepper = "a pepper of at least 32 bytes, kept apart"
    for keys in (ApiKeys.from_text(text), ApiKeys.from_text(text.encode(), pepper=pepper)):
        found = keys.find(KEY)
        assert found is not None and found.roles == ("user",)
    assert ApiKeys([ApiKey("ci", KEY)], pepper=pepper).find(KEY) is not None
    for wrong in ("", text[:-2], text.replace("roles", "rolls"), '{"doorward_keys":2}\n'):
        with pytest.raises(ConfigError) as raised:
            ApiKeys.from_text(wrong)
        assert raised.value.code.startswith("key_file_"), raised.value.code


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ([("a", "")], "api_key_empty"),
        ([("a", "x" * 513)], "api_key_too_long"),
        ([("a", "a b")], "api_key_not_visible_ascii"),
        ([("a", "dw_live_0123")], "api_key_damaged"),
        ([("a", KEY), ("b", KEY)], "api_key_duplicate"),
        ([("a", KEY), ("a", "x")], "api_key_id_duplicate"),
        ([("", KEY)], "api_key_id_invalid"),
        ([(KEY, KEY)], "api_key_id_is_key"),
    ],
)
def test_a_set_that_can_not_be_is_refused(keys: list[tuple[str, str]], code: str) -> None:
    with pytest.raises(ConfigError) as raised:
        ApiKeys([ApiKey(id, key) for id, key in keys])
    assert raised.value.code == code
    assert KEY not in str(raised.value)


def test_text_that_no_encoding_has_bytes_for() -> None:
    lone = "\udc00" * 40
    digest = hashlib.sha256(b"x").hexdigest()
    calls: list[Callable[[], object]] = [
        lambda: ApiKey(lone, KEY),
        lambda: ApiKey("a", lone),
        lambda: ApiKey("a", digest=lone[:1] + digest[1:]),
        lambda: ApiKey("a", KEY, name=lone),
        lambda: ApiKey("a", KEY, roles=lone),
        lambda: ApiKey("a", KEY, metadata={lone: "x"}),
        lambda: ApiKey("a", KEY, metadata={"x": lone}),
        lambda: ApiKeys([], prefix=lone),
        lambda: ApiKeys([], pepper=lone),
        lambda: ApiKeys.from_text("", prefix=lone),
        lambda: generate_key(lone),
        lambda: generate_key(prefix=lone),
    ]
    for call in calls:
        with pytest.raises(ConfigError) as raised:
            call()
        assert raised.value.code == "text_invalid"


def test_entries_and_sets_of_the_wrong_kind() -> None:
    with pytest.raises(ConfigError, match="not both"):
        ApiKey("a", KEY, digest="0" * 64)
    with pytest.raises(ConfigError, match="not both"):
        ApiKey("a")
    with pytest.raises(ConfigError, match="hexadecimal"):
        ApiKey("a", digest="nope")
    with pytest.raises(ConfigError, match="prefix"):
        generate_key(prefix="UP")
    with pytest.raises(ConfigError, match="pepper"):
        ApiKeys([], pepper="short")
    with pytest.raises(ConfigError, match="has no key"):
        ApiKeys(list(ApiKeys([ApiKey("a", KEY)])))
    for keys in (3, None, [KEY], KEY, [None]):
        with pytest.raises(TypeError):
            ApiKeys(keys)  # type: ignore[arg-type]
    assert len(ApiKeys([])) == 0 and ApiKeys([]).find(KEY) is None
