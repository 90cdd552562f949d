// Keys in every form Node has them in, and what is signed with them.

import assert from 'node:assert/strict';
import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { ConfigError, Key, KeySet, SigningKey, Verifier, sign } from 'doorward';
import { NOW, SECRET } from './shared.mjs';

const AT = { now: NOW };
const CLAIMS = { sub: 'anna', aud: 'a', exp: NOW + 60 };

const PAIRS = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  EdDSA: generateKeyPairSync('ed25519'),
};

for (const [algorithm, { publicKey, privateKey }] of Object.entries(PAIRS)) {
  test(`${algorithm} in every form`, () => {
    const privates = [
      privateKey,
      privateKey.export({ format: 'pem', type: 'pkcs8' }),
      privateKey.export({ format: 'der', type: 'pkcs8' }),
      privateKey.export({ format: 'jwk' }),
      JSON.stringify(privateKey.export({ format: 'jwk' })),
    ];
    const publics = [
      publicKey,
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'der', type: 'spki' }),
      publicKey.export({ format: 'jwk' }),
      JSON.stringify(publicKey.export({ format: 'jwk' })),
    ];
    const signing = privates.map((one) => SigningKey.fromPrivate(one, algorithm, { kid: 'k', tokenType: 'at+jwt' }));
    for (const one of signing) assert.deepEqual([one.algorithm, one.kid], [algorithm, 'k']);
    const tokens = [
      ...signing.map((one) => one.sign(CLAIMS)),
      ...privates.map((one) => sign(CLAIMS, one, { algorithm, tokenType: 'at+jwt' })),
    ];
    for (const one of publics) {
      const verifier = new Verifier({ publicKey: one, audience: 'a', tokenType: 'at+jwt', cache: false });
      for (const token of tokens) assert.equal(verifier.verify(token, AT).sub, 'anna');
      assert.ok(Key.fromPublic(one, algorithm).algorithms.includes(algorithm));
      assert.throws(() => new Verifier({ publicKey: one }), { code: 'audience_not_configured' });
    }
    const jwk = signing[0].publicJwk();
    assert.equal(jwk.kid, 'k');
    const set = { keys: [jwk] };
    for (const jwks of [set, JSON.stringify(set)]) {
      assert.equal(new Verifier({ jwks, audience: 'a' }).verify(tokens[0], AT).sub, 'anna');
    }
    assert.ok(createPublicKey({ key: jwk, format: 'jwk' }).equals(publicKey));
  });
}

test('secrets in every form', () => {
  const bytes = Buffer.from(SECRET);
  const forms = [SECRET, bytes, new Uint8Array(bytes), createSecretKey(bytes)];
  for (const signer of forms) {
    for (const secret of forms) {
      assert.equal(new Verifier({ secret, audience: 'a' }).verify(sign(CLAIMS, signer), { now: NOW }).sub, 'anna');
    }
  }
});

test('a verifier takes what its keys are, together', () => {
  const rsa = SigningKey.fromPrivate(PAIRS.RS256.privateKey, 'RS256', { kid: 'r' });
  const verifier = new Verifier({
    secret: SECRET,
    publicKey: PAIRS.ES256.publicKey,
    keys: new Set([rsa.verifyingKey()]),
    audience: ['b', 'a'],
  });
  for (const token of [sign(CLAIMS, SECRET), sign(CLAIMS, PAIRS.ES256.privateKey), rsa.sign(CLAIMS)]) {
    assert.equal(verifier.verify(token, AT).sub, 'anna');
  }
  assert.equal(verifier.tryVerify(sign(CLAIMS, PAIRS.EdDSA.privateKey), AT).error.code, 'algorithm_not_allowed');
});

test('keys and sets tell what they are, and nobody changes it', () => {
  const key = Key.fromSecret(SECRET, 'HS256', { kid: 'a' });
  assert.deepEqual([key.algorithms, key.kid, key.isSecret], [['HS256'], 'a', true]);
  const set = new KeySet([key, Key.fromPublic(PAIRS.RS256.publicKey)]);
  assert.deepEqual([set.size, set.kids, set.leftOut], [2, ['a', undefined], []]);
  assert.throws(() => new KeySet([key, key]), ConfigError);
  for (const one of [key, key.algorithms, set, set.kids, SigningKey.fromSecret(SECRET)])
    assert.ok(Object.isFrozen(one));
  assert.ok(!JSON.stringify([key, set, SigningKey.fromSecret(SECRET)]).includes(SECRET));
});

test('a KeyObject of another kind is refused', () => {
  assert.throws(() => Key.fromPublic(createSecretKey(Buffer.from(SECRET))), ConfigError);
  assert.throws(() => Key.fromPublic(generateKeyPairSync('x25519').publicKey), ConfigError);
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
  assert.throws(() => Key.fromPublic(small.publicKey), ConfigError);
  assert.throws(() => sign(CLAIMS, small.privateKey), ConfigError);
});

test('a SigningKey signs as it was made to', () => {
  const key = SigningKey.fromSecret(SECRET);
  assert.throws(() => sign(CLAIMS, key, { algorithm: 'HS512' }), { code: 'key_algorithm_mismatch' });
  assert.throws(() => sign(CLAIMS, key, { kid: 'x' }), { code: 'argument_invalid' });
  assert.equal(sign(CLAIMS, key, { algorithm: 'HS256' }), sign(CLAIMS, SECRET));
  assert.throws(() => key.sign({ sub: 'a' }), { code: 'expiry_missing' });
  assert.equal(key.sign({ sub: 'a' }, { withoutExpiry: true }), sign({ sub: 'a' }, SECRET, { withoutExpiry: true }));
  assert.equal(key.publicJwk(), undefined);
  const payload = Key.fromSecret(SECRET).verifyJws(key.signJws(Buffer.from([1, 2, 255])));
  assert.deepEqual([...payload], [1, 2, 255]);
});
