"""PyJWT's verdict on each token of a file, a line each: `ok`, or the name of its error.

The first line of the file holds the time and the keys, each other line a token and what is asked of it: see
`tests/tests/differential`.
"""

import json
import sys
from datetime import datetime, timezone

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import api_jwt


def stop_the_clock(now):
    """PyJWT can't be told the time: it asks `datetime`, and gets the one of the file."""

    class Stopped(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(now, tz or timezone.utc)

    api_jwt.datetime = Stopped


def verdict(case, key):
    audience = case["audience"]
    # What is expected must be there; without this, it passes over a subject that is missing.
    options = {"require": ["exp"] + (["sub"] if case["subject"] is not None else [])}
    if audience == "any":
        options["verify_aud"] = False
    try:
        jwt.decode(
            case["token"],
            key,
            algorithms=case["algorithms"],
            options=options,
            audience=audience if isinstance(audience, list) else None,
            issuer=case["issuer"],
            subject=case["subject"],
            leeway=case["tolerance"],
        )
        return "ok"
    except jwt.PyJWTError as error:
        return type(error).__name__
    except Exception as error:  # What is none of its own errors is told apart.
        return f"!{type(error).__name__}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        first = json.loads(next(file))
        stop_the_clock(first["now"])
        keys = {
            name: bytes.fromhex(key["secret_hex"])
            if "secret_hex" in key
            else load_pem_public_key(key["pem"].encode())
            for name, key in first["keys"].items()
        }
        for number, line in enumerate(file, 1):
            case = json.loads(line)
            print(verdict(case, keys[case["key"]]))
            if number % 25_000 == 0:
                print(f"differential: PyJWT {number}", file=sys.stderr, flush=True)


main()
