"""JWS and DER made from their parts, good or broken on purpose. Standard library only; shares nothing with core."""

import base64
import hashlib
import hmac
import json

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


def ps(alg, name, signed):
    """RSASSA-PSS with an empty salt (RFC 8017 §9.1), so that it is the same every time."""
    digest = HASHES[alg[2:]]
    size = digest().digest_size
    bits = RSA[name][0].bit_length() - 1
    length = (bits + 7) // 8
    h = digest(b"\0" * 8 + digest(signed.encode()).digest()).digest()
    db = b"\0" * (length - size - 2) + b"\1"
    mask = b"".join(digest(h + i.to_bytes(4, "big")).digest() for i in range(len(db) // size + 1))
    masked = bytes(a ^ b for a, b in zip(db, mask))
    masked = bytes([masked[0] & (0xFF >> (8 * length - bits))]) + masked[1:]
    return rsa_raw(name, masked + h + b"\xbc")


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


def spki_pem(name):
    n, e, _ = RSA[name]
    return pem("PUBLIC KEY", spki(pkcs1(n, e)))


def jwk(name, **more):
    n, e, _ = RSA[name]
    number = lambda v: b64(v.to_bytes((v.bit_length() + 7) // 8, "big"))  # noqa: E731
    return {"kty": "RSA", "n": number(n), "e": number(e), **more}
