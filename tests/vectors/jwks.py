#!/usr/bin/env python3
"""Writes jwks.json, the vectors of fetched key sets: `python3 jwks.py`, or `--check` to compare it with what is there.

Each is a story on a clock: what is asked of the state machine, and what it must answer. Told by hand from RFC 7517,
RFC 8414, OpenID Connect Discovery 1.0 and doorward's own documentation. Standard library only.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
ISSUER = "https://issuer.example"
AT = "https://issuer.example/jwks.json"
POINTS = [
    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",  # RFC 8037 appendix A
    "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",  # RFC 8032 §7.1, test 2
    "_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU",  # RFC 8032 §7.1, test 3
]


def key(number, kid=None, **members):
    return {"kty": "OKP", "crv": "Ed25519", "x": POINTS[number], "kid": kid or f"k{number}", **members}


def keys(*members):
    return json.dumps({"keys": list(members)})


def metadata(issuer=ISSUER, jwks_uri=AT, **members):
    return json.dumps({"issuer": issuer, "jwks_uri": jwks_uri, **members})


ONE, TWO = keys(key(0)), keys(key(0), key(1))
SECRET = {"kty": "oct", "alg": "HS256", "kid": "s", "k": "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"}
stories = []


def story(name, *steps, at=AT, **config):
    source = {} if "issuer" in config or "config_error" in config else {"url": at}
    stories.append({"name": name, "class": "JWKS", **source, **config, "steps": list(steps)})


def fetch(at, url):
    """Somebody needs a key: the address to GET, or null where that is not to be done now."""
    return {"at": at, "fetch": url}


def refresh(at, url):
    """The host asks whether something is due in the background."""
    return {"at": at, "refresh": url}


def reply(at, body, status=200, **expect):
    """The GET under way was answered: `loaded` with `left_out` and `changed`, `next`, or `failed`."""
    if "loaded" in expect:
        expect = {"left_out": [], "changed": True, **expect}
    return {"at": at, "reply": {"status": status, "body": body}, **expect}


def no_reply(at, kind, failed):
    """`unreachable`, `too_large`, or `forgotten`: the host dropped it."""
    return {"at": at, "reply": kind, "failed": failed}


def standing(at, kids, age, error=None):
    """How many keys, how old in seconds (null: never fetched), and whether they may be used."""
    return {"at": at, "standing": {"keys": kids, "age": age, "usable": age is not None and kids > 0, "error": error}}


def unusable(at, kids, age, error=None):
    step = standing(at, kids, age, error)
    step["standing"]["usable"] = False
    return step


LATE = 24 * 3600

# When to fetch.
story("one fetch at a time", fetch(0, AT), fetch(0.1, None), refresh(0.1, None), reply(1, ONE, loaded=1), fetch(2, None))
story("a flood of misses costs a fetch a cool-down", fetch(0, AT), reply(1, ONE, loaded=1), *[fetch(1 + i / 100, None) for i in range(300)],
      fetch(30.9, None), fetch(31, AT), reply(31.5, ONE, loaded=1, changed=False), fetch(61.4, None), fetch(61.5, AT))
story("fresh for ten minutes", refresh(0, AT), reply(0, ONE, loaded=1), refresh(1, None), refresh(599.9, None), refresh(600, AT))
story("fresh for as long as is configured", refresh(0, AT), reply(0, ONE, loaded=1), refresh(59, None), refresh(60, AT), fresh=60)
story("a need is met before the set is old", refresh(0, AT), reply(0, ONE, loaded=1), fetch(30, AT), reply(30, TWO, loaded=2), refresh(600, None), refresh(630, AT))
story("a failure cools down too", refresh(0, AT), reply(1, "", 500, failed="jwks_status"), fetch(2, None), refresh(30.9, None), refresh(31, AT))
story("nothing was reached", refresh(0, AT), no_reply(5, "unreachable", "jwks_unreachable"), fetch(34.9, None), fetch(35, AT))
story("a cool-down of its own", fetch(0, AT), reply(0, ONE, loaded=1), fetch(4.9, None), fetch(5, AT), cooldown=5)
story("no cool-down under a second", fetch(0, AT), reply(0, ONE, loaded=1), fetch(0.9, None), fetch(1, AT), cooldown=0)
story("a host that drops a fetch", fetch(0, AT), no_reply(1, "forgotten", "jwks_unreachable"), fetch(2, None), fetch(30, AT))
story("a host that forgets a fetch stops others for a while only", fetch(0, AT), fetch(19.9, None), {"at": 20, "waits": False}, fetch(30, AT),
      reply(31, ONE, loaded=1))
story("waiting helps while one is under way", fetch(0, AT), {"at": 1, "waits": True}, reply(2, ONE, loaded=1), {"at": 2, "waits": False})
story("a clock that goes back starts nothing", fetch(100, AT), reply(100, ONE, loaded=1), fetch(1, None), refresh(1, None), standing(1, 1, 0))

# How long a set is good.
story("nothing yet", unusable(0, 0, None), refresh(0, AT), unusable(0, 0, None))
story("kept through an outage", refresh(0, AT), reply(0, ONE, loaded=1), refresh(600, AT), reply(600, "", 503, failed="jwks_status"),
      standing(601, 1, 601, "jwks_status"), refresh(630, AT), no_reply(635, "unreachable", "jwks_unreachable"), standing(1834, 1, 1834, "jwks_unreachable"), refresh(LATE - 600, AT),
      no_reply(LATE - 595, "unreachable", "jwks_unreachable"), standing(LATE - 1, 1, LATE - 1, "jwks_unreachable"))
story("but not for ever", refresh(0, AT), reply(0, ONE, loaded=1), refresh(LATE - 600, AT), reply(LATE - 600, "", 503, failed="jwks_status"),
      standing(LATE - 0.5, 1, LATE - 0.5, "jwks_status"), unusable(LATE, 1, LATE, "jwks_status"))
story("no longer without its issuer being asked", refresh(0, AT), reply(0, ONE, loaded=1), standing(1199, 1, 1199), unusable(1200, 1, 1200), fetch(5000, AT),
      unusable(5001, 1, 5001), reply(5002, "", 500, failed="jwks_status"), standing(5003, 1, 5003, "jwks_status"), unusable(6202, 1, 6202, "jwks_status"),
      fetch(6300, AT), reply(6300, ONE, loaded=1, changed=False), standing(6300, 1, 0))
story("a fetch that is dropped has asked when it began", refresh(0, AT), reply(0, ONE, loaded=1), fetch(2000, AT), no_reply(2010, "forgotten", "jwks_unreachable"),
      standing(3199, 1, 3199, "jwks_unreachable"), unusable(3200, 1, 3200, "jwks_unreachable"))
story("time for a cool-down and a fetch", refresh(0, AT), reply(0, ONE, loaded=1), standing(59, 1, 59), unusable(60, 1, 60), fresh=10)
story("good again when its issuer is back", refresh(0, AT), reply(0, ONE, loaded=1), unusable(LATE, 1, LATE), refresh(LATE, AT),
      reply(LATE, ONE, loaded=1, changed=False), standing(LATE, 1, 0))
story("a limit of its own", refresh(0, AT), reply(0, ONE, loaded=1), standing(99, 1, 99), unusable(100, 1, 100), stale=100)
story("a set that changed", refresh(0, AT), reply(0, ONE, loaded=1), refresh(600, AT), reply(600, TWO, loaded=2), standing(600, 2, 0))

# What a reply may be.
story("a redirect is not followed", refresh(0, AT), reply(0, ONE, 302, failed="jwks_redirected"), unusable(1, 0, None, "jwks_redirected"))
for status in [301, 303, 307, 308]:
    story(f"status {status}", refresh(0, AT), reply(0, "", status, failed="jwks_redirected"))
for status in [100, 201, 204, 206, 400, 401, 404, 429, 500]:
    story(f"status {status}", refresh(0, AT), reply(0, ONE, status, failed="jwks_status"))
story("over the bound, by the host", refresh(0, AT), no_reply(0, "too_large", "jwks_too_large"))
story("at the bound", refresh(0, AT), reply(0, {"repeat": [ONE, " ", 256 * 1024 - len(ONE), ""]}, loaded=1))
story("over the bound", refresh(0, AT), reply(0, {"repeat": [ONE, " ", 256 * 1024 - len(ONE) + 1, ""]}, failed="jwks_too_large"))
for name, body in {
    "nothing": "", "HTML": "<html></html>", "an array": "[]", "no keys member": "{}", "keys is no array": '{"keys":{}}', "trailing garbage": ONE + "x",
    "a BOM": "\ufeff" + ONE, "keys twice": '{"keys":[],"keys":[]}', "a truncated set": ONE[:-1], "too deep": {"repeat": ['{"keys":', "[", 100_000, ""]},
}.items():
    story(f"no set: {name}", refresh(0, AT), reply(0, body, failed="jwks_malformed"), unusable(0, 0, None, "jwks_malformed"))
story("101 keys", refresh(0, AT), reply(0, keys(*[key(0, f"k{i}") for i in range(101)]), failed="jwks_malformed"))
story("an empty set", refresh(0, AT), reply(0, keys(), failed="jwks_no_keys"))
story("no key of any use", refresh(0, AT), reply(0, keys({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, SECRET), failed="jwks_no_keys"))
story("an empty set does not replace a good one", refresh(0, AT), reply(0, ONE, loaded=1), refresh(600, AT), reply(600, keys(), failed="jwks_no_keys"),
      standing(600, 1, 600, "jwks_no_keys"))
story("garbage does not replace a good one", refresh(0, AT), reply(0, ONE, loaded=1), refresh(600, AT), reply(600, "{", failed="jwks_malformed"),
      standing(600, 1, 600, "jwks_malformed"))
story("one bad key among good", refresh(0, AT), reply(0, keys(key(0), {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, key(1)), loaded=2, left_out=[[1, "rsa_size"]]))
story("a key for encryption", refresh(0, AT), reply(0, keys(key(0), key(1, use="enc")), loaded=1, left_out=[[1, "jwk_use_forbidden"]]))
story("a private key", refresh(0, AT), reply(0, keys(key(0), key(1, d=POINTS[2])), loaded=1, left_out=[[1, "key_private"]]))
story("a shared secret", refresh(0, AT), reply(0, keys(SECRET, key(0)), loaded=1, left_out=[[0, "key_unsupported"]]))
story("a kid twice", refresh(0, AT), reply(0, keys(key(0), key(1, "k0")), loaded=1, left_out=[[1, "kid_duplicate"]]))

# Addresses.
for name, url, code in [
    ("a file", "file:///etc/passwd", "url_malformed"), ("plain http", "http://issuer.example/jwks.json", "url_not_https"), ("ftp", "ftp://issuer.example/jwks.json", "url_not_https"),
    ("gopher", "gopher://issuer.example/", "url_not_https"), ("data", "data:application/json,{}", "url_malformed"), ("no scheme", "issuer.example/jwks.json", "url_malformed"),
    ("user information", "https://me:secret@issuer.example/jwks.json", "url_malformed"), ("a fragment", "https://issuer.example/jwks.json#keys", "url_parts"),
    ("white space", "https://issuer.example/jwks json", "url_malformed"), ("a line break", "https://issuer.example/\r\nX: y", "url_malformed"), ("nothing", "", "url_malformed"),
    ("nearly loopback", "http://127.0.0.1.issuer.example/", "url_not_https"), ("localhost's child", "http://x.localhost/", "url_not_https"),
    ("too long", "https://issuer.example/" + "x" * 2048, "url_malformed"),
]:
    story(f"not to be fetched: {name}", url=url, config_error=code)
    if not name.startswith("too"):
        story(f"no issuer: {name}", issuer=url, config_error=code)
story("no issuer: a query", issuer="https://issuer.example/?tenant=1", config_error="url_parts")
for url in ["HTTPS://issuer.example/jwks", "https://issuer.example:8443/jwks?tenant=1", "https://[2001:db8::1]/jwks", "http://localhost:8080/jwks", "http://127.0.0.1/jwks", "http://[::1]:1/jwks"]:
    story(f"fetched: {url}", refresh(0, url), at=url)

# Discovery.
OAUTH, OPENID = ISSUER + "/.well-known/oauth-authorization-server", ISSUER + "/.well-known/openid-configuration"
TENANT = ISSUER + "/tenant"
story("metadata, then keys", refresh(0, OAUTH), reply(0, metadata(), next=AT), reply(1, ONE, loaded=1), standing(1, 1, 0), issuer=ISSUER)
story("the address is remembered", refresh(0, OAUTH), reply(0, metadata(), next=AT), reply(0, ONE, loaded=1), fetch(599, AT), reply(599, TWO, loaded=2), issuer=ISSUER)
story("but not for ever: an issuer may move its set and leave the old one", refresh(0, OAUTH), reply(0, metadata(), next=AT), reply(0, ONE, loaded=1), refresh(600, OAUTH),
      reply(600, metadata(jwks_uri=ISSUER + "/new"), next=ISSUER + "/new"), reply(600, TWO, loaded=2), fetch(630, ISSUER + "/new"), issuer=ISSUER)
story("and looked for again when it fails", refresh(0, OAUTH), reply(0, metadata(), next=AT), reply(0, ONE, loaded=1), fetch(60, AT), reply(60, "", 404, failed="jwks_status"),
      fetch(90, OAUTH), reply(90, metadata(jwks_uri=ISSUER + "/new"), next=ISSUER + "/new"), reply(90, ONE, loaded=1, changed=False), issuer=ISSUER)
story("an address that comes too late is nobody's", refresh(0, OAUTH), refresh(30, OAUTH), reply(31, "", 500, failed="jwks_status"),
      reply(32, metadata(jwks_uri=ISSUER + "/old"), failed="jwks_unreachable"), fetch(61, OAUTH), issuer=ISSUER)
story("OpenID Connect where there is no OAuth", refresh(0, OAUTH), reply(0, "", 404, next=OPENID), reply(0, metadata(), next=AT), reply(0, ONE, loaded=1), issuer=ISSUER)
story("no metadata at all", refresh(0, OAUTH), reply(0, "", 404, next=OPENID), reply(0, "", 404, failed="jwks_status"), fetch(1, None), issuer=ISSUER)
story("a path goes behind the well-known part, then before it", refresh(0, ISSUER + "/.well-known/oauth-authorization-server/tenant"),
      reply(0, "", 404, next=ISSUER + "/.well-known/openid-configuration/tenant"), reply(0, "", 400, next=TENANT + "/.well-known/openid-configuration"),
      reply(0, metadata(TENANT), next=AT), reply(0, ONE, loaded=1), issuer=TENANT)
story("a slash at the end is part of the name", refresh(0, OAUTH), reply(0, metadata(ISSUER + "/"), next=AT), reply(0, ONE, loaded=1), issuer=ISSUER + "/")
story("a tenant's slash", refresh(0, ISSUER + "/.well-known/oauth-authorization-server/tenant"), reply(0, metadata(TENANT + "/"), next=AT), issuer=TENANT + "/")
for name, other in {"another": "https://evil.example", "with a slash": ISSUER + "/", "in other case": "https://ISSUER.example", "with its port": ISSUER + ":443", "longer": ISSUER + ".evil.example", "none": ""}.items():
    story(f"metadata of another issuer: {name}", refresh(0, OAUTH), reply(0, metadata(other), failed="discovery_issuer_mismatch"), issuer=ISSUER)
for name, body in {
    "no JSON": "<html>", "an array": "[]", "no issuer": json.dumps({"jwks_uri": AT}), "no address": json.dumps({"issuer": ISSUER}), "an address that is no string": metadata(jwks_uri=[AT]),
    "an issuer that is no string": metadata(issuer=None), "the issuer twice": '{"issuer":"https://evil.example",' + metadata()[1:], "twice, once escaped": '{"\\u0069ssuer":"https://evil.example",' + metadata()[1:],
    "the address twice": metadata()[:-1] + ',"jwks_uri":"https://evil.example/jwks"}', "nothing": "",
}.items():
    story(f"no metadata: {name}", refresh(0, OAUTH), reply(0, body, next=OPENID), reply(0, body, failed="discovery_malformed"), issuer=ISSUER)
for name, url in {"plain http": "http://issuer.example/jwks", "loopback, from an https issuer": "http://127.0.0.1/jwks", "a file": "file:///etc/passwd", "relative": "/jwks", "empty": ""}.items():
    story(f"an address not to be fetched: {name}", refresh(0, OAUTH), reply(0, metadata(jwks_uri=url), failed="discovery_address_invalid"), issuer=ISSUER)
story("another host's address is believed", refresh(0, OAUTH), reply(0, metadata(jwks_uri="https://keys.example/jwks"), next="https://keys.example/jwks"), issuer=ISSUER)
story("an issuer on loopback", refresh(0, "http://127.0.0.1:9/.well-known/oauth-authorization-server"),
      reply(0, metadata("http://127.0.0.1:9", "http://127.0.0.1:9/jwks"), next="http://127.0.0.1:9/jwks"), issuer="http://127.0.0.1:9")
story("metadata is not redirected", refresh(0, OAUTH), reply(0, "", 302, next=OPENID), reply(0, "", 302, failed="jwks_redirected"), issuer=ISSUER)
story("a page in the place of OAuth's metadata", refresh(0, OAUTH), reply(0, "<html>", next=OPENID), reply(0, metadata(), next=AT), issuer=ISSUER)
story("metadata of another issuer is no reason to look elsewhere", refresh(0, OAUTH), reply(0, metadata("https://evil.example"), failed="discovery_issuer_mismatch"), issuer=ISSUER)
story("a server's error is no reason to look elsewhere", refresh(0, OAUTH), reply(0, "", 500, failed="jwks_status"), issuer=ISSUER)
story("nor is silence", refresh(0, OAUTH), no_reply(5, "unreachable", "jwks_unreachable"), fetch(6, None), issuer=ISSUER)
story("members of no concern", refresh(0, OAUTH), reply(0, metadata(scopes_supported=["a"], mtls_endpoint_aliases={"issuer": "x", "jwks_uri": "y"}), next=AT), issuer=ISSUER)
story("one fetch for both documents", refresh(0, OAUTH), reply(0, metadata(), next=AT), fetch(0, None), {"at": 0, "waits": True}, reply(1, ONE, loaded=1), fetch(30.9, None), fetch(31, AT), issuer=ISSUER)


def main():
    text = '{"format":1,"vectors":[\n' + ",\n".join(json.dumps(one, ensure_ascii=True) for one in stories) + "\n]}\n"
    path = HERE / "jwks.json"
    if "--check" in sys.argv:
        if path.read_text(encoding="utf-8") != text:
            sys.exit("jwks.json is not what jwks.py writes: run it")
        return
    path.write_text(text, encoding="utf-8")
    print(f"jwks.json: {len(stories)} vectors")


main()
