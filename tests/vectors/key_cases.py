"""Keys that must be refused when they are configured, and good ones beside them."""

import base64
import json

import jwk_cases
import private_cases
from fixed_keys import EC_PEM, ED25519_PEM, RSA
from jws import NULL, RSA_OID, integer, jwk, pem, pkcs1, pkcs1_private, pkcs8, sequence, spki, spki_pem, tlv

RS = ["RS256", "RS384", "RS512"]
OK = "ok"


def vectors():
    made = []
    names = set()

    def put(cls, name, expect, **fields):
        assert (cls, name) not in names, name
        names.add((cls, name))
        made.append({"name": f"{cls}: {name}", "class": cls, **fields, "expect": expect})

    def secret(name, value, expect, alg="HS256", cls="keys", kind="hmac"):
        value = value.encode() if isinstance(value, str) else value
        put(cls, name, expect, kind=kind, alg=alg, secret_hex=value.hex())

    def public_pem(name, value, expect, algs=RS):
        put("keys", name, expect, kind="pem", algs=algs, pem=value)

    def public_der(name, value, expect, algs=RS):
        put("keys", name, expect, kind="der", algs=algs, der_hex=value.hex())

    secrets(secret)
    disguised(secret)
    rsa(public_pem, public_der)
    jwk_cases.add(put)
    private_cases.add(put)
    return made


def secrets(secret):
    for alg, length in (("HS256", 32), ("HS384", 48), ("HS512", 64)):
        secret(f"{alg}: an empty secret", b"", "secret_empty", alg)
        secret(f"{alg}: a secret of one byte", b"k", "secret_too_short", alg)
        secret(f"{alg}: a secret one byte short", bytes(range(1, length)), "secret_too_short", alg)
        secret(f"{alg}: a secret of the least length", bytes(range(1, length + 1)), OK, alg)
        secret(f"{alg}: a long secret", bytes(range(200, 0, -1)), OK, alg)
    secret("a short secret, allowed by name", b"short", OK, kind="hmac_allowing_short")
    secret("an empty secret, short ones allowed", b"", "secret_empty", kind="hmac_allowing_short")
    secret("a PEM, short secrets allowed", "-----BEGIN PUBLIC KEY-----", "secret_is_a_key", kind="hmac_allowing_short")
    secret("a secret for RS256", bytes(range(1, 65)), "key_algorithm_mismatch", "RS256")
    secret("a secret in base64", base64.b64encode(bytes(range(48))), OK)
    secret("a secret in hexadecimal", bytes(range(48)).hex(), OK)
    secret("a pass phrase", "correct horse battery staple, and then some more", OK)
    secret("32 bytes that begin like DER: 30 1e", b"\x30\x1e" + bytes(range(100, 130)), OK)
    secret("a secret of zero bytes is nobody's business", bytes(64), OK)
    secret("a secret that talks about keys", "our key: public keys kept in the vault, kty RSA", OK)


def disguised(secret):
    def bad(name, value):
        secret(name, value, "secret_is_a_key", cls="algorithm confusion")

    n, e, _ = RSA["rsa2048"]
    public = spki_pem("rsa2048")
    rsa_public = pem("RSA PUBLIC KEY", pkcs1(n, e))
    bad("PEM as the secret", public)
    bad("PKCS#1 PEM as the secret", rsa_public)
    bad("a private key's PEM as the secret", pem("PRIVATE KEY", pkcs8("rsa2048")))
    bad("a PKCS#1 private key's PEM as the secret", pem("RSA PRIVATE KEY", pkcs1_private("rsa2048")))
    bad("an EC key's PEM as the secret", EC_PEM)
    bad("an Ed25519 key's PEM as the secret", ED25519_PEM)
    bad("a certificate's PEM as the secret", pem("CERTIFICATE", sequence(sequence(RSA_OID))))
    bad("PEM behind a BOM", "\ufeff" + public)
    bad("PEM behind junk", "Key of example.com, 2024\n\n" + public)
    bad("PEM behind white space", "\r\n\t  " + public)
    bad("PEM before junk", public + "-- \nsent from my phone")
    bad("PEM in one line", public.replace("\n", ""))
    bad("PEM with newlines written as backslash n", public.replace("\n", "\\n"))
    bad("PEM with CR LF", public.replace("\n", "\r\n"))
    bad("PEM without its end", public[:-30])
    bad("PEM in UTF-16", public.encode("utf-16-le"))
    bad("PEM in UTF-16 with a BOM", public.encode("utf-16"))
    bad("PEM in big-endian UTF-16", public.encode("utf-16-be"))
    bad("PEM with a NUL behind", public + "\0")
    bad("DER as the secret", spki(pkcs1(n, e)))
    bad("PKCS#1 DER as the secret", pkcs1(n, e))
    bad("a private key's DER as the secret", pkcs8("rsa2048"))
    bad("a PKCS#1 private key's DER as the secret", pkcs1_private("rsa2048"))
    bad("DER with a newline behind", spki(pkcs1(n, e)) + b"\n")
    bad("DER behind a BOM", b"\xef\xbb\xbf" + spki(pkcs1(n, e)))
    bad("PKCS#1 DER with a newline behind", pkcs1(n, e) + b"\n")
    ec = base64.b64decode("".join(EC_PEM.split("\n")[1:-2]))
    ed = base64.b64decode("".join(ED25519_PEM.split("\n")[1:-2]))
    bad("an EC key's DER as the secret", ec)
    bad("an Ed25519 key's DER as the secret", ed)
    n4, e4, _ = RSA["rsa4096"]
    for size, der in (("2048", spki(pkcs1(n, e))), ("4096", spki(pkcs1(n4, e4)))):
        bare = base64.b64encode(der).decode()
        bad(f"the base64 of DER, {size} bits", bare)
        bad(f"the base64url of DER, {size} bits", base64.urlsafe_b64encode(der).decode().rstrip("="))
    bare = base64.b64encode(spki(pkcs1(n, e))).decode()
    bad("the base64 of DER behind a BOM", "\ufeff" + bare)
    bad("the base64 of DER behind a space", " " + bare)
    bad("the base64 of DER in lines with spaces", "  " + "\n  ".join(bare[i : i + 64] for i in range(0, len(bare), 64)))
    bad("the base64 of DER behind a name", "key=" + bare)
    bad("the base64 of PKCS#1 DER", base64.b64encode(pkcs1(n, e)).decode())
    bad("the base64 of PKCS#1 DER of 4096 bits", base64.b64encode(pkcs1(n4, e4)).decode())
    bad("the base64 of an EC key's DER", base64.b64encode(ec).decode())
    bad("the base64 of an Ed25519 key's DER", base64.b64encode(ed).decode())
    key = jwk("rsa2048", alg="RS256", kid="k")
    bad("a JWK as the secret", json.dumps(key))
    bad("a JWK behind a BOM", "\ufeff" + json.dumps(key))
    bad("a JWK over several lines", json.dumps(key, indent=2))
    bad("a JWK with space before the colon", json.dumps(key, separators=(",", " : ")))
    bad("a JWK in apostrophes", repr(key))
    bad("a JWK of a secret", json.dumps({"kty": "oct", "k": "A" * 43}))
    bad("a JWKS as the secret", json.dumps({"keys": [key]}))
    bad("an empty JWKS as the secret", json.dumps({"keys": [], "comment": "nothing to see here"}))
    bad("a JWK in UTF-16", json.dumps(key).encode("utf-16"))
    blob = tlv(0, b"")  # keeps the encoder honest: 00 00
    assert blob == b"\0\0"
    ssh = base64.b64encode(b"\0\0\0\7ssh-rsa\0\0\0\3\1\0\1\0\0\1\1\0" + n.to_bytes(256, "big")).decode()
    bad("an OpenSSH public key as the secret", f"ssh-rsa {ssh} anna@example")
    bad("an OpenSSH public key behind options", f"no-pty ssh-rsa {ssh}")
    bad("an OpenSSH key's base64 alone", ssh)
    bad("an OpenSSH Ed25519 key as the secret", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ" + "x" * 42)
    bad("an OpenSSH ECDSA key as the secret", "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY" + "x" * 88)
    bad("an OpenSSH private key as the secret", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n")
    bad("an RFC 4716 key as the secret", f"---- BEGIN SSH2 PUBLIC KEY ----\n{ssh}\n---- END SSH2 PUBLIC KEY ----")


def rsa(public_pem, public_der):
    n, e, _ = RSA["rsa2048"]
    der = spki(pkcs1(n, e))
    for name in ("rsa2048", "rsa2048_e3", "rsa2049", "rsa4096", "rsa8192"):
        public_pem(f"{name} in SPKI PEM", spki_pem(name), OK)
        public_der(f"{name} in PKCS#1 DER", pkcs1(*RSA[name][:2]), OK)
    public_pem("PKCS#1 PEM", pem("RSA PUBLIC KEY", pkcs1(n, e)), OK)
    public_der("SPKI DER", der, OK)
    public_der("SPKI DER without parameters", spki(pkcs1(n, e), RSA_OID), OK)
    public_pem("PEM with white space around", "\n  " + spki_pem("rsa2048") + "\n\n", OK)
    public_pem("PEM with CR LF", spki_pem("rsa2048").replace("\n", "\r\n"), OK)

    public_pem("PEM of 1024 bits", spki_pem("rsa1024"), "rsa_size")
    public_der("a modulus of 2047 bits", pkcs1(n >> 1 | 1, e), "rsa_size")
    public_der("a modulus of 2048 bits that is even", pkcs1(n - 1, e), "rsa_size")
    public_der("a modulus of 8193 bits", pkcs1(1 << 8192 | 1, e), "rsa_size")
    public_der("a modulus of zero", pkcs1(0, e), "rsa_size")
    public_der("a modulus of one", pkcs1(1, e), "rsa_size")
    for name, bad in {"0": 0, "1": 1, "2": 2, "65536": 65536, "2^33 + 1": 2**33 + 1, "2^64 + 1": 2**64 + 1, "the modulus": n}.items():
        public_der(f"the exponent is {name}", pkcs1(n, bad), "rsa_exponent")
    public_der("the exponent is 3", pkcs1(n, 3), OK)
    public_der("the exponent is 2^33 - 1", pkcs1(n, 2**33 - 1), OK)
    public_der("a negative modulus", sequence(tlv(2, n.to_bytes(256, "big")), integer(e)), "key_unreadable")
    public_der("a negative exponent", sequence(integer(n), tlv(2, b"\xff")), "key_unreadable")
    public_der("a modulus with a zero too many", sequence(tlv(2, b"\0\0" + n.to_bytes(256, "big")), integer(e)), "key_unreadable")
    public_der("no exponent", sequence(integer(n)), "key_unreadable")
    public_der("three numbers", sequence(integer(n), integer(e), integer(3)), "key_unreadable")
    public_der("no bytes", b"", "key_unreadable")
    public_der("DER cut by one byte", der[:-1], "key_unreadable")
    public_der("DER cut in the middle", der[:150], "key_unreadable")
    public_der("DER cut to its tag", der[:1], "key_unreadable")
    public_der("DER with one byte behind", der + b"\0", "key_unreadable")
    public_der("PKCS#1 DER with one byte behind", pkcs1(n, e) + b"\0", "key_unreadable")
    public_der("SPKI with one byte behind the inner key", spki(pkcs1(n, e) + b"\0"), "key_unreadable")
    public_der("SPKI with unused bits", spki(pkcs1(n, e & ~15) + b"", unused=4), "key_unreadable")
    public_der("SPKI with parameters that are not NULL", spki(pkcs1(n, e), RSA_OID + integer(1)), "key_unreadable")
    public_der("SPKI with an indefinite length", b"\x30\x80" + der[4:] + b"\0\0", "key_unreadable")
    public_der("SPKI with a longer length than needed", b"\x30\x83\0" + der[2:], "key_unreadable")
    public_der("SPKI for RSASSA-PSS", spki(pkcs1(n, e), bytes.fromhex("06092a864886f70d01010a") + NULL), "key_unsupported")
    public_der("a length of 4 GiB", b"\x30\x84\xff\xff\xff\xff" + der[4:], "key_unreadable")
    public_der("random bytes", bytes(range(256)), "key_unreadable")
    public_der("a private key's DER", pkcs8("rsa2048"), "key_unreadable")
    public_der("a PKCS#1 private key's DER", pkcs1_private("rsa2048"), "key_unreadable")
    public_der("the text of a PEM", spki_pem("rsa2048").encode(), "key_unreadable")

    public_pem("a private key", pem("PRIVATE KEY", pkcs8("rsa2048")), "key_private")
    public_pem("a PKCS#1 private key", pem("RSA PRIVATE KEY", pkcs1_private("rsa2048")), "key_private")
    public_pem("an encrypted private key", pem("ENCRYPTED PRIVATE KEY", sequence(NULL)), "key_private")
    public_pem("a public key and then a private one", spki_pem("rsa2048") + pem("PRIVATE KEY", pkcs8("rsa2048")), "key_unreadable")
    public_pem("two public keys", spki_pem("rsa2048") + spki_pem("rsa2048_other"), "key_unreadable")
    public_pem("an EC key under RS256", EC_PEM, "key_algorithm_mismatch")
    public_pem("an Ed25519 key under RS256", ED25519_PEM, "key_algorithm_mismatch")
    public_pem("a certificate", pem("CERTIFICATE", der), "key_unsupported")
    public_pem("an empty text", "", "key_unreadable")
    public_pem("no PEM", "hello", "key_unreadable")
    public_pem("a PEM without its end", spki_pem("rsa2048")[:-26], "key_unreadable")
    public_pem("a PEM with another end", spki_pem("rsa2048").replace("END PUBLIC", "END RSA PUBLIC"), "key_unreadable")
    public_pem("a PEM with a character that is no base64", spki_pem("rsa2048").replace("MIIB", "MI*B"), "key_unreadable")
    public_pem("a PEM cut", spki_pem("rsa2048").replace("IDAQAB", ""), "key_unreadable")
    public_pem("SPKI under PKCS#1's label", pem("RSA PUBLIC KEY", der), "key_unreadable")
    public_pem("PKCS#1 under SPKI's label", pem("PUBLIC KEY", pkcs1(n, e)), "key_unreadable")
    public_pem("JWK for PEM", json.dumps(jwk("rsa2048")), "key_unreadable")
    public_pem("for HS256", spki_pem("rsa2048"), "key_algorithm_mismatch", ["HS256"])
    public_pem("for RS256 and HS256", spki_pem("rsa2048"), "key_algorithm_mismatch", ["RS256", "HS256"])
    public_pem("for no algorithm", spki_pem("rsa2048"), "key_algorithm_mismatch", [])
