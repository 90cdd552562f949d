"""``api_keys.json``: keys presented to sets, sets that can't be, and keys that are minted."""

from __future__ import annotations

import hashlib
from typing import Any

from doorward import ApiKey, ApiKeyError, ApiKeys, ConfigError, Quota, generate_key
from shared import load, report, text

FILE = load("api_keys.json")
Octets = str | bytes


def octets(made: str | dict[str, Any]) -> Octets:
    """A text, or bytes that are none."""
    if isinstance(made, dict) and made.keys() == {"hex"}:
        return bytes.fromhex(made["hex"])
    return text(made)


def entry(said: dict[str, Any]) -> ApiKey:
    assert said.keys() <= {
        *("id", "key", "digest", "name", "roles", "scopes", "quota", "not_before", "expires", "disabled", "strong"),
        "metadata",
    }
    said = dict(said)
    if "key" in said:
        said["key"] = octets(said["key"])
    if "quota" in said:
        assert said["quota"].keys() <= {"max", "window", "burst", "strict"}
        said["quota"] = Quota(**said["quota"])
    return ApiKey(**said)


def made(said: dict[str, Any]) -> ApiKeys:
    assert said.keys() <= {"keys", "numbered", "file", "prefix", "pepper", "max_presented", "size"}
    options = {name: said[name] for name in ("prefix", "pepper", "max_presented") if name in said}
    if "file" in said:
        assert said.keys() <= {"file", "prefix", "pepper", "size"}
        return ApiKeys.from_text(octets(said["file"]), **options)
    entries = [entry(one) for one in said.get("keys", [])]
    if "numbered" in said:
        assert said["numbered"].keys() == {"count", "id", "key"}
        id, key = said["numbered"]["id"], said["numbered"]["key"]
        entries += [ApiKey(f"{id}{number}", f"{key}{number}") for number in range(said["numbered"]["count"])]
    return ApiKeys(entries, **options)


def told(keys: ApiKeys, presented: Octets, found: ApiKey, now: float) -> dict[str, Any]:
    principal = keys.identify(presented, now=now)
    assert (list(principal.roles), list(principal.scopes)) == (list(found.roles), list(found.scopes))
    quota = found.quota and {name: getattr(found.quota, name) for name in ("max", "window", "capacity", "strict")}
    return {
        "id": found.id, "name": found.name, "principal": principal.id, "roles": list(found.roles),
        "scopes": list(found.scopes), "not_before": found.not_before, "expires": found.expires,
        "strong": found.strong, "metadata": found.metadata, "quota": quota,
    }  # fmt: skip


def test_every_presented_key_gets_its_answer() -> None:
    sets = {name: made(said) for name, said in FILE["sets"].items()}
    for name, said in FILE["sets"].items():
        ids = [one["id"] for one in said.get("keys", [])]
        assert len(sets[name]) == said["size"] and [key.id for key in sets[name]][: len(ids)] == ids
    failures = []
    for vector in FILE["finds"]:
        assert vector.keys() == {"name", "class", "set", "presented", "now", "expect"}
        keys, now, expect = sets[vector["set"]], vector["now"], vector["expect"]
        presented = octets(vector["presented"])
        for one in (presented, presented.encode()) if isinstance(presented, str) else (presented,):
            found = keys.find(one, now=now)
            answer: dict[str, Any]
            try:
                assert keys.verify(one, now=now) is found is not None
                answer = told(keys, one, found, now)
                answer = {name: answer[name] for name in expect if name != "code"}
            except ApiKeyError as error:
                assert found is None
                answer = {"code": error.code}
            if answer != expect:
                failures.append(f"{vector['name']}: {answer}, expected {expect}")
    report(failures, len(FILE["finds"]))
    assert len(FILE["finds"]) >= 350


def test_every_set_that_can_not_be_is_refused() -> None:
    failures = []
    for vector in FILE["refused"]:
        assert vector.keys() == {"name", "class", "set", "expect"}
        expect = vector["expect"]
        assert expect.keys() <= {"code", "at", "line"}
        try:
            made(vector["set"])
            failures.append(f"{vector['name']}: not refused")
            continue
        except ConfigError as error:
            code, message = error.code, str(error)
        good = code == expect["code"]
        if "at" in expect:
            good &= f" at position {expect['at']} " in f"{message} "
        if "line" in expect:
            good &= message.startswith(f"line {expect['line']} ")
        for key in (text(one["key"]) for one in vector["set"].get("keys", []) if "key" in one):
            good &= len(key) < 8 or key not in message
        if not good:
            failures.append(f"{vector['name']}: {code}: {message}, expected {expect}")
    report(failures, len(FILE["refused"]))
    assert len(FILE["refused"]) >= 200


def test_every_minted_key_is_of_the_form() -> None:
    failures = []
    for vector in FILE["mints"]:
        assert vector.keys() == {"name", "env", "prefix", "expect"}
        expect, prefix = vector["expect"], vector["prefix"]
        found: dict[str, Any]
        try:
            new = generate_key(vector["env"], prefix=prefix)
            found = {"starts": new.key[: len(expect.get("starts", ""))], "length": len(new.key)}
            kept = ApiKeys([ApiKey("new", new.key)], prefix=prefix).find(new.key)
            assert kept is not None and kept.strong
            assert new.digest == hashlib.sha256(new.key.encode()).hexdigest()
        except ConfigError as error:
            found = {"code": error.code}
        if found != expect:
            failures.append(f"{vector['name']}: {found}, expected {expect}")
    report(failures, len(FILE["mints"]))
    assert len(FILE["mints"]) >= 15
