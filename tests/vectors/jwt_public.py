"""PS*, ES* and EdDSA: tokens that must verify, and signatures that must not."""

import hashlib

from curves import EC_SECRETS, ED25519, ED_SECRETS
from fixed_keys import RSA
from jws import HASHES, b64, dumps, ed, es, hs, integer, jwk, point, ps, pss_block, rs, rsa_raw, sequence, spki_der, spki_pem
from make import SECRETS, Cases, payload, signed_part, token

ANY = {"audience": {"any": True}}
CURVES = {"ES256": "p256", "ES384": "p384"}


def add(cases):
    good(cases)
    pss(cases)
    ecdsa(cases)
    eddsa(cases)
    confusion(cases)


def good(cases: Cases):
    c = cases.of("good")
    for alg in ("PS256", "PS384", "PS512"):
        for key in ("rsa2048_ps", "rsa2049_ps", "rsa4096_ps", "rsa2048_both"):
            c.add(f"{alg} by {key}", token(alg=alg, key=key), keys=[key], rules=ANY)
    c.add("PS512 by 8192 bits", token(alg="PS512", key="rsa8192_ps"), keys=["rsa8192_ps"], rules=ANY)
    c.add("RS384 by a key for both schemes", token(alg="RS384", key="rsa2048"), keys=["rsa2048_both"], rules=ANY)
    for alg, key in (*CURVES.items(), ("EdDSA", "ed25519")):
        c.add(alg, token(alg=alg, key=key), keys=[key], rules=ANY, claims={"subject": "anna"})
        c.add(f"{alg} with issuer and audience", token(payload(iss="i", aud="a"), alg=alg, key=key), keys=[key],
              rules={"issuer": "i", "audience": "a"}, claims={"issuer": "i", "audience": ["a"]})
        c.add(f"{alg} with a kid", token(header={"alg": alg, "kid": "k"}, alg=alg, key=key), keys=[(key, "k")], rules=ANY)
    every = {"HS256": "hs256", "RS256": "rsa2048_rs256", "PS384": "rsa2048_ps", "ES256": "p256", "ES384": "p384", "EdDSA": "ed25519"}
    for alg, bound in every.items():
        key = bound.split("_")[0]
        c.add(f"{alg} among keys of every kind", token(alg=alg, key=key), keys=list(every.values()), rules=ANY)
        c.add(f"{alg} by its kid among keys of every kind", token(header={"alg": alg, "kid": bound}, alg=alg, key=key),
              keys=[(name, name) for name in every.values()], rules=ANY)
        other = "hs256" if bound != "hs256" else "p256"
        cases.of("kid").add(f"{alg} under the kid of a key of another kind", token(header={"alg": alg, "kid": other}, alg=alg, key=key),
                            keys=[(name, name) for name in every.values()], rules=ANY, expect="key_not_found")


def pss(cases: Cases):
    c = cases.of("signature")
    key, bound = "rsa2048", ["rsa2048_ps"]
    signed = signed_part(alg="PS256")
    sound = ps("PS256", key, signed)
    n = RSA[key][0]
    for name, bad in {
        "with an empty salt": ps("PS256", key, signed, salt=b""), "with a salt of 20 bytes": ps("PS256", key, signed, salt=bytes(20)),
        "with a salt of 31 bytes": ps("PS256", key, signed, salt=bytes(31)), "with a salt of 33 bytes": ps("PS256", key, signed, salt=bytes(33)),
        "with the longest salt": ps("PS256", key, signed, salt=bytes(222)), "with SHA-1 in its mask": ps("PS256", key, signed, mask=hashlib.sha1),
        "with SHA-512 in its mask": ps("PS256", key, signed, mask=hashlib.sha512), "with another trailer": ps("PS256", key, signed, trailer=b"\xcc"),
        "with its top bit set": ps("PS256", key, signed, top=0x80), "padded with ones": ps("PS256", key, signed, filler=b"\xff"),
        "without the mark before its salt": ps("PS256", key, signed, mark=b"\0"), "with another mark": ps("PS256", key, signed, mark=b"\2"),
        "of another key": ps("PS256", "rsa2048_other", signed), "by SHA-384": ps("PS384", key, signed), "of zeros": bytes(256), "of one": (1).to_bytes(256, "big"),
        "of n": n.to_bytes(256, "big"), "cut by one byte": sound[:-1], "with a zero before": b"\0" + sound, "with a zero behind": sound + b"\0",
        "over the payload alone": ps("PS256", key, signed.split(".")[1]), "that is the bare block": pss_block("PS256", key, signed),
        "over a block of zeros": rsa_raw(key, bytes(256)),
    }.items():
        c.add(f"a PSS signature {name}", signed + "." + b64(bad), keys=bound, rules=ANY, expect="signature_invalid")
    c.add("another payload under a good PSS signature", signed_part(payload(admin=True), alg="PS256") + "." + b64(sound), keys=bound, rules=ANY, expect="signature_invalid")


def ecdsa(cases: Cases):
    c = cases.of("ECDSA, EdDSA")
    for alg, key in CURVES.items():
        curve, d = EC_SECRETS[key]
        n, size = curve.n, curve.size
        signed = signed_part(alg=alg)
        r, s = curve.sign(d, signed.encode())
        sound = curve.raw(r, s)
        der = sequence(integer(r), integer(s))

        def put(name, bad, expect="signature_invalid"):
            c.add(f"{alg}: {name}", signed + "." + b64(bad), keys=[key], rules=ANY, expect=expect)

        for name, pair in {
            "r and s are zero": (0, 0), "r is zero": (0, s), "s is zero": (r, 0), "r is n": (n, s), "s is n": (r, n), "both are n": (n, n),
            "r is n + 1": (n + 1, s), "s is n + 1": (r, n + 1), "r is n - 1": (n - 1, s), "s is n - 1": (r, n - 1), "r and s are one": (1, 1),
            "r is one, s is zero": (1, 0), "r is p": (curve.p, s), "r is all ones": ((1 << 8 * size) - 1, s), "s is all ones": (r, (1 << 8 * size) - 1),
            "r and s swapped": (s, r), "r negated": (n - r, s), "s plus one": (r, s + 1), "r is the base point's": (curve.g[0], s),
        }.items():
            put(name, curve.raw(*pair))
        put("s is n - s: accepted, as everywhere in JOSE (RFC 7518 §3.4 asks for no low s)", curve.raw(r, n - s), "ok")
        # A nonce whose point has a first coordinate that begins with a zero byte: it must be kept.
        k, at = 1, curve.g
        while at[0] >> (8 * size - 8):
            k, at = k + 1, curve.add(at, curve.g)
        short = curve.raw(*curve.sign(d, signed.encode(), k))
        assert short[0] == 0
        put("r begins with a zero", short, "ok")
        put("r begins with a zero that is left out", short[1:])
        put("DER instead of raw", der)
        put("DER cut to the raw length", der[: 2 * size])
        put("cut by one byte", sound[:-1])
        put("one byte longer", sound + b"\0")
        put("one zero before", b"\0" + sound)
        put("a zero before each", b"\0" + sound[:size] + b"\0" + sound[size:])
        put("r alone", sound[:size])
        put("one byte", b"\1")
        put("twice", sound + sound)
        put("both numbers little-endian", sound[:size][::-1] + sound[size:][::-1])
        put("in hexadecimal", sound.hex().encode())
        put("of another key", es(f"{key}_other", signed))
        put("of the payload alone", es(key, signed.split(".")[1]))
        put("of the hash of the message", curve.raw(*curve.sign(d, curve.digest(signed.encode()).digest())))
        c.add(f"{alg}: another payload under a good signature", signed_part(payload(admin=True), alg=alg) + "." + b64(sound), keys=[key], rules=ANY, expect="signature_invalid")
        c.add(f"{alg}: the key of another owner", token(alg=alg, key=key), keys=[f"{key}_other"], rules=ANY, expect="signature_invalid")
    for alg, key, other in (("ES256", "p384", "p256"), ("ES384", "p256", "p384")):
        wrong = token(alg=alg, key=key)
        c.add(f"{alg} by the other curve's key", wrong, keys=[key], rules=ANY, expect="algorithm_not_allowed")
        c.add(f"{alg} by the other curve's key, both configured", wrong, keys=[key, other], rules=ANY, expect="signature_invalid")


def eddsa(cases: Cases):
    c = cases.of("ECDSA, EdDSA")
    secret, order = ED_SECRETS["ed25519"], ED25519.order
    signed = signed_part(alg="EdDSA")
    message = signed.encode()
    public = ED25519.public(secret)
    scalar = ED25519.expand(secret)[0]
    r, s = ED25519.sign(secret, message)
    sound = ED25519.raw(r, s)
    torsion = next(p for p in map(ED25519.point, ED25519.low_order()) if p and ED25519.times(4, p) != (0, 1))
    # Made with the private key so that 8·S·B = 8·R + 8·h·A, though S·B is not R + h·A.
    twisted = ED25519.encode(ED25519.add(ED25519.times(7, ED25519.base), torsion))
    cofactored = ED25519.raw(twisted, (7 + ED25519.challenge(twisted, public, message) * scalar) % order)

    def nothing(spelled):
        """R is the neutral element, in some spelling, and S to match it."""
        return ED25519.raw(spelled, ED25519.challenge(spelled, public, message) * scalar % order)

    one, high = (1).to_bytes(32, "little"), (ED25519.p + 1).to_bytes(32, "little")
    dom = b"SigEd25519 no Ed25519 collisions\1\0"
    prehashed = int.from_bytes(hashlib.sha512(dom + r + public + hashlib.sha512(message).digest()).digest(), "little") % order

    def put(name, bad, expect="signature_invalid"):
        c.add(f"EdDSA: {name}", signed + "." + b64(bad), keys=["ed25519"], rules=ANY, expect=expect)

    for name, number in {"S is zero": 0, "S is L": order, "S is S + L": s + order, "S is S + 2L": s + 2 * order, "S is S + 8L": s + 8 * order, "S is L - 1": order - 1,
                         "S negated": order - s, "S is all ones": 2**256 - 1, "S has its top bit set": s | 1 << 255, "S plus one": s + 1}.items():
        put(name, ED25519.raw(r, number))
    put("R and S swapped", sound[32:] + sound[:32])
    put("R with its sign turned", bytes([*r[:31], r[31] ^ 0x80]) + sound[32:])
    put("R is zero", bytes(32) + sound[32:])
    put("zeros", bytes(64))
    put("R is the neutral element, S is zero", one + bytes(32))
    put("R is the neutral element in another spelling", nothing(high))
    put("R is the neutral element with its sign bit set", nothing((1 | 1 << 255).to_bytes(32, "little")))
    put("what only the equation with the cofactor takes", cofactored)
    put("prehashed (Ed25519ph)", ED25519.raw(r, (s + (prehashed - ED25519.challenge(r, public, message)) * scalar) % order))
    put("of the message's hash", ed("ed25519", hashlib.sha512(message).hexdigest()))
    put("cut by one byte", sound[:-1])
    put("one byte longer", sound + b"\0")
    put("R alone", r)
    put("twice", sound + sound)
    put("as long as Ed448's", sound + bytes(50))
    put("in hexadecimal", sound.hex().encode())
    put("of another key", ed("ed25519_other", signed))
    put("of the payload alone", ed("ed25519", signed.split(".")[1]))
    c.add("EdDSA: another payload under a good signature", signed_part(payload(admin=True), alg="EdDSA") + "." + b64(sound), keys=["ed25519"], rules=ANY, expect="signature_invalid")
    c.add("EdDSA: the key of another owner", token(alg="EdDSA", key="ed25519"), keys=["ed25519_other"], rules=ANY, expect="signature_invalid")


def confusion(cases: Cases):
    c = cases.of("algorithm confusion")
    pkcs, pss_signed = signed_part(alg="RS256"), signed_part(alg="PS256")
    c.add("PSS under RS256's name, both allowed", pkcs + "." + b64(ps("RS256", "rsa2048", pkcs)), keys=["rsa2048_both"], rules=ANY, expect="signature_invalid")
    c.add("PKCS#1 v1.5 under PS256's name, both allowed", pss_signed + "." + b64(rs("RS256", "rsa2048", pss_signed)), keys=["rsa2048_both"], rules=ANY, expect="signature_invalid")
    c.add("RS256, rightly signed, where PS* is bound", token(alg="RS256", key="rsa2048"), keys=["rsa2048_ps"], rules=ANY, expect="algorithm_not_allowed")
    c.add("PS384 under PS512's name", (s := signed_part(alg="PS512")) + "." + b64(ps("PS384", "rsa2048", s)), keys=["rsa2048_ps"], rules=ANY, expect="signature_invalid")
    for key, alg in (("p256", "ES256"), ("p384", "ES384"), ("ed25519", "EdDSA")):
        sound = token(alg=alg, key=key).split(".")
        for name in ("ES512", "ES256K", "Ed25519", "Ed448", "EDDSA", alg.lower(), "RS256", "PS256", "HS256", "none", f"{alg} "):
            signed = signed_part(header={"alg": name})
            signature = es(key, signed) if key in EC_SECRETS else ed(key, signed)
            c.add(f"a signature by {key} under the name {name!r}", signed + "." + b64(signature), keys=[key], rules=ANY, expect="algorithm_not_allowed")
        signed = signed_part(alg="HS256")
        for text, secret in {"the PEM": spki_pem(key).encode(), "the DER": spki_der(key), "the JWK": dumps(jwk(key)).encode()}.items():
            c.add(f"HS256 keyed with {text} of {key}", signed + "." + b64(hs("HS256", secret, signed)), keys=[key], rules=ANY, expect="algorithm_not_allowed")
        bare = point(key)[1:] if key in EC_SECRETS else ED25519.public(ED_SECRETS[key])
        c.add(f"HS256 keyed with the bare point of {key}, a secret beside it", signed + "." + b64(hs("HS256", bare, signed)), keys=[key, "hs256"], rules=ANY, expect="signature_invalid")
        c.add(f"an HMAC under {alg}'s name", (s := signed_part(alg=alg)) + "." + b64(hs("HS256", SECRETS["hs256"][1], s)), keys=[key, "hs256"], rules=ANY, expect="signature_invalid")
        c.add(f"{alg} where a secret is bound", ".".join(sound), expect="algorithm_not_allowed")
        c.add(f"{alg} where RSA is bound", ".".join(sound), keys=["rsa2048_both"], rules=ANY, expect="algorithm_not_allowed")
        c.add(f"{alg}: a public key and no audience rule", ".".join(sound), keys=[key], expect="audience_not_configured")
        c.add(f"{alg}: a key in the header's jwk is not used", token(header={"alg": alg, "jwk": jwk(f"{key}_other")}, alg=alg, key=f"{key}_other"), keys=[key], rules=ANY, expect="signature_invalid")
    assert set(HASHES) == {"256", "384", "512"}
