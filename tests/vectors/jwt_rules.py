"""The rules beyond issuer, audience and subject: each with what it lets through, and what lies just beyond."""

from jws import dumps
from make import EXP, NOW, Cases, payload, token

ANY = {"audience": {"any": True}}


def add(cases):
    algorithms(cases)
    types(cases)
    named(cases)
    required(cases)
    ages(cases)
    lifetimes(cases)
    leniencies(cases)


def algorithms(cases: Cases):
    c = cases.of("rules: algorithms")
    rsa = token(alg="RS256", key="rsa2048")
    c.add("the token's is the only one", token(), rules={"algorithms": ["HS256"]})
    c.add("the token's is one of several", rsa, keys=["rsa2048_both"], rules={**ANY, "algorithms": ["PS256", "RS256"]})
    c.add("another of what the key could do", rsa, keys=["rsa2048_both"], rules={**ANY, "algorithms": ["RS384", "PS256"]}, expect="algorithm_not_allowed")
    c.add("none at all", token(), rules={"algorithms": []}, expect="algorithm_not_allowed")
    c.add("one that the key can't do", token(), rules={"algorithms": ["HS512"]}, expect="algorithm_not_allowed")
    c.add("one that the key can't do is not lent to it", token(alg="HS512", key="hs512"), keys=["hs256"], rules={"algorithms": ["HS512"]}, expect="algorithm_not_allowed")
    c.add("the other scheme alone", rsa, keys=["rsa2048_both"], rules={**ANY, "algorithms": ["PS256", "PS384", "PS512"]}, expect="algorithm_not_allowed")
    for alg, key in (("ES256", "p256"), ("ES384", "p384"), ("EdDSA", "ed25519"), ("PS512", "rsa2048_ps")):
        good = token(alg=alg, key=key)
        c.add(f"{alg} allowed", good, keys=[key], rules={**ANY, "algorithms": [alg]})
        c.add(f"{alg} not among them", good, keys=[key], rules={**ANY, "algorithms": ["RS256", "HS256"]}, expect="algorithm_not_allowed")
    c.add("a public key's, where a secret is there too", token(), keys=["hs256", "rsa2048"], rules={**ANY, "algorithms": ["RS256"]}, expect="algorithm_not_allowed")
    c.add("refused before its signature is looked at", token(key="hs256_other"), rules={"algorithms": ["HS384"]}, expect="algorithm_not_allowed")


def types(cases: Cases):
    c = cases.of("rules: token_type")

    def put(name, typ, expected, expect="token_type_mismatch", **more):
        header = {"alg": "HS256"} if typ is None else '{"alg":"HS256","typ":"%s"}' % typ
        c.add(name, token(header=header, **more), rules={"token_type": expected}, expect=expect)

    for typ in ("at+jwt", "application/at+jwt", "AT+JWT", "Application/At+Jwt", "APPLICATION/AT+JWT"):
        for expected in ("at+jwt", "application/at+jwt", "At+JWT"):
            put(f"{typ} where {expected} is expected", typ, expected, "ok")
    put("one of several", "at+jwt", ["JWT", "at+jwt"], "ok")
    put("none of several", "dpop+jwt", ["JWT", "at+jwt"])
    put("none of none", "at+jwt", [])
    put("missing", None, "at+jwt")
    put("JWT where at+jwt is expected", "JWT", "at+jwt")
    put("JWT where JWT is expected", "JWT", "JWT", "ok")
    put("jwt where JWT is expected", "jwt", "JWT", "ok")
    put("at+jwt where JWT is expected", "at+jwt", "JWT")
    for name, typ in {"empty": "", "with a space before": " at+jwt", "with a space behind": "at+jwt ", "with a parameter": "at+jwt; x=1", "cut": "at+jw", "longer": "at+jwts",
                      "of another tree": "text/at+jwt", "with application twice": "application/application/at+jwt", "application alone": "application/", "application without a slash": "applicationat+jwt",
                      "with a slash before": "/at+jwt", "with a part behind": "application/at+jwt/x", "with a fullwidth letter": "ａt+jwt", "with a kelvin sign": "at+jwt\u212a", "with a NUL behind": r"at+jwt\u0000"}.items():
        put(f"{name}", typ, "at+jwt")
    put("a slash with its escape, as PHP writes it", r"application\/at+jwt", "at+jwt", "ok")
    put("a letter with its escape", r"\u0061t+jwt", "at+jwt", "ok")
    put("escapes that say something else", r"\u0062t+jwt", "at+jwt")
    put("escapes behind application", r"application\/\u0041T+jwt", "application/at+jwt", "ok")
    put("an escaped second slash", r"application\/application\/at+jwt", "at+jwt")
    put("another tree in full is itself", "text/x", "text/x", "ok")
    put("another tree in full is not its subtype", "x", "text/x")
    for expected in ("JWT", "at+jwt"):
        for header in ('{"alg":"HS256","typ":"JWT"}', '{"typ":"JWT","alg":"HS256"}'):
            c.add(f"the common header {header} where {expected} is expected", token(header=header), rules={"token_type": expected}, expect="ok" if expected == "JWT" else "token_type_mismatch")
    c.add("cty is no typ", token(header={"alg": "HS256", "cty": "at+jwt"}), rules={"token_type": "at+jwt"}, expect="token_type_mismatch")
    c.add("a claim called typ is no typ", token(payload(typ="at+jwt"), header={"alg": "HS256"}), rules={"token_type": "at+jwt"}, expect="token_type_mismatch")
    c.add("typ in another case is no typ", token(header={"alg": "HS256", "Typ": "at+jwt"}), rules={"token_type": "at+jwt"}, expect="token_type_mismatch")
    c.add("a bad signature comes first", token(key="hs256_other"), rules={"token_type": "at+jwt"}, expect="signature_invalid")
    c.add("before expiry", token({"exp": NOW - 1}), rules={"token_type": "at+jwt"}, expect="token_type_mismatch")
    c.add("not asked for, whatever it is", token(header={"alg": "HS256", "typ": "dpop+jwt"}))
    for alg, key in (("RS256", "rsa2048"), ("ES256", "p256")):
        c.add(f"an access token of RFC 9068 by {alg}", token(payload(iss="i", aud="a", client_id="c", iat=NOW, jti="j"), header={"typ": "at+jwt", "alg": alg, "kid": "RjEwOwOA"}, alg=alg, key=key),
              keys=[(key, "RjEwOwOA")], rules={"token_type": "at+jwt", "issuer": "i", "audience": "a", "required": ["sub", "client_id", "iat", "jti"]})
        c.add(f"an ID token for an access token by {alg}", token(payload(aud="a"), alg=alg, key=key), keys=[key], rules={"token_type": "at+jwt", "audience": "a"}, expect="token_type_mismatch")


def named(cases: Cases):
    for rule, claim, mismatch in (("id", "jti", "token_id_mismatch"), ("nonce", "nonce", "nonce_mismatch")):
        c = cases.of(f"rules: {rule}")

        def put(name, text, expected, expect=mismatch):
            c.add(name, token(payload(*([text] if text else []))), rules={rule: expected}, expect=expect)

        put("the same", f'"{claim}":"n-0S6"', "n-0S6", "ok")
        put("one of several", f'"{claim}":"b"', ["a", "b"], "ok")
        put("none of several", f'"{claim}":"c"', ["a", "b"])
        put("none of none", f'"{claim}":"c"', [])
        put("with an escape", f'"{claim}":"' + r'n\u002d0S6"', "n-0S6", "ok")
        put("its name with an escape", '"' + claim[:-1] + rf'\u00{ord(claim[-1]):x}":"n"', "n", "ok")
        put("missing", "", "n")
        put("another", f'"{claim}":"m"', "n")
        put("in another case", f'"{claim}":"N"', "n")
        put("longer", f'"{claim}":"n "', "n")
        put("shorter", f'"{claim}":"n"', "nn")
        put("empty", f'"{claim}":""', "n")
        put("empty where that is expected", f'"{claim}":""', "", "ok")
        put("missing where empty is expected", "", "")
        put("in an inner object alone", '"x":{"%s":"n"}' % claim, "n")
        put("under a name of another case", f'"{claim.upper()}":"n"', "n")
        for name, value in {"a number": "1", "null": "null", "true": "true", "an array": '["1"]', "an object": "{}"}.items():
            # `jti` is a registered claim, and typed whether or not anybody asks (RFC 7519 §4.1.7).
            put(name, f'"{claim}":{value}', "1", "claim_invalid" if claim == "jti" else mismatch)
        c.add("expiry comes first", token({"exp": NOW, claim: "m"}), rules={rule: "n"}, expect="token_expired")
        c.add("not asked for, whatever it is", token(payload(**{claim: "m"})))
    cases.of("rules: nonce").add("of another type, not asked for", token(payload(nonce=1)))


def required(cases: Cases):
    c = cases.of("rules: required")
    for name, text in {"a string": '"client_id":"c"', "null: there, whatever it says": '"client_id":null', "false": '"client_id":false', "empty": '"client_id":""', "an empty object": '"client_id":{}', "zero": '"client_id":0',
                       "its name with an escape": r'"client\u005fid":1'}.items():
        c.add(f"there: {name}", token(payload(text)), rules={"required": "client_id"})
    c.add("missing", token(), rules={"required": "client_id"}, expect="claim_missing")
    c.add("in an inner object alone", token(payload('"x":{"client_id":1}')), rules={"required": "client_id"}, expect="claim_missing")
    c.add("in the header alone", token(header={"alg": "HS256", "client_id": "c"}), rules={"required": "client_id"}, expect="claim_missing")
    c.add("in another case", token(payload(Client_id="c")), rules={"required": "client_id"}, expect="claim_missing")
    c.add("all of several", token(payload(a=1, b=2)), rules={"required": ["a", "b"]})
    c.add("the last of several missing", token(payload(a=1)), rules={"required": ["a", "b"]}, expect="claim_missing")
    c.add("the first of several missing", token(payload(b=1)), rules={"required": ["a", "b"]}, expect="claim_missing")
    c.add("none at all", token(), rules={"required": []})
    for claim, value in (("sub", "anna"), ("iss", "i"), ("iat", NOW), ("nbf", NOW), ("jti", "j"), ("aud", "a")):
        claims = {"exp": EXP, claim: value}
        c.add(f"{claim} there", token(claims), rules={**ANY, "required": claim})
        c.add(f"{claim} missing", token({"exp": EXP}), rules={**ANY, "required": claim}, expect="claim_missing")
    c.add("exp missing, though it need not be", token("{}"), rules={"require_expiry": False, "required": "exp"}, expect="claim_missing")
    c.add("sub null is of the wrong type first", token('{"exp":%d,"sub":null}' % EXP), rules={"required": "sub"}, expect="claim_invalid")
    c.add("an empty name there", token(payload('"":1')), rules={"required": ""})
    c.add("an empty name missing", token(), rules={"required": ""}, expect="claim_missing")
    c.add("issuer comes first", token(), rules={"required": "client_id", "issuer": "i"}, expect="issuer_mismatch")


def ages(cases: Cases):
    c = cases.of("rules: max_age")

    def put(name, iat, expect="ok", age=60, **rules):
        text = [] if iat is None else [f'"iat":{iat}']
        c.add(name, token(payload(*text)), rules={"max_age": age, **rules}, expect=expect)

    put("issued now", NOW)
    put("one second short of it", NOW - 59)
    put("a fraction short of it", f"{NOW - 60}.25")
    put("just as old: like exp, the end is not in it", NOW - 60, "token_too_old")
    put("a second older", NOW - 61, "token_too_old")
    put("a fraction older", f"{NOW - 61}.75", "token_too_old")
    put("very old", 0, "token_too_old")
    put("missing", None, "claim_missing")
    put("a second ahead", NOW + 1, "token_issued_in_future")
    put("a fraction ahead", f"{NOW}.5", "token_issued_in_future")
    put("very far ahead", 9007199254740992, "token_issued_in_future")
    put("a second ahead within the tolerance", NOW + 1, tolerance=1)
    put("two seconds ahead beyond it", NOW + 2, "token_issued_in_future", tolerance=1)
    put("as old as the tolerance allows", NOW - 64, tolerance=5)
    put("a second older than that", NOW - 65, "token_too_old", tolerance=5)
    put("an age of zero: even now is too old", NOW, "token_too_old", age=0)
    put("an age of zero within the tolerance", NOW, age=0, tolerance=1)
    put("an age below zero is zero", NOW, "token_too_old", age=-60)
    put("an age of half a second", NOW, age=0.5)
    put("an age of half a second, over", f"{NOW - 1}.5", "token_too_old", age=0.5)
    put("a huge age", 0, age=1e300)
    for name, text in {"a string": f'"{NOW}"', "null": "null", "negative": "-1", "beyond 2^53": "9007199254740994", "1e400": "1e400"}.items():
        put(f"iat is {name}", text, "claim_invalid")
    c.add("without the rule, iat ahead says nothing", token(payload(iat=NOW + 1000)))
    c.add("without the rule, iat long ago says nothing", token(payload(iat=0)))
    c.add("expiry comes first", token({"exp": NOW, "iat": NOW - 100}), rules={"max_age": 60}, expect="token_expired")
    c.add("not-before comes first", token(payload(nbf=NOW + 1, iat=NOW - 100)), rules={"max_age": 60}, expect="token_not_yet_valid")
    c.add("ignoring expiry does not stretch it", token({"exp": NOW - 90, "iat": NOW - 100}), rules={"max_age": 60, "ignore_expiry": True}, expect="token_too_old")
    c.add("it stands in for expiry where none is required", token({"iat": NOW - 10}), rules={"max_age": 60, "require_expiry": False})
    c.add("it does not lift the requirement of expiry", token({"iat": NOW - 10}), rules={"max_age": 60}, expect="claim_missing")


def lifetimes(cases: Cases):
    c = cases.of("rules: max_lifetime")

    def put(name, claims, expect="ok", lifetime=3600, **rules):
        c.add(name, token(claims if isinstance(claims, str) else dumps(claims)), rules={"max_lifetime": lifetime, **rules}, expect=expect)

    put("just as long", {"iat": NOW, "exp": NOW + 3600})
    put("shorter", {"iat": NOW - 5, "exp": NOW + 3500})
    put("a second longer", {"iat": NOW, "exp": NOW + 3601}, "token_lifetime_too_long")
    put("a fraction longer", '{"iat":%d,"exp":%d.25}' % (NOW, NOW + 3600), "token_lifetime_too_long")
    put("tolerance does not stretch it", {"iat": NOW, "exp": NOW + 3601}, "token_lifetime_too_long", tolerance=60)
    put("issued long ago, however near its end", {"iat": 0, "exp": NOW + 1}, "token_lifetime_too_long")
    put("iat missing", {"exp": NOW + 1}, "claim_missing")
    put("exp missing, though it need not be", {"iat": NOW}, "claim_missing", require_expiry=False)
    put("exp missing, though expiry is ignored", {"iat": NOW}, "claim_missing", ignore_expiry=True)
    put("expiry ignored, just as long", {"iat": NOW - 7200, "exp": NOW - 3600}, ignore_expiry=True)
    put("expiry ignored, longer", {"iat": NOW - 7201, "exp": NOW - 3600}, "token_lifetime_too_long", ignore_expiry=True)
    put("issued after it expires: no lifetime at all", {"iat": NOW + 7200, "exp": NOW + 3600})
    put("a lifetime of zero", {"iat": NOW, "exp": NOW + 1}, "token_lifetime_too_long", lifetime=0)
    put("a lifetime below zero is zero", {"iat": NOW + 1, "exp": NOW + 1}, "ok", lifetime=-1)
    put("the largest dates", {"iat": 0, "exp": 2**53}, "token_lifetime_too_long")
    put("expired first", {"iat": NOW - 90000, "exp": NOW}, "token_expired")
    put("with a maximum age that is over", {"iat": NOW - 61, "exp": NOW + 3600}, "token_too_old", max_age=60)


def leniencies(cases: Cases):
    c = cases.of("rules: ignoring dates")
    for name, exp in {"a second ago": NOW - 1, "now": NOW, "in 1970": 0, "ahead": EXP}.items():
        c.add(f"expired {name}, ignored", token({"exp": exp}), rules={"ignore_expiry": True})
    c.add("no expiry, ignored", token("{}"), rules={"ignore_expiry": True})
    c.add("expiry ignored, not-before is not", token({"exp": 0, "nbf": NOW + 1}), rules={"ignore_expiry": True}, expect="token_not_yet_valid")
    c.add("not-before ahead, ignored", token(payload(nbf=NOW + 1000)), rules={"ignore_not_before": True})
    c.add("not-before ignored, expiry is not", token({"exp": NOW, "nbf": 0}), rules={"ignore_not_before": True}, expect="token_expired")
    c.add("not-before ignored, expiry is still required", token({"nbf": NOW + 1}), rules={"ignore_not_before": True}, expect="claim_missing")
    c.add("both ignored", token({"exp": 0, "nbf": NOW + 1000}), rules={"ignore_expiry": True, "ignore_not_before": True})
    for claim in ("exp", "nbf", "iat"):
        c.add(f"{claim} of the wrong type is refused though ignored", token('{"%s":"1"}' % claim), rules={"ignore_expiry": True, "ignore_not_before": True}, expect="claim_invalid")
    c.add("ignored dates ignore no signature", token({"exp": 0}, key="hs256_other"), rules={"ignore_expiry": True}, expect="signature_invalid")
    c.add("ignored dates ignore no issuer", token({"exp": 0, "iss": "x"}), rules={"ignore_expiry": True, "issuer": "i"}, expect="issuer_mismatch")
