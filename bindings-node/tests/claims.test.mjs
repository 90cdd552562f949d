// What a verified token says, that nobody can change it, and for how long it is kept.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { ExpiredToken, MissingClaim, SigningKey, TokenError, Verifier, rolesOf, scopesOf, sign } from 'doorward';
import { NOW, SECRET } from './shared.mjs';

const SAID = {
  iss: 'https://issuer.example',
  sub: 'anna',
  aud: ['https://mcp.example/mcp', 'other'],
  exp: NOW + 60,
  nbf: NOW - 60.5,
  iat: NOW,
  jti: '7',
  scope: 'read write',
  roles: ['user', 'é'],
  nested: { list: [1, { deep: [null, true, -0.25] }], text: 'quote " and \\ and \u2028 😀' },
};
const KEY = SigningKey.fromSecret(SECRET);
const AT = { now: NOW };
const open = (more) => new Verifier({ secret: SECRET, anyAudience: true, requiredClaims: [], ...more });
const unending = (claims) => KEY.sign(claims, { withoutExpiry: true });

test('an object of what was signed, the same when it is seen again', () => {
  const token = KEY.sign(SAID);
  for (const cache of [true, false]) {
    const verifier = open({ cache });
    const claims = verifier.verify(token, AT);
    assert.deepStrictEqual(claims, SAID);
    assert.deepEqual(Object.keys(claims), Object.keys(SAID));
    assert.equal(verifier.verify(token, AT) === claims, cache);
    assert.equal(verifier.verify(Buffer.from(token), AT) === claims, cache);
    assert.deepStrictEqual(verifier.verify(token, AT), SAID);
    assert.deepEqual(JSON.parse(verifier.verifyRaw(token, AT)), SAID);
  }
  assert.deepStrictEqual(open().verify(unending({}), AT), {});
  assert.deepStrictEqual(open().verify(unending('  {"a" : [ ] }  '), AT), { a: [] });
});

test('nothing of it can be changed', () => {
  const verifier = open();
  const claims = verifier.verify(KEY.sign(SAID), AT);
  const everything = (value) => [
    value,
    ...Object.values(Object(value))
      .filter((one) => typeof one === 'object' && one)
      .flatMap(everything),
  ];
  const objects = everything(claims);
  assert.equal(objects.length, 7);
  for (const one of objects) {
    assert.ok(Object.isFrozen(one));
    assert.throws(() => Object.assign(one, { scope: 'admin' }), TypeError);
  }
  assert.throws(() => claims.aud.push('leak'), TypeError);
  const flat = verifier.verify(KEY.sign({ sub: 'a', exp: NOW + 9 }), AT);
  assert.ok(Object.isFrozen(flat));
});

test('a claim of any name is one like any other', () => {
  const token = unending(
    '{"__proto__":{"scope":"admin"},"constructor":1,"hasOwnProperty":2,"toString":3,"toJSON":4,"":5}',
  );
  const claims = open().verify(token, AT);
  assert.deepEqual(Object.keys(claims), ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'toJSON', '']);
  assert.equal(Object.getPrototypeOf(claims), Object.prototype);
  assert.ok(Object.isFrozen(claims) && Object.isFrozen(Object.getOwnPropertyDescriptor(claims, '__proto__').value));
  assert.equal(claims.scope, undefined);
  assert.deepEqual(scopesOf(claims), []);
});

test('what is inherited was never signed', () => {
  Object.prototype.scope = 'admin';
  Object.prototype.roles = ['admin'];
  Object.prototype.object = {};
  try {
    const claims = open().verify(unending({ sub: 'a', list: [{}] }), AT);
    assert.ok(!Object.isFrozen(Object.prototype.object));
    assert.deepEqual([scopesOf(claims), rolesOf(claims)], [[], []]);
  } finally {
    delete Object.prototype.scope;
    delete Object.prototype.roles;
    delete Object.prototype.object;
  }
});

test("whoever patches JSON or Object afterwards changes nobody's claims", () => {
  const { parse } = JSON;
  const { freeze } = Object;
  try {
    JSON.parse = () => ({ sub: 'mallory' });
    Object.freeze = (one) => one;
    const claims = open().verify(KEY.sign(SAID), AT);
    assert.equal(claims.sub, 'anna');
    assert.ok(Object.isFrozen(claims));
  } finally {
    JSON.parse = parse;
    Object.freeze = freeze;
  }
});

test('scopes and roles', () => {
  const words = (claims) => {
    const read = open().verify(unending(claims), AT);
    assert.ok(Object.isFrozen(scopesOf(read)) && scopesOf(read) === scopesOf(read));
    return [scopesOf(read), rolesOf(read)];
  };
  assert.deepEqual(words(SAID), [
    ['read', 'write'],
    ['user', 'é'],
  ]);
  assert.deepEqual(words({ scp: ['a', 'b'], role: 'c d' }), [['a', 'b'], ['c d']]);
  assert.deepEqual(words({ scope: 3, scp: 'a', roles: {}, role: 'b' }), [[], []]);
  assert.deepEqual(words({}), [[], []]);
});

test('numbers are what JSON.parse makes of them, and all there in the payload', () => {
  const token = unending('{"id":12345678901234567890123,"e":1e400,"exp":4102444800}');
  const verifier = open();
  assert.deepEqual(verifier.verify(token, AT), { id: 12345678901234567890123, e: Infinity, exp: 4102444800 });
  assert.equal(verifier.verifyRaw(token, AT), '{"id":12345678901234567890123,"e":1e400,"exp":4102444800}');
  assert.throws(() => verifier.verifyRaw(`${token}x`, AT), TokenError);
});

test('what is seen ends with the token, with its time and with the cache', () => {
  const token = KEY.sign(SAID);
  const verifier = open({ cacheTtl: 5 });
  const claims = verifier.verify(token, AT);
  assert.throws(() => verifier.verify(token, { now: NOW + 60 }), ExpiredToken);
  assert.throws(() => verifier.verify(token, { now: NOW - 61 }), { code: 'token_not_yet_valid' });
  assert.equal(verifier.verify(token, AT), claims);
  verifier.clearCache();
  const again = verifier.verify(token, AT);
  assert.notEqual(again, claims);
  const { now } = performance;
  const began = performance.now();
  try {
    performance.now = () => began + 4900;
    assert.equal(verifier.verify(token, AT), again);
    performance.now = () => began + 6000;
    assert.notEqual(verifier.verify(token, AT), again);
  } finally {
    performance.now = now;
  }
  assert.deepEqual(Object.keys(verifier.cacheStats()), ['hits', 'misses', 'evictions']);
  for (const none of [{ cache: false }, { cacheSize: 0 }]) assert.equal(open(none).cacheStats(), undefined);
});

test('each token has its own claims, however many there are and go', () => {
  const tokens = Array.from({ length: 2000 }, (_, n) =>
    KEY.sign({ sub: String(n), exp: NOW + 60 + (n % 50), list: [n] }),
  );
  for (const cacheSize of [8, 64, 1000, 10_000]) {
    const verifier = open({ cacheSize });
    let random = 1;
    for (let turn = 0; turn < 20_000; turn += 1) {
      random = (random * 48271) % 2147483647;
      const n = random % tokens.length;
      const now = NOW + (turn >> 8);
      const { claims, error } = verifier.tryVerify(tokens[n], { now });
      if (now >= NOW + 60 + (n % 50)) assert.equal(error.code, 'token_expired');
      else assert.ok(claims.sub === String(n) && claims.list[0] === n);
      if (turn % 5000 === 4999) verifier.clearCache();
    }
    const { hits, misses } = verifier.cacheStats();
    assert.ok(hits > 0 && misses > 0);
  }
});

test('an exception amid a verification leaves nobody with the claims of another', () => {
  const verifier = open({ cacheSize: 8 });
  // So deep that the stack is most likely to end while they are frozen.
  const deep = JSON.parse('[0]'.replace('0', '['.repeat(12) + ']'.repeat(12)));
  const tokens = Array.from({ length: 64 }, (_, n) => KEY.sign({ sub: String(n), exp: NOW + 60, deep }));
  for (const token of tokens) verifier.verify(token, AT);
  let overflows = 0;
  // Calls it at every depth up to where the stack ends, so that it ends at every place in it.
  const dive = (n) => {
    const token = tokens[n % tokens.length];
    try {
      const { sub } = verifier.verify(token, AT);
      assert.equal(sub, String(n % tokens.length));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      overflows += 1;
      throw error;
    }
    dive(n + 1);
  };
  for (let turn = 0; turn < 20; turn += 1) {
    try {
      dive(turn);
    } catch (error) {
      assert.ok(error instanceof RangeError, error);
    }
    for (const [n, token] of tokens.entries()) assert.equal(verifier.verify(token, AT).sub, String(n));
  }
  assert.ok(overflows > 0);
});

test('the clock is JavaScript’s, whoever fakes it', () => {
  const token = sign({ sub: 'anna', exp: NOW + 60 }, SECRET);
  const verifier = new Verifier({ secret: SECRET });
  mock.timers.enable({ apis: ['Date'], now: NOW * 1000 });
  try {
    assert.equal(verifier.verify(token).sub, 'anna');
    assert.equal(verifier.verify(token).sub, 'anna');
    mock.timers.setTime((NOW + 59) * 1000);
    assert.equal(verifier.verify(token).sub, 'anna');
    mock.timers.setTime((NOW + 60) * 1000);
    assert.throws(() => verifier.verify(token), ExpiredToken);
    assert.equal(verifier.tryVerify(token).error.code, 'token_expired');
    assert.equal(verifier.verifyMany([token])[0].error.code, 'token_expired');
    assert.throws(() => verifier.verifyRaw(token), ExpiredToken);
  } finally {
    mock.timers.reset();
  }
});

test('an error that is returned is one to throw, without a stack', () => {
  const { error } = new Verifier({ secret: SECRET }).tryVerify('x');
  assert.ok(error instanceof TokenError && error instanceof Error);
  assert.deepEqual([error.name, error.code], ['MalformedToken', 'token_malformed']);
  assert.equal(error.stack, `MalformedToken: ${error.message}`);
  assert.ok(Error.stackTraceLimit > 0);
  const { stack } = assert.throws(() => new Verifier({ secret: SECRET }).verify('x')) ?? { stack: '' };
  assert.equal(stack, '');
  try {
    new Verifier({ secret: SECRET }).verify('x');
  } catch (thrown) {
    assert.match(thrown.stack, /claims\.test\.mjs/);
  }
});

test('whose a token is', () => {
  for (const cache of [true, false]) {
    const verifier = open({ cache });
    const token = KEY.sign(SAID);
    const anna = verifier.identify(token, AT);
    assert.deepEqual(
      [anna.id, anna.method, anna.subject, anna.expires],
      ['jwt:https://issuer.example:anna', 'jwt', 'anna', NOW + 60],
    );
    assert.deepEqual(
      [[...anna.scopes], [...anna.roles]],
      [
        ['read', 'write'],
        ['user', 'é'],
      ],
    );
    assert.deepEqual(anna.claims, verifier.verify(token, AT));
    // Seen before, it is the same object; and its end is looked at all the same.
    assert.equal(verifier.identify(token, AT) === anna, cache);
    assert.throws(() => verifier.identify(token, { now: NOW + 61 }), ExpiredToken);
    const nobodys = unending({ iss: 'https://issuer.example', scope: 'read' });
    const refused = (error) => error instanceof MissingClaim && error.code === 'subject_missing';
    assert.throws(() => verifier.identify(nobodys, AT), refused);
    assert.throws(() => verifier.identify('a-guess', AT), TokenError);
    assert.throws(() => verifier.identify(7), TypeError);
    // Ids that would read alike are told apart.
    const [one, other] = [
      { iss: 'a:b', sub: 'c' },
      { iss: 'a', sub: 'b:c' },
    ].map((claims) => verifier.identify(unending(claims), AT));
    assert.notEqual(one.id, other.id);
  }
});
