#!/usr/bin/env python3
"""Writes jwt.json and keys.json, the vectors that Rust, Python and Node all run.

Made apart from the core on purpose: standard library only, its own JWS, DER, RSA, ECDSA and Ed25519. The same bytes
every time. `--check` writes nothing and says whether the committed files are what would be written.
"""

import json
import pathlib
import sys

import jwt_good
import jwt_hostile
import jwt_public
import jwt_rules
import key_cases
from jws import spki_pem
from make import SECRETS, Cases

HERE = pathlib.Path(__file__).parent
RS = ["RS256", "RS384", "RS512"]
PS = ["PS256", "PS384", "PS512"]


def keys():
    named = {name: {"kind": "hmac", "alg": alg, "secret_hex": secret.hex()} for name, (alg, secret) in SECRETS.items()}

    def public(name, algs, key):
        named[name] = {"kind": "pem", "algs": algs, "pem": spki_pem(key)}

    for name in ("rsa2048", "rsa2048_other", "rsa2048_e3", "rsa2049", "rsa4096", "rsa8192"):
        public(name, RS, name)
    public("rsa2048_rs256", ["RS256"], "rsa2048")
    for name in ("rsa2048", "rsa2049", "rsa4096", "rsa8192"):
        public(f"{name}_ps", PS, name)
    public("rsa2048_both", RS + PS, "rsa2048")
    for name, alg in (("p256", "ES256"), ("p256_other", "ES256"), ("p384", "ES384"), ("p384_other", "ES384"),
                      ("ed25519", "EdDSA"), ("ed25519_other", "EdDSA")):
        public(name, [alg], name)
    return named


def lines(head, vectors):
    """One line a vector, so that a change shows as one."""
    body = ",\n".join("  " + json.dumps(vector, ensure_ascii=True) for vector in vectors)
    return json.dumps(head, indent=1)[:-2] + ',\n "vectors": [\n' + body + "\n ]\n}\n"


def files():
    cases = Cases()
    jwt_good.add(cases)
    jwt_hostile.add(cases)
    jwt_public.add(cases)
    jwt_rules.add(cases)
    yield "jwt.json", lines({"format": 1, "keys": keys()}, cases.vectors)
    yield "keys.json", lines({"format": 1}, key_cases.vectors())


def main():
    stale = 0
    for name, text in files():
        path = HERE / name
        if "--check" not in sys.argv[1:]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{name} is not what generate.py makes", file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
