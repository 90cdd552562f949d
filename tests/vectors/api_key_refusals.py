"""Vectors of API keys that can be in no set: what is refused when one is made, of entries or of a file, and when one is minted."""

from __future__ import annotations

import hmac
import json
from typing import Any

from api_key_parts import (
    DAMAGED, DISABLED, EARLY, EXPIRED, FIRST, ID, MALFORMED, MINTS, NOW, PEPPER, PLAIN, SECOND, SETS, UNKNOWN, UNSENDABLE,
    entry, find, found, minted, peppered, refuse, repeat, sha256,
)


def of_refused() -> None:
    good = [entry("good", "a-good-key"), entry("another", FIRST)]
    more = minted("of a thousand 1")

    def key(class_: str, name: str, code: str, text: Any, **set: Any) -> None:
        refuse(class_, name, code, at=2, keys=[*good, entry("wrong", text)], **set)

    def said(class_: str, case: str, code: str, **parts: Any) -> None:
        refuse(class_, case, code, at=2, keys=[*good, {"id": "wrong", "key": "some-key", **parts}])

    c = "refused key"
    key(c, "empty", "api_key_empty", "")
    key(c, "513 bytes", "api_key_too_long", repeat("", "k", 513))
    key(c, "10 MB", "api_key_too_long", repeat("", "k", 10_000_000))
    key(c, "longer than this set's bound", "api_key_too_long", repeat("", "k", 55), max_presented=54)
    key(c, "ours, and longer than this set's bound", "api_key_too_long", minted("x", env="lives"), max_presented=54)
    for name, text in UNSENDABLE:
        key(c, name, "api_key_not_visible_ascii", text)
    for name, text in DAMAGED:
        key(c, name, "api_key_damaged", text)
    key(c, "damaged, of a prefix of the set's own", "api_key_damaged", minted("a", prefix="acme")[:-1], prefix="acme")
    refuse(c, "no bytes are allowed", "api_key_too_long", at=0, keys=[entry("a", "k")], max_presented=0)

    c = "refused twice"
    refuse(c, "a plain key", "api_key_duplicate", at=3, keys=[*good, entry("c", "x"), entry("d", "a-good-key")])
    refuse(c, "a minted key", "api_key_duplicate", at=2, keys=[*good, entry("c", FIRST)])
    refuse(c, "a key and its digest", "api_key_duplicate", at=2, keys=[*good, entry("c", digest=sha256(FIRST))])
    refuse(c, "a digest and its key", "api_key_duplicate", at=1, keys=[entry("c", digest=sha256(FIRST)), entry("d", FIRST)])
    refuse(c, "a digest in both cases", "api_key_duplicate", at=1, keys=[entry("c", digest=sha256("x")), entry("d", digest=sha256("x").upper())])
    refuse(c, "the first to be there again is named", "api_key_duplicate", at=2,
           keys=[entry("a", "x"), entry("b", "y"), entry("c", "y"), entry("d", "x")])
    refuse(c, "though one is disabled", "api_key_duplicate", at=1, keys=[entry("a", "x", disabled=True), entry("b", "x")])
    refuse(c, "under a pepper", "api_key_duplicate", at=1, keys=[entry("a", "x"), entry("b", digest=sha256("x"))], pepper=PEPPER)
    refuse(c, "a key, before an id", "api_key_duplicate", at=1, keys=[entry("a", "x"), entry("a", "x")])
    refuse(c, "an id", "api_key_id_duplicate", at=2, keys=[*good, entry("good", "some-key")])
    refuse(c, "an id of a thousand", "api_key_id_duplicate", at=2 + 7, keys=[entry("a", "x"), entry("id-7", "y")],
           numbered={"count": 1000, "id": "id-", "key": "numbered-key-"})
    refuse(c, "an id, though the names differ", "api_key_id_duplicate", at=1, keys=[entry("a", "x", name="b"), entry("a", "y", name="c")])
    refuse(c, "what is wrong by itself comes first", "api_key_empty", at=2, keys=[entry("a", "x"), entry("a", "x"), entry("b", "")])
    refuse(c, "of two that are wrong the first is named", "api_key_empty", at=1, keys=[entry("a", "x"), entry("b", ""), entry("c", "dw_")])
    refuse(c, "an entry before its key", "api_key_id_invalid", at=0, keys=[entry("", "")])

    c = "refused entry"
    for name, id in [("empty", ""), ("of 129 bytes", "i" * 129), ("of 130 bytes in 65 characters", "\u00e9" * 65), ("with a newline", "a\n"),
                     ("with a NUL", "a\0b"), ("with a tab", "\ta"), ("with DEL", "a\u007f"), ("with U+0085", "a\u0085"), ("with ESC", "\u001b[2J")]:
        said(c, f"an id {name}", "api_key_id_invalid", id=id)
        said(c, f"a name {name}", "api_key_id_invalid", name=id)
    said(c, "its key for an id", "api_key_id_is_key", id="some-key")
    said(c, "its key for an id, though it is named", "api_key_id_is_key", id="some-key", name="other")
    said(c, "its key for a name", "api_key_id_is_key", name="some-key")
    said(c, "any minted key for an id, though it is named", "api_key_id_is_key", id=more, name="other")
    said(c, "no id, though it is named", "api_key_id_invalid", id="", name="other")
    said(c, "its minted key for an id", "api_key_id_is_key", key=SECOND, id=SECOND)
    said(c, "any minted key for an id", "api_key_id_is_key", id=more)
    said(c, "any minted key for a name", "api_key_id_is_key", name=more)
    refuse(c, "a minted key for a digest's id", "api_key_id_is_key", at=0, keys=[entry(FIRST, digest=sha256(FIRST))])
    refuse(c, "a minted key of the set's own prefix for an id", "api_key_id_is_key", at=0,
           keys=[entry(minted("a", prefix="acme"), "x")], prefix="acme")
    said(c, "an end before its beginning", "api_key_never_valid", not_before=NOW, expires=NOW - 1)
    said(c, "an end at its beginning", "api_key_never_valid", not_before=NOW, expires=NOW)
    said(c, "though it is disabled", "api_key_never_valid", not_before=NOW, expires=NOW, disabled=True)

    c = "refused digest"
    hexes = sha256("x")
    for name, digest in [("empty", ""), ("of 63 digits", hexes[1:]), ("of 65 digits", hexes + "0"), ("of 62 digits", hexes[2:]), ("of 128 digits", hexes * 2),
                         ("with a g", "g" + hexes[1:]), ("with its name", "sha256:" + hexes), ("with 0x", "0x" + hexes[2:]), ("with a space", " " + hexes[1:]),
                         ("and a newline", hexes + "\n"), ("with a sign", "+" + hexes[1:]), ("beyond ASCII", "\u00e9" + hexes[2:]), ("full width", "\uff11" + hexes[3:]),
                         ("in base64", "LXEWQrcmsEQBYnyp++9TK3tyB6eEE+8DxoyPJ5dKmC8=")]:
        refuse(c, name, "api_key_digest_invalid", keys=[entry("a", digest=digest)])

    c = "refused prefix"
    for prefix in ["", "Dw", "d_w", "dw_", "d-w", "d w", "d\u00e9", "\uff44", "abcdefghijklmnopq", "dw\n", "dw\0"]:
        refuse(c, repr(prefix), "api_key_prefix_invalid", keys=good, prefix=prefix)
    c = "refused pepper"
    for name, pepper in [("empty", ""), ("of 31 bytes", PEPPER[1:]), ("of 31 bytes in 16 characters", "\u00e9" * 15 + "a")]:
        refuse(c, name, "api_key_pepper_short", keys=good, pepper=pepper)


def of_files() -> None:
    head = '{"doorward_keys":1}\n'

    def line(id: str, key: str, kind: str = "sha256", **more: Any) -> str:
        stored = peppered(key) if kind == "hmac-sha256" else sha256(key)
        return json.dumps({"id": id, "digest": f"{kind}:{stored}", **more}, separators=(",", ":")) + "\n"

    mark = hmac.digest(PEPPER.encode(), b"doorward pepper mark 1", "sha256")[:8].hex()
    marked = f'{{"doorward_keys":1,"pepper":"{mark}"}}\n'
    full = line("full", "full-key", name="Builds", roles=["user", "b\u00e9"], scopes=["read"], quota={"max": 7, "window": "1m 30s"},
                not_before="2026-01-01T00:00:00Z", expires="2027-06-01T00:00:00.5Z", created="2025-12-31T23:59:59Z", metadata={"owner": "anna"})

    def file(name: str, text: str, size: int, **said: Any) -> None:
        SETS[name] = {"file": text, **said, "size": size}

    c = "file"
    file("file", head + line("a", PLAIN) + full + line("ours", FIRST, public=f"dw_live_{ID}") + line("off", "off-key", disabled=True), 4)
    find(c, "a plain key", "file", PLAIN, found("a", False))
    find(c, "every member", "file", "full-key", found(
        "full", False, principal="key:Builds", name="Builds", roles=["user", "b\u00e9"], scopes=["read"], not_before=1_767_225_600,
        expires=1_811_808_000.5, quota={"max": 7, "window": 90, "capacity": 7, "strict": False}, metadata={"owner": "anna"}))
    find(c, "its end", "file", "full-key", EXPIRED, 1_811_808_000.5)
    find(c, "just before its end", "file", "full-key", found("full", False), 1_811_808_000)
    find(c, "its beginning", "file", "full-key", found("full", False), 1_767_225_600)
    find(c, "just before its beginning", "file", "full-key", EARLY, 1_767_225_599)
    find(c, "one whose public part is there is ours", "file", FIRST, found("ours", True))
    find(c, "disabled", "file", "off-key", DISABLED)
    find(c, "nobody's", "file", "a-guess", UNKNOWN)
    file("file of none", head, 0)
    find(c, "of none", "file of none", PLAIN, MALFORMED)
    file("file of ours", '{"doorward_keys":1,"count":2}\n' + line("a", FIRST, public=f"dw_live_{ID}") + line("b", SECOND, public=SECOND[:20]), 2)
    find(c, "all are ours", "file of ours", SECOND, found("b", True))
    find(c, "all are ours: a plain one", "file of ours", PLAIN, MALFORMED)
    file("file of ours, elsewhere", head + line("a", FIRST, public=f"dw_live_{ID}"), 1, prefix="acme")
    find(c, "the public part is of another prefix", "file of ours, elsewhere", FIRST, found("a", False))
    file("file under a pepper", marked + line("a", PLAIN) + line("b", "peppered-key", "hmac-sha256"), 2, pepper=PEPPER)
    find(c, "a plain digest under a pepper", "file under a pepper", PLAIN, found("a", False))
    find(c, "a peppered digest", "file under a pepper", "peppered-key", found("b", False))
    file("file without a pepper, under one", head + line("a", PLAIN), 1, pepper=PEPPER)
    find(c, "which knows of no pepper", "file without a pepper, under one", PLAIN, found("a", False))
    file("file in other words", ' { "doorward_keys" : 1 , "count":1 } \r\n' + line("a", PLAIN).replace('"id"', '"\\u0069d"').replace("\n", "\r\n"), 1)
    find(c, "in other words", "file in other words", PLAIN, found("a", False))

    c = "refused file"
    a = line("a", PLAIN)

    def wrong(name: str, code: str, line: int | None, text: Any, **said: Any) -> None:
        refuse(c, name, f"key_file_{code}" if not code.startswith("api_key") else code, line=line, file=text, **said)

    for name, text in [("empty", ""), ("a newline", "\n"), ("white space", " \n\n")]:
        wrong(name, "empty", None, text)
    wrong("cut in its first line", "unfinished", 1, head[:-1])
    wrong("cut in its last line", "unfinished", 2, head + a[:-1])
    wrong("cut between lines", "count_wrong", 1, '{"doorward_keys":1,"count":2}\n' + a)
    wrong("a line too many", "count_wrong", 1, '{"doorward_keys":1,"count":0}\n' + a)
    for name, first in [("another format", "[]"), ("no version", "{}"), ("a key", a[:-1]), ("a version as text", '{"doorward_keys":"1"}'),
                        ("a version with a fraction", '{"doorward_keys":1.0}'), ("a member unknown", '{"doorward_keys":1,"keys":1}'),
                        ("a member twice", '{"doorward_keys":1,"doorward_keys":1}'), ("a mark too short", '{"doorward_keys":1,"pepper":"0123"}'),
                        ("a byte order mark", "\ufeff" + head[:-1]), ("a comment", "# keys")]:
        wrong(f"first line: {name}", "header_invalid", 1, first + "\n" + a)
    wrong("first line: a version to come", "version_unknown", 1, '{"doorward_keys":2}\n' + a)
    for name, text in [("an empty line", ""), ("garbage behind", a[:-1] + " x"), ("an array", "[]"), ("cut", a[:-2]), ("a member twice", a[:-2] + ',"id":"b"}'),
                       ("a member twice, once escaped", a[:-2] + ',"i\\u0064":"b"}')]:
        wrong(name, "not_json", 2, head + text + "\n")
    wrong("no UTF-8", "not_json", 2, {"hex": (head.encode() + a.encode().replace(b'"a"', b'"\xff"')).hex()})
    for name in ["expirse", "Id", "key", "strong"]:
        wrong(f"a member unknown: {name}", "member_unknown", 2, head + a[:-2] + f',"{name}":true}}\n')
    wrong("no id", "member_missing", 2, head + f'{{"digest":"sha256:{sha256(PLAIN)}"}}\n')
    wrong("no digest", "member_missing", 2, head + '{"id":"a"}\n')
    for name, value in [("expires", '"2027-01-01"'), ("expires", "1"), ("not_before", '"2027-01-01T00:00:00+01:00"'), ("expires", '"1969-12-31T23:59:59Z"'),
                        ("roles", '"user"'), ("roles", '[""]'), ("scopes", "[1]"), ("disabled", '"true"'), ("metadata", '{"a":1}'), ("public", f'"{FIRST}"'),
                        ("quota", '{"max":0,"window":"1s"}'), ("quota", '{"max":1,"window":1}'), ("quota", '{"max":1,"window":"1s","burst":2}'), ("name", "null")]:
        wrong(f"{name} of {value}"[:40], "member_invalid", 2, head + a[:-2] + f',"{name}":{value}}}\n')
    for name, digest in [("bare", sha256(PLAIN)), ("of sha1", "sha1:" + sha256(PLAIN)), ("cut", "sha256:" + sha256(PLAIN)[1:])]:
        wrong(f"a digest {name}", "member_invalid", 2, head + f'{{"id":"a","digest":"{digest}"}}\n')
    wrong("an id twice", "id_repeated", 4, head + a + line("b", "x") + line("a", "y"))
    wrong("a digest twice", "digest_repeated", 3, head + a + line("b", PLAIN).replace(sha256(PLAIN), sha256(PLAIN).upper()))
    wrong("a line of 16 KiB and more", "line_too_long", 2, repeat(head + a[:-2] + ',"name":"', "x", 16 * 1024, '"}\n'))
    wrong("peppered, and it doesn't say so", "pepper_unnamed", 2, head + line("a", PLAIN, "hmac-sha256"))
    wrong("peppered, and no pepper", "pepper_missing", 1, marked + line("a", PLAIN, "hmac-sha256"))
    wrong("peppered, and another pepper", "pepper_wrong", 1, marked + line("a", PLAIN, "hmac-sha256"), pepper=PEPPER[::-1])
    wrong("an id that is a key", "api_key_id_is_key", 2, head + line(FIRST, FIRST))
    wrong("an id that is empty", "api_key_id_invalid", 2, head + line("", PLAIN))
    wrong("never valid", "api_key_never_valid", 2, head + line("a", PLAIN, not_before="2027-01-01T00:00:00Z", expires="2027-01-01T00:00:00Z"))
    refuse(c, "an id that is a key of the set's own prefix", "api_key_id_is_key", at=0, file=head + line(minted("a", prefix="acme"), PLAIN), prefix="acme")
    refuse(c, "a prefix", "api_key_prefix_invalid", file=head, prefix="UP")
    refuse(c, "a pepper", "api_key_pepper_short", file=head, pepper="short")


def of_mints() -> None:
    def mint(name: str, env: str, prefix: str, expect: dict[str, Any]) -> None:
        MINTS.append({"name": name, "env": env, "prefix": prefix, "expect": expect})

    for env, prefix in [("live", "dw"), ("test", "acme"), ("a", "b"), ("0", "9"), ("abcdefghijklmno9", "abcdefghijklmno9")]:
        public = f"{prefix}_{env}_"
        mint(f"{public}", env, prefix, {"starts": public, "length": len(public) + 12 + 1 + 27 + 6})
    for env in ["", "Live", "li_ve", "li-ve", "li ve", "liv\u00e9", "abcdefghijklmnopq", "live\n"]:
        mint(f"env {env!r}", env, "dw", {"code": "api_key_env_invalid"})
    for prefix in ["", "Dw", "dw_", "d-w", "d\u00e9", "abcdefghijklmnopq"]:
        mint(f"prefix {prefix!r}", "live", prefix, {"code": "api_key_prefix_invalid"})
