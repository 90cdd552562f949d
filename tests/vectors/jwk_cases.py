"""JSON Web Keys, one and in sets, and the PEM and DER of keys on curves: what may be configured, and what not."""

import base64

from curves import EC_SECRETS, ED25519, ED_SECRETS, P256
from fixed_keys import RSA
from jws import CURVE_OIDS, EC_OID, ED25519_OID, NULL, b64, dumps, integer, jwk, pem, point, sequence, spki, spki_der, spki_pem, tlv

OK = "ok"
ALGS = {"rsa2048": ["RS256", "RS384", "RS512"], "p256": ["ES256"], "p384": ["ES384"], "ed25519": ["EdDSA"]}
SECRET = b64(bytes(range(1, 65)))


def add(put):
    def one(name, text, expect=OK, kid=None, algs=None):
        fields = {"jwk": text if isinstance(text, str) else dumps(text)}
        if expect == OK:
            fields |= {"kid": kid, "algs": algs}
        put("jwk", name, expect, kind="jwk", **fields)

    def several(name, text, expect=OK, accepted=(), left_out=()):
        fields = {"jwks": text if isinstance(text, str) or "repeat" in text else dumps(text)}
        if expect == OK:
            fields |= {"accepted": list(accepted), "left_out": [list(pair) for pair in left_out]}
        put("jwks", name, expect, kind="jwks", **fields)

    good(one)
    members(one)
    uses(one)
    algorithms(one)
    rsa(one)
    curves(one)
    secrets(one)
    texts(one)
    sets(several)
    spellings(put)


def good(one):
    for key, algs in ALGS.items():
        one(f"{key}: without alg", jwk(key), algs=algs)
        one(f"{key}: with alg and kid", jwk(key, alg=algs[-1], kid="k"), kid="k", algs=[algs[-1]])
        one(f"{key}: with everything a set has", jwk(key, alg=algs[0], kid="k", use="sig", key_ops=["verify"], x5t="AAAA", x5c=["MIIB"], x5u="https://a.example", nbf=1, ext=True), kid="k", algs=algs[:1])
    for alg in ("PS256", "PS384", "PS512"):
        one(f"RSA for {alg}", jwk("rsa2048", alg=alg), algs=[alg])
    for key in ("rsa2048_e3", "rsa2049", "rsa4096", "rsa8192"):
        one(key, jwk(key), algs=ALGS["rsa2048"])
    for alg, size in (("HS256", 32), ("HS384", 48), ("HS512", 64)):
        one(f"a secret for {alg}", {"kty": "oct", "alg": alg, "k": b64(bytes(range(1, size + 1)))}, algs=[alg])
    one("with white space", '\n { "kty" : "OKP" , "crv":"Ed25519",\t"x":"%s" } ' % jwk("ed25519")["x"], algs=["EdDSA"])
    one("with escapes in names and values", dumps(jwk("p256", kid="k")).replace('"kty"', r'"\u006bty"').replace('"P-256"', r'"P\u002d256"').replace('"k"', r'"\u006b"'), kid="k", algs=["ES256"])
    one("with a kid of 256 bytes", jwk("p256", kid="k" * 256), kid="k" * 256, algs=["ES256"])
    one("with a kid of 256 bytes in other characters", jwk("p256", kid="é" * 128), kid="é" * 128, algs=["ES256"])
    one("with a kid that is a path", jwk("p256", kid="../../etc/passwd"), kid="../../etc/passwd", algs=["ES256"])
    one("with nested members nobody asked for", jwk("p256", other={"a": [{"b": 1}]}), algs=["ES256"])


def members(one):
    for key in ALGS:
        for name in jwk(key):
            text = jwk(key)
            del text[name]
            one(f"{key}: {name} missing", text, "jwk_malformed")
            for kind, value in {"null": None, "a number": 1, "an array": [jwk(key)[name]], "an object": {}, "true": True}.items():
                one(f"{key}: {name} is {kind}", jwk(key) | {name: value}, "jwk_malformed")
            one(f"{key}: {name} twice", dumps(jwk(key))[:-1] + f',"{name}":"{jwk(key)[name]}"' + "}", "jwk_malformed")
            one(f"{key}: {name} twice, once escaped", dumps(jwk(key))[:-1] + rf',"\u00{ord(name[0]):x}{name[1:]}":"{jwk(key)[name]}"' + "}", "jwk_malformed")
        private = ["d"] if key not in RSA else ["d", "p", "q", "dp", "dq", "qi", "oth"]
        for name in private:
            one(f"{key}: with the private {name}", jwk(key, **{name: "AAAA"}), "key_private")
        one(f"{key}: with a private d that is null", jwk(key, d=None), "key_private")
        one(f"{key}: with a private d that is empty", jwk(key, d=""), "key_private")
        one(f"{key}: with d written with an escape", dumps(jwk(key))[:-1] + r',"\u0064":"AAAA"}', "key_private")
        one(f"{key}: with D, which is no member", jwk(key, D="AAAA"), algs=ALGS[key])
    for name in ("alg", "kid", "use"):
        for kind, value in {"null": None, "a number": 1, "an array": ["sig"]}.items():
            one(f"{name} is {kind}", jwk("p256") | {name: value}, "jwk_malformed")
        one(f"{name} twice", dumps(jwk("p256"))[:-1] + f',"{name}":"sig","{name}":"sig"' + "}", "jwk_malformed")
    for kty in ("rsa", "ec", "okp", "OCT", "Oct", "", "RSA ", "RSA-HSM", "EC-HSM", "AKP", "none"):
        one(f"kty is {kty!r}", jwk("rsa2048") | {"kty": kty}, "key_unsupported")
    one("kty is EC over an RSA key's members", jwk("rsa2048") | {"kty": "EC"}, "jwk_malformed")
    one("kty is RSA over a curve's members", jwk("p256") | {"kty": "RSA"}, "jwk_malformed")
    one("kty is OKP over EC's", jwk("p256") | {"kty": "OKP"}, "key_unsupported")
    one("kty is EC over OKP's", jwk("ed25519") | {"kty": "EC"}, "key_unsupported")
    one("kty is oct over RSA's, an HMAC asked for", jwk("rsa2048", alg="HS256") | {"kty": "oct"}, "jwk_malformed")
    one("an empty kid", jwk("p256", kid=""), "kid_invalid")
    one("a kid of 257 bytes", jwk("p256", kid="k" * 257), "kid_invalid")
    one("a kid of 258 bytes in other characters", jwk("p256", kid="é" * 129), "kid_invalid")


def uses(one):
    for use, expect in {"sig": OK, "enc": "jwk_use_forbidden", "": "jwk_use_forbidden", "SIG": "jwk_use_forbidden", "signature": "jwk_use_forbidden"}.items():
        one(f"use is {use!r}", jwk("p256", use=use), expect, algs=["ES256"])
    for ops, expect in ((["verify"], OK), (["sign", "verify"], OK), (["verify", "wrapKey"], OK), ([], "jwk_use_forbidden"), (["sign"], "jwk_use_forbidden"), (["encrypt", "decrypt"], "jwk_use_forbidden"),
                        (["Verify"], "jwk_use_forbidden"), (["verify "], "jwk_use_forbidden"), ("verify", "jwk_malformed"), (None, "jwk_malformed"), ([1], "jwk_malformed"), (["verify", 1], "jwk_malformed"),
                        ([["verify"]], "jwk_malformed"), ({"verify": True}, "jwk_malformed")):
        one(f"key_ops is {dumps(ops)}", jwk("p256", key_ops=ops), expect, algs=["ES256"])
    one("key_ops with an escape", dumps(jwk("p256"))[:-1] + r',"key_ops":["\u0076erify"]}', algs=["ES256"])
    one("use allows, key_ops do not", jwk("p256", use="sig", key_ops=["sign"]), "jwk_use_forbidden")
    one("key_ops allow, use does not", jwk("p256", use="enc", key_ops=["verify"]), "jwk_use_forbidden")
    one("a secret for encryption", {"kty": "oct", "alg": "HS256", "use": "enc", "k": SECRET}, "jwk_use_forbidden")
    one("a secret that may only sign", {"kty": "oct", "alg": "HS256", "key_ops": ["sign"], "k": SECRET}, "jwk_use_forbidden")


def algorithms(one):
    # Of another purpose, no algorithm, one that the kind of key can't do.
    for key in ALGS:
        fits = set(ALGS[key]) | ({"PS256", "PS384", "PS512"} if key in RSA else set())
        for alg in ("RSA-OAEP", "RSA1_5", "ECDH-ES", "dir", "A128KW", "A256GCM", "none", "", "ES512", "ES256K", "Ed25519", "rs256", "HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA", "RS256 "):
            if alg not in fits:
                one(f"{key}: alg is {alg!r}", jwk(key, alg=alg), "key_algorithm_mismatch")
    one("alg with an escape", dumps(jwk("p256"))[:-1] + r',"alg":"ES\u0032\u0035\u0036"}', "key_algorithm_mismatch")


def rsa(one):
    n, e, _ = RSA["rsa2048"]
    numbers = lambda n, e: {"kty": "RSA", "n": b64(n), "e": b64(e)}  # noqa: E731
    whole, three = n.to_bytes(256, "big"), b"\1\0\1"
    one("n with a leading zero", numbers(b"\0" + whole, three), algs=ALGS["rsa2048"])
    one("n and e with many leading zeros", numbers(bytes(9) + whole, bytes(9) + three), algs=ALGS["rsa2048"])
    for name, number, expect in (("1024 bits", RSA["rsa1024"][0], "rsa_size"), ("2047 bits", n >> 1 | 1, "rsa_size"), ("8193 bits", 1 << 8192 | 1, "rsa_size"), ("2048 bits and even", n - 1, "rsa_size"),
                                 ("zero", 0, "rsa_size"), ("one", 1, "rsa_size")):
        one(f"n of {name}", numbers(number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big"), three), expect)
    one("n of 1024 bits behind 128 zeros", numbers(bytes(128) + RSA["rsa1024"][0].to_bytes(128, "big"), three), "rsa_size")
    one("n of 100000 bytes", numbers(b"\xff" * 100000, three), "rsa_size")
    one("n is empty", numbers(b"", three), "rsa_size")
    one("e is empty", numbers(whole, b""), "rsa_exponent")
    for value in (0, 1, 2, 65536, 2**33 + 1, 2**64 + 1):
        one(f"e is {value}", numbers(whole, value.to_bytes(9, "big").lstrip(b"\0") or b"\0"), "rsa_exponent")
    one("e is 2^33 - 1", numbers(whole, (2**33 - 1).to_bytes(5, "big")), algs=ALGS["rsa2048"])
    for name, text in {"padded": base64.urlsafe_b64encode(b"\0" + whole).decode() + "==", "in plain base64": base64.b64encode(whole).decode().rstrip("="), "with a newline": b64(whole)[:64] + "\n" + b64(whole)[64:],
                       "with a space": b64(whole) + " ", "cut to a length no base64 has": b64(whole + b"\0")[:341], "with spare bits": b64(whole)[:-1] + "X"}.items():
        one(f"n {name}", {"kty": "RSA", "n": text, "e": "AQAB"}, "jwk_malformed")
    one("e padded", {"kty": "RSA", "n": b64(whole), "e": "Aw=="}, "jwk_malformed")
    one("e with spare bits", {"kty": "RSA", "n": b64(whole), "e": "Ax"}, "jwk_malformed")


def curves(one):
    for key in ("p256", "p384"):
        curve, d = EC_SECRETS[key]
        x, y = curve.public(d)
        for name, change, expect in (
            ("x a byte short", {"x": b64(x[1:])}, "key_point_invalid"), ("y a byte short", {"y": b64(y[:-1])}, "key_point_invalid"), ("x a byte long", {"x": b64(b"\0" + x)}, "key_point_invalid"),
            ("y a byte long", {"y": b64(b"\0" + y)}, "key_point_invalid"), ("x empty", {"x": ""}, "key_point_invalid"), ("y empty", {"y": ""}, "key_point_invalid"),
            ("both in x", {"x": b64(x + y), "y": ""}, "key_point_invalid"), ("one byte of y moved into x", {"x": b64(x + y[:1]), "y": b64(y[1:])}, "key_point_invalid"), ("x padded", {"x": b64(x) + "="}, "jwk_malformed"),
            ("x with a mark before", {"x": b64(b"\4" + x)}, "key_point_invalid"), ("crv in lower case", {"crv": "p-256"}, "key_unsupported"), ("crv by its other name", {"crv": "secp256r1"}, "key_unsupported"),
            ("crv P-521", {"crv": "P-521"}, "key_unsupported"), ("crv secp256k1", {"crv": "secp256k1"}, "key_unsupported"), ("crv empty", {"crv": ""}, "key_unsupported"),
            ("crv Ed25519", {"crv": "Ed25519"}, "key_unsupported"), ("the other curve", {"crv": "P-384" if key == "p256" else "P-256"}, "key_point_invalid"),
        ):
            one(f"{key}: {name}", jwk(key) | change, expect)
        beside = curve.times(d)[0], (curve.times(d)[1] + 1) % curve.p
        assert not curve.holds(beside)
        # A point of the curve whose b is another, as an invalid-curve attack would choose it.
        weak = (2, 1)
        assert not curve.holds(weak)
        for name, change in (("both coordinates zero", {"x": b64(bytes(curve.size)), "y": b64(bytes(curve.size))}), ("x and y swapped", {"x": b64(y), "y": b64(x)}),
                             ("x of the field's size", {"x": b64(curve.bytes(curve.p))}), ("y of the field's size", {"y": b64(curve.bytes(curve.p))}), ("y all ones", {"y": b64(b"\xff" * curve.size)}),
                             ("y one further", {"y": b64(curve.bytes(beside[1]))}), ("a point of another curve", {"x": b64(curve.bytes(weak[0])), "y": b64(curve.bytes(weak[1]))})):
            one(f"{key}: beside the curve: {name}", jwk(key) | change, "key_point_invalid")
        for k in (1, 2, curve.n - 1):
            good = jwk(key) | dict(zip("xy", map(b64, curve.public(k))))
            one(f"{key}: the base point, {'n - 1' if k > 2 else k} times", good, algs=ALGS[key])
        one(f"{key}: the opposite point is another key", jwk(key) | {"y": b64(curve.bytes(curve.p - int.from_bytes(y, "big")))}, algs=ALGS[key])
    okp = jwk("ed25519")
    for i, encoded in enumerate(ED25519.low_order()):
        one(f"ed25519: of low order, {i + 1} of 14", okp | {"x": b64(encoded)}, "key_point_invalid")
    # RFC 8032 §5.1.3: y is below p. Some libraries reduce it, some refuse it; of the last before p, two are points.
    for over in range(2, 19):
        for sign in (0, 1):
            x = (ED25519.p + over | sign << 255).to_bytes(32, "little")
            one(f"ed25519: y is p + {over}, sign {sign}", okp | {"x": b64(x)}, "key_point_invalid")
    for under in (3, 4):
        for sign in (0, 1):
            x = (ED25519.p - under | sign << 255).to_bytes(32, "little")
            assert ED25519.point(x)
            one(f"ed25519: y is p - {under}, sign {sign}", okp | {"x": b64(x)}, algs=["EdDSA"])
    public = ED25519.public(ED_SECRETS["ed25519"])
    for name, x in {"empty": b"", "a byte short": public[:-1], "a byte long": public + b"\0", "33 bytes with a prefix": b"\x40" + public, "64 bytes": public * 2}.items():
        one(f"ed25519: x {name}", okp | {"x": b64(x)}, "key_point_invalid")
    one("ed25519: x padded", okp | {"x": b64(public) + "="}, "jwk_malformed")
    one("ed25519: a y that nobody asks for", okp | {"y": "AAAA"}, algs=["EdDSA"])
    for crv in ("Ed448", "X25519", "X448", "ed25519", "Ed25519 ", ""):
        one(f"OKP: crv is {crv!r}", okp | {"crv": crv}, "key_unsupported")
    assert P256.size == 32


def secrets(one):
    oct_ = {"kty": "oct", "alg": "HS256", "k": SECRET}
    one("oct without alg", {"kty": "oct", "k": SECRET}, "key_algorithm_mismatch")
    one("oct without k", {"kty": "oct", "alg": "HS256"}, "jwk_malformed")
    one("oct for RS256", oct_ | {"alg": "RS256"}, "key_algorithm_mismatch")
    one("oct for EdDSA", oct_ | {"alg": "EdDSA"}, "key_algorithm_mismatch")
    one("oct for A256GCM", oct_ | {"alg": "A256GCM"}, "key_algorithm_mismatch")
    one("oct that is empty", oct_ | {"k": ""}, "secret_empty")
    one("oct of 31 bytes", oct_ | {"k": b64(bytes(range(31)))}, "secret_too_short")
    one("oct of 47 bytes for HS384", oct_ | {"alg": "HS384", "k": b64(bytes(range(47)))}, "secret_too_short")
    one("oct of 63 bytes for HS512", oct_ | {"alg": "HS512", "k": b64(bytes(range(63)))}, "secret_too_short")
    one("oct padded", oct_ | {"k": base64.urlsafe_b64encode(bytes(range(64))).decode()}, "jwk_malformed")
    one("oct whose k is a number", oct_ | {"k": 1}, "jwk_malformed")
    one("oct whose k has an escape", dumps(oct_).replace(SECRET, rf"\u00{ord(SECRET[0]):x}" + SECRET[1:]), algs=["HS256"])
    for name, text in {"a PEM": spki_pem("p256").encode(), "a DER": spki_der("p256"), "an Ed25519 key's DER": spki_der("ed25519"), "a JWK": dumps(jwk("p256")).encode(), "an RSA key's DER": spki_der("rsa2048")}.items():
        one(f"oct that is {name}", oct_ | {"k": b64(text)}, "secret_is_a_key")


def texts(one):
    whole = dumps(jwk("ed25519"))
    for name, text in {"empty": "", "white space": " \n", "an array": f"[{whole}]", "a string": '"jwk"', "null": "null", "a number": "1", "cut": whole[:-1], "with rubbish behind": whole + "x", "twice": whole + whole,
                       "behind a BOM": "\ufeff" + whole, "with a comma behind": whole[:-1] + ",}", "in apostrophes": whole.replace('"', "'"), "a PEM": spki_pem("p256"), "an empty object": "{}",
                       "a set": '{"keys":[%s]}' % whole, "65 members": whole[:-1] + "".join(f',"m{i}":0' for i in range(62)) + "}", "nine levels deep": whole[:-1] + ',"z":' + "[" * 8 + "]" * 8 + "}",
                       "five thousand brackets": whole[:-1] + ',"z":' + "[" * 5000}.items():
        one(f"the text is {name}", text, "jwk_malformed")
    one("the text has 64 members", whole[:-1] + "".join(f',"m{i}":0' for i in range(61)) + "}", algs=["EdDSA"])
    one("the text is eight levels deep", whole[:-1] + ',"z":' + "[" * 7 + "]" * 7 + "}", algs=["EdDSA"])


def sets(several):
    a, b, c = jwk("p256", kid="a"), jwk("ed25519", kid="b"), jwk("rsa2048", kid="c")
    several("of three kinds", {"keys": [a, b, c]}, accepted=["a", "b", "c"])
    several("of one key without kid", {"keys": [jwk("p256")]}, accepted=[None])
    several("of two keys without kid", {"keys": [jwk("p256"), jwk("p384")]}, accepted=[None, None])
    several("with members nobody asked for", {"issuer": "i", "keys": [a], "x": {"keys": [b]}}, accepted=["a"])
    several("that is empty", {"keys": []})
    several("whose name has an escape", r'{"\u006beys":[%s]}' % dumps(a), accepted=["a"])
    several("with one kid twice: the first counts", {"keys": [a, jwk("ed25519", kid="a"), b]}, accepted=["a", "b"], left_out=[(1, "kid_duplicate")])
    several("with one kid twice, the first of them bad", {"keys": [jwk("p256", kid="a", use="enc"), jwk("ed25519", kid="a")]}, accepted=["a"], left_out=[(0, "jwk_use_forbidden")])
    several("with one kid three times", {"keys": [a, a, a]}, accepted=["a"], left_out=[(1, "kid_duplicate"), (2, "kid_duplicate")])
    several("with one kid twice, once escaped", '{"keys":[%s,%s]}' % (dumps(a), dumps(a).replace('"a"', r'"\u0061"')), accepted=["a"], left_out=[(1, "kid_duplicate")])
    several("with a kid in two cases", {"keys": [a, jwk("ed25519", kid="A")]}, accepted=["a", "A"])
    bad = [
        ("an encryption key", jwk("rsa2048", kid="x", use="enc"), "jwk_use_forbidden"), ("a key for RSA-OAEP", jwk("rsa2048", kid="x", alg="RSA-OAEP"), "key_algorithm_mismatch"),
        ("a private key", jwk("p256", kid="x", d="AAAA"), "key_private"), ("a short RSA key", jwk("rsa1024", kid="x"), "rsa_size"), ("a curve we have not", jwk("p256", kid="x") | {"crv": "P-521"}, "key_unsupported"),
        ("a kind we have not", {"kty": "AKP", "kid": "x"}, "key_unsupported"), ("a point that is none", jwk("p256", kid="x") | {"x": "AAAA"}, "key_point_invalid"), ("a point beside its curve", jwk("p256", kid="x") | {"y": jwk("p256")["x"]}, "key_point_invalid"), ("an Ed25519 key of low order", jwk("ed25519", kid="x") | {"x": b64(bytes(32))}, "key_point_invalid"),
        ("an empty kid", jwk("p256", kid=""), "kid_invalid"), ("a long kid", jwk("p256", kid="x" * 257), "kid_invalid"), ("a kid that is a number", jwk("p256", kid=1), "jwk_malformed"), ("an empty object", {}, "jwk_malformed"), ("null", None, "jwk_malformed"),
        ("a string", "x", "jwk_malformed"), ("a number", 1, "jwk_malformed"), ("an array", [a], "jwk_malformed"), ("a secret", {"kty": "oct", "alg": "HS256", "kid": "x", "k": SECRET}, "key_unsupported"),
        ("a secret without alg", {"kty": "oct", "kid": "x", "k": SECRET}, "key_algorithm_mismatch"), ("a set", {"keys": [a]}, "jwk_malformed"), ("a certificate alone", {"kty": "RSA", "kid": "x", "x5c": ["MIIB"]}, "jwk_malformed"),
    ]
    for name, key, code in bad:
        several(f"with {name} among good ones", {"keys": [a, key, b]}, accepted=["a", "b"], left_out=[(1, code)])
    several("of bad keys alone", {"keys": [key for _, key, _ in bad]}, left_out=[(i, code) for i, (_, _, code) in enumerate(bad)])
    twice = dumps(c)[:-1] + ',"use":"sig","use":"enc"}'
    crowded = dumps(c)[:-1] + "".join(f',"m{i}":0' for i in range(61)) + "}"
    deep = dumps(c)[:-1] + ',"z":{"y":1,"y":2}}'
    for name, text in (("a key that has a member twice", twice), ("a key of 65 members", crowded), ("a key with a member twice further in", deep)):
        several(f"with {name} among good ones", '{"keys":[%s,%s,%s]}' % (dumps(a), text, dumps(b)), accepted=["a", "b"], left_out=[(1, "jwk_malformed")])
    for levels, bad in ((8, []), (9, [(1, "jwk_malformed")]), (30, [(1, "jwk_malformed")]), (31, None)):
        text = '{"keys":[%s,%s]}' % (dumps(a), dumps(c)[:-1] + ',"z":' + "[" * (levels - 1) + "]" * (levels - 1) + "}")
        several(f"with a key of {levels} levels", text, "jwks_malformed" if bad is None else OK, accepted=["a"] if bad else ["a", "c"], left_out=bad or [])
    for name, text in {"without keys": "{}", "whose keys is an object": '{"keys":{}}', "whose keys is null": '{"keys":null}', "whose keys is a string": '{"keys":"[]"}', "whose keys is one key": dumps({"keys": a}),
                       "with keys twice": '{"keys":[%s],"keys":[%s]}' % (dumps(a), dumps(b)), "with keys twice, once escaped": r'{"keys":[],"\u006beys":[]}', "with Keys": '{"Keys":[]}', "that is an array": "[%s]" % dumps(a),
                       "that is one key": dumps(a), "that is empty text": "", "that is HTML": "<html></html>", "that is null": "null", "that is cut": dumps({"keys": [a]})[:-1], "with rubbish behind": '{"keys":[]}x',
                       "behind a BOM": '\ufeff{"keys":[]}', "with a comma too many": '{"keys":[%s,]}' % dumps(a), "whose second key is no JSON": '{"keys":[%s,{kty:1}]}' % dumps(a),
                       "nested too deep": '{"keys":[%s]}' % ("[" * 5000 + "]" * 5000)}.items():
        several(name, text, "jwks_malformed")
    several("of a hundred keys", {"keys": [jwk("ed25519", kid=str(i)) for i in range(100)]}, accepted=[str(i) for i in range(100)])
    several("of 101 keys", {"keys": [jwk("ed25519", kid=str(i)) for i in range(101)]}, "jwks_malformed")
    several("of a hundred keys and one null", {"keys": [*(jwk("ed25519", kid=str(i)) for i in range(100)), None]}, "jwks_malformed")
    several("of a hundred thousand numbers", {"repeat": ['{"keys":[0', ",0", 100_000, "]}"]}, "jwks_malformed")
    whole = dumps({"keys": [a]})
    several("of 256 KiB", {"repeat": [whole, " ", 256 * 1024 - len(whole), ""]}, accepted=["a"])
    several("of 256 KiB and one byte", {"repeat": [whole, " ", 256 * 1024 - len(whole) + 1, ""]}, "jwks_malformed")
    several("of ten megabytes", {"repeat": ['{"keys":[],"x":"', "A", 10_000_000, '"}']}, "jwks_malformed")


def spellings(put):
    def both(name, der, expect, algs, label="PUBLIC KEY"):
        put("keys", f"{name}, in PEM", expect, kind="pem", algs=algs, pem=pem(label, der))
        put("keys", f"{name}, in DER", expect, kind="der", algs=algs, der_hex=der.hex())

    for key in ("p256", "p384", "ed25519"):
        alg = ALGS[key]
        der = spki_der(key)
        both(key, der, OK, alg)
        for wrong in ("ES256", "ES384", "EdDSA", "RS256", "PS256", "HS256"):
            if [wrong] != alg:
                both(f"{key} for {wrong}", der, "key_algorithm_mismatch", [wrong])
        both(f"{key} for its own and RS256", der, "key_algorithm_mismatch", [*alg, "RS256"])
        both(f"{key} for no algorithm", der, "key_algorithm_mismatch", [])
        both(f"{key} with one byte behind", der + b"\0", "key_unreadable", alg)
        both(f"{key} cut by one byte", der[:-1], "key_unreadable", alg)
        both(f"{key} cut in the middle", der[: len(der) // 2], "key_unreadable", alg)
        put("keys", f"{key} under PKCS#1's label", "key_unreadable", kind="pem", algs=alg, pem=pem("RSA PUBLIC KEY", der))
        put("keys", f"{key} as a certificate", "key_unsupported", kind="pem", algs=alg, pem=pem("CERTIFICATE", der))
    for key in ("p256", "p384"):
        curve, d = EC_SECRETS[key]
        x, y = curve.public(d)
        name = "P-256" if key == "p256" else "P-384"
        other = "P-384" if key == "p256" else "P-256"
        oids = EC_OID + CURVE_OIDS[name]
        alg = ALGS[key]
        both(f"{key} under the other curve's name", spki(point(key), EC_OID + CURVE_OIDS[other]), "key_point_invalid", ["ES384" if key == "p256" else "ES256"])
        both(f"{key} compressed", spki(bytes([2 + y[-1] % 2]) + x, oids), "key_point_invalid", alg)
        both(f"{key} hybrid", spki(bytes([6 + y[-1] % 2]) + x + y, oids), "key_point_invalid", alg)
        both(f"{key} without its mark", spki(x + y, oids), "key_point_invalid", alg)
        both(f"{key} at infinity", spki(b"\0", oids), "key_point_invalid", alg)
        both(f"{key} without a point", spki(b"", oids), "key_point_invalid", alg)
        both(f"{key} with a byte behind its point", spki(point(key) + b"\0", oids), "key_point_invalid", alg)
        both(f"{key} beside its curve", spki(b"\4" + x + y[:-1] + bytes([y[-1] ^ 1]), oids), "key_point_invalid", alg)
        both(f"{key} with unused bits", spki(point(key)[:-1] + bytes([point(key)[-1] & 0xF0]), oids, unused=4), "key_unreadable", alg)
        both(f"{key} without a curve", spki(point(key), EC_OID), "key_unreadable", alg)
        both(f"{key} with NULL for a curve", spki(point(key), EC_OID + NULL), "key_unreadable", alg)
        both(f"{key} with explicit parameters", spki(point(key), EC_OID + sequence(integer(1), sequence(integer(curve.p)))), "key_unreadable", alg)
        both(f"{key} with a byte behind its curve", spki(point(key), oids + NULL), "key_unreadable", alg)
        both(f"{key} under P-521's name", spki(point(key), EC_OID + CURVE_OIDS["P-521"]), "key_unsupported", alg)
        both(f"{key} under secp256k1's name", spki(point(key), EC_OID + CURVE_OIDS["secp256k1"]), "key_unsupported", alg)
        private = sequence(integer(1), tlv(4, curve.bytes(d)), tlv(0xA0, CURVE_OIDS[name]))
        put("keys", f"{key}: a private key by SEC 1", "key_private", kind="pem", algs=alg, pem=pem("EC PRIVATE KEY", private))
        put("keys", f"{key}: a private key's DER", "key_unreadable", kind="der", algs=alg, der_hex=private.hex())
    x = ED25519.public(ED_SECRETS["ed25519"])
    both("ed25519 with NULL for parameters", spki(x, ED25519_OID + NULL), "key_unreadable", ["EdDSA"])
    both("ed25519 with a curve for parameters", spki(x, ED25519_OID + CURVE_OIDS["P-256"]), "key_unreadable", ["EdDSA"])
    both("ed25519 of 31 bytes", spki(x[1:], ED25519_OID), "key_point_invalid", ["EdDSA"])
    both("ed25519 of 33 bytes", spki(x + b"\0", ED25519_OID), "key_point_invalid", ["EdDSA"])
    both("ed25519 in an OCTET STRING", spki(tlv(4, x), ED25519_OID), "key_point_invalid", ["EdDSA"])
    both("ed25519 with unused bits", spki(x[:-1] + bytes([x[-1] & 0xF0]), ED25519_OID, unused=4), "key_unreadable", ["EdDSA"])
    for name, last in (("X25519", 0x6E), ("X448", 0x6F), ("Ed448", 0x71)):
        both(f"ed25519's bytes under {name}'s name", spki(x, ED25519_OID[:-1] + bytes([last])), "key_unsupported", ["EdDSA"])
    for i, encoded in enumerate(ED25519.low_order()):
        put("keys", f"ed25519 of low order in DER, {i + 1} of 14", "key_point_invalid", kind="der", algs=["EdDSA"], der_hex=spki(encoded, ED25519_OID).hex())
    both("ed25519 whose y is p + 3", spki((ED25519.p + 3).to_bytes(32, "little"), ED25519_OID), "key_point_invalid", ["EdDSA"])
    both("ed25519 whose y is p - 3", spki((ED25519.p - 3).to_bytes(32, "little"), ED25519_OID), OK, ["EdDSA"])
    seed = sequence(integer(0), sequence(ED25519_OID), tlv(4, tlv(4, ED_SECRETS["ed25519"])))
    put("keys", "ed25519: a private key", "key_private", kind="pem", algs=["EdDSA"], pem=pem("PRIVATE KEY", seed))
    put("keys", "ed25519: a private key's DER", "key_unreadable", kind="der", algs=["EdDSA"], der_hex=seed.hex())
    for alg in ("PS256", "PS384", "PS512"):
        put("keys", f"rsa2048 for {alg}", OK, kind="pem", algs=[alg], pem=spki_pem("rsa2048"))
    put("keys", "rsa2048 for both schemes", OK, kind="pem", algs=["RS256", "PS256"], pem=spki_pem("rsa2048"))
