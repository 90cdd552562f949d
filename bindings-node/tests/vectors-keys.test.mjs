// `tests/vectors/keys.json`: what may be configured as a key, and what not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, Key, KeySet, SigningKey } from 'doorward';
import { hex, load, onlyKnown, report, text } from './shared.mjs';

const FILE = load('keys.json');
const FIELDS = [
  'name',
  'class',
  'kind',
  'expect',
  'alg',
  'algs',
  'secret_hex',
  'pem',
  'der_hex',
  'jwk',
  'jwks',
  'jws',
  'kid',
  'accepted',
  'left_out',
];
const PAYLOAD = 'hello, not JSON';

const MADE = {
  hmac: (vector) => Key.fromSecret(hex(vector.secret_hex), vector.alg),
  hmac_allowing_short: (vector) => Key.fromSecret(hex(vector.secret_hex), vector.alg, { allowShort: true }),
  pem: (vector) => Key.fromPem(vector.pem, vector.algs),
  der: (vector) => Key.fromDer(hex(vector.der_hex), vector.algs),
  jwk: (vector) => Key.fromJwk(vector.jwk),
  jwks: (vector) => KeySet.fromJwks(text(vector.jwks)),
  signing_pem: (vector) => SigningKey.fromPem(vector.pem, vector.alg),
  signing_der: (vector) => SigningKey.fromDer(hex(vector.der_hex), vector.alg),
  signing_jwk: (vector) => SigningKey.fromJwk(vector.jwk),
};

function verifying(vector, key) {
  const expected = vector.alg === undefined ? vector.algs : [vector.alg];
  if (key.algorithms.toSorted().join() !== expected.toSorted().join()) return `it is for ${key.algorithms}`;
  return key.kid === (vector.kid ?? undefined) ? undefined : `its kid is ${key.kid}`;
}

function signing(vector, key) {
  if (key.algorithm !== vector.alg || key.kid !== (vector.kid ?? undefined))
    return `it is for ${key.algorithm} with the kid ${key.kid}`;
  const jws = key.signJws(PAYLOAD);
  if (!/^(PS|ES)/.test(key.algorithm) && jws !== vector.jws) return `it signs ${jws}`;
  const keys = [key.verifyingKey()];
  const published = key.publicJwk();
  assert.equal(published === undefined, key.algorithm.startsWith('HS'));
  if (published !== undefined) keys.push(Key.fromJwk(published));
  for (const one of keys) {
    assert.deepEqual([one.algorithms, one.kid], [[key.algorithm], key.kid]);
    for (const each of [jws, vector.jws]) {
      if (one.verifyJws(each).toString() !== PAYLOAD) return 'its public half does not verify';
    }
  }
  return undefined;
}

function jwks(vector, keys) {
  const kids = keys.kids.map((kid) => kid ?? null);
  const leftOut = keys.leftOut.map(({ place, code }) => [place, code]);
  const same = JSON.stringify([kids, leftOut]) === JSON.stringify([vector.accepted, vector.left_out]);
  return same ? undefined : `accepted ${JSON.stringify(kids)}, left out ${JSON.stringify(leftOut)}`;
}

function outcome(vector) {
  let key;
  try {
    key = MADE[vector.kind](vector);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.code === vector.expect ? undefined : `expected ${vector.expect}, got ${error.code}`;
  }
  if (vector.expect !== 'ok') return `expected ${vector.expect}, was ACCEPTED`;
  if (key instanceof SigningKey) return signing(vector, key);
  return key instanceof KeySet ? jwks(vector, key) : verifying(vector, key);
}

test('every vector gets its answer', () => {
  const failures = [];
  for (const vector of FILE.vectors) {
    onlyKnown(vector, FIELDS);
    const wrong = outcome(vector);
    if (wrong !== undefined) failures.push(`${vector.name}: ${wrong}`);
  }
  report(failures, FILE.vectors.length);
  assert.ok(FILE.vectors.length >= 1410);
});

test('a key of any form is the key of its form', () => {
  let [tried, refused] = [0, 0];
  for (const vector of FILE.vectors) {
    const source = vector.pem ?? vector.jwk ?? hex(vector.der_hex ?? '');
    let make;
    if (vector.kind === 'pem' || vector.kind === 'der') make = () => Key.fromPublic(source, vector.algs);
    else if (vector.kind.startsWith('signing_')) make = () => SigningKey.fromPrivate(source, vector.alg);
    else continue;
    if (vector.expect === 'ok') {
      assert.equal(make().kid, vector.kid ?? undefined, vector.name);
      tried += 1;
    } else if (vector.algs?.length !== 0 && vector.expect !== 'key_unreadable') {
      // Without algorithms it is a key for its usual ones; and one form given for another can be read here.
      assert.throws(make, ConfigError, vector.name);
      refused += 1;
    }
  }
  assert.ok(tried >= 50 && refused >= 100, `${tried} ${refused}`);
});
