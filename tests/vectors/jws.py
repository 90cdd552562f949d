"""JWS and DER made from their parts, good or broken on purpose. Standard library only; shares nothing with core."""

import base64
import hashlib
import hmac
import json

from curves import EC_SECRETS, ED25519, ED_SECRETS
from fixed_keys import RSA

HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
DIGEST_INFO = {
    "256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


def b64(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def dumps(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def text_of(value):
    """JSON text as it is, anything else as compact JSON."""
    return value if isinstance(value, (str, bytes)) else dumps(value)


def hs(alg, secret, signed):
    return hmac.new(secret, signed.encode(), HASHES[alg[2:]]).digest()


def rsa_raw(name, message):
    """The bare private operation over `message` as a number, as long as the modulus."""
    n, _, d = RSA[name]
    return pow(int.from_bytes(message, "big"), d, n).to_bytes((n.bit_length() + 7) // 8, "big")


def rsa_len(name):
    return (RSA[name][0].bit_length() + 7) // 8


def pkcs1_block(alg, name, signed, info=None):
    """EMSA-PKCS1-v1_5 (RFC 8017 §9.2)."""
    info = (DIGEST_INFO[alg[2:]] if info is None else info) + HASHES[alg[2:]](signed.encode()).digest()
    return b"\0\1" + b"\xff" * (rsa_len(name) - len(info) - 3) + b"\0" + info


def rs(alg, name, signed):
    return rsa_raw(name, pkcs1_block(alg, name, signed))


def mgf1(digest, seed, length):
    blocks = (digest(seed + i.to_bytes(4, "big")).digest() for i in range(length // digest().digest_size + 1))
    return b"".join(blocks)[:length]


def pss_block(alg, name, signed, salt=None, mask=None, trailer=b"\xbc", filler=b"\0", mark=b"\1", top=0):
    """EMSA-PSS (RFC 8017 §9.1) with a fixed salt as long as the hash, so that it is the same every time."""
    digest = HASHES[alg[2:]]
    size = digest().digest_size
    salt = bytes(range(size)) if salt is None else salt
    bits = RSA[name][0].bit_length() - 1
    length = (bits + 7) // 8
    h = digest(b"\0" * 8 + digest(signed.encode()).digest() + salt).digest()
    db = filler * (length - size - len(salt) - 2) + mark + salt
    masked = bytes(a ^ b for a, b in zip(db, mgf1(mask or digest, h, len(db))))
    return bytes([masked[0] & (0xFF >> (8 * length - bits)) | top]) + masked[1:] + h + trailer


def ps(alg, name, signed, **broken):
    return rsa_raw(name, pss_block(alg, name, signed, **broken))


def es(name, signed):
    curve, d = EC_SECRETS[name]
    return curve.raw(*curve.sign(d, signed.encode()))


def ed(name, signed):
    return ED25519.raw(*ED25519.sign(ED_SECRETS[name], signed.encode()))


# DER (X.690), as much as a key needs.


def tlv(tag, body):
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def integer(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def sequence(*parts):
    return tlv(0x30, b"".join(parts))


RSA_OID = bytes.fromhex("06092a864886f70d010101")
NULL = b"\5\0"


def pkcs1(n, e):
    return sequence(integer(n), integer(e))


def spki(inner, algorithm=RSA_OID + NULL, unused=0):
    return sequence(sequence(algorithm), tlv(3, bytes([unused]) + inner))


def pkcs1_private(name):
    """RSAPrivateKey with its version and n, e, d; the primes are of no matter to whoever must refuse it."""
    n, e, d = RSA[name]
    return sequence(integer(0), integer(n), integer(e), integer(d), *[integer(1)] * 5)


def pkcs8(name):
    return sequence(integer(0), sequence(RSA_OID + NULL), tlv(4, pkcs1_private(name)))


def pem(label, der, width=64):
    body = base64.b64encode(der).decode()
    lines = [body[i : i + width] for i in range(0, len(body), width)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


EC_OID = bytes.fromhex("06072a8648ce3d0201")
CURVE_OIDS = {"P-256": bytes.fromhex("06082a8648ce3d030107"), "P-384": bytes.fromhex("06052b81040022"),
              "P-521": bytes.fromhex("06052b81040023"), "secp256k1": bytes.fromhex("06052b8104000a")}
ED25519_OID = bytes.fromhex("06032b6570")


def curve_of(name):
    return "P-256" if name.startswith("p256") else "P-384"


def point(name):
    curve, d = EC_SECRETS[name]
    return b"\4" + b"".join(curve.public(d))


def spki_der(name):
    if name in RSA:
        return spki(pkcs1(*RSA[name][:2]))
    if name in EC_SECRETS:
        return spki(point(name), EC_OID + CURVE_OIDS[curve_of(name)])
    return spki(ED25519.public(ED_SECRETS[name]), ED25519_OID)


def spki_pem(name):
    return pem("PUBLIC KEY", spki_der(name))


def jwk(name, **more):
    if name in RSA:
        n, e, _ = RSA[name]
        number = lambda v: b64(v.to_bytes((v.bit_length() + 7) // 8, "big"))  # noqa: E731
        return {"kty": "RSA", "n": number(n), "e": number(e), **more}
    if name in EC_SECRETS:
        curve, d = EC_SECRETS[name]
        x, y = curve.public(d)
        return {"kty": "EC", "crv": curve_of(name), "x": b64(x), "y": b64(y), **more}
    return {"kty": "OKP", "crv": "Ed25519", "x": b64(ED25519.public(ED_SECRETS[name])), **more}
