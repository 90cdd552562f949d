// `tests/vectors/jwt.json`: every token gets its answer, cached and not, alone and in a batch.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as doorward from 'doorward';
import { ConfigError, Key, KeySet, TokenError, Verifier, rolesOf, scopesOf } from 'doorward';
import { hex, load, onlyKnown, report, text } from './shared.mjs';

const FILE = load('jwt.json');
const FIELDS = ['name', 'class', 'token', 'keys', 'rules', 'now', 'expect', 'claims'];

// A vector's rule, and the option that says it.
const RULES = {
  issuer: 'issuer',
  subject: 'subject',
  algorithms: 'algorithms',
  token_type: 'tokenType',
  nonce: 'nonce',
  max_age: 'maxAge',
  max_lifetime: 'maxLifetime',
  id: 'tokenId',
  tolerance: 'clockTolerance',
  ignore_expiry: 'ignoreExpiration',
  ignore_not_before: 'ignoreNotBefore',
};

function key({ name, kid }) {
  const made = FILE.keys[name];
  if (made.kind === 'hmac') return Key.fromSecret(hex(made.secret_hex), made.alg, { kid });
  assert.equal(made.kind, 'pem');
  return Key.fromPem(made.pem, made.algs, { kid });
}

function options(rules) {
  const made = {};
  const required = [];
  let expires = true;
  for (const [name, value] of Object.entries(rules)) {
    if (name in RULES) made[RULES[name]] = value;
    else if (name === 'required') required.push(...[value].flat());
    else if (name === 'require_expiry') expires = value;
    else if (name !== 'audience') assert.fail(`unknown rule ${name}`);
    else if (value !== null && typeof value === 'object' && value.any === true) made.anyAudience = true;
    else made.audience = value;
  }
  if (expires && !made.ignoreExpiration) required.push('exp');
  return { ...made, requiredClaims: required };
}

function verifier({ keys, rules }, more) {
  return new Verifier({ keys: new KeySet(keys.map(key)), ...options(rules), ...more });
}

function compare(vector, outcome) {
  if (outcome instanceof Error) {
    return outcome.code === vector.expect ? undefined : `expected ${vector.expect}, got ${outcome.code ?? outcome}`;
  }
  if (vector.expect !== 'ok') return `expected ${vector.expect}, was ACCEPTED`;
  const found = {
    subject: outcome.sub ?? null,
    issuer: outcome.iss ?? null,
    scopes: scopesOf(outcome),
    roles: rolesOf(outcome),
    audience: [outcome.aud ?? []].flat(),
  };
  for (const [name, expected] of Object.entries(vector.claims ?? {})) {
    if (JSON.stringify(found[name]) !== JSON.stringify(expected)) {
      return `${name} is ${JSON.stringify(found[name])}, expected ${JSON.stringify(expected)}`;
    }
  }
  return undefined;
}

function outcomes(vector, cache) {
  const token = text(vector.token);
  const bytes = Buffer.from(token);
  const at = { now: vector.now };
  let made;
  try {
    made = verifier(vector, { cache });
  } catch (error) {
    if (error instanceof ConfigError) return [error];
    throw error;
  }
  const found = [];
  // Again, for the cache; as bytes, alone and amid others.
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 2), 1, bytes.length);
  shared.set(bytes);
  for (const presented of [token, token, bytes, shared]) {
    try {
      found.push(made.verify(presented, at));
    } catch (error) {
      assert.ok(error instanceof TokenError, error);
      found.push(error);
    }
  }
  for (const { claims, error } of made.verifyMany([token, bytes], at)) found.push(claims ?? error);
  try {
    found.push(JSON.parse(made.verifyRaw(token, at)));
  } catch (error) {
    found.push(error);
  }
  return found;
}

for (const cache of [true, false]) {
  test(`every vector gets its answer, ${cache ? 'cached' : 'not cached'}`, () => {
    const failures = [];
    for (const vector of FILE.vectors) {
      onlyKnown(vector, FIELDS);
      const wrong = outcomes(vector, cache)
        .map((outcome) => compare(vector, outcome))
        .find((one) => one !== undefined);
      if (wrong !== undefined) failures.push(`${vector.name}: ${wrong}`);
    }
    report(failures, FILE.vectors.length);
    assert.ok(FILE.vectors.length >= 1384);
  });
}

test('every code has the class its group has', () => {
  const classes = new Map();
  for (const vector of FILE.vectors) {
    if (vector.expect === 'ok' || vector.expect === 'audience_not_configured') continue;
    const { error } = verifier(vector).tryVerify(text(vector.token), { now: vector.now });
    const known = classes.get(error.code) ?? error.constructor;
    assert.equal(error.constructor, known, error.code);
    assert.equal(error.name, known.name);
    assert.notEqual(known, TokenError, error.code);
    classes.set(error.code, known);
  }
  assert.equal(classes.get('token_expired'), doorward.ExpiredToken);
  assert.equal(classes.get('signature_invalid'), doorward.BadSignature);
  assert.equal(classes.get('audience_mismatch'), doorward.WrongAudience);
  assert.ok(classes.size >= 20);
});
