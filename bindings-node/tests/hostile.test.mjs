// Whatever is passed: a `TypeError` or an error of doorward's, and never anything else.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import {
  BadSignature,
  ConfigError,
  ExpiredToken,
  Jwks,
  Key,
  KeySet,
  SignError,
  SigningKey,
  TokenError,
  Verifier,
  scopesOf,
  sign,
} from 'doorward';
import { NOW, SECRET } from './shared.mjs';

const TOKEN = sign({ sub: 'anna', exp: NOW + 60 }, SECRET);
const VERIFIER = new Verifier({ secret: SECRET });
const AT = { now: NOW };
const throwing = (what) => () => {
  throw new Error(what);
};
const trap = new Proxy({}, { get: throwing('a trap'), ownKeys: throwing('a trap'), has: throwing('a trap') });
const detached = new Uint8Array(8);
structuredClone(detached.buffer, { transfer: [detached.buffer] });

const NO_TEXT = [
  undefined,
  null,
  0,
  7,
  1.5,
  true,
  10n,
  Symbol('x'),
  [],
  ['x'],
  [TOKEN],
  {},
  { length: 3, 0: 1 },
  { toString: () => TOKEN },
  new String(TOKEN),
  Object.create(Uint8Array.prototype),
  new Proxy(Buffer.from(TOKEN), {}),
  new ArrayBuffer(8),
  new SharedArrayBuffer(8),
  new Uint16Array(8),
  new Int8Array(8),
  new Uint8ClampedArray(8),
  new DataView(new ArrayBuffer(8)),
  new Date(),
  () => TOKEN,
  new Error('x'),
  trap,
];

const shown = (one) => (typeof one === 'string' ? JSON.stringify(one.slice(0, 20)) : `${one.length} bytes`);
const shift = (one) => String.fromCharCode(one.charCodeAt(0) + 0x100);
const HOSTILE_TEXT = [
  '',
  ' ',
  '\0',
  '\ud800',
  'a.\udfff.c',
  `${TOKEN}\udc80`,
  'é.é.é',
  '😀'.repeat(10),
  Buffer.from([0xff, 0xfe, 0x2e, 0xff, 0x2e, 0xff]),
  '.',
  '..',
  '...',
  '.'.repeat(1_000_000),
  'a'.repeat(10_000_000),
  Buffer.alloc(10_000_000, 'a'),
  'é'.repeat(10_000_000),
  '\ud800'.repeat(10_000_000),
  `${TOKEN} `,
  ` ${TOKEN}`,
  `${TOKEN}\n`,
  `${TOKEN}\0`,
  TOKEN.replaceAll('.', '\uff0e'),
  [...TOKEN].map(shift).join(''),
  TOKEN.slice(0, -1) + shift(TOKEN.at(-1)),
  shift(TOKEN[0]) + TOKEN.slice(1),
  new Uint8Array(0),
  detached,
];

test('what is neither text nor bytes is a TypeError', () => {
  const calls = [
    (thing) => VERIFIER.verify(thing),
    (thing) => VERIFIER.tryVerify(thing),
    (thing) => VERIFIER.verifyRaw(thing),
    (thing) => VERIFIER.verifyMany([TOKEN, thing]),
    (thing) => Key.fromSecret(SECRET).verifyJws(thing),
    (thing) => SigningKey.fromSecret(SECRET).signJws(thing),
    (thing) => Key.fromSecret(thing),
    (thing) => Key.fromPublic(thing),
    (thing) => Key.fromPem(thing, ['RS256']),
    (thing) => Key.fromDer(thing, ['RS256']),
    (thing) => SigningKey.fromPrivate(thing),
    (thing) => sign({ exp: NOW }, thing),
    (thing) => new Verifier({ secret: SECRET, issuer: thing === undefined ? null : thing }),
  ];
  for (const [at, call] of calls.entries()) {
    for (const thing of NO_TEXT) {
      // One of several strings, which is one after all; and a getter's or trap's own error.
      if (at === calls.length - 1 && Array.isArray(thing)) continue;
      assert.throws(
        () => call(thing),
        (error) => error instanceof TypeError || (thing === trap && error.message === 'a trap'),
        `${call} of ${typeof thing} ${thing === trap ? 'trap' : Object.prototype.toString.call(thing)}`,
      );
    }
  }
});

test('hostile text is a TokenError', () => {
  for (const thing of HOSTILE_TEXT) {
    for (const call of [(one) => VERIFIER.verify(one, AT), (one) => Key.fromSecret(SECRET).verifyJws(one)]) {
      assert.throws(
        () => call(thing),
        (error) =>
          error instanceof TokenError &&
          ['token_malformed', 'token_too_large', 'token_header_invalid'].includes(error.code),
        shown(thing),
      );
    }
  }
});

test('a token of which one character is another of the same low byte is never accepted', () => {
  VERIFIER.verify(TOKEN, AT);
  for (let at = 0; at < TOKEN.length; at += 1) {
    for (const plus of [0x100, 0x1000, 0x0500, 0xff00]) {
      const other = TOKEN.slice(0, at) + String.fromCharCode(TOKEN.charCodeAt(at) + plus) + TOKEN.slice(at + 1);
      assert.ok(VERIFIER.tryVerify(other, AT).error, `${at} ${plus}`);
    }
  }
});

test('strings of every make are what they say', () => {
  const half = TOKEN.length >> 1;
  const rope = TOKEN.slice(0, half) + TOKEN.slice(half);
  const slice = `xx${TOKEN}xx`.slice(2, -2);
  const wide = `\u0165${TOKEN}`.slice(1);
  const foreign = runInNewContext(`Uint8Array.from(${JSON.stringify([...Buffer.from(TOKEN)])})`);
  for (const one of [rope, slice, wide, foreign, Buffer.from(TOKEN), new Uint8Array(Buffer.from(TOKEN))]) {
    assert.equal(VERIFIER.verify(one, AT).sub, 'anna');
  }
  const resizable = new ArrayBuffer(TOKEN.length, { maxByteLength: 4096 });
  const view = new Uint8Array(resizable);
  view.set(Buffer.from(TOKEN));
  assert.equal(VERIFIER.verify(view, AT).sub, 'anna');
  resizable.resize(3);
  assert.ok(VERIFIER.tryVerify(view, AT).error);
});

test('ten megabytes cost nothing', () => {
  const rope = 'a'.repeat(5_000_000) + 'b'.repeat(5_000_000);
  const began = performance.now();
  for (let n = 0; n < 1000; n += 1) VERIFIER.tryVerify(rope, AT);
  assert.ok(performance.now() - began < 1000, 'it is read before it is refused');
});

test('hostile text is a ConfigError where a key is made', () => {
  const calls = [
    (one) => new Verifier({ publicKey: one, audience: 'a' }),
    (one) => new Verifier({ jwks: one, audience: 'a' }),
    (one) => Key.fromPublic(one),
    (one) => Key.fromJwk(one),
    (one) => KeySet.fromJwks(one),
    (one) => SigningKey.fromPrivate(one),
    (one) => SigningKey.fromJwk(one),
    (one) => new Verifier({ secret: SECRET, algorithms: one }),
    (one) => new Jwks({ url: one }),
    (one) => new Jwks({ issuer: one }),
  ];
  for (const call of calls) {
    for (const one of HOSTILE_TEXT) {
      assert.throws(
        () => call(one),
        (error) => error instanceof ConfigError || (typeof one !== 'string' && error instanceof TypeError),
        `${call} ${shown(one)}`,
      );
    }
  }
});

test('a moment is a number', () => {
  for (const now of ['x', '1', [], {}, 1n, Symbol('x'), new Date(), null, true]) {
    assert.throws(() => VERIFIER.verify(TOKEN, { now }), TypeError);
    assert.throws(() => VERIFIER.verifyMany([TOKEN], { now }), TypeError);
    assert.throws(() => new Jwks({ url: 'https://a.example/' }).fetch({ now }), TypeError);
  }
  for (const at of [NOW, 'x', null, true]) assert.throws(() => VERIFIER.verify(TOKEN, at), TypeError);
});

test('a clock that is broken refuses', () => {
  VERIFIER.verify(TOKEN, AT);
  for (const now of [NaN, Infinity, -Infinity, NOW + 60]) {
    assert.throws(() => VERIFIER.verify(TOKEN, { now }), ExpiredToken);
  }
  const { now } = performance;
  try {
    for (const broken of [NaN, Infinity, -Infinity, -1, 1e300, '7', undefined, {}]) {
      performance.now = () => broken;
      const verifier = new Verifier({ secret: SECRET });
      for (let n = 0; n < 3; n += 1) assert.equal(verifier.verify(TOKEN, AT).sub, 'anna');
      assert.throws(() => verifier.verify(TOKEN, { now: NOW + 60 }), ExpiredToken);
    }
  } finally {
    performance.now = now;
  }
});

test('an option of the wrong type, or of no option, is a TypeError', () => {
  for (const options of [
    undefined,
    null,
    3,
    'x',
    [],
    { secret: 3 },
    { secret: [SECRET] },
    { secret: null },
    { publicKey: 3 },
    { jwks: 3 },
    { keys: 3 },
    { keys: [3] },
    { keys: 'x' },
    { keys: { [Symbol.iterator]: 3 } },
    { secret: SECRET, issuer: 3 },
    { secret: SECRET, issuer: [3] },
    { secret: SECRET, issuer: null },
    { secret: SECRET, issuer: Buffer.from('x') },
    { secret: SECRET, audience: { any: true } },
    { secret: SECRET, clockTolerance: 'x' },
    { secret: SECRET, clockTolerance: null },
    { secret: SECRET, cache: 1 },
    { secret: SECRET, cacheSize: 'x' },
    { secret: SECRET, nope: 1 },
    { secret: SECRET, audiences: 'a misspelt rule' },
    { secret: SECRET, requiredClaims: null },
    { secret: SECRET, algorithms: 256 },
    { secret: SECRET, ignoreExpiration: 'false' },
  ]) {
    assert.throws(() => new Verifier(options), options === undefined ? Error : TypeError, JSON.stringify(options));
  }
});

test('an error of a getter or a trap is its own', () => {
  const secret = {
    get secret() {
      throw new Error('my own');
    },
  };
  assert.throws(() => new Verifier(secret), /my own/);
  assert.throws(() => new Verifier(trap), /a trap/);
  assert.throws(() => VERIFIER.verify(TOKEN, trap), /a trap/);
  assert.throws(
    () =>
      VERIFIER.verify(TOKEN, {
        get now() {
          throw new Error('my own');
        },
      }),
    /my own/,
  );
  assert.throws(
    () =>
      sign(
        {
          get exp() {
            throw new Error('my own');
          },
        },
        SECRET,
      ),
    /my own/,
  );
  assert.throws(() => new Key(trap), TypeError);
  assert.throws(() => Verifier.prototype.verify.call({}, TOKEN), TypeError);
  assert.throws(() => Verifier.prototype.verify.call(new Proxy(VERIFIER, {}), TOKEN), TypeError);
  assert.equal(VERIFIER.verify(TOKEN, AT).sub, 'anna', 'and does no harm');
});

test('each option is read once', () => {
  let reads = 0;
  const options = {
    get secret() {
      reads += 1;
      return reads === 1 ? SECRET : 'another secret of at least 32 bytes, kept';
    },
  };
  assert.equal(new Verifier(options).verify(TOKEN, AT).sub, 'anna');
  assert.equal(reads, 1);
});

test('a bad option is a ConfigError', () => {
  for (const [options, code] of [
    [{}, 'no_keys'],
    [{ secret: '' }, 'secret_empty'],
    [{ secret: 'short' }, 'secret_too_short'],
    [{ secret: '\ud800'.repeat(40) }, 'text_invalid'],
    [{ secret: `-----BEGIN PUBLIC KEY-----${'x'.repeat(40)}` }, 'secret_is_a_key'],
    [{ secret: SECRET, algorithms: [] }, 'key_algorithm_mismatch'],
    [{ secret: SECRET, algorithms: ['RS256'] }, 'key_algorithm_mismatch'],
    [{ secret: SECRET, algorithms: ['HS256', 'RS256'] }, 'key_algorithm_mismatch'],
    [{ secret: SECRET, algorithms: ['none'] }, 'algorithm_unknown'],
    [{ secret: SECRET, algorithms: 'hs256' }, 'algorithm_unknown'],
    [{ secret: SECRET, algorithms: ['HS512'] }, 'secret_too_short'],
    [{ keys: [] }, 'no_keys'],
    [{ jwks: '{"keys":[]}', audience: 'a' }, 'no_keys'],
    [{ jwks: { keys: [] }, keys: [] }, 'argument_invalid'],
    [{ jwks: new Jwks({ url: 'https://a.example/' }), audience: 'a', secret: SECRET }, 'argument_invalid'],
    [{ secret: SECRET, cacheSize: 1e7 }, 'argument_invalid'],
    [{ secret: SECRET, cacheSize: 1.5 }, 'argument_invalid'],
    [{ secret: SECRET, cacheSize: NaN }, 'argument_invalid'],
    [{ secret: SECRET, cacheSize: -1 }, 'argument_invalid'],
    [{ secret: SECRET, cacheTtl: -1 }, 'argument_invalid'],
    [{ secret: SECRET, cacheTtl: NaN }, 'argument_invalid'],
    [{ secret: SECRET, issuer: '\ud800' }, 'text_invalid'],
    [{ secret: SECRET, issuer: ['a', '\udfff'] }, 'text_invalid'],
    [{ secret: SECRET, requiredClaims: ['\ud800'] }, 'text_invalid'],
  ]) {
    assert.throws(
      () => new Verifier(options),
      (error) => error instanceof ConfigError && error.code === code && !error.message.includes(SECRET),
      code,
    );
  }
});

test('a secret shorter than its hash by choice alone', () => {
  const verifier = new Verifier({ secret: 'short', allowShortSecret: true });
  assert.throws(() => verifier.verify(TOKEN, AT), BadSignature);
});

test('what no verifier would take is not signed', () => {
  for (const claims of [
    '[]',
    '3',
    '',
    '{',
    '\ud800',
    { exp: 'soon' },
    { exp: -1 },
    { aud: 3, exp: 1 },
    { sub: 'anna' },
  ]) {
    assert.throws(
      () => sign(claims, SECRET),
      (error) => error instanceof SignError || error instanceof ConfigError,
    );
  }
  assert.throws(() => sign({ sub: 'anna' }, SECRET), { code: 'expiry_missing' });
  // A lone surrogate is no text, and JSON's escape of one is none either.
  assert.throws(() => sign({ exp: NOW, sub: '\ud800' }, SECRET), SignError);
  const loop = { exp: NOW };
  loop.loop = loop;
  for (const claims of [
    undefined,
    null,
    3,
    [],
    [1],
    Symbol('x'),
    { exp: NOW, x: 1n },
    loop,
    { toJSON: () => undefined },
  ]) {
    assert.throws(() => sign(claims, SECRET), TypeError);
  }
});

test('keys of the other half are refused', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  assert.throws(() => Key.fromPublic(privateKey), { code: 'key_private' });
  assert.throws(() => new Verifier({ publicKey: privateKey, audience: 'a' }), { code: 'key_private' });
  assert.throws(() => SigningKey.fromPrivate(publicKey), ConfigError);
  assert.throws(() => new Verifier({ secret: publicKey }), { code: 'secret_is_a_key' });
  assert.throws(() => new Verifier({ secret: publicKey.export({ format: 'pem', type: 'spki' }) }), {
    code: 'secret_is_a_key',
  });
});

test('claims of anybody are read and nothing else', () => {
  for (const thing of [undefined, null, 3, 'x']) assert.throws(() => scopesOf(thing), TypeError);
  assert.deepEqual(scopesOf({ scope: 'a b' }), ['a', 'b']);
  const changing = { scope: 'a' };
  assert.deepEqual(scopesOf(changing), ['a']);
  changing.scope = 'b';
  assert.deepEqual(scopesOf(changing), ['b']);
  assert.deepEqual(scopesOf(Object.create({ scope: 'inherited' })), []);
});
