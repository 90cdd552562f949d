"""Tokens that must verify, and what their claims must then say; and every bound, at it and one over."""

from jws import HASHES, b64, dumps
from make import NOW, Cases, payload, token

SECRETS = {"HS256": "hs256", "HS384": "hs384", "HS512": "hs512"}


def add(cases):
    good(cases)
    strings(cases)
    words(cases)
    bounds(cases)


def good(cases: Cases):
    c = cases.of("good")
    for alg, key in SECRETS.items():
        c.add(f"{alg}", token(alg=alg, key=key), keys=[key], claims={"subject": "anna"})
    for alg in ("RS256", "RS384", "RS512"):
        for key in ("rsa2048", "rsa4096"):
            c.add(f"{alg} by {key}", token(alg=alg, key=key), keys=[key], rules={"audience": {"any": True}})
    c.add("RS256 with e = 3", token(alg="RS256", key="rsa2048_e3"), keys=["rsa2048_e3"], rules={"audience": {"any": True}})
    c.add("RS256 by 2049 bits", token(alg="RS256", key="rsa2049"), keys=["rsa2049"], rules={"audience": {"any": True}})
    c.add("RS256 by 8192 bits, the longest signature", token(alg="RS256", key="rsa8192"), keys=["rsa8192"], rules={"audience": {"any": True}})
    c.add("every rule at once", token(payload(iss="https://issuer.example", aud="https://mcp.example/mcp")),
          rules={"issuer": "https://issuer.example", "audience": "https://mcp.example/mcp", "subject": "anna"},
          claims={"issuer": "https://issuer.example", "audience": ["https://mcp.example/mcp"], "subject": "anna"})
    c.add("RS256 with issuer and audience", token(payload(iss="i", aud="a"), alg="RS256", key="rsa2048"),
          keys=["rsa2048"], rules={"issuer": "i", "audience": "a"}, claims={"issuer": "i", "audience": ["a"]})
    c.add("an empty object without expiry", token("{}"), rules={"require_expiry": False},
          claims={"subject": None, "issuer": None, "audience": [], "scopes": [], "roles": []})
    c.add("white space in header and payload", token('\t{ "sub" : "anna" ,\r\n"exp" : %d } \n' % (NOW + 60), header=' {\n"alg":\t"HS256" }\r'),
          claims={"subject": "anna"})
    c.add("unknown header members are ignored", token(header={"alg": "HS256", "typ": "at+jwt", "cty": "x", "x": [1, {"y": None}]}))
    c.add("unknown claims of every type are ignored",
          token(payload('"a":null,"b":true,"c":false,"d":-0.5e-3,"e":[[],{},[1,"2"]],"f":{"g":{"exp":"no"}}')))
    c.add("registered names inside another object say nothing", token(payload('"x":{"sub":1,"exp":"y","aud":[]}')), claims={"subject": "anna"})
    c.add("names differing in case are other claims", token(payload('"SUB":1,"Exp":"x","AUD":0,"sub ":2')), claims={"subject": "anna"})
    c.add("an empty subject is a string", token('{"sub":"","exp":%d}' % (NOW + 60)), claims={"subject": ""})
    c.add("jti is a string", token(payload(jti="1")))
    c.add("numbers of every form in other claims", token(payload('"n":[0,-0,1.5,1e5,1E+5,1e-5,-1.25E400,123456789012345678901234567890]')))
    c.add("sixteen kilobytes of one string", token(payload(pad="x" * 11000)))
    c.add("a signature block with spare bits zero (HS384)", token(payload(n=1), alg="HS384", key="hs384"), keys=["hs384"])
    c.add("a header with the algorithm last", token(header='{"typ":"JWT","kid":"k","alg":"HS256"}'))
    c.add("a payload of one, two and three spare bytes: one", token(payload(p="a")))
    c.add("a payload of one, two and three spare bytes: two", token(payload(p="aa")))
    c.add("a payload of one, two and three spare bytes: three", token(payload(p="aaa")))


def strings(cases: Cases):
    c = cases.of("strings")

    def subject(name, written, value=None, **more):
        text = '{"sub":"%s","exp":%d}' % (written, NOW + 60)
        if value is None:
            c.add(name, token(text), expect="token_payload_invalid", **more)
        else:
            c.add(name, token(text), claims={"subject": value}, **more)

    subject("escaped letters", r"\u0061n\u006Ea", "anna", rules={"subject": "anna"})
    subject("every short escape", r"\"\\\/\b\f\n\r\t", '"\\/\b\f\n\r\t')
    subject("a surrogate pair", r"\ud83d\ude00", "\U0001F600")
    subject("a surrogate pair in capitals", r"\uD83D\uDE00", "\U0001F600")
    subject("the first and last pair", r"\ud800\udc00\udbff\udfff", "\U00010000\U0010FFFF")
    subject("an escaped NUL", r"a\u0000b", "a\0b")
    subject("raw characters of two, three and four bytes", "é€😀\u2028\u007f", "é€😀\u2028\u007f")
    subject("an escape behind eight plain bytes", r"12345678\n", "12345678\n")
    subject("an escape at every place of a word: seven", r"1234567\t89", "1234567\t89")
    subject("U+FFFF and U+D7FF and U+E000", r"\uffff\ud7ff\ue000", "\uffff\ud7ff\ue000")
    subject("a lone high surrogate", r"\ud83d")
    subject("a lone low surrogate", r"\ude00")
    subject("a pair the wrong way round", r"\ude00\ud83d")
    subject("a high surrogate before a letter", r"\ud83d\u0061")
    subject("a high surrogate before a raw letter", r"\ud83dabcdef")
    subject("two high surrogates", r"\ud83d\ud83d")
    subject("two low surrogates", r"\ude00\ude00")
    subject("a high surrogate and U+E000", r"\ud83d\ue000")
    subject("a high surrogate and U+DBFF", r"\ud83d\udbff")
    subject("half a low surrogate", r"\ud83d\ude0")
    subject("an unknown escape", r"\x41")
    subject("an escape in capitals", r"\U0041")
    subject("an escape of a quote mark '", r"\'")
    subject("three hex digits", r"\u006")
    subject("hex with a sign", r"\u+061")
    subject("hex digits of another script", "\\u٠٠٦١")
    subject("a raw newline", "a\nb")
    subject("a raw tab behind eight bytes", "12345678\tb")
    subject("a raw NUL", "a\0b")
    subject("a raw U+001F", "a\x1fb")
    for name, raw in {"0xff": b"\xff", "a lone continuation byte": b"\x80", "an overlong slash": b"\xc0\xaf",
                      "an encoded surrogate": b"\xed\xa0\x80", "beyond U+10FFFF": b"\xf4\x90\x80\x80",
                      "a cut character": b"\xe2\x82"}.items():
        c.add(f"invalid UTF-8: {name}", token(b'{"sub":"' + raw + b'","exp":%d}' % (NOW + 60)), expect="token_payload_invalid")
        c.add(f"invalid UTF-8 in the header: {name}", token(header=b'{"alg":"HS256","x":"' + raw + b'"}'), expect="token_header_invalid")
    c.add("a lone surrogate in a name", token(payload(r'"\ud800":1')), expect="token_payload_invalid")
    c.add("a lone surrogate deep inside", token(payload(r'"a":[{"b":["\udfff"]}]')), expect="token_payload_invalid")
    c.add("a lone surrogate in the header", token(header=r'{"alg":"HS256","kid":"\ud800"}'), expect="token_header_invalid")
    c.add("an escaped registered name counts", token(r'{"\u0073ub":"anna","e\u0078p":%d}' % (NOW + 60)), claims={"subject": "anna"})
    c.add("an escaped exp has expired", token(r'{"e\u0078p":%d}' % (NOW - 60)), expect="token_expired")
    c.add("an escaped aud is an audience", token(payload(r'"\u0061ud":"other"')), rules={"audience": "us"}, expect="audience_mismatch")
    c.add("a name with a NUL behind it is another", token(payload(r'"sub\u0000":1')), claims={"subject": "anna"})
    c.add("an escaped audience is compared unescaped", token(payload(r'"aud":"https:\/\/mcp.example"')), rules={"audience": "https://mcp.example"},
          claims={"audience": ["https://mcp.example"]})
    c.add("an escaped issuer is compared unescaped", token(payload(r'"iss":"\u0069ss"')), rules={"issuer": "iss"}, claims={"issuer": "iss"})
    c.add("a rule is not a JSON text", token(payload('"iss":"iss"')), rules={"issuer": r"\u0069ss"}, expect="issuer_mismatch")
    c.add("no Unicode normalisation", token(payload('"iss":"caf\u0065\u0301"')), rules={"issuer": "caf\u00e9"}, expect="issuer_mismatch")


def words(cases: Cases):
    c = cases.of("scopes and roles")
    for name, text, want in [
        ("scope is a string", '"scope":"read write"', ["read", "write"]),
        ("scope with spare spaces", '"scope":"  read   write "', ["read", "write"]),
        ("scope is empty", '"scope":""', []),
        ("scope is one space", '"scope":" "', []),
        ("scope with an escaped space", r'"scope":"read\u0020write"', ["read", "write"]),
        ("scope is split at spaces only", r'"scope":"a\tb,c"', ["a\tb,c"]),
        ("scope is an array", '"scope":["read","write"]', ["read", "write"]),
        ("scp is an array", '"scp":["read","write"]', ["read", "write"]),
        ("scp is a string", '"scp":"read write"', ["read", "write"]),
        ("scope goes before scp", '"scp":["a"],"scope":"b"', ["b"]),
        ("scope goes before scp, the other way round", '"scope":"b","scp":["a"]', ["b"]),
        ("scope is null: nothing, and scp is not asked", '"scope":null,"scp":"a"', []),
        ("scope is a number", '"scope":1', []),
        ("scope is an object", '"scope":{"read":true}', []),
        ("scope is true", '"scope":true', []),
        ("scope is an empty array", '"scope":[]', []),
        ("scope is a mixed array: none", '"scope":["read",1]', []),
        ("scope is a nested array: none", '"scope":[["read"]]', []),
        ("scope with an empty item", '"scope":["","read"]', ["read"]),
        ("scope with escapes in an array", r'"scope":["r\u0065ad"]', ["read"]),
        ("scopes is another claim", '"scopes":"read"', []),
        ("scope in another case is another claim", '"Scope":"read"', []),
        ("scope under a fold of Unicode case is another claim", '"ſcope":"read"', []),
    ]:
        c.add(name, token(payload(text)), claims={"scopes": want})
    for name, text, want in [
        ("roles is an array", '"roles":["admin","user"]', ["admin", "user"]),
        ("roles is a string: one role", '"roles":"admin user"', ["admin user"]),
        ("role is a string", '"role":"admin"', ["admin"]),
        ("role is an array", '"role":["admin","user"]', ["admin", "user"]),
        ("roles goes before role", '"role":"a","roles":["b"]', ["b"]),
        ("roles is null: nothing, and role is not asked", '"roles":null,"role":"a"', []),
        ("roles is a number", '"roles":1', []),
        ("roles is an object", '"roles":{"admin":true}', []),
        ("roles is a mixed array: none", '"roles":["admin",null]', []),
        ("roles is empty", '"roles":[]', []),
        ("role is an empty string", '"role":""', []),
        ("role with escapes", r'"role":"\u0061dmin"', ["admin"]),
    ]:
        c.add(name, token(payload(text)), claims={"roles": want})
    c.add("scopes and roles side by side", token(payload('"scope":"s","roles":["r"]')), claims={"scopes": ["s"], "roles": ["r"]})


def bounds(cases: Cases):
    c = cases.of("bounds")

    def sized(length):
        """A good token of just that length."""
        for pad in range(4):
            header = {"alg": "HS256", "typ": "x" * pad}
            room = length - len(b64(dumps(header))) - 45
            if room % 4 == 1:
                continue
            fixed = len(dumps(payload(pad="")))
            made = token(payload(pad="x" * (room * 3 // 4 - fixed)), header=header)
            if len(made) == length:
                return made
        raise AssertionError(length)

    c.add("a token of 16384 bytes", sized(16384), claims={"subject": "anna"})
    c.add("a token of 16385 bytes", sized(16385), expect="token_too_large")

    def header_of(length):
        text = dumps({"alg": "HS256", "x": ""})
        text = text.replace('"x":""', '"x":"' + "x" * (length * 3 // 4 - len(text)) + '"')
        assert len(b64(text)) == length, (length, len(b64(text)))
        return token(header=text)

    c.add("a header of 4096 bytes", header_of(4096))
    c.add("a header of 4098 bytes", header_of(4098), expect="token_too_large")
    c.add("a header of 4097 bytes that are no base64url", "A" * 4097 + ".e30.AAAA", expect="token_too_large")
    for n, bad in ((64, False), (65, True)):
        members = lambda k: ",".join(f'"m{i}":{i}' for i in range(k))  # noqa: E731
        c.add(f"{n} members in the payload", token(payload(members(n - 2))), expect="token_payload_invalid" if bad else "ok")
        c.add(f"{n} members in an inner object", token(payload('"x":[{%s}]' % members(n))), expect="token_payload_invalid" if bad else "ok")
        c.add(f"{n} members in the header", token(header='{"alg":"HS256",%s}' % members(n - 1)), expect="token_header_invalid" if bad else "ok")
    c.add("a thousand members", token(payload(",".join(f'"m{i}":{i}' for i in range(1000)))), expect="token_payload_invalid")
    c.add("three thousand items in an array are no members", token(payload('"x":[%s0]' % ("0," * 3000))))
    for n, bad in ((16, False), (17, True)):
        arrays = '"x":' + "[" * (n - 1) + "]" * (n - 1)
        objects = '"x":' + '{"x":' * (n - 1) + "0" + "}" * (n - 1)
        c.add(f"{n} levels of arrays", token(payload(arrays)), expect="token_payload_invalid" if bad else "ok")
        c.add(f"{n} levels of objects", token(payload(objects)), expect="token_payload_invalid" if bad else "ok")
        c.add(f"{n} levels in the header", token(header='{"alg":"HS256",%s}' % arrays), expect="token_header_invalid" if bad else "ok")
        c.add(f"{n} levels inside aud", token(payload('"aud":' + "[" * (n - 1) + "]" * (n - 1))), rules={"audience": {"any": True}},
              expect="token_payload_invalid" if bad else "claim_invalid")
    c.add("ten thousand brackets", token(payload('"x":' + "[" * 10000)), expect="token_payload_invalid")
    c.add("ten thousand braces", token(payload('"x":' + '{"":' * 2500)), expect="token_payload_invalid")
    c.add("three thousand brackets in the header", token(header="[" * 3000), expect="token_header_invalid")
    c.add("a plain name of 5000 bytes", token(payload('"%s":1' % ("n" * 5000))))
    c.add("an escaped name of 256 bytes as written", token(payload('"%s":1' % ("n" * 250 + r"\u006e"))))
    c.add("an escaped name of 257 bytes as written", token(payload('"%s":1' % ("n" * 251 + r"\u006e"))), expect="token_payload_invalid")
    c.add("an escaped name of 257 bytes in an inner object", token(payload('"x":{"%s":1}' % ("n" * 251 + r"\u006e"))), expect="token_payload_invalid")
    c.add("a million dots", {"repeat": ["", ".", 1000000, ""]}, expect="token_too_large")
    c.add("sixteen thousand dots", {"repeat": ["", ".", 16384, ""]}, expect="token_malformed")
    c.add("ten megabytes", {"repeat": ["eyJhbGciOiJIUzI1NiJ9.", "A", 10000000, ".AAAA"]}, expect="token_too_large")
    c.add("ten megabytes behind a good token", {"repeat": [token() , "A", 10000000, ""]}, expect="token_too_large")
    c.add("a header of twelve kilobytes", {"repeat": ["", "A", 12000, ".e30.AAAA"]}, expect="token_too_large")
    c.add("a signature of ten kilobytes", {"repeat": [".".join(token().split(".")[:2]) + ".", "AAAA", 2500, ""]}, expect="token_malformed")
    c.add("a signature of 1025 bytes", ".".join(token().split(".")[:2]) + "." + b64(b"\1" * 1025), expect="token_malformed")
    c.add("a signature of 1024 bytes that is none", ".".join(token().split(".")[:2]) + "." + b64(b"\1" * 1024), expect="signature_invalid")
    assert set(HASHES) == {"256", "384", "512"}
