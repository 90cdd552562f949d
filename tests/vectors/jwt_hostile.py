"""Tokens that must be refused, class by class, with the code each must get."""

from jws import DIGEST_INFO, HASHES, b64, dumps, hs, jwk, pkcs1, pkcs1_block, ps, rs, rsa_len, rsa_raw, spki, spki_pem
from fixed_keys import RSA
from make import EXP, NOW, SECRETS, Cases, payload, seal, signature, signed_part, token

ANY = {"audience": {"any": True}}


def add(cases):
    algorithm(cases)
    confusion(cases)
    signatures(cases)
    crit(cases)
    duplicates(cases)
    dates(cases)
    parties(cases)
    base64url(cases)
    shape(cases)
    kid(cases)
    node_strings(cases)


def algorithm(cases: Cases):
    c = cases.of("algorithm")
    body = b64(dumps(payload()))
    for none in ("none", "None", "NONE", "nOnE"):
        header = b64(dumps({"alg": none, "typ": "JWT"}))
        c.add(f"{none} with an empty signature", f"{header}.{body}.", expect="token_malformed")
        c.add(f"{none} with a good HMAC", token(header={"alg": none}), expect="algorithm_not_allowed")
    c.add("HS256 with an empty signature", signed_part() + ".", expect="token_malformed")
    for name, text in {
        "missing": '{"typ":"JWT"}', "null": '{"alg":null}', "an array": '{"alg":["HS256"]}', "a number": '{"alg":256}',
        "true": '{"alg":true}', "an object": '{"alg":{"name":"HS256"}}', "under another case of its name": '{"Alg":"HS256"}',
        "inside another object": '{"x":{"alg":"HS256"}}',
    }.items():
        c.add(f"alg is {name}", token(header=text), expect="token_header_invalid")
    for name, alg in {
        "lower case": "hs256", "with a NUL behind": r"HS256\u0000", "with a space behind": "HS256 ", "with a space before": " HS256",
        "empty": "", "unknown": "HS257", "two in one": "HS256,none", "a fullwidth letter": "ＨS256", "ES256": "ES256", "EdDSA": "EdDSA", "PS256": "PS256",
        "written with an escape": r"HS\u003256", "dir": "dir", "A128KW": "A128KW", "HMACSHA256": "HmacSHA256",
    }.items():
        c.add(f"alg is {name}", token(header='{"alg":"%s"}' % alg), expect="algorithm_not_allowed")
    for alg in ("HS384", "HS512"):
        signed = signed_part(alg=alg)
        c.add(f"{alg} where HS256 is bound, right for the secret", signed + "." + b64(hs(alg, SECRETS["hs256"][1], signed)), expect="algorithm_not_allowed")
    c.add("HS256 where HS384 is bound", token(), keys=["hs384"], expect="algorithm_not_allowed")
    c.add("HS256 where HS512 is bound", token(), keys=["hs512"], expect="algorithm_not_allowed")
    c.add("an HMAC of SHA-256 under HS512's name", seal(signed_part(alg="HS512")), keys=["hs512"], expect="signature_invalid")
    c.add("RS512 where only RS256 is bound", token(alg="RS512", key="rsa2048"), keys=["rsa2048_rs256"], rules=ANY, expect="algorithm_not_allowed")
    c.add("RS256 where only RS256 is bound", token(alg="RS256", key="rsa2048"), keys=["rsa2048_rs256"], rules=ANY)
    for name, text in {
        "an array": '["HS256"]', "a string": '"HS256"', "null": "null", "a number": "1", "empty": " ", "true": "true", "an open object": '{"alg":"HS256"',
        "an object and a comma": '{"alg":"HS256",}', "two objects": '{"alg":"HS256"}{}', "a name without quotes": '{alg:"HS256"}',
        "quoted by apostrophes": "{'alg':'HS256'}", "with a comment": '{"alg":"HS256"/**/}', "behind a BOM": '\ufeff{"alg":"HS256"}',
        "followed by a NUL": '{"alg":"HS256"}\0', "in UTF-16": '{"alg":"HS256"}'.encode("utf-16-le"), "without a colon": '{"alg" "HS256"}',
        "with typ a number": '{"alg":"HS256","typ":1}', "with typ null": '{"alg":"HS256","typ":null}', "with cty an array": '{"alg":"HS256","cty":["JWT"]}',
    }.items():
        c.add(f"the header is {name}", token(header=text), expect="token_header_invalid")


def confusion(cases: Cases):
    c = cases.of("algorithm confusion")
    n, e, _ = RSA["rsa2048"]
    texts = {"the PEM": spki_pem("rsa2048").encode(), "the DER": spki(pkcs1(n, e)), "the PKCS#1 DER": pkcs1(n, e),
             "the JWK": dumps(jwk("rsa2048")).encode(), "the modulus": n.to_bytes(256, "big")}
    signed = signed_part(alg="HS256")
    for name, text in texts.items():
        c.add(f"HS256 keyed with {name} of the public key", signed + "." + b64(hs("HS256", text, signed)), keys=["rsa2048"], rules=ANY, expect="algorithm_not_allowed")
        c.add(f"HS256 keyed with {name}, where a secret is configured too", signed + "." + b64(hs("HS256", text, signed)), keys=["rsa2048", "hs256"], rules=ANY, expect="signature_invalid")
    signed = signed_part(alg="RS256")
    c.add("an HMAC with the PEM under RS256's name", signed + "." + b64(hs("HS256", texts["the PEM"], signed)), keys=["rsa2048"], rules=ANY, expect="signature_invalid")
    c.add("an HMAC with the secret under RS256's name", signed + "." + b64(hs("HS256", SECRETS["hs256"][1], signed)), keys=["rsa2048", "hs256"], rules=ANY, expect="signature_invalid")
    c.add("RS256 where a secret is bound", token(alg="RS256", key="rsa2048"), expect="algorithm_not_allowed")
    c.add("PSS under RS256's name", signed + "." + b64(ps("RS256", "rsa2048", signed)), keys=["rsa2048"], rules=ANY, expect="signature_invalid")
    signed = signed_part(alg="PS256")
    c.add("PS256, rightly signed, where RS256 is bound", signed + "." + b64(ps("PS256", "rsa2048", signed)), keys=["rsa2048"], rules=ANY, expect="algorithm_not_allowed")
    c.add("PKCS#1 v1.5 under PS256's name", signed + "." + b64(rs("RS256", "rsa2048", signed)), keys=["rsa2048"], rules=ANY, expect="algorithm_not_allowed")
    for name, member in {
        "jwk": {"jwk": jwk("rsa2048_other", alg="RS256")}, "jku": {"jku": "https://evil.example/jwks.json"}, "x5u": {"x5u": "https://evil.example/cert.pem"},
        "x5c": {"x5c": ["MIIB"]}, "jwk of a secret": {"jwk": {"kty": "oct", "k": "AAAA"}},
    }.items():
        header = {"alg": "RS256", **member}
        c.add(f"a key in the header's {name} is not used", token(header=header, alg="RS256", key="rsa2048_other"), keys=["rsa2048"], rules=ANY, expect="signature_invalid")
        c.add(f"the header's {name} does no harm to a good token", token(header=header, alg="RS256", key="rsa2048"), keys=["rsa2048"], rules=ANY)
    c.add("an empty secret", (s := signed_part()) + "." + b64(hs("HS256", b"", s)), expect="signature_invalid")
    c.add("a public key and no audience rule", token(alg="RS256", key="rsa2048"), keys=["rsa2048"], expect="audience_not_configured")
    c.add("a secret, a public key and no audience rule", token(), keys=["hs256", "rsa2048"], expect="audience_not_configured")
    c.add("a secret and a public key: by the secret", token(), keys=["rsa2048", "hs256"], rules=ANY)
    c.add("a secret and a public key: by the public key", token(alg="RS256", key="rsa2048"), keys=["hs256", "rsa2048"], rules=ANY)


def signatures(cases: Cases):
    c = cases.of("signature")
    signed = signed_part()
    tag = signature(signed)
    for name, bad in {
        "of another secret": signature(signed, key="hs256_other"), "of zeros": bytes(32), "cut by one byte": tag[:-1], "cut to one byte": tag[:1],
        "cut to sixteen bytes": tag[:16], "one byte longer": tag + b"\0", "twice": tag + tag, "reversed": tag[::-1], "by the plain hash": HASHES["256"](signed.encode()).digest(),
        "of the payload alone": hs("HS256", SECRETS["hs256"][1], signed.split(".")[1]),
        "of header and payload without the dot": hs("HS256", SECRETS["hs256"][1], signed.replace(".", "")),
        "of the decoded parts": hs("HS256", SECRETS["hs256"][1], '{"alg":"HS256","typ":"JWT"}.' + dumps(payload())),
        "in hexadecimal": tag.hex().encode(),
    }.items():
        c.add(f"an HMAC {name}", signed + "." + b64(bad), expect="signature_invalid")
    c.add("another payload under a good HMAC", signed_part(payload(admin=True)) + "." + b64(tag), expect="signature_invalid")
    c.add("another header under a good HMAC", signed_part(header={"alg": "HS256"}) + "." + b64(tag), expect="signature_invalid")
    c.add("expired and badly signed: the signature comes first", token({"exp": NOW - 1}, key="hs256_other"), expect="signature_invalid")
    c.add("a payload that is no JSON, badly signed", token("no", key="hs256_other"), expect="signature_invalid")

    key = "rsa2048"
    n, e, _ = RSA[key]
    signed = signed_part(alg="RS256")
    good = rs("RS256", key, signed)
    digest = HASHES["256"](signed.encode()).digest()
    info = DIGEST_INFO["256"]
    size = rsa_len(key)
    filled = lambda head, tail: head + b"\xff" * (size - len(head) - len(tail)) + tail  # noqa: E731
    t = b"\0" + info + digest
    for name, bad in {
        "of another key": rs("RS256", "rsa2048_other", signed), "of zeros": bytes(size), "of one": (1).to_bytes(size, "big"),
        "of n - 1": (n - 1).to_bytes(size, "big"), "of n": n.to_bytes(size, "big"), "cut by one byte": good[:-1], "with a zero before": b"\0" + good,
        "with a zero behind": good + b"\0", "of half its length": good[:128], "of 512 bytes": good + good,
        "over block type 2": rsa_raw(key, filled(b"\0\2", t)), "over block type 0": rsa_raw(key, b"\0\0" + bytes(size - 2 - len(t)) + t),
        "with short padding and rubbish behind": rsa_raw(key, b"\0\1" + b"\xff" * 8 + t + b"\x77" * (size - 10 - len(t))),
        "with a zero inside the padding": rsa_raw(key, filled(b"\0\1\xff\0", t)), "with other padding": rsa_raw(key, b"\0\1" + b"\xfe" * (size - 2 - len(t)) + t),
        "without DigestInfo": rsa_raw(key, filled(b"\0\1", b"\0" + digest)),
        "with DigestInfo without NULL": rsa_raw(key, filled(b"\0\1", b"\0" + bytes.fromhex("302f300b0609608648016503040201") + b"\4\x20" + digest)),
        "with SHA-512's DigestInfo": rsa_raw(key, filled(b"\0\1", b"\0" + DIGEST_INFO["512"] + HASHES["512"](signed.encode()).digest())),
        "with SHA-1's DigestInfo": rsa_raw(key, filled(b"\0\1", b"\0" + bytes.fromhex("3021300906052b0e03021a05000414") + digest[:20])),
        "over the payload alone": rsa_raw(key, pkcs1_block("RS256", key, signed.split(".")[1])),
    }.items():
        c.add(f"an RSA signature {name}", signed + "." + b64(bad), keys=[key], rules=ANY, expect="signature_invalid")
    c.add("an RSA signature of one byte", signed + ".AQ", keys=[key], rules=ANY, expect="signature_invalid")

    # The same residue, spelled one modulus higher: fits into as many bytes for about one signature in three.
    for i in range(100):
        signed = signed_part(payload(jti=str(i)), alg="RS256")
        number = int.from_bytes(rs("RS256", key, signed), "big") + n
        if number < 1 << 2048:
            c.add("an RSA signature plus the modulus", signed + "." + b64(number.to_bytes(size, "big")), keys=[key], rules=ANY, expect="signature_invalid")
            break
    # Bleichenbacher 2006: with e = 3 a cube root of a block that begins rightly is "signed" without the private key.
    signed = signed_part(alg="RS256")
    head = b"\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0" + info + HASHES["256"](signed.encode()).digest()
    target = int.from_bytes(head + b"\xff" * (256 - len(head)), "big")
    low, high = 0, 1 << 700
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= target else (low, middle - 1)
    assert (low**3).to_bytes(256, "big").startswith(head)
    c.add("a forged cube root under e = 3", signed + "." + b64(low.to_bytes(256, "big")), keys=["rsa2048_e3"], rules=ANY, expect="signature_invalid")
    assert e == 65537


def crit(cases: Cases):
    c = cases.of("crit")
    for name, text in {
        "an unknown name": '"crit":["x"],"x":1', "an empty array": '"crit":[]', "a string": '"crit":"alg"', "null": '"crit":null', "alg": '"crit":["alg"]',
        "a number": '"crit":[1]', "b64 that is true": '"crit":["b64"],"b64":true', "b64 that is false": '"crit":["b64"],"b64":false', "an object": '"crit":{}',
        "false": '"crit":false', "exp": '"crit":["exp"],"exp":1', "escaped": r'"cr\u0069t":["x"]',
    }.items():
        c.add(f"crit is {name}", token(header='{"alg":"HS256",%s}' % text), expect="token_header_critical")
    c.add("crit before alg", token(header='{"crit":["x"],"alg":"HS256"}'), expect="token_header_critical")
    for value in ("false", "true", "null", '"false"'):
        c.add(f"b64 is {value} without crit", token(header='{"alg":"HS256","b64":%s}' % value), expect="token_header_critical")
    c.add("b64 written with an escape", token(header=r'{"alg":"HS256","b\u00364":false}'), expect="token_header_critical")
    signed = b64('{"alg":"HS256","b64":false,"crit":["b64"]}') + "." + dumps(payload())
    c.add("b64 false over an unencoded payload", seal(signed), expect="token_header_critical")
    c.add("crit inside another member is nobody's", token(header='{"alg":"HS256","x":{"crit":["y"],"b64":false}}'))
    c.add("crit in the payload is a claim", token(payload(crit=["x"])))


def duplicates(cases: Cases):
    c = cases.of("duplicate members")
    for name, text in {
        "alg, the same twice": '"alg":"HS256","alg":"HS256"', "alg, none last": '"alg":"HS256","alg":"none"', "alg, none first": '"alg":"none","alg":"HS256"',
        "alg, once escaped": r'"alg":"HS256","\u0061lg":"none"', "kid": '"alg":"HS256","kid":"a","kid":"b"', "an unknown member": '"alg":"HS256","x":1,"x":1',
        "in a member's object": '"alg":"HS256","x":{"y":1,"y":1}', "an empty name": '"alg":"HS256","":1,"":2',
    }.items():
        c.add(f"header: {name}", token(header="{%s}" % text), expect="token_header_invalid")
    for name, text in {
        "exp, the later last": f'"sub":"a","exp":{NOW - 1},"exp":{EXP}', "exp, the later first": f'"sub":"a","exp":{EXP},"exp":{NOW - 1}',
        "aud twice": f'"exp":{EXP},"aud":"us","aud":"them"', "aud once escaped": f'"exp":{EXP},"aud":"us",' + r'"\u0061ud":"them"',
        "aud both escaped": f'"exp":{EXP},' + r'"\u0061ud":"us","a\u0075d":"us"', "sub with other escapes": f'"exp":{EXP},' + r'"su\u0062":"a","su\u0062":"b"',
        "an unknown claim": f'"exp":{EXP},"x":null,"x":null', "a long name": f'"exp":{EXP},"a_name_beyond_seven":1,"a_name_beyond_seven":2',
        "a long name once escaped": f'"exp":{EXP},"a_name_beyond_seven":1,' + r'"a_n\u0061me_beyond_seven":2',
        "a name of an astral character": f'"exp":{EXP},"😀😀":1,' + r'"\ud83d\ude00😀":2', "escaped slash": f'"exp":{EXP},"a/b":1,' + r'"a\/b":2',
        "a name of eight bytes": f'"exp":{EXP},"12345678":1,"12345678":2', "a name of seven bytes": f'"exp":{EXP},"1234567":1,"1234567":2',
        "an empty name": f'"exp":{EXP},"":1,"":2', "a name of 5000 bytes": f'"exp":{EXP},"{"n" * 5000}":1,"{"n" * 5000}":2',
        "inside an object": f'"exp":{EXP},"x":' + '{"y":1,"y":1}', "inside an object inside an array": f'"exp":{EXP},"x":[1,[' + '{"y":{"z":1,"z":2}}]]',
        "sixty names apart": f'"exp":{EXP},"dup":1,' + ",".join(f'"m{i}":0' for i in range(60)) + ',"dup":2',
    }.items():
        c.add(f"payload: {name}", token("{%s}" % text), rules=ANY, expect="token_payload_invalid")
    c.add("the same name in two objects is none", token(payload('"a":{"x":1},"b":{"x":1},"x":[{"x":1},{"x":1}]')))
    c.add("names that only look alike are two", token(payload(r'"x":1,"x\u0000":2,"x ":3,"X":4,"х":5')))


def dates(cases: Cases):
    c = cases.of("dates")
    syntax = {"NaN": "NaN", "Infinity": "Infinity", "-Infinity": "-Infinity", "a leading zero": "01700003600", "a plus": f"+{EXP}", "a bare point": f"{EXP}.",
              "no digit before the point": ".5", "hexadecimal": "0x7fffffff", "an underscore": "1_700_003_600", "an empty exponent": "1e", "an empty signed exponent": "1e+", "a lone minus": "-",
              "two points": "1.7.0", "nothing": "", "undefined": "undefined", "True": "True", "a big-integer suffix": f"{EXP}n", "a point before an exponent": "1.e9", "two zeros": "00"}
    typed = {"digits in a string": f'"{EXP}"', "null": "null", "true": "true", "false": "false", "an array": "[]", "an array of a date": f"[{EXP}]", "an object": "{}", "1e400": "1e400",
             "5000 digits": "1" * 5000, "2^64": "18446744073709551616", "2^63": "9223372036854775808", "above 2^53": "9007199254740994", "-1": "-1", "-0": "-0", "-0.0": "-0.0", "minus an hour from now": f"-{EXP}", "1e16": "1e16",
             "1e-5000 in 33 characters": "0." + "0" * 27 + "1e-9", "a date in a string": '"2100-01-01T00:00:00Z"', "an empty string": '""', "1e999999999999": "1e999999999999", "1e308": "1e308", "5000 digits behind the point": f"{EXP}." + "0" * 5000}
    for claim in ("exp", "nbf", "iat"):
        rest = "" if claim == "exp" else f',"exp":{EXP}'
        for name, text in syntax.items():
            c.add(f"{claim} is {name}", token('{"%s":%s%s}' % (claim, text, rest)), expect="token_payload_invalid")
        for name, text in typed.items():
            c.add(f"{claim} is {name}", token('{"%s":%s%s}' % (claim, text, rest)), expect="claim_invalid")
    c.add("exp that is no date does not excuse: not required", token('{"exp":null}'), rules={"require_expiry": False}, expect="claim_invalid")

    def at(name, claims, expect="ok", now=NOW, **rules):
        c.add(name, token(claims), rules=rules, now=now, expect=expect)

    at("no exp", {"sub": "a"}, "claim_missing")
    at("no exp, and none required", {"sub": "a"}, require_expiry=False)
    at("past exp, and none required", {"exp": NOW - 1}, "token_expired", require_expiry=False)
    at("exp long past", {"exp": 1}, "token_expired")
    at("exp is zero", {"exp": 0}, "token_expired")
    at("exp is 0e5", '{"exp":0e5}', "token_expired")
    at("exp is 1e-300", '{"exp":1e-300}', "token_expired")
    at("exp is now", {"exp": NOW}, "token_expired")
    at("exp is now as a float", '{"exp":1700000000.0}', "token_expired")
    at("exp is now by an exponent", '{"exp":17e8}', "token_expired")
    at("exp is a second from now", {"exp": NOW + 1})
    at("now is a fraction before exp", {"exp": NOW + 1}, now=NOW + 0.999)
    at("now is a fraction behind exp", {"exp": NOW}, "token_expired", now=NOW + 0.001)
    at("exp is a fraction behind now", {"exp": NOW + 0.5})
    at("exp is a fraction before now", {"exp": NOW - 0.5}, "token_expired")
    at("exp is 4.1e9", '{"exp":4.1e9}')
    at("exp is 41E+8", '{"exp":41E+8}')
    at("exp is 2^53", '{"exp":9007199254740992}')
    at("exp is 2^53 - 1 in sixteen digits", '{"exp":9007199254740991}')
    at("exp is after 2038", {"exp": 2**31 + 5})
    at("exp is after 2106", {"exp": 2**32 + 5})
    at("exp in milliseconds is a far date", {"exp": NOW * 1000})
    at("exp of 32 characters", '{"exp":1700003600.%s}' % ("0" * 21))
    at("exp of 33 characters", '{"exp":1700003600.%s}' % ("0" * 22), "claim_invalid")
    at("tolerance: now is exp + 5", {"exp": NOW - 5}, "token_expired", tolerance=5)
    at("tolerance: now is just before exp + 5", {"exp": NOW - 5}, now=NOW - 0.25, tolerance=5)
    at("tolerance: a fraction of a second", {"exp": NOW}, tolerance=0.5)
    at("tolerance below zero counts as zero", {"exp": NOW + 1}, tolerance=-100)
    at("tolerance below zero counts as zero for nbf", {"exp": EXP, "nbf": NOW}, tolerance=-100)
    at("nbf is now", {"exp": EXP, "nbf": NOW})
    at("nbf is past", {"exp": EXP, "nbf": 0})
    at("nbf is a second from now", {"exp": EXP, "nbf": NOW + 1}, "token_not_yet_valid")
    at("nbf is a fraction from now", {"exp": EXP, "nbf": NOW + 0.25}, "token_not_yet_valid")
    at("nbf is 4.1e9", '{"exp":4.2e9,"nbf":4.1e9}', "token_not_yet_valid")
    at("nbf within the tolerance", {"exp": EXP, "nbf": NOW + 5}, tolerance=5)
    at("nbf beyond the tolerance", {"exp": EXP, "nbf": NOW + 6}, "token_not_yet_valid", tolerance=5)
    at("nbf alone is checked too", {"nbf": NOW + 1}, "token_not_yet_valid", require_expiry=False)
    at("expired and not yet valid: expired", {"exp": NOW - 1, "nbf": NOW + 1}, "token_expired")
    at("nbf behind exp", {"exp": NOW + 5, "nbf": NOW + 10}, "token_not_yet_valid")
    at("iat in the future is not checked without a maximum age", {"exp": EXP, "iat": NOW + 1000})
    at("iat long past is not checked without a maximum age", {"exp": EXP, "iat": 0})
    at("a clock at zero", {"exp": 1}, now=0)
    at("a clock before the epoch", {"exp": 1, "nbf": 0}, "token_not_yet_valid", now=-1)


def parties(cases: Cases):
    c = cases.of("issuer, audience, subject")
    us = "https://mcp.example/mcp"
    values = {"null": "null", "a number": "1", "true": "true", "an object": '{"a":"%s"}' % us}
    for claim, rule in (("iss", "issuer"), ("sub", "subject")):
        for name, text in {**values, "an array": '["%s"]' % us, "an empty array": "[]"}.items():
            text = '{"%s":%s,"exp":%d}' % (claim, text, EXP)
            c.add(f"{claim} is {name}", token(text), rules={rule: us}, expect="claim_invalid")
            c.add(f"{claim} is {name}, nothing expected", token(text), expect="claim_invalid")
        mismatch = f"{rule}_mismatch"
        c.add(f"{claim} is missing", token({"exp": EXP}), rules={rule: us}, expect=mismatch)
        for name, value in {"empty": "", "a prefix": us[:-1], "longer": us + "/", "a part": "mcp", "another case": us.upper(), "with a space": us + " ", "with a NUL": us + "\0", "another": "x"}.items():
            c.add(f"{claim} is {name}", token({claim: value, "exp": EXP}), rules={rule: us}, expect=mismatch)
        c.add(f"{claim} is the expected", token({claim: us, "exp": EXP}), rules={rule: us}, claims={rule: us})
        c.add(f"{claim} is one of several", token({claim: us, "exp": EXP}), rules={rule: ["x", us]}, claims={rule: us})
        c.add(f"{claim} is none of several", token({claim: us, "exp": EXP}), rules={rule: ["x", "y"]}, expect=mismatch)
        c.add(f"{claim} where none of none would do", token({claim: us, "exp": EXP}), rules={rule: []}, expect=mismatch)
        c.add(f"{claim} empty where empty is expected", token({claim: "", "exp": EXP}), rules={rule: ""}, claims={rule: ""})
    for name, text in {**values, "an array": '["x"]'}.items():
        c.add(f"jti is {name}", token('{"jti":%s,"exp":%d}' % (text, EXP)), expect="claim_invalid")
    for name, text in {
        **values, "an empty string": '""', "an empty array": "[]", "an array of an empty string": '[""]', "an array with an empty string": '["%s",""]' % us,
        "a nested array": '[["%s"]]' % us, "a mixed array": '["%s",1]' % us, "a mixed array, null first": '[null,"%s"]' % us, "an array of an object": '[{"x":"%s"}]' % us,
    }.items():
        for rules, said in (({"audience": us}, ""), (ANY, ", any will do"), ({}, ", no rule")):
            c.add(f"aud is {name}{said}", token('{"aud":%s,"exp":%d}' % (text, EXP)), rules=rules, expect="claim_invalid")
    for name, value in {"a prefix": us[:-1], "longer": us + "/", "a part": "mcp", "another case": us.upper(), "another": "x", "in an array with others": ["x", "y"],
                        "a list in one string": f"x {us}", "a list with a comma": f"{us},x", "with a space": " " + us, "with a NUL": us + "\0"}.items():
        c.add(f"aud is {name}", token({"aud": value, "exp": EXP}), rules={"audience": us}, expect="audience_mismatch")
    c.add("aud is missing", token({"exp": EXP}), rules={"audience": us}, expect="audience_mismatch")
    c.add("aud is missing, any will do", token({"exp": EXP}), rules=ANY, claims={"audience": []})
    c.add("aud is missing, no rule, a shared secret", token({"exp": EXP}))
    c.add("aud is there, no rule", token({"aud": us, "exp": EXP}), expect="audience_mismatch")
    c.add("an aud array is there, no rule", token({"aud": [us], "exp": EXP}), expect="audience_mismatch")
    c.add("aud is the expected", token({"aud": us, "exp": EXP}), rules={"audience": us}, claims={"audience": [us]})
    c.add("aud is an array holding the expected", token({"aud": ["x", us], "exp": EXP}), rules={"audience": us}, claims={"audience": ["x", us]})
    c.add("aud is one of several", token({"aud": us, "exp": EXP}), rules={"audience": ["a", us]})
    c.add("an aud array and several expected", token({"aud": ["x", us], "exp": EXP}), rules={"audience": ["a", us]})
    c.add("an aud array and several expected, none of them in it", token({"aud": ["x", us], "exp": EXP}), rules={"audience": ["a", "b"]}, expect="audience_mismatch")
    c.add("an audience rule of no audience", token({"aud": us, "exp": EXP}), rules={"audience": []}, expect="audience_mismatch")
    c.add("a thousand others and us last", token({"aud": ["x"] * 1000 + [us], "exp": EXP}), rules={"audience": us})
    c.add("any audience will do", token({"aud": "x", "exp": EXP}), rules=ANY, claims={"audience": ["x"]})
    c.add("expired before misaddressed", token({"aud": "x", "exp": NOW}), rules={"audience": us}, expect="token_expired")
    c.add("the issuer before the audience", token({"iss": "x", "aud": "x", "exp": EXP}), rules={"issuer": "i", "audience": us}, expect="issuer_mismatch")
    c.add("the audience before the subject", token({"sub": "x", "aud": "x", "exp": EXP}), rules={"subject": "s", "audience": us}, expect="audience_mismatch")


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def spare_bits(segment):
    """The same bytes, spelled with a bit set behind the last of them."""
    assert len(segment) % 4 in (2, 3), segment
    return segment[:-1] + ALPHABET[ALPHABET.index(segment[-1]) | 1]


def base64url(cases: Cases):
    c = cases.of("base64url")
    header, body, tag = token(payload(p="a"), header={"alg": "HS256"}).split(".")
    if len(header) % 4 == 0:
        header = b64('{"alg":"HS256" }')
    body = next(b for b in (b64(dumps(payload(p="a" * i))) for i in range(3)) if len(b) % 4 == 2)
    signed = f"{header}.{body}"
    tag = b64(signature(signed))
    c.add("the good one of those below", f"{signed}.{tag}")
    c.add("spare bits in the header", seal(f"{spare_bits(header)}.{body}"), expect="token_malformed")
    c.add("spare bits in the payload", seal(f"{header}.{spare_bits(body)}"), expect="token_payload_invalid")
    c.add("spare bits in the signature", f"{signed}.{spare_bits(tag)}", expect="token_malformed")
    last = ALPHABET.index(tag[-1])
    c.add("the other spare bit in the signature", f"{signed}.{tag[:-1]}{ALPHABET[last | 2]}", expect="token_malformed")
    long = "rsa2048"
    rsa_signed = signed_part(alg="RS256")
    rsa_tag = b64(signature(rsa_signed, "RS256", long))
    c.add("spare bits in an RSA signature", f"{rsa_signed}.{spare_bits(rsa_tag)}", keys=[long], rules=ANY, expect="token_malformed")
    c.add("padding behind an RSA signature", f"{rsa_signed}.{rsa_tag}==", keys=[long], rules=ANY, expect="token_malformed")
    bad = {"=": "padding", "==": "double padding", "+": "a plus", "/": "a slash", " ": "a space", "\n": "a newline", "\r\n": "CR LF", "\t": "a tab", "\0": "a NUL",
           "%": "a percent sign", "~": "a tilde", "\x7f": "a DEL", "é": "a letter beyond ASCII", "\u2028": "a line separator", "A": "one character too many", ",": "a comma", "\ufeff": "a BOM"}
    for text, name in bad.items():
        for place, cut in (("behind", lambda s: s + text), ("before", lambda s: text + s), ("inside", lambda s: s[:9] + text + s[9:])):
            if text == "A" and place != "behind":
                continue
            extra = {"=": 1, "==": 2}.get(text)
            if extra and place != "behind":
                continue
            # Signed as it stands: only strict decoding can refuse it.
            h, b = header, body
            if text == "A":
                h, b = b64('{"alg":"HS256"}  ')[:20], b64(dumps(payload()) + "   ")
                h, b = h[: len(h) // 4 * 4], b[: len(b) // 4 * 4]
            c.add(f"{name} {place} the header", seal(f"{cut(h)}.{body}"), expect="token_malformed")
            c.add(f"{name} {place} the payload", seal(f"{header}.{cut(b)}"), expect="token_payload_invalid")
            t = tag + "A" if text == "A" else tag
            c.add(f"{name} {place} the signature", f"{signed}.{cut(t)}", expect="token_malformed")
    standard = "".join({"-": "+", "_": "/"}.get(x, x) for x in tag)
    for i in range(100):
        s = signed_part(payload(jti=str(i)))
        t = b64(signature(s))
        if "-" in t and "_" in t:
            standard = t.replace("-", "+").replace("_", "/")
            c.add("a signature in the other alphabet", f"{s}.{standard}", expect="token_malformed")
            break
    wide = b64(dumps(payload(p="x" * 200)))
    for place in (0, 1, 31, 32, 33, 63, 64, 65, 127, 128, len(wide) - 2, len(wide) - 1):
        c.add(f"a plus in place {place} of a long payload", seal(f"{header}.{wide[:place]}+{wide[place + 1:]}"), expect="token_payload_invalid")


def shape(cases: Cases):
    c = cases.of("shape")
    good = token()
    h, p, s = good.split(".")
    for name, text in {
        "empty": "", "one segment": h, "two segments": f"{h}.{p}", "four segments": f"{good}.{s}", "an empty header": f".{p}.{s}",
        "an empty signature": f"{h}.{p}.", "two dots": "..", "one dot": ".", "three dots": "...", "four dots": "....", "six segments": "a.b.c.d.e.f", "a dot before": f".{good}", "a dot behind": f"{good}.",
        "a leading space": f" {good}", "a trailing space": f"{good} ", "a trailing newline": f"{good}\n", "Bearer before": f"Bearer {good}", "Bearer twice": f"Bearer Bearer {good}",
        "two tokens": f"{good} {good}", "two tokens with a comma": f"{good},{good}", "quoted": f'"{good}"', "a JSON serialisation": dumps({"protected": h, "payload": p, "signature": s}),
        "one character": "a", "a NUL": "\0", "two tokens joined": f"{h}.{p}{h}.{s}" + ".x", "a URL": "https://a.b.example/", "not base64url at all": "ä.ö.ü",
        "in URL encoding": good.replace(".", "%2e"), "fullwidth dots": good.replace(".", "．"),
    }.items():
        c.add(name, text, expect="token_malformed")
    jwe = b64('{"alg":"dir","enc":"A128GCM"}')
    c.add("a JWE", f"{jwe}.AAAA.AAAA.AAAA.AAAA", expect="token_encrypted")
    c.add("an empty payload", f"{h}..{s}", expect="token_detached")
    c.add("an empty payload, of an unknown key", f"{h}..AAAA", expect="token_detached")
    c.add("a JWE by dir, with no encrypted key", f"{jwe}..AAAA.AAAA.AAAA", expect="token_encrypted")
    c.add("five segments of a good token", f"{good}.{h}.{p}", expect="token_encrypted")
    for name, text in {
        "an array": "[]", "a string": '"sub"', "null": "null", "a number": "1", "true": "true", "empty white space": "  ", "text": "hello", "two objects": "{}{}", "rubbish behind": dumps(payload()) + "x",
        "a NUL behind": dumps(payload()) + "\0", "a comma behind": dumps(payload()) + ",", "a brace behind": dumps(payload()) + "}", "behind a BOM": "\ufeff" + dumps(payload()), "UTF-16": dumps(payload()).encode("utf-16-le"), "UTF-16 with a BOM": dumps(payload()).encode("utf-16"),
        "cut": dumps(payload())[:-1], "cut inside a string": '{"sub":"an', "cut behind a backslash": '{"sub":"an\\', "cut inside an escape": r'{"sub":"an\u00', "cut behind a colon": '{"exp":', "cut behind a comma": '{"exp":1,', "cut behind a name": '{"exp"',
        "cut inside a literal": '{"a":tru', "a long literal": payload('"a":trueish'), "a literal in capitals": payload('"a":NULL'), "a trailing comma": payload() and dumps(payload())[:-1] + ",}", "a leading comma": "{," + dumps(payload())[1:],
        "two commas": payload('"a":1,,"b":2'), "a trailing comma in an array": payload('"a":[1,]'), "an empty place in an array": payload('"a":[1,,2]'), "an array closed by a brace": payload('"a":[1}'), "an object closed by a bracket": payload('"a":{]'),
        "a member without a value": payload('"a":'), "a value without a name": payload(":1"), "a name that is a number": payload("1:1"), "a name without quotes": payload("a:1"), "a comment": payload('"a":1/* */'), "a line comment": payload('"a":1') + "//", "a form feed for white space": "\f" + dumps(payload()),
        "a no-break space for white space": "\u00a0" + dumps(payload()), "a vertical tab inside": payload('"a":\v1'), "an equals sign": payload('"a"=1'), "quotes of another kind": payload("'a':1"), "a string without its end": payload('"a":"b'), "a number and a letter": payload('"a":1a'), "two values": payload('"a":1 2'),
        "a number with a leading zero": payload('"a":012'), "minus and zeros": payload('"a":-01'), "minus and a letter": payload('"a":-x'),
    }.items():
        c.add(f"the payload is {name}", token(text), expect="token_payload_invalid")
    for name, inner in {"a nested token": token(), "a nested token, expired": token(payload(exp=1)), "an unsigned nested token": f"{h}.{p}."}.items():
        c.add(f"the payload is {name}", token(inner), expect="token_nested")
        c.add(f"the payload is {name}, and cty says so", token(inner, header={"alg": "HS256", "cty": "JWT"}), expect="token_nested")
    c.add("the payload is a nested token, under another key", token(token(), key="hs256_other"), expect="signature_invalid")
    c.add("the payload is two nested tokens", token(f"{token()} {token()}"), expect="token_payload_invalid")


def kid(cases: Cases):
    c = cases.of("kid")

    def with_kid(value, key="hs256"):
        return token(header='{"alg":"HS256","kid":%s}' % (value if value.startswith(("[", "{", "1", "n", "t")) else dumps(value)), key=key)

    two = [("hs256", "a"), ("hs256_other", "b")]
    c.add("the first of two", with_kid("a"), keys=two)
    c.add("the second of two", with_kid("b", "hs256_other"), keys=two)
    c.add("one key's token under the other's name", with_kid("b"), keys=two, expect="signature_invalid")
    c.add("the other key's token under the first's name", with_kid("a", "hs256_other"), keys=two, expect="signature_invalid")
    c.add("no kid: each is tried, the first", token(), keys=two)
    c.add("no kid: each is tried, the second", token(key="hs256_other"), keys=two)
    c.add("a kid where the only key has none", with_kid("whatever"))
    c.add("a kid and one key of that name, one of none: by the one of none", with_kid("a", "hs256_other"), keys=[("hs256", "a"), "hs256_other"])
    c.add("an unknown kid and a key without one", with_kid("z", "hs256_other"), keys=[("hs256", "a"), "hs256_other"])
    c.add("an unknown kid and another key without one", with_kid("z"), keys=[("hs256", "a"), "hs256_other"], expect="signature_invalid")
    for name, value in {
        "unknown": "c", "another case": "A", "a prefix": "", "longer": "aa", "with a NUL": "a\0", "path traversal": "../../../../dev/null", "SQL": "a' OR '1'='1' --", "a URL": "https://evil.example/key",
        "a command": "a; cat /etc/passwd", "with a newline": "a\nb", "with a space": "a ", "256 bytes": "k" * 256, "a fullwidth letter": "ａ", "a template": "${jndi:ldap://x}",
    }.items():
        if value:
            c.add(f"kid is {name}", with_kid(value), keys=two, expect="key_not_found")
    for name, value in {"a number": "1", "an object": "{}", "an array": '["a"]', "null": "null", "true": "true"}.items():
        c.add(f"kid is {name}", with_kid(value), keys=two, expect="token_header_invalid")
    c.add("kid is empty", token(header='{"alg":"HS256","kid":""}'), keys=two, expect="token_header_invalid")
    c.add("kid is empty and the only key has none", token(header='{"alg":"HS256","kid":""}'), expect="token_header_invalid")
    c.add("kid is 257 bytes", with_kid("k" * 257), keys=two, expect="token_header_invalid")
    c.add("kid is 3000 bytes", with_kid("k" * 3000), keys=two, expect="token_header_invalid")
    c.add("kid is 100 kB", with_kid("k" * 100_000), keys=two, expect="token_too_large")
    c.add("a key of 256 bytes' kid", with_kid("k" * 256), keys=[("hs256", "k" * 256), ("hs256_other", "b")])
    c.add("an escaped kid is compared unescaped", token(header=r'{"alg":"HS256","kid":"\u0061"}'), keys=two)
    c.add("a kid beyond ASCII", with_kid("ключ"), keys=[("hs256", "ключ"), ("hs256_other", "b")])
    c.add("a kid beyond ASCII, escaped", token(header=r'{"alg":"HS256","kid":"\u043a\u043b\u044e\u0447"}'), keys=[("hs256", "ключ"), ("hs256_other", "b")])
    c.add("a good kid in the payload says nothing", token(payload(kid="a"), header={"alg": "HS256", "kid": "c"}), keys=two, expect="key_not_found")
    c.add("a kid of a key for another algorithm", token(header={"alg": "RS256", "kid": "a"}, alg="RS256", key="rsa2048"), keys=[("hs256", "a"), ("rsa2048", "r")], rules=ANY, expect="key_not_found")
    c.add("HS256 under the kid of a public key", token(header={"alg": "HS256", "kid": "r"}), keys=[("hs256", "a"), ("rsa2048", "r")], rules=ANY, expect="key_not_found")
    c.add("RS256 under its kid", token(header={"alg": "RS256", "kid": "r"}, alg="RS256", key="rsa2048"), keys=[("hs256", "a"), ("rsa2048", "r")], rules=ANY)
    others = ["hs256_other"] * 4
    c.add("the fourth of four keys without a kid", token(), keys=[*others[:3], "hs256"])
    c.add("the fifth of five keys without a kid is not tried", token(), keys=[*others, "hs256"], expect="signature_invalid")
    c.add("two RSA keys without a kid: the second", token(alg="RS256", key="rsa2048"), keys=["rsa2048_other", "rsa2048"], rules=ANY)
    c.add("the key of that kid goes before keys without one", with_kid("a"), keys=[*others, ("hs256", "a")])
    c.add("the key of that kid is a try like any other", with_kid("a"), keys=[("hs256_other", "a"), *others[:3], "hs256"], expect="signature_invalid")
    c.add("a key of another kid is no try", with_kid("a"), keys=[*((k, str(i)) for i, k in enumerate(others)), "hs256"])
    long = "é" * 128
    c.add("a kid of 256 bytes is measured unescaped", token(header='{"alg":"HS256","kid":"%s"}' % (r"\u00e9" * 128)), keys=[("hs256", long), ("hs256_other", "b")])
    c.add("a kid of 258 bytes is measured unescaped", token(header='{"alg":"HS256","kid":"%s"}' % (r"\u00e9" * 129)), keys=two, expect="token_header_invalid")
    c.add("a raw kid of 258 bytes in 129 characters", with_kid("é" * 129), keys=two, expect="token_header_invalid")
    c.add("keys for other algorithms are no tries", token(), keys=["hs384", "hs512", "hs384", "hs512", "hs384", "hs256"])


def node_strings(cases: Cases):
    c = cases.of("Node strings")
    good = token()
    h, p, s = good.split(".")

    def raised(text, place):
        return text[:place] + chr(ord(text[place]) + 0x100) + text[place + 1 :]

    c.add("a character of the header + 0x100", ".".join([raised(h, 3), p, s]), expect="token_malformed")
    c.add("a character of the payload + 0x100", ".".join([h, raised(p, 3), s]), expect="signature_invalid")
    c.add("a character of the signature + 0x100", ".".join([h, p, raised(s, 3)]), expect="token_malformed")
    c.add("the last character + 0x100", good[:-1] + chr(ord(good[-1]) + 0x100), expect="token_malformed")
    c.add("both dots + 0x100", good.replace(".", chr(0x2E + 0x100)), expect="token_malformed")
    c.add("every character + 0x100", "".join(chr(ord(x) + 0x100) for x in good), expect="token_malformed")
    c.add("an astral character", f"{h}.{p}.{s}😀", expect="token_malformed")
