"""Private keys, in PKCS#8, PKCS#1, SEC 1 and JWK: what may be configured to sign with, and what not."""

import functools

from curves import EC_SECRETS, ED25519, ED_SECRETS
from fixed_keys import RSA
from jws import (CURVE_OIDS, EC_OID, ED25519_OID, NULL, RSA_OID, b64, curve_of, dumps, integer, jwk, pem, pkcs1, point, sequence,
                 spki_der, spki_pem, tlv)
from make import signature

OK = "ok"
PKCS8, PKCS1, SEC1 = "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"
ALGS = {"rsa2048": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"], "p256": ["ES256"], "p384": ["ES384"], "ed25519": ["EdDSA"]}
NUMBERS = ("n", "e", "d", "p", "q", "dp", "dq", "qi")


@functools.cache
def rsa_numbers(name):
    """n, e, d and what follows from them: p and q by a square root of one that is neither 1 nor -1."""
    n, e, d = RSA[name]
    odd = e * d - 1
    twos = (odd & -odd).bit_length() - 1
    odd >>= twos
    for g in range(2, 40):
        root = pow(g, odd, n)
        for _ in range(twos):
            square = root * root % n
            if square == 1 and root not in (1, n - 1):
                p, q = sorted((gcd(root - 1, n), gcd(root + 1, n)), reverse=True)
                assert p * q == n
                return dict(zip(NUMBERS, (n, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))))
            root = square
    raise AssertionError(name)


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def rsa_private(name, version=0, behind=b"", **changed):
    numbers = rsa_numbers(name) | changed
    return sequence(integer(version), *(integer(numbers[part]) for part in NUMBERS), behind)


def sec1(name, curve=True, public=True, scalar=None, version=1):
    """RFC 5915 §3. `curve` and `public` say whether that part is there, or are its bytes."""
    ec, d = EC_SECRETS[name]
    parts = [integer(version), tlv(4, ec.bytes(d) if scalar is None else scalar)]
    if curve:
        parts.append(tlv(0xA0, CURVE_OIDS[curve_of(name)] if curve is True else curve))
    if public:
        parts.append(tlv(0xA1, tlv(3, b"\0" + (point(name) if public is True else public))))
    return sequence(*parts)


def pkcs8(algorithm, inner, *behind, version=0):
    return sequence(integer(version), sequence(algorithm), tlv(4, inner), *behind)


def algorithm_of(name):
    if name in RSA:
        return RSA_OID + NULL
    return EC_OID + CURVE_OIDS[curve_of(name)] if name in EC_SECRETS else ED25519_OID


def inner_of(name):
    if name in RSA:
        return rsa_private(name)
    return sec1(name, curve=False) if name in EC_SECRETS else tlv(4, ED_SECRETS[name])


def private_jwk(name, **more):
    if name in RSA:
        numbers = {part: b64(v.to_bytes((v.bit_length() + 7) // 8, "big")) for part, v in rsa_numbers(name).items()}
        return {"kty": "RSA", **numbers, **more}
    secret = EC_SECRETS[name][0].bytes(EC_SECRETS[name][1]) if name in EC_SECRETS else ED_SECRETS[name]
    return {**jwk(name), "d": b64(secret), **more}


@functools.cache
def jws(name, alg, kid=None):
    """What the key must make, or where there is chance in it, verify."""
    header = {"alg": alg} if kid is None else {"alg": alg, "kid": kid}
    signed = b64(dumps(header)) + "." + b64("hello, not JSON")
    return signed + "." + b64(signature(signed, alg, name))


def add(put):
    def one(name, key, alg, der, expect=OK, label=PKCS8):
        good = {"jws": jws(key, alg)} if expect == OK else {}
        # A bad RSA key is long, and no other in PEM.
        if expect == OK or key not in RSA or label not in (PKCS8, PKCS1):
            put("private keys", f"{name}, in PEM", expect, kind="signing_pem", alg=alg, pem=pem(label, der), **good)
        put("private keys", f"{name}, in DER", expect, kind="signing_der", alg=alg, der_hex=der.hex(), **good)

    def text(name, value, expect, alg, key=None):
        good = {"jws": jws(key, alg)} if expect == OK else {}
        put("private keys", name, expect, kind="signing_pem", alg=alg, pem=value, **good)

    def web(name, value, expect=OK, alg=None, key=None, kid=None):
        value = value if isinstance(value, str) else dumps(value)
        good = {"alg": alg, "kid": kid, "jws": jws(key, alg, kid)} if expect == OK else {}
        put("private jwk", name, expect, kind="signing_jwk", jwk=value, **good)

    every(one)
    rsa(one)
    curves(one)
    ed25519(one)
    texts(one, text)
    webs(web)
    web_rsa(web)
    web_curves(web)


def every(one):
    for key, algs in ALGS.items():
        whole = pkcs8(algorithm_of(key), inner_of(key))
        for alg in algs:
            one(f"{key} for {alg}", key, alg, whole)
        for alg in ("HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA"):
            if alg not in algs:
                one(f"{key} for {alg}", key, alg, whole, "key_algorithm_mismatch")
        alg, oid, inner = algs[0], algorithm_of(key), inner_of(key)
        one(f"{key} with attributes", key, alg, pkcs8(oid, inner, tlv(0xA0, sequence(ED25519_OID))))
        one(f"{key} with attributes twice", key, alg, pkcs8(oid, inner, tlv(0xA0, b""), tlv(0xA0, b"")), "key_unreadable")
        one(f"{key} of version 2", key, alg, pkcs8(oid, inner, version=1))
        one(f"{key} of version 3", key, alg, pkcs8(oid, inner, version=2), "key_unreadable")
        one(f"{key} with one byte behind", key, alg, whole + b"\0", "key_unreadable")
        one(f"{key} with one byte behind its inner key", key, alg, pkcs8(oid, inner + b"\0"), "key_unreadable")
        one(f"{key} with an element behind", key, alg, pkcs8(oid, inner, NULL), "key_unreadable")
        one(f"{key} cut by one byte", key, alg, whole[:-1], "key_unreadable")
        one(f"{key} cut in the middle", key, alg, whole[: len(whole) // 2], "key_unreadable")
        one(f"{key} without its inner key", key, alg, pkcs8(oid, b""), "key_unreadable")
        one(f"{key}: the public half alone", key, alg, spki_der(key), "key_public", label="PUBLIC KEY")
        one(f"{key} under an unknown kind's name", key, alg, pkcs8(bytes.fromhex("06032b6571"), inner), "key_unsupported")


def rsa(one):
    inner = rsa_private("rsa2048")
    one("rsa2048 in PKCS#1", "rsa2048", "RS256", inner, label=PKCS1)
    one("rsa4096 in PKCS#1", "rsa4096", "PS512", rsa_private("rsa4096"), label=PKCS1)
    one("rsa4096", "rsa4096", "RS384", pkcs8(RSA_OID + NULL, rsa_private("rsa4096")))
    one("rsa2048 without parameters", "rsa2048", "RS256", pkcs8(RSA_OID, inner))
    one("rsa2048 with parameters that are not NULL", "rsa2048", "RS256", pkcs8(RSA_OID + integer(1), inner), "key_unreadable")
    one("rsa2048 for RSASSA-PSS", "rsa2048", "PS256", pkcs8(bytes.fromhex("06092a864886f70d01010a") + NULL, inner), "key_unsupported")
    # Refused by n and e, whatever the other numbers are: to find those of 8192 bits takes long.
    for name in ("rsa1024", "rsa2049", "rsa8192"):
        one(f"a modulus of {name[3:]} bits", name, "RS256", pkcs8(RSA_OID + NULL, rsa_private("rsa2048", n=RSA[name][0])), "rsa_size")
    one("an exponent of 3", "rsa2048_e3", "RS256", pkcs8(RSA_OID + NULL, rsa_private("rsa2048_e3")), "rsa_exponent")
    one("an exponent of 65535", "rsa2048", "RS256", rsa_private("rsa2048", e=65535), "rsa_exponent", label=PKCS1)
    numbers, other = rsa_numbers("rsa2048"), rsa_numbers("rsa2048_other")
    for part in ("n", "p", "q", "dp", "dq", "qi"):
        one(f"rsa2048 with another's {part}", "rsa2048", "RS256", rsa_private("rsa2048", **{part: other[part]}), "key_inconsistent", label=PKCS1)
    for part in ("d", "p", "q", "dp", "dq", "qi"):
        one(f"rsa2048 whose {part} is zero", "rsa2048", "RS256", rsa_private("rsa2048", **{part: 0}), "key_inconsistent", label=PKCS1)
        one(f"rsa2048 whose {part} is the modulus", "rsa2048", "RS256", rsa_private("rsa2048", **{part: numbers["n"]}), "key_inconsistent", label=PKCS1)
    one("rsa2048 with p and q exchanged", "rsa2048", "RS256", rsa_private("rsa2048", p=numbers["q"], q=numbers["p"]), "key_inconsistent", label=PKCS1)
    one("rsa2048 with p for q", "rsa2048", "RS256", rsa_private("rsa2048", q=numbers["p"]), "key_inconsistent", label=PKCS1)
    one("rsa2048 of three primes", "rsa2048", "RS256", rsa_private("rsa2048", version=1, behind=sequence(sequence(*[integer(3)] * 3))), "key_unsupported", label=PKCS1)
    one("rsa2048 that says it has three primes", "rsa2048", "RS256", rsa_private("rsa2048", version=1), "key_unsupported", label=PKCS1)
    one("rsa2048 of an unknown version", "rsa2048", "RS256", rsa_private("rsa2048", version=2), "key_unreadable", label=PKCS1)
    one("rsa2048 with a ninth number", "rsa2048", "RS256", rsa_private("rsa2048", behind=integer(1)), "key_unreadable", label=PKCS1)
    one("rsa2048 with n, e and d alone", "rsa2048", "RS256", sequence(integer(0), *map(integer, RSA["rsa2048"])), "key_unreadable", label=PKCS1)
    negative = sequence(integer(0), integer(numbers["n"]), integer(numbers["e"]), tlv(2, b"\xff"), *(integer(numbers[part]) for part in NUMBERS[3:]))
    one("rsa2048 with a negative number", "rsa2048", "RS256", negative, "key_unreadable", label=PKCS1)


def curves(one):
    for key in ("p256", "p384"):
        alg = ALGS[key][0]
        ec, d = EC_SECRETS[key]
        other = "p384" if key == "p256" else "p256"
        oid = algorithm_of(key)
        x, y = ec.public(d)
        one(f"{key} in SEC 1", key, alg, sec1(key), label=SEC1)
        one(f"{key}_other, whose number is small", f"{key}_other", alg, sec1(f"{key}_other"), label=SEC1)
        one(f"{key} in SEC 1 without its curve", key, alg, sec1(key, curve=False), "key_unreadable", label=SEC1)
        one(f"{key} in SEC 1 without its public half", key, alg, sec1(key, public=False), "key_public_half_missing", label=SEC1)
        one(f"{key} in SEC 1 of an unknown version", key, alg, sec1(key, version=2), "key_unreadable", label=SEC1)
        one(f"{key} in SEC 1 with one byte behind", key, alg, sec1(key) + b"\0", "key_unreadable", label=SEC1)
        one(f"{key} with its curve named twice", key, alg, pkcs8(oid, sec1(key)))
        one(f"{key} with another curve inside", key, alg, pkcs8(oid, sec1(key, curve=CURVE_OIDS[curve_of(other)])), "key_inconsistent")
        one(f"{key} without its public half", key, alg, pkcs8(oid, sec1(key, curve=False, public=False)), "key_public_half_missing")
        one(f"{key} with its public half outside", key, alg, pkcs8(oid, sec1(key, curve=False, public=False), tlv(0x81, b"\0" + point(key)), version=1))
        one(f"{key} with unused bits outside", key, alg, pkcs8(oid, sec1(key, curve=False, public=False), tlv(0x81, b"\4" + point(key)), version=1), "key_unreadable")
        for name, public, expect in (("another's public half", point(f"{key}_other"), "key_inconsistent"), ("the opposite public half", b"\4" + x + ec.bytes(ec.p - int.from_bytes(y, "big")), "key_inconsistent"),
                                     ("a public half beside the curve", b"\4" + x + y[:-1] + bytes([y[-1] ^ 1]), "key_point_invalid"), ("a compressed public half", bytes([2 + y[-1] % 2]) + x, "key_point_invalid"),
                                     ("the other curve's public half", point(other), "key_point_invalid")):
            one(f"{key} with {name}", key, alg, sec1(key, public=public), expect, label=SEC1)
        for name, scalar, expect in (("zero", bytes(ec.size), "key_inconsistent"), ("the order", ec.bytes(ec.n), "key_inconsistent"), ("all ones", b"\xff" * ec.size, "key_inconsistent"),
                                     ("the order less the number", ec.bytes(ec.n - d), "key_inconsistent"), ("a byte short", ec.bytes(d)[1:], "key_unreadable"), ("a byte long", b"\0" + ec.bytes(d), "key_unreadable"), ("empty", b"", "key_unreadable")):
            one(f"{key} whose number is {name}", key, alg, sec1(key, scalar=scalar), expect, label=SEC1)
        for name in ("P-521", "secp256k1"):
            one(f"{key} under {name}'s name", key, alg, sec1(key, curve=CURVE_OIDS[name]), "key_unsupported", label=SEC1)
        one(f"{key} under the other curve's name", key, ALGS[other][0], sec1(key, curve=CURVE_OIDS[curve_of(other)]), "key_unreadable", label=SEC1)
        one(f"{key} with NULL for a curve", key, alg, pkcs8(EC_OID + NULL, sec1(key)), "key_unreadable")
        one(f"{key} without a curve", key, alg, pkcs8(EC_OID, sec1(key)), "key_unreadable")
        one(f"{key} with explicit parameters", key, alg, pkcs8(EC_OID + sequence(integer(1)), sec1(key)), "key_unreadable")


def ed25519(one):
    seed, public = ED_SECRETS["ed25519"], ED25519.public(ED_SECRETS["ed25519"])
    alg = "EdDSA"
    one("ed25519 with its public half", "ed25519", alg, pkcs8(ED25519_OID, tlv(4, seed), tlv(0x81, b"\0" + public), version=1))
    one("ed25519 with another's public half", "ed25519", alg, pkcs8(ED25519_OID, tlv(4, seed), tlv(0x81, b"\0" + ED25519.public(ED_SECRETS["ed25519_other"])), version=1), "key_inconsistent")
    one("ed25519 with half a public half", "ed25519", alg, pkcs8(ED25519_OID, tlv(4, seed), tlv(0x81, b"\0" + public[:16]), version=1), "key_inconsistent")
    one("ed25519 of 31 bytes", "ed25519", alg, pkcs8(ED25519_OID, tlv(4, seed[1:])), "key_unreadable")
    one("ed25519 of 33 bytes", "ed25519", alg, pkcs8(ED25519_OID, tlv(4, seed + b"\0")), "key_unreadable")
    one("ed25519 of 64 bytes", "ed25519", alg, pkcs8(ED25519_OID, tlv(4, seed + public)), "key_unreadable")
    one("ed25519 without its inner OCTET STRING", "ed25519", alg, pkcs8(ED25519_OID, seed), "key_unreadable")
    one("ed25519 with NULL for parameters", "ed25519", alg, pkcs8(ED25519_OID + NULL, tlv(4, seed)), "key_unreadable")
    for name, last in (("X25519", 0x6E), ("X448", 0x6F), ("Ed448", 0x71)):
        one(f"ed25519's bytes under {name}'s name", "ed25519", alg, pkcs8(ED25519_OID[:-1] + bytes([last]), tlv(4, seed)), "key_unsupported")


def texts(one, text):
    good = pem(PKCS8, pkcs8(algorithm_of("ed25519"), inner_of("ed25519")))
    text("with white space around", f"\n  {good}\n\n", OK, "EdDSA", "ed25519")
    text("with CR LF", good.replace("\n", "\r\n"), OK, "EdDSA", "ed25519")
    parameters = pem("EC PARAMETERS", CURVE_OIDS["P-256"])
    text("SEC 1 behind its parameters", parameters + pem(SEC1, sec1("p256")), OK, "ES256", "p256")
    text("parameters alone", parameters, "key_unreadable", "ES256")
    text("two keys", good + good, "key_unreadable", "EdDSA")
    text("without its end", good[:-20], "key_unreadable", "EdDSA")
    text("cut", good.replace("MC4C", ""), "key_unreadable", "EdDSA")
    text("empty", "", "key_unreadable", "EdDSA")
    text("no PEM", "hello", "key_unreadable", "EdDSA")
    text("a JWK for PEM", dumps(private_jwk("ed25519")), "key_unreadable", "EdDSA")
    text("a public key", spki_pem("p256"), "key_public", "ES256")
    text("a PKCS#1 public key", pem("RSA PUBLIC KEY", pkcs1(*RSA["rsa2048"][:2])), "key_public", "RS256")
    text("a certificate", pem("CERTIFICATE", sequence(NULL)), "key_unsupported", "RS256")
    text("an OpenSSH key", pem("OPENSSH PRIVATE KEY", b"openssh-key-v1\0" + bytes(100), 70), "key_unsupported", "EdDSA")
    text("a DSA key", pem("DSA PRIVATE KEY", sequence(integer(0))), "key_unsupported", "RS256")
    text("PKCS#8 under PKCS#1's label", pem(PKCS1, pkcs8(RSA_OID + NULL, rsa_private("rsa2048"))), "key_unreadable", "RS256")
    text("PKCS#1 under PKCS#8's label", pem(PKCS8, rsa_private("rsa2048")), "key_unreadable", "RS256")
    text("SEC 1 under PKCS#8's label", pem(PKCS8, sec1("p256")), "key_unreadable", "ES256")
    text("PKCS#1 under SEC 1's label", pem(SEC1, rsa_private("rsa2048")), "key_unreadable", "RS256")
    old = pem(PKCS1, bytes(range(64))).replace(f"BEGIN {PKCS1}-----\n", f"BEGIN {PKCS1}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n")
    text("encrypted in OpenSSL's old way", old, "key_encrypted", "RS256")
    scheme = sequence(bytes.fromhex("06092a864886f70d01050d"), sequence(NULL))
    one("encrypted in PKCS#8", "rsa2048", "RS256", sequence(scheme, tlv(4, bytes(range(64)))), "key_encrypted", label="ENCRYPTED PRIVATE KEY")


def webs(web):
    for key, algs in ALGS.items():
        usual = algs[0]
        web(f"{key}: without alg", private_jwk(key), OK, usual, key)
        web(f"{key}: with everything", private_jwk(key, alg=algs[-1], kid="k", use="sig", key_ops=["sign"], ext=True), OK, algs[-1], key, "k")
        web(f"{key}: for signing and verifying", private_jwk(key, key_ops=["verify", "sign"]), OK, usual, key)
        web(f"{key}: for verifying alone", private_jwk(key, key_ops=["verify"]), "jwk_use_forbidden")
        web(f"{key}: for encryption", private_jwk(key, use="enc"), "jwk_use_forbidden")
        web(f"{key}: the public half alone", jwk(key), "key_public")
        for name in private_jwk(key):
            without = private_jwk(key)
            del without[name]
            web(f"{key}: {name} missing", without, "key_public" if name == "d" and key not in RSA else "jwk_malformed")
            for kind, value in {"null": None, "a number": 1, "an array": [private_jwk(key)[name]]}.items():
                web(f"{key}: {name} is {kind}", private_jwk(key) | {name: value}, "jwk_malformed")
            web(f"{key}: {name} twice", dumps(private_jwk(key))[:-1] + f',"{name}":"{private_jwk(key)[name]}"' + "}", "jwk_malformed")
        web(f"{key}: d padded", private_jwk(key) | {"d": private_jwk(key)["d"] + "="}, "jwk_malformed")
        web(f"{key}: d with an escape", dumps(private_jwk(key)).replace(private_jwk(key)["d"], rf"\u00{ord(private_jwk(key)['d'][0]):x}" + private_jwk(key)["d"][1:]), OK, usual, key)
        for alg in ("none", "ES512", "RSA-OAEP", "HS256", "", "RS256", "ES256", "ES384", "EdDSA"):
            if alg not in algs:
                web(f"{key}: alg is {alg!r}", private_jwk(key, alg=alg), "key_algorithm_mismatch")
    secret = {"kty": "oct", "k": b64(bytes(range(1, 33)))}
    web("a secret", secret | {"alg": "HS256", "kid": "k"}, OK, "HS256", "hs256", "k")
    web("a secret without alg", secret, "key_algorithm_mismatch")
    web("a secret for RS256", secret | {"alg": "RS256"}, "key_algorithm_mismatch")
    web("a secret of 31 bytes", {"kty": "oct", "alg": "HS256", "k": b64(bytes(31))}, "secret_too_short")
    web("a secret that may only verify", secret | {"alg": "HS256", "key_ops": ["verify"]}, "jwk_use_forbidden")
    web("a secret that is a key", {"kty": "oct", "alg": "HS256", "k": b64(spki_pem("p256"))}, "secret_is_a_key")
    web("an empty kid", private_jwk("p256", kid=""), "kid_invalid")
    web("a kid of 257 bytes", private_jwk("p256", kid="k" * 257), "kid_invalid")
    web("a kid that needs escapes", private_jwk("ed25519", kid='a "b" \\ c'), OK, "EdDSA", "ed25519", 'a "b" \\ c')
    for kty in ("rsa", "AKP", "", "none"):
        web(f"kty is {kty!r}", private_jwk("rsa2048") | {"kty": kty}, "key_unsupported")
    for name, value in {"empty": "", "a set": dumps({"keys": [private_jwk("p256")]}), "a PEM": spki_pem("p256"), "cut": dumps(private_jwk("p256"))[:-1], "an array": dumps([private_jwk("p256")])}.items():
        web(f"the text is {name}", value, "jwk_malformed")


def web_rsa(web):
    other = private_jwk("rsa2048_other")
    for part in ("n", "p", "q", "dp", "dq", "qi"):
        web(f"rsa2048: another's {part}", private_jwk("rsa2048") | {part: other[part]}, "key_inconsistent")
    web("rsa2048: n, e and d alone", {name: private_jwk("rsa2048")[name] for name in ("kty", "n", "e", "d")}, "jwk_malformed")
    web("rsa2048: of three primes", private_jwk("rsa2048", oth=[{"r": "Aw", "d": "Aw", "t": "Aw"}]), "key_unsupported")
    padded = {part: b64(b"\0" + v.to_bytes((v.bit_length() + 7) // 8, "big")) for part, v in rsa_numbers("rsa2048").items()}
    web("rsa2048: leading zeros", private_jwk("rsa2048") | padded, OK, "RS256", "rsa2048")
    for name in ("rsa1024", "rsa2049", "rsa8192"):
        web(f"n of {name[3:]} bits", private_jwk("rsa2048") | {"n": jwk(name)["n"]}, "rsa_size")
    web("e is 3", private_jwk("rsa2048_e3"), "rsa_exponent")
    web("rsa4096", private_jwk("rsa4096", alg="RS512"), OK, "RS512", "rsa4096")


def web_curves(web):
    for key in ("p256", "p384"):
        ec, d = EC_SECRETS[key]
        x, y = ec.public(d)
        for name, change, expect in (
            ("another's d", {"d": private_jwk(f"{key}_other")["d"]}, "key_inconsistent"), ("d is zero", {"d": b64(bytes(ec.size))}, "key_inconsistent"), ("d is the order", {"d": b64(ec.bytes(ec.n))}, "key_inconsistent"),
            ("d a byte short", {"d": b64(ec.bytes(d)[1:])}, "key_inconsistent"), ("d a byte long", {"d": b64(b"\0" + ec.bytes(d))}, "key_inconsistent"), ("d empty", {"d": ""}, "key_inconsistent"),
            ("one byte of y moved into x", {"x": b64(x + y[:1]), "y": b64(y[1:])}, "key_point_invalid"), ("y beside the curve", {"y": b64(y[:-1] + bytes([y[-1] ^ 1]))}, "key_point_invalid"),
            ("the other curve", {"crv": "P-384" if key == "p256" else "P-256"}, "key_point_invalid"), ("crv P-521", {"crv": "P-521"}, "key_unsupported"),
        ):
            web(f"{key}: {name}", private_jwk(key) | change, expect)
    okp = private_jwk("ed25519")
    for name, change, expect in (("another's x", {"x": jwk("ed25519_other")["x"]}, "key_inconsistent"), ("another's d", {"d": private_jwk("ed25519_other")["d"]}, "key_inconsistent"), ("d of 31 bytes", {"d": b64(bytes(31))}, "key_inconsistent"),
                                 ("d of 64 bytes", {"d": b64(ED_SECRETS["ed25519"] * 2)}, "key_inconsistent"), ("crv X25519", {"crv": "X25519"}, "key_unsupported"), ("crv Ed448", {"crv": "Ed448"}, "key_unsupported")):
        web(f"ed25519: {name}", okp | change, expect)
