"""The list being made, and the usual token: HS256, `{"sub":"anna","exp":<in an hour>}`."""

import re

from jws import b64, dumps, ed, es, hs, ps, rs, text_of

NOW = 1_700_000_000
EXP = NOW + 3600

SECRETS = {
    "hs256": ("HS256", bytes(range(1, 33))),
    "hs256_other": ("HS256", bytes(range(101, 133))),
    "hs384": ("HS384", bytes(range(1, 49))),
    "hs512": ("HS512", bytes(range(1, 65))),
}


def payload(*texts, **members):
    """The usual payload, JSON text or members added to it."""
    fixed = {"sub": "anna", "exp": EXP, **members}
    return "{" + ",".join([dumps(fixed)[1:-1], *texts]) + "}" if texts else fixed


def signed_part(claims=None, header=None, alg="HS256"):
    claims = payload() if claims is None else claims
    header = {"alg": alg, "typ": "JWT"} if header is None else header
    return b64(text_of(header)) + "." + b64(text_of(claims))


def signature(signed, alg="HS256", key="hs256"):
    if alg.startswith("HS"):
        return hs(alg, SECRETS[key][1], signed)
    # The last part of a name says which algorithms are bound to the key, and is none of its own.
    key = key.removesuffix("_ps").removesuffix("_both")
    if alg.startswith("PS"):
        return ps(alg, key, signed)
    if alg.startswith("ES"):
        return es(key, signed)
    return ed(key, signed) if alg == "EdDSA" else rs(alg, key, signed)


def token(claims=None, header=None, alg="HS256", key="hs256"):
    """A token whose signature holds, whatever its parts are."""
    signed = signed_part(claims, header, alg)
    return seal(signed, alg, key)


def seal(signed, alg="HS256", key="hs256"):
    """Any text, signed as it stands."""
    return signed + "." + b64(signature(signed, alg, key))


def compact(text):
    """A long run of one four-character unit is described instead of written out."""
    if not isinstance(text, str):
        return text
    run = max(re.finditer(r"(.{4})\1{127,}", text, re.S), key=lambda m: len(m[0]), default=None)
    if run is None:
        return text
    return {"repeat": [text[: run.start()], run[1], len(run[0]) // 4, text[run.end() :]]}


class Cases:
    def __init__(self):
        self.vectors = []

    def of(self, name):
        return Class(self, name)


class Class:
    def __init__(self, cases, name):
        self.cases, self.name = cases, name

    def add(self, name, token, keys=("hs256",), rules=None, now=NOW, expect="ok", claims=None):
        vector = {"name": f"{self.name}: {name}", "class": self.name, "token": compact(token),
                  "keys": [{"name": key} if isinstance(key, str) else dict(zip(("name", "kid"), key)) for key in keys],
                  "rules": rules or {}, "now": now, "expect": expect}
        if claims is not None:
            assert expect == "ok", name
            vector["claims"] = claims
        self.cases.vectors.append(vector)
