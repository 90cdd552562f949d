#!/usr/bin/env python3
"""Writes api_keys.json, the vectors of API keys: `python3 api_keys.py`, or `--check` to compare it with what is there.

Every verdict is written by hand from the rules in the documentation; keys, checksums, digests and peppered digests are made
in api_key_parts.py, with the standard library only. The format is told in core/tests/vectors_api_keys.rs, which runs them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import api_key_refusals as refusals
from api_key_parts import (
    BYTES, DAMAGED, DISABLED, EARLY, EXPIRED, FINDS, FIRST, ID, KNOWN, MALFORMED, MINTS, NOW, PEPPER, PLAIN, REFUSED,
    SECOND, SECRET, SETS, TEST, UNKNOWN, UNSENDABLE, base62, entry, find, found, keyset, minted, peppered, repeat, sealed,
    sha256,
)


def of_form() -> None:
    """Judged by the form alone: the digest of each of these texts is in the set, and none of them is found."""
    texts = [text for _, text in DAMAGED] + [text for _, text in UNSENDABLE] + ["k" * 513, "\u00e9" * 200]
    digests = [sha256(text) for text in texts] + [sha256(text) for _, text in BYTES] + [sha256("")]
    keyset("unsendable", [entry(f"n{n}", digest=digest) for n, digest in enumerate(digests)]
           + [entry("longest", "k" * 512), entry("first", FIRST), entry("!", "!!"), entry("~", "~~")])
    c = "form"
    for name, text in DAMAGED:
        find(c, name, "unsendable", text, MALFORMED)
    for name, text in UNSENDABLE:
        find(c, name, "unsendable", text, MALFORMED)
    for name, octets in BYTES:
        find(c, name, "unsendable", {"hex": octets.hex()}, MALFORMED)
    find(c, "nothing", "unsendable", "", MALFORMED)
    find(c, "513 bytes", "unsendable", repeat("", "k", 513), MALFORMED)
    find(c, "400 bytes in 200 characters", "unsendable", repeat("", "\u00e9", 200), MALFORMED)
    find(c, "512 bytes", "unsendable", repeat("", "k", 512), found("longest", False))
    find(c, "the first visible character", "unsendable", "!!", found("!", False))
    find(c, "the last visible character", "unsendable", "~~", found("~", False))
    find(c, "whole", "unsendable", FIRST, found("first", True))
    for count, unit in [(10_240, "x"), (10_000_000, "x"), (1_000_000, "dw_"), (1_000_000, "\u0000"), (1_000_000, "\U0001f600")]:
        find(c, f"{count} times {unit!r}", "unsendable", repeat("", unit, count), MALFORMED)
    find(c, "a whole key and 10 MB", "unsendable", repeat(FIRST, "0", 10_000_000), MALFORMED)

    words = {"a": "a", "digits": "0123456789", "of 16": "abcdefghijklmno9", "live": "live"}
    keyset("forms", [entry(name, minted(name, env=word)) for name, word in words.items()]
           + [entry("known", KNOWN), entry("zeros", sealed(f"dw_live_{'0' * 12}_{'0' * 27}")),
              entry("largest", sealed(f"dw_live_{'z' * 12}_{base62(2**160 - 1, 27)}")),
              entry("beyond 160 bits", sealed(f"dw_live_{'z' * 12}_{'z' * 27}"))])
    c = "good form"
    for name, word in words.items():
        find(c, f"an environment {name}", "forms", minted(name, env=word), found(name, True))
    find(c, "a key of old", "forms", KNOWN, found("known", True))
    find(c, "zeros", "forms", SETS["forms"]["keys"][5]["key"], found("zeros", True))
    find(c, "the largest secret", "forms", SETS["forms"]["keys"][6]["key"], found("largest", True))
    find(c, "a secret no mint draws", "forms", SETS["forms"]["keys"][7]["key"], found("beyond 160 bits", True))
    find(c, "whole, and nobody's", "forms", FIRST, UNKNOWN)
    find(c, "with a plain one's form, and there is none", "forms", PLAIN, MALFORMED)

    c = "one bit"
    keyset("mixed", [entry("first", FIRST), entry("plain", PLAIN), entry("test", TEST)])
    for at in range(len(FIRST)):
        changed = FIRST[:at] + chr(ord(FIRST[at]) ^ 1) + FIRST[at + 1:]
        # Without the prefix it is a plain key like any other, and nobody's.
        find(c, f"at {at}", "mixed", changed, UNKNOWN if at < 3 else MALFORMED)
    for at in [0, 7, 13, 27]:
        find(c, f"at {at} of a plain key", "mixed", PLAIN[:at] + chr(ord(PLAIN[at]) ^ 1) + PLAIN[at + 1:], UNKNOWN)


def of_matching() -> None:
    c = "match"
    find(c, "one of three", "mixed", FIRST, found("first", True))
    find(c, "a plain one", "mixed", PLAIN, found("plain", False))
    find(c, "the last", "mixed", TEST, found("test", True))
    swap = str.maketrans({SECRET[5]: "a" if SECRET[5] != "a" else "b"})
    for name, key in [
        ("another minted key", SECOND), ("its id, another secret", minted("other", id=ID)),
        ("its secret, another id", sealed(f"dw_live_{'0' * 12}_{SECRET}")),
        ("its id and secret, another environment", sealed(f"dw_test_{ID}_{SECRET}")),
        ("a letter of the secret changed, the checksum made good", sealed(f"dw_live_{ID}_{SECRET[:5]}{SECRET[5:].translate(swap)}")),
    ]:
        find(c, name, "mixed", key, UNKNOWN)
    for name, text in [
        ("all but its last letter", PLAIN[:-1]), ("all but its first", PLAIN[1:]), ("one letter", "c"), ("a letter more", PLAIN + "e"),
        ("a letter before", "x" + PLAIN), ("twice", PLAIN * 2), ("in upper case", PLAIN.upper()), ("capitalised", PLAIN.capitalize()),
        ("reversed", PLAIN[::-1]), ("in quotes", f'"{PLAIN}"'), ("after its scheme", f"Bearer:{PLAIN}"), ("and a comma", PLAIN + ","),
        ("its id", "plain"), ("its principal", "key:plain"), ("its digest", sha256(PLAIN)), ("its digest, named", "sha256:" + sha256(PLAIN)),
        ("in base64", "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0YXBsZQ=="), ("as a URL has it", PLAIN.replace("-", "%2D")), ("any", "*"),
        ("nobody", "null"), ("an injection", "'OR'1'='1"), ("a path", "../../etc/passwd"), ("three segments", "a.b.c"),
        ("another product's", "sk-proj-0123456789abcdefABCDEF"),
    ]:
        find(c, f"a plain key: {name}", "mixed", text, UNKNOWN)
    for name, text in [("and a newline", PLAIN + "\n"), ("a space before", " " + PLAIN), ("and a NUL", PLAIN + "\0"),
                       ("its scheme", "Bearer " + PLAIN), ("folded", PLAIN.replace("-", "\r\n -"))]:
        find(c, f"a plain key: {name}", "mixed", text, MALFORMED)
    c = "not ours"
    for name, text in [("in upper case", FIRST.upper()), ("its prefix in upper case", "DW" + FIRST[2:]), ("without its prefix", FIRST[3:]),
                       ("without an underscore", "dw"), ("a hyphen for its first", "dw-" + FIRST[3:]), ("a longer prefix", "dwx" + FIRST[2:]),
                       ("a shorter one", FIRST[1:]), ("of another prefix", minted("first", prefix="acme"))]:
        find(c, f"{name}, beside plain keys", "mixed", text, UNKNOWN)
        find(c, f"{name}, beside none", "forms", text, MALFORMED)

    c = "size"
    keyset("none", [])
    for name, text, expect in [("a plain key", PLAIN, MALFORMED), ("a minted one", FIRST, UNKNOWN), ("nothing", "", MALFORMED),
                               ("a damaged one", FIRST[:-1], MALFORMED)]:
        find(c, f"no keys: {name}", "none", text, expect)
    keyset("one", [entry("only", PLAIN)])
    keyset("one of ours", [entry("only", FIRST)])
    keyset("two", [entry("a", PLAIN), entry("b", PLAIN + PLAIN)])
    find(c, "one key", "one", PLAIN, found("only", False))
    find(c, "one key: another's", "one", FIRST, UNKNOWN)
    find(c, "one of ours", "one of ours", FIRST, found("only", True))
    find(c, "one of ours: another's", "one of ours", SECOND, UNKNOWN)
    find(c, "one of ours: a plain one", "one of ours", PLAIN, MALFORMED)
    find(c, "two keys: the first", "two", PLAIN, found("a", False))
    find(c, "two keys: the second, which begins as the first", "two", PLAIN + PLAIN, found("b", False))
    keyset("thousand", [entry(f"m{n}", minted(f"of a thousand {n}")) for n in range(5)],
           numbered={"count": 1000, "id": "id-", "key": "numbered-key-"})
    for n in [0, 1, 9, 10, 499, 998, 999]:
        find(c, f"a thousand keys: {n}", "thousand", f"numbered-key-{n}", found(f"id-{n}", False))
    for n in range(5):
        find(c, f"a thousand keys: minted {n}", "thousand", minted(f"of a thousand {n}"), found(f"m{n}", True))
    for text in ["numbered-key-1000", "numbered-key--1", "numbered-key-", "numbered-key-01", "numbered-key-10000", "id-1"]:
        find(c, f"a thousand keys: {text}", "thousand", text, UNKNOWN)
    find(c, "a thousand keys: minted, and none of them", "thousand", minted("of a thousand 5"), UNKNOWN)


def of_sets() -> None:
    c = "digest"
    keyset("digests", [entry("plain", digest=sha256(PLAIN)), entry("first", digest=sha256(FIRST)),
                       entry("upper", digest=sha256("upper-case").upper()), entry("given twice over", digest=sha256(sha256("twice")))])
    find(c, "of a plain key", "digests", PLAIN, found("plain", False))
    find(c, "of a minted one, of which nothing was said", "digests", FIRST, found("first", False))
    find(c, "in upper case", "digests", "upper-case", found("upper", False))
    find(c, "the digest itself is no key", "digests", sha256(PLAIN), UNKNOWN)
    find(c, "of a digest", "digests", sha256("twice"), found("given twice over", False))
    find(c, "so plain keys are looked for", "digests", "a-guess", UNKNOWN)
    find(c, "and damaged ones are not", "digests", FIRST[:-1], MALFORMED)
    keyset("strong", [entry("first", digest=sha256(FIRST), strong=True), entry("plain", digest=sha256(PLAIN), strong=True)])
    find(c, "said to be ours", "strong", FIRST, found("first", True))
    find(c, "all said to be ours: a plain key", "strong", "a-guess", MALFORMED)
    find(c, "all said to be ours: one of which it is wrong", "strong", PLAIN, MALFORMED)
    keyset("strong and plain", [entry("first", digest=sha256(FIRST), strong=True), entry("said", PLAIN, strong=True),
                                entry("unsaid", SECOND, strong=False)])
    find(c, "said to be ours, beside a plain key", "strong and plain", FIRST, found("first", True))
    find(c, "a text is judged by itself: plain", "strong and plain", PLAIN, found("said", False))
    find(c, "a text is judged by itself: minted", "strong and plain", SECOND, found("unsaid", True))
    find(c, "a text is judged by itself: a guess", "strong and plain", "a-guess", UNKNOWN)

    c = "prefix"
    acme, longest = minted("acme", prefix="acme"), minted("long", prefix="abcdefghijklmno9", env="abcdefghijklmno9")
    keyset("acme", [entry("own", acme), entry("ours", FIRST), entry("broken", FIRST[:-1] + "-")], prefix="acme")
    find(c, "a key of its own", "acme", acme, found("own", True))
    find(c, "of its own, damaged", "acme", acme[:-1], MALFORMED)
    find(c, "a key of the usual prefix is plain", "acme", FIRST, found("ours", False))
    find(c, "a damaged key of the usual prefix is plain", "acme", FIRST[:-1] + "-", found("broken", False))
    find(c, "of neither, and nobody's", "acme", SECOND, UNKNOWN)
    keyset("acme only", [entry("own", acme)], prefix="acme")
    find(c, "a key of the usual prefix, and no plain ones", "acme only", FIRST, MALFORMED)
    keyset("longest", [entry("own", longest)], prefix="abcdefghijklmno9")
    find(c, "of 16 characters", "longest", longest, found("own", True))
    find(c, "of 16 characters, the checksum wrong", "longest", longest[:-1] + ("0" if longest[-1] != "0" else "1"), MALFORMED)
    keyset("shortest", [entry("own", minted("d", prefix="d")), entry("ours", FIRST)], prefix="d")
    find(c, "of 1 character", "shortest", minted("d", prefix="d"), found("own", True))
    find(c, "of 1 character, and a key whose prefix begins so", "shortest", FIRST, found("ours", False))

    c = "pepper"
    keyset("peppered", [entry("plain", PLAIN), entry("first", FIRST), entry("hashed", digest=sha256("hashed"))], pepper=PEPPER)
    find(c, "a plain key", "peppered", PLAIN, found("plain", False))
    find(c, "a minted key", "peppered", FIRST, found("first", True))
    find(c, "a digest without it", "peppered", "hashed", found("hashed", False))
    find(c, "nobody's", "peppered", SECOND, UNKNOWN)
    find(c, "what is stored is no key", "peppered", peppered(PLAIN), UNKNOWN)
    keyset("pepper of 32 bytes in 16 characters", [entry("a", PLAIN)], pepper="\u00e9" * 16)
    find(c, "bytes are counted", "pepper of 32 bytes in 16 characters", PLAIN, found("a", False))

    c = "max_presented"
    keyset("eight", [entry("eight", "12345678")], max_presented=8)
    find(c, "8 of 8", "eight", "12345678", found("eight", False))
    find(c, "9 of 8", "eight", "123456789", MALFORMED)
    find(c, "8 of 8, and nobody's", "eight", "12345670", UNKNOWN)
    keyset("nothing", [], max_presented=0)
    find(c, "1 of 0", "nothing", "1", MALFORMED)
    keyset("long", [entry("long", repeat("", "k", 2000))], max_presented=2000)
    find(c, "2000 of 2000", "long", repeat("", "k", 2000), found("long", False))
    find(c, "2001 of 2000", "long", repeat("", "k", 2001), MALFORMED)
    find(c, "513 of 2000", "long", repeat("", "k", 513), UNKNOWN)
    keyset("54", [entry("first", FIRST)], max_presented=54)
    find(c, "a key of ours as long as may be", "54", FIRST, found("first", True))
    find(c, "and a longer one", "54", minted("x", env="lives"), MALFORMED)


def of_time() -> None:
    keyset("timed", [
        entry("plain", PLAIN),
        entry("expires", "key-expires", expires=NOW),
        entry("half", "key-half", expires=NOW + 0.5),
        entry("begins", "key-begins", not_before=NOW),
        entry("begins half", "key-begins-half", not_before=NOW + 0.5),
        entry("both", "key-both", not_before=NOW - 10, expires=NOW + 10),
        entry("moment", "key-moment", not_before=NOW, expires=NOW + 0.001),
        entry("before 1970", "key-old", not_before=-20, expires=-10),
        entry("zero", "key-zero", expires=0),
        entry("far", "key-far", expires=1e15),
        entry("disabled", "key-disabled", disabled=True),
        entry("disabled and over", "key-disabled-and-over", disabled=True, expires=NOW - 1),
        entry("disabled and early", "key-disabled-and-early", disabled=True, not_before=NOW + 1),
        entry("enabled", "key-enabled", disabled=False, expires=NOW + 1),
        entry("minted", FIRST, expires=NOW),
        entry("digest", digest=sha256("key-digest"), not_before=NOW, expires=NOW + 1),
    ])
    for id, key, cases in [
        ("plain", PLAIN, [(0, True), (-1e12, True), (1e18, True)]),
        ("expires", "key-expires", [(NOW - 1, True), (NOW - 0.001, True), (NOW, EXPIRED), (NOW + 0.001, EXPIRED), (NOW + 1e9, EXPIRED), (0, True), (-5, True)]),
        ("half", "key-half", [(NOW, True), (NOW + 0.499, True), (NOW + 0.5, EXPIRED), (NOW + 1, EXPIRED)]),
        ("begins", "key-begins", [(NOW - 1, EARLY), (NOW - 0.001, EARLY), (NOW, True), (NOW + 1e9, True), (0, EARLY), (-5, EARLY)]),
        ("begins half", "key-begins-half", [(NOW, EARLY), (NOW + 0.499, EARLY), (NOW + 0.5, True)]),
        ("both", "key-both", [(NOW - 10.5, EARLY), (NOW - 10, True), (NOW, True), (NOW + 9.5, True), (NOW + 10, EXPIRED)]),
        ("moment", "key-moment", [(NOW - 0.001, EARLY), (NOW, True), (NOW + 0.001, EXPIRED)]),
        ("before 1970", "key-old", [(-21, EARLY), (-20, True), (-10, EXPIRED), (NOW, EXPIRED)]),
        ("zero", "key-zero", [(-1, True), (0, EXPIRED), (NOW, EXPIRED)]),
        ("far", "key-far", [(NOW, True), (1e15 - 1, True), (1e15, EXPIRED)]),
        ("disabled", "key-disabled", [(NOW, DISABLED), (0, DISABLED)]),
        ("disabled and over", "key-disabled-and-over", [(NOW, DISABLED), (NOW - 2, DISABLED)]),
        ("disabled and early", "key-disabled-and-early", [(NOW, DISABLED), (NOW + 2, DISABLED)]),
        ("enabled", "key-enabled", [(NOW, True), (NOW + 1, EXPIRED)]),
        ("minted", FIRST, [(NOW - 1, True), (NOW, EXPIRED)]),
        ("digest", "key-digest", [(NOW - 1, EARLY), (NOW, True), (NOW + 1, EXPIRED)]),
    ]:
        for now, expect in cases:
            away = f"{now - NOW:+g} s" if abs(now - NOW) < 100 else f"at {now:.0f}"
            find("time", f"{id}, {away}", "timed", key, found(id, id == "minted") if expect is True else expect, now)
    find("time", "of another key nothing is told", "timed", "key-expired", UNKNOWN)

    c = "removed"
    keyset("before", [entry("stays", PLAIN), entry("goes", "on-its-way-out"), entry("ours", FIRST)])
    keyset("after", [entry("stays", PLAIN), entry("ours", FIRST)])
    keyset("switched off", [entry("stays", PLAIN), entry("goes", "on-its-way-out", disabled=True), entry("ours", FIRST)])
    keyset("last plain key gone", [entry("ours", FIRST)])
    for set, expect in [("before", found("goes", False)), ("switched off", DISABLED), ("after", UNKNOWN), ("last plain key gone", MALFORMED)]:
        find(c, set, set, "on-its-way-out", expect)
        find(c, f"{set}: another", set, FIRST, found("ours", True))
    keyset("off, and the only plain one", [entry("goes", "on-its-way-out", disabled=True), entry("ours", FIRST)])
    find(c, "a plain key that is off is one still", "off, and the only plain one", "on-its-way-out", DISABLED)
    find(c, "so others are looked for", "off, and the only plain one", PLAIN, UNKNOWN)


def of_entries() -> None:
    c = "entry"
    quota = {"max": 100, "window": 60}
    keyset("entries", [
        entry("bare", "bare-key"),
        entry("full", "full-key", name="Builds", roles=["user", "deploy"], scopes=["tools:read", "a"], quota={**quota, "burst": 7},
              not_before=NOW - 1, expires=NOW + 60.5, metadata={"team": "tools", "": "empty", "__proto__": "x", "\u00e9": "\U0001f600"}),
        entry("old", "old-key", name="anna", roles=["b", "a", "b"]),
        entry("new", "new-key", name="anna", scopes=["z", "a"]),
        entry("strict", "strict-key", quota={**quota, "strict": True}),
        entry("fraction", "fraction-key", quota={"max": 1, "window": 0.25, "burst": 3}),
        entry("key:bare", "colon-key"),
        entry("key%3Abare", "percent-key"),
        entry("n\u00e9 \U0001f600 o", "unicode-key"),
        entry("i" * 128, "long-key", name="n" * 128),
        entry("\u00e9" * 64, "wide-key"),
        entry("acme_live_Zy9Xw8Vu7Ts6", "public-key"),
        entry(minted("a", prefix="acme"), "of-key"),
        entry(FIRST[:-1], "cut-key"),
        entry(" ", "space-key"),
        entry("named so", "name-key", name="old"),
    ])

    def told(case: str, key: str, id: str, principal: str, **more: Any) -> None:
        find(c, case, "entries", key, found(id, False, principal=principal, **more))

    nothing = {"not_before": None, "expires": None, "quota": None, "metadata": {}, "roles": [], "scopes": []}
    told("nothing said", "bare-key", "bare", "key:bare", name="bare", **nothing)
    told("everything said", "full-key", "full", "key:Builds", name="Builds", roles=["user", "deploy"], scopes=["tools:read", "a"],
         quota={**quota, "capacity": 7, "strict": False}, not_before=NOW - 1, expires=NOW + 60.5,
         metadata={"team": "tools", "": "empty", "__proto__": "x", "\u00e9": "\U0001f600"})
    told("one caller's old key", "old-key", "old", "key:anna", name="anna", roles=["b", "a", "b"], scopes=[])
    told("one caller's new key", "new-key", "new", "key:anna", name="anna", roles=[], scopes=["z", "a"])
    told("a strict quota", "strict-key", "strict", "key:strict", quota={**quota, "capacity": 50, "strict": True})
    told("a quota of a quarter of a second", "fraction-key", "fraction", "key:fraction",
         quota={"max": 1, "window": 0.25, "capacity": 3, "strict": False})
    told("an id like a principal's", "colon-key", "key:bare", "key:key%3Abare")
    told("an id like that, escaped", "percent-key", "key%3Abare", "key:key%253Abare")
    told("an id beyond ASCII", "unicode-key", "n\u00e9 \U0001f600 o", "key:n\u00e9 \U0001f600 o")
    told("an id and a name of 128", "long-key", "i" * 128, f"key:{'n' * 128}", name="n" * 128)
    told("an id of 128 bytes in 64 characters", "wide-key", "\u00e9" * 64, "key:" + "\u00e9" * 64)
    told("an id like a key's public part", "public-key", "acme_live_Zy9Xw8Vu7Ts6", "key:acme_live_Zy9Xw8Vu7Ts6")
    told("an id that is a key of another prefix", "of-key", minted("a", prefix="acme"), f"key:{minted('a', prefix='acme')}")
    told("an id that is a damaged key", "cut-key", FIRST[:-1], f"key:{FIRST[:-1]}")
    told("an id of one space", "space-key", " ", "key: ")
    told("a name that is another's id", "name-key", "named so", "key:old", name="old")


for make in [of_form, of_matching, of_sets, of_time, of_entries, refusals.of_refused, refusals.of_files, refusals.of_mints]:
    make()
for kind in [FINDS, REFUSED, MINTS]:
    names = [vector["name"] for vector in kind]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)


def text() -> str:
    def compact(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=True)

    sets = ",\n".join(f"{compact(name)}:{compact(one)}" for name, one in SETS.items())
    kinds = [f'"{name}":[\n' + ",\n".join(map(compact, rows)) + "\n]" for name, rows in
             [("finds", FINDS), ("refused", REFUSED), ("mints", MINTS)]]
    return f'{{"format":1,"sets":{{\n{sets}\n}},{",".join(kinds)}}}\n'


if __name__ == "__main__":
    path = Path(__file__).with_name("api_keys.json")
    if sys.argv[1:] == ["--check"]:
        sys.exit(None if path.read_text() == text() else "api_keys.json is not what api_keys.py writes: run it")
    path.write_text(text())
    print(len(SETS), "sets,", len(FINDS), "keys presented,", len(REFUSED), "sets refused and", len(MINTS), "keys minted")
