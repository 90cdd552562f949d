#!/usr/bin/env python3
"""Writes jwt.json and keys.json, the vectors that Rust, Python and Node all run.

Made apart from the core on purpose: standard library only, its own JWS, its own DER, its own RSA. The same bytes
every time. `--check` writes nothing and says whether the committed files are what would be written.
"""

import json
import pathlib
import sys

import jwt_good
import jwt_hostile
import key_cases
from jws import spki_pem
from make import SECRETS, Cases

HERE = pathlib.Path(__file__).parent
RS = ["RS256", "RS384", "RS512"]


def keys():
    named = {name: {"kind": "hmac", "alg": alg, "secret_hex": secret.hex()} for name, (alg, secret) in SECRETS.items()}
    for name in ("rsa2048", "rsa2048_other", "rsa2048_e3", "rsa2049", "rsa4096", "rsa8192"):
        named[name] = {"kind": "rsa_pem", "algs": RS, "pem": spki_pem(name)}
    named["rsa2048_rs256"] = {"kind": "rsa_pem", "algs": ["RS256"], "pem": spki_pem("rsa2048")}
    return named


def lines(head, vectors):
    """One line a vector, so that a change shows as one."""
    body = ",\n".join("  " + json.dumps(vector, ensure_ascii=True) for vector in vectors)
    return json.dumps(head, indent=1)[:-2] + ',\n "vectors": [\n' + body + "\n ]\n}\n"


def files():
    cases = Cases()
    jwt_good.add(cases)
    jwt_hostile.add(cases)
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
