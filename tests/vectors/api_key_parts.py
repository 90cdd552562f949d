"""What the vectors of API keys are made of: keys, digests, lists of malformed texts; and the lists of vectors being made."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from typing import Any

NOW = 1_800_000_000
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PEPPER = "a pepper of 32 bytes, kept apart"
assert len(PEPPER) == 32


def base62(number: int, width: int) -> str:
    digits = ""
    while len(digits) < width:
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    assert number == 0
    return digits


def sealed(body: str | bytes) -> str:
    """The text and its checksum, whatever the text is."""
    octets = body.encode() if isinstance(body, str) else body
    return octets.decode() + base62(zlib.crc32(octets), 6)


def minted(label: str, env: str = "live", prefix: str = "dw", id: str | None = None) -> str:
    """A key whose id and 160 bits are drawn from its label."""
    drawn = hashlib.sha256(f"doorward vector {label}".encode()).digest()
    id = base62(int.from_bytes(drawn[20:28], "big"), 12) if id is None else id
    return sealed(f"{prefix}_{env}_{id}_{base62(int.from_bytes(drawn[:20], 'big'), 27)}")


# The format is a promise to keys already in the world: this one is in its documentation.
KNOWN = sealed("dw_live_Zy9Xw8Vu7Ts6_" + base62(int.from_bytes(bytes(range(20)), "big"), 27))
assert KNOWN == "dw_live_Zy9Xw8Vu7Ts6_0029sS3yqsuDyR1vGFhTuuRAq1b0qqGGk"


def sha256(key: str | bytes) -> str:
    return hashlib.sha256(key.encode() if isinstance(key, str) else key).hexdigest()


def peppered(key: str, pepper: str = PEPPER) -> str:
    return hmac.digest(pepper.encode(), bytes.fromhex(sha256(key)), "sha256").hex()


SETS: dict[str, dict[str, Any]] = {}
FINDS: list[dict[str, Any]] = []
REFUSED: list[dict[str, Any]] = []
MINTS: list[dict[str, Any]] = []

MALFORMED, UNKNOWN, EXPIRED, EARLY, DISABLED = (
    {"code": f"api_key_{why}"} for why in ("malformed", "unknown", "expired", "not_yet_valid", "disabled"))


def entry(id: str, key: Any = None, **said: Any) -> dict[str, Any]:
    return {"id": id, **({} if key is None else {"key": key}), **said}


def keyset(name: str, keys: list[dict[str, Any]], **said: Any) -> None:
    assert name not in SETS
    size = len(keys) + sum(one["count"] for one in [said.get("numbered")] if one)
    SETS[name] = {**({"keys": keys} if keys else {}), **said, "size": size}


def found(id: str, strong: bool, **more: Any) -> dict[str, Any]:
    return {"id": id, "strong": strong, **more}


def find(class_: str, name: str, set: str, presented: Any, expect: dict[str, Any], now: float = NOW) -> None:
    FINDS.append({"name": f"{class_}: {name}", "class": class_, "set": set, "presented": presented, "now": now, "expect": expect})


def refuse(class_: str, name: str, code: str, at: int | None = None, line: int | None = None, **set: Any) -> None:
    expect = {"code": code} | ({} if at is None else {"at": at}) | ({} if line is None else {"line": line})
    REFUSED.append({"name": f"{class_}: {name}", "class": class_, "set": set, "expect": expect})


def repeat(prefix: str, unit: str, count: int, suffix: str = "") -> dict[str, Any]:
    return {"repeat": [prefix, unit, count, suffix]}


PLAIN = "correct-horse-battery-staple"
FIRST, SECOND, TEST = minted("first"), minted("second"), minted("test", env="test")
PARTS = FIRST.split("_")
ID, SECRET = PARTS[2], PARTS[3][:27]

# name, text, and whether its checksum holds: a good checksum excuses no bad layout.
DAMAGED = [
    ("the prefix alone", "dw_"),
    ("the prefix and a checksum", sealed("dw_")),
    ("no environment", sealed(f"dw__{ID}_{SECRET}")),
    ("no environment and no underscore for it", sealed(f"dw_{ID}_{SECRET}")),
    ("an environment of 17", sealed(f"dw_{'e' * 17}_{ID}_{SECRET}")),
    ("an environment in upper case", sealed(f"dw_Live_{ID}_{SECRET}")),
    ("an environment with a hyphen", sealed(f"dw_li-ve_{ID}_{SECRET}")),
    ("an environment with an underscore", sealed(f"dw_li_ve_{ID}_{SECRET}")),
    ("an id of 11", sealed(f"dw_live_{ID[1:]}_{SECRET}")),
    ("an id of 13", sealed(f"dw_live_{ID}a_{SECRET}")),
    ("no id", sealed(f"dw_live__{SECRET}")),
    ("an id with a hyphen", sealed(f"dw_live_{ID[:-1]}-_{SECRET}")),
    ("an id with an underscore", sealed(f"dw_live_{ID[:5]}_{ID[6:]}_{SECRET}")),
    ("a secret of 26", sealed(f"dw_live_{ID}_{SECRET[1:]}")),
    ("a secret of 28", sealed(f"dw_live_{ID}_{SECRET}a")),
    ("no secret", sealed(f"dw_live_{ID}_")),
    ("a secret with a plus", sealed(f"dw_live_{ID}_{SECRET[:-1]}+")),
    ("a secret with a slash", sealed(f"dw_live_{ID}_/{SECRET[1:]}")),
    ("a secret with an underscore", sealed(f"dw_live_{ID}_{SECRET[:13]}_{SECRET[14:]}")),
    ("a secret with an equals sign", sealed(f"dw_live_{ID}_{SECRET[:-1]}=")),
    ("no underscore after the id", sealed(f"dw_live_{ID}{SECRET}")),
    ("no underscore before the id", sealed(f"dw_live{ID}_{SECRET}")),
    ("hyphens for underscores", sealed(f"dw_live-{ID}-{SECRET}")),
    ("a hyphen before the id", sealed(f"dw_live-{ID}_{SECRET}")),
    ("a hyphen after the id", sealed(f"dw_live_{ID}-{SECRET}")),
    ("a letter for the underscore before the id", sealed(f"dw_livex{ID}_{SECRET}")),
    ("a letter for the underscore after the id", sealed(f"dw_live_{ID}x{SECRET}")),
    ("two underscores after the prefix", sealed(f"dw__live_{ID}_{SECRET}")),
    ("a part too many", sealed(f"dw_live_{ID}_{SECRET}_more")),
    ("no checksum", f"dw_live_{ID}_{SECRET}"),
    ("a checksum of 5", FIRST[:-1]),
    ("a checksum of 7", FIRST + "0"),
    ("another key's checksum", FIRST[:-6] + SECOND[-6:]),
    ("a checksum of zeros", FIRST[:-6] + "000000"),
    ("a checksum beyond 32 bits", FIRST[:-6] + "4gfFC4"),
    ("a checksum in the other case", FIRST[:-6] + FIRST[-6:].swapcase()),
    ("a checksum reversed", FIRST[:-6] + FIRST[:-7:-1]),
    ("a checksum of the secret alone", FIRST[:-6] + base62(zlib.crc32(SECRET.encode()), 6)),
    ("a checksum of what follows the prefix", FIRST[:-6] + base62(zlib.crc32(FIRST[3:-6].encode()), 6)),
    ("a checksum by another polynomial", FIRST[:-6] + base62(zlib.adler32(FIRST[:-6].encode()), 6)),
    ("a whole key twice", FIRST + FIRST),
    ("a whole key, a comma, a whole key", f"{FIRST},{SECOND}"),
    ("a whole key in upper case behind its prefix", "dw_" + FIRST[3:].upper()),
    ("a whole key in lower case", FIRST.lower()),
]
# Of 0x21 to 0x7e all may be sent; a space and all else may not.
UNSENDABLE = [("a space within", "key end"), ("a space before", " keyend"), ("a space behind", "keyend ")]
UNSENDABLE += [(f"0x{byte:02x} within", f"key{chr(byte)}end") for byte in [*range(0x20), 0x7f]]
UNSENDABLE += [(f"{name} within", f"key{char}end") for name, char in [
    ("an accent", "\u00e9"), ("U+0080", "\u0080"), ("a no-break space", "\u00a0"), ("a byte order mark", "\ufeff"),
    ("a zero-width space", "\u200b"), ("a letter 0x100 above", "\u0165"), ("a letter 0x200 above", "\u0265"),
    ("a full-width letter", "\uff41"), ("an emoji", "\U0001f600"), ("the last character of Unicode", "\U0010ffff")]]
BYTES = [("a byte 0x80", b"key\x80end"), ("a byte 0xff", b"key\xffend"), ("a cut sequence", b"keyend\xc3"),
         ("a slash written too long", b"key\xc0\xafend"), ("a surrogate's bytes", b"key\xed\xa0\x80end"),
         ("UTF-16", PLAIN.encode("utf-16-le"))]
