"""ECDSA over P-256 and P-384, and Ed25519, by the book and slowly: for making test data, never for secrets.

Held to the examples of RFC 6979 (appendix A.2) and RFC 8032 (§7.1) whenever it is imported.
"""

import hashlib
import hmac


class Weierstrass:
    """A curve y² = x³ - 3x + b over a prime field (FIPS 186-4, appendix D.1.2); None is the point at infinity."""

    def __init__(self, digest, p, b, n, x, y):
        self.digest, self.p, self.b, self.n, self.g = digest, p, b, n, (x, y)
        self.size = (p.bit_length() + 7) // 8
        assert self.holds(self.g)

    def holds(self, point):
        x, y = point
        return (y * y - x * x * x + 3 * x - self.b) % self.p == 0

    def add(self, a, b):
        if a is None or b is None:
            return a or b
        if a[0] == b[0]:
            if (a[1] + b[1]) % self.p == 0:
                return None
            slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, self.p)
        else:
            slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, self.p)
        x = (slope * slope - a[0] - b[0]) % self.p
        return x, (slope * (a[0] - x) - a[1]) % self.p

    def times(self, k, point=None):
        point, total = point or self.g, None
        while k:
            if k & 1:
                total = self.add(total, point)
            point, k = self.add(point, point), k >> 1
        return total

    def bytes(self, number):
        return number.to_bytes(self.size, "big")

    def public(self, d):
        """x and y, each as long as the field."""
        x, y = self.times(d)
        return self.bytes(x), self.bytes(y)

    def hashed(self, message):
        # Both hashes are as long as their group's order: nothing to cut off.
        return int.from_bytes(self.digest(message).digest(), "big")

    def nonce(self, d, message):
        """RFC 6979 §3.2."""
        mac = lambda k, data: hmac.new(k, data, self.digest).digest()  # noqa: E731
        seed = self.bytes(d) + self.bytes(self.hashed(message) % self.n)
        v, k = b"\1" * self.size, b"\0" * self.size
        for mark in (b"\0", b"\1"):
            k = mac(k, v + mark + seed)
            v = mac(k, v)
        while True:
            v = mac(k, v)
            candidate = int.from_bytes(v, "big")
            if 0 < candidate < self.n:
                return candidate
            k = mac(k, v + b"\0")
            v = mac(k, v)

    def sign(self, d, message, k=None):
        k = k or self.nonce(d, message)
        r = self.times(k)[0] % self.n
        s = pow(k, -1, self.n) * (self.hashed(message) + r * d) % self.n
        assert r and s
        return r, s

    def raw(self, r, s):
        """As JWS has it (RFC 7518 §3.4)."""
        return self.bytes(r) + self.bytes(s)


P256 = Weierstrass(
    hashlib.sha256,
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
P384 = Weierstrass(
    hashlib.sha384,
    2**384 - 2**128 - 2**96 + 2**32 - 1,
    0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
    0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
)


class Edwards25519:
    """-x² + y² = 1 + dx²y² (RFC 8032 §5.1)."""

    p = 2**255 - 19
    order = 2**252 + 27742317777372353535851937790883648493
    d = -121665 * pow(121666, -1, p) % p

    def __init__(self):
        self.base = self.point((4 * pow(5, -1, self.p) % self.p).to_bytes(32, "little"))
        assert self.times(self.order, self.base) == (0, 1)

    def add(self, a, b):
        both = self.d * a[0] * b[0] * a[1] * b[1]
        x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + both, -1, self.p)
        y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - both, -1, self.p)
        return x % self.p, y % self.p

    def times(self, k, point):
        total = (0, 1)
        while k:
            if k & 1:
                total = self.add(total, point)
            point, k = self.add(point, point), k >> 1
        return total

    def point(self, encoded):
        """§5.1.3; y is taken modulo p, as lenient readers do. None where there is no such point."""
        y = int.from_bytes(encoded, "little")
        sign, y = y >> 255, (y & (1 << 255) - 1) % self.p
        square = (y * y - 1) * pow(self.d * y * y + 1, -1, self.p) % self.p
        x = pow(square, (self.p + 3) // 8, self.p)
        if x * x % self.p != square:
            x = x * pow(2, (self.p - 1) // 4, self.p) % self.p
        if x * x % self.p != square:
            return None
        return (self.p - x if x & 1 != sign and x else x), y

    def encode(self, point):
        return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")

    def expand(self, secret):
        digest = hashlib.sha512(secret).digest()
        scalar = int.from_bytes(digest[:32], "little")
        return scalar & (1 << 254) - 8 | 1 << 254, digest[32:]

    def public(self, secret):
        return self.encode(self.times(self.expand(secret)[0], self.base))

    def challenge(self, r, a, message):
        return int.from_bytes(hashlib.sha512(r + a + message).digest(), "little") % self.order

    def sign(self, secret, message):
        """The encoded R, and S as a number."""
        scalar, prefix = self.expand(secret)
        nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % self.order
        r = self.encode(self.times(nonce, self.base))
        return r, (nonce + self.challenge(r, self.encode(self.times(scalar, self.base)), message) * scalar) % self.order

    def raw(self, r, s):
        return r + s.to_bytes(32, "little")

    def low_order(self):
        """Every encoding of every point whose order divides eight: y below 2²⁵⁵, reduced or not, and both signs."""
        found = {}
        torsion = next(t for t in (self.times(self.order, self.point(bytes([y]) + bytes(31)) or (0, 1)) for y in range(2, 99))
                       if self.times(4, t) != (0, 1))
        for i in range(8):
            x, y = self.times(i, torsion)
            for spelled in (y, y + self.p):
                if spelled < 1 << 255:
                    for sign in (0, 1):
                        found[(spelled | sign << 255).to_bytes(32, "little")] = i
        return sorted(found)


ED25519 = Edwards25519()

# The examples' private keys; the others are digits of nothing in particular.
EC_SECRETS = {
    "p256": (P256, 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721),
    "p256_other": (P256, 0x1234567890ABCDEF),
    "p384": (P384, 0x6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5),
    "p384_other": (P384, 0x1234567890ABCDEF),
}
ED_SECRETS = {
    "ed25519": bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
    "ed25519_other": bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
}


def _self_check():
    curve, d = EC_SECRETS["p256"]
    assert curve.public(d)[0].hex() == "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    assert curve.nonce(d, b"sample") == 0xA6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60
    assert curve.raw(*curve.sign(d, b"sample")).hex().upper() == (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )
    curve, d = EC_SECRETS["p384"]
    assert curve.raw(*curve.sign(d, b"sample")).hex().upper() == (
        "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46"
        "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8"
    )
    for name, message, public, signature in (
        ("ed25519", "", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("ed25519_other", "72", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ):
        secret = ED_SECRETS[name]
        assert ED25519.public(secret).hex() == public
        assert ED25519.raw(*ED25519.sign(secret, bytes.fromhex(message))).hex() == signature
    assert len(ED25519.low_order()) == 14


_self_check()
