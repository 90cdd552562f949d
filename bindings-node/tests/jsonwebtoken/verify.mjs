// Calls of `verify`: every option, form and key, what they mean together, and what each difference is.

import { createHash, createPublicKey, createSecretKey } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { calledBack, outright, randomly } from './compare.mjs';
import { ALGORITHMS, NO_KEYS, PRIVATE, privateForms, PUBLIC, publicForms, SECRET, secretForms } from './keys.mjs';
import { base64url, make, malformed, NO_STRINGS, PAYLOADS, respelt, signature } from './tokens.mjs';

/** The time of every call, in seconds. */
export const NOW = 1_700_000_000;

const HS = '{"alg":"HS256","typ":"JWT"}';

/** The ways to call it. */
const FORMS = {
  plain: (jwt, token, key, options) => outright(() => jwt.verify(token, key, options)),
  callback: (jwt, token, key, options) => calledBack((done) => jwt.verify(token, key, options, done)),
  'key looked up': (jwt, token, key, options) =>
    calledBack((done) => jwt.verify(token, (header, found) => found(null, key), options, done)),
  'key looked up later': (jwt, token, key, options) =>
    calledBack((done) => {
      const later = (found) => {
        try {
          found(null, key);
        } catch (error) {
          done('what is thrown then', error);
        }
      };
      return jwt.verify(token, (header, found) => process.nextTick(later, found), options, done);
    }),
};

const cases = [];
const add = (what, token, key, options, rows = [], forms = Object.keys(FORMS)) => {
  for (const form of forms) {
    const run = (jwt) => FORMS[form](jwt, token, key, options);
    cases.push({ what: ['verify', what, form, token, key, options], run, rows });
  }
};

// ---- claims against options, at random

const CLAIMS = {
  exp: [NOW + 1, NOW, NOW - 1, NOW + 3600, NOW - 3600, NOW + 0.5, `${NOW + 9}`, null, true, [], -1, 0],
  nbf: [NOW - 1, NOW, NOW + 1, NOW + 3600, NOW + 0.5, `${NOW - 9}`, null, {}],
  iat: [NOW, NOW - 59, NOW - 60, NOW - 61, NOW + 60, `${NOW}`, 0, null],
  aud: ['a', 'b', ['a', 'b'], ['c', 'b'], [], '', null, 7, ['a', 7], { a: 1 }, [['a']], 'undefined'],
  iss: ['i', 'j', '', null, 7, ['i']],
  sub: ['s', '', null, 5, ['s']],
  jti: ['t', '', 5],
  nonce: ['n', '', 5, null],
  name: ['Anna', 'é🙂'],
};
const OPTIONS = {
  algorithms: [['HS256'], ['HS256', 'HS512'], ['HS512'], ['RS256', 'HS256'], [], ['none'], 'HS256', null, ['hs256']],
  audience: [
    'a',
    ['a'],
    ['z', 'b'],
    /^a$/,
    [/^z/, /b/],
    /undefined|null|7/,
    '',
    [],
    'undefined',
    [undefined],
    [/x/, 'a'],
  ],
  issuer: ['i', ['i'], ['j', 'k'], '', [], [undefined], /i/, 7],
  subject: ['s', 't', '', 5],
  jwtid: ['t', 'u', '', 5],
  nonce: ['n', 'm', '', ' ', 5, null],
  maxAge: [
    60,
    '60s',
    '1m',
    '1 minute',
    '60000',
    0,
    '',
    'x',
    '1d',
    -5,
    59.5,
    true,
    {},
    NaN,
    '0.5h',
    `${' '.repeat(99)}1s`,
  ],
  clockTolerance: [0, 1, 60, -1, 0.5, '5', true, NaN, Infinity, null],
  clockTimestamp: [NOW, NOW - 60, NOW + 60, 0, '5', NaN, null, -5],
  ignoreExpiration: [true, false, 'yes', 0],
  ignoreNotBefore: [true, false, 1],
  complete: [true, false, 'yes', 1],
  allowInvalidAsymmetricKeyTypes: [true, false, 'yes', null],
  unheardOf: [1],
};

/** The rows by which a call with these options may be refused here. */
function rowsOf({ clockTolerance, audience, issuer }) {
  const rows = [];
  if (clockTolerance && typeof clockTolerance !== 'number') rows.push('clock-tolerance');
  if (audience) rows.push('audience-no-string');
  if (issuer && typeof issuer !== 'string') rows.push(Array.isArray(issuer) ? 'issuer-no-string' : 'issuer-option');
  return rows;
}

const { random, choose } = randomly(8);
const some = (from, share) =>
  Object.fromEntries(
    Object.entries(from).flatMap(([name, values]) => (random() < share ? [[name, choose(values)]] : [])),
  );
for (let n = 0; n < 1500; n += 1) {
  const share = choose([0.12, 0.25, 0.5]);
  const claims = some(CLAIMS, share);
  // What is usual more often than what is not.
  if (random() < 0.6) Object.assign(claims, { exp: NOW + 60, nbf: NOW });
  const options = some(OPTIONS, choose([0.08, 0.15, 0.3]));
  if (random() < 0.5) options.algorithms = ['HS256'];
  const token = make(HS, JSON.stringify(claims), SECRET);
  add(`at random ${n}`, token, SECRET, options, rowsOf(options), [choose(Object.keys(FORMS))]);
}

// ---- every option alone, with every value

const GOOD = { exp: NOW + 60, nbf: NOW, iat: NOW, aud: 'a', iss: 'i', sub: 's', jti: 't', nonce: 'n' };
const good = make(HS, JSON.stringify(GOOD), SECRET);
for (const [name, values] of Object.entries(OPTIONS)) {
  for (const value of values) {
    add(name, good, SECRET, { [name]: value }, rowsOf({ [name]: value }), ['plain', 'callback', 'key looked up']);
  }
}
for (const [name, values] of Object.entries(CLAIMS)) {
  for (const value of values) {
    const token = make(HS, JSON.stringify({ ...GOOD, [name]: value }), SECRET);
    add(`claim ${name}`, token, SECRET, { algorithms: ['HS256'] }, [], ['plain', 'callback']);
    const options = { audience: 'a', issuer: ['i'], subject: 's', jwtid: 't', nonce: 'n', maxAge: '1m' };
    add(`claim ${name}`, token, SECRET, options, [], ['plain', 'key looked up later']);
  }
}
for (const options of [
  undefined,
  null,
  0,
  '',
  'text',
  [],
  Object.create({ ignoreExpiration: true }),
  Object.freeze({}),
]) {
  add('no options', good, SECRET, options);
}
cases.push(
  ...['callback alone', 'callback for options, and another'].map((what, n) => ({
    what: ['verify', what],
    rows: [],
    run: (jwt) =>
      calledBack((done) => (n === 0 ? jwt.verify(good, SECRET, done) : jwt.verify(good, SECRET, () => 'no', done))),
  })),
);
const proto = JSON.parse('{"__proto__":{"ignoreExpiration":true}}');
add('options of a parsed text', make(HS, '{"exp":1}', SECRET), SECRET, proto, ['options-proto']);

// ---- tokens that are none

for (const token of malformed(good)) {
  for (const [key, options] of [
    [SECRET, { algorithms: ['HS256'] }],
    [SECRET, {}],
    [undefined, { algorithms: ['none'] }],
    [PUBLIC.rsa, {}],
  ]) {
    add('malformed', token, key, options, [], ['plain', 'key looked up']);
  }
}
for (const token of NO_STRINGS) add('no string', token, SECRET, {}, [], ['plain', 'callback']);

// ---- payloads of every kind, with and without the header that says they are JSON

for (const payload of PAYLOADS) {
  for (const header of [HS, '{"alg":"HS256"}', '{"typ":"jwt","alg":"HS256"}']) {
    for (const options of [{}, { complete: true }, { ignoreExpiration: true, algorithms: ['HS256'] }]) {
      // An object inside a text is read there all the same.
      const rows = payload.startsWith('"{') ? ['payload-form'] : [];
      add('payload', make(header, payload, SECRET), SECRET, options, rows, ['plain', 'key looked up']);
    }
  }
}

// ---- nothing signed

for (const token of [
  make('{"alg":"none"}', '{"a":1}', ''),
  make('{"alg":"none","typ":"JWT"}', '{"a":1,"exp":5}', ''),
]) {
  for (const key of ['', undefined, null, 0, false, SECRET, Buffer.alloc(0), PUBLIC.rsa]) {
    for (const algorithms of [undefined, ['none'], ['HS256'], ['none', 'HS256'], 'none', ['']]) {
      add('unsigned', token, key, { algorithms }, [], ['plain', 'callback', 'key looked up']);
    }
  }
}
for (const alg of ['HS256', 'RS256', '', 'foo']) {
  const token = `${base64url(JSON.stringify({ alg }))}.${base64url('{}')}.`;
  for (const key of [null, undefined, SECRET]) add('unsigned', token, key, { algorithms: [alg, 'none'] });
}
add('none with a signature', `${base64url('{"alg":"none"}')}.${base64url('{}')}.AAAA`, SECRET, {
  algorithms: ['none'],
});
add('none, twice', make('{"alg":"none"}', '{"a":1,"a":2}', ''), null, { algorithms: ['none'] }, ['payload-form']);

// ---- keys

const byKey = (name, algorithm) =>
  make(`{"alg":"${algorithm}","typ":"JWT"}`, JSON.stringify(GOOD), PRIVATE[name], algorithm);
const signable = new Set(['rsa', 'rsa-1024', 'pss-any', 'pss-256', 'p-256', 'p-384', 'p-521', 'secp256k1']);
for (const name of Object.keys(PRIVATE)) {
  for (const algorithm of ALGORITHMS[name]) {
    const token = signable.has(name) ? byKey(name, algorithm) : byKey('rsa', 'RS256');
    for (const [form, key] of Object.entries(publicForms(PUBLIC[name]))) {
      for (const options of [{}, { algorithms: [algorithm] }]) {
        add(`${name} as ${form}`, token, key, options, [], ['plain', 'key looked up']);
      }
    }
    for (const [form, key] of Object.entries(privateForms(PRIVATE[name]))) {
      // DER that nobody said is DER would be a secret.
      add(`private ${name} as ${form}`, token, key, { algorithms: [algorithm] }, [], ['plain']);
    }
    const [head, body, tail] = token.split('.');
    for (const bad of [
      `${head}.${body}.${tail.slice(0, -4)}AAAA`,
      `${head}.${body}.AAAA`,
      `${head}.${body}.${'A'.repeat(tail.length)}`,
    ]) {
      add(`${name}, another signature`, bad, PUBLIC[name], { algorithms: [algorithm] }, [], ['plain', 'callback']);
    }
  }
}
for (const algorithm of ['HS256', 'HS384', 'HS512']) {
  for (const secret of [SECRET, 'short', 'x', 'é🙂', '\ud800', 'a'.repeat(500), '-----BEGIN', '{"a":1}']) {
    const token = make(`{"alg":"${algorithm}"}`, '{"a":1}', Buffer.from(secret));
    for (const [form, key] of Object.entries(secretForms(secret))) {
      add(`secret as ${form}`, token, key, {}, [], ['plain', 'key looked up']);
      add(`secret as ${form}`, token, key, { algorithms: [algorithm] }, [], ['plain']);
    }
    add('another secret', token, `${secret}!`, {}, [], ['plain']);
  }
}
for (const key of NO_KEYS) {
  for (const token of [good, byKey('rsa', 'RS256')])
    add('no key', token, key, {}, [], ['plain', 'callback', 'key looked up']);
}
// Every algorithm with every kind of key, by the rules and without.
const kinds = { secret: createSecretKey(Buffer.from(SECRET)), ...PUBLIC };
for (const [name, key] of Object.entries(kinds)) {
  for (const alg of [
    'HS256',
    'RS256',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'none',
    'EdDSA',
    'foo',
  ]) {
    const zeros = { ES256: 64, ES384: 96, ES512: 132 }[alg] ?? 256;
    const token = `${base64url(JSON.stringify({ alg }))}.${base64url('{}')}.${base64url(Buffer.alloc(zeros, 1))}`;
    for (const allowInvalidAsymmetricKeyTypes of [true, false]) {
      for (const algorithms of [[alg], undefined]) {
        add(`${alg} by ${name}`, token, key, { algorithms, allowInvalidAsymmetricKeyTypes }, [], ['plain', 'callback']);
      }
    }
  }
}
// Keys that do not go with the algorithm, and are allowed to all the same.
for (const [name, alg] of [
  ['p-256', 'ES384'],
  ['p-256', 'ES512'],
  ['p-384', 'ES512'],
  ['secp256k1', 'ES256'],
  ['pss-any', 'PS512'],
]) {
  const allowInvalidAsymmetricKeyTypes = true;
  const token = jsonwebtoken.sign({ a: 1 }, PRIVATE[name], { algorithm: alg, allowInvalidAsymmetricKeyTypes });
  for (const allow of [true, false]) {
    add(`${alg} by ${name}`, token, PUBLIC[name], { algorithms: [alg], allowInvalidAsymmetricKeyTypes: allow });
  }
}

// ---- keys that are looked up

for (const [what, lookUp] of Object.entries({
  'an error': (header, found) => found(new Error('no such key')),
  'no error': (header, found) => found('no such key'),
  'no key': (header, found) => found(null, undefined),
  'by the header': (header, found) => found(null, header.kid === 'k' ? SECRET : 'another'),
  twice: (header, found) => [found(null, 'another'), found(null, SECRET)],
  throws: () => {
    throw new RangeError('thrown');
  },
  never: () => 'what the look-up returns',
  'what the look-up gets': (header, found) => found(new Error(JSON.stringify(header))),
  'a header that is changed': (header, found) => {
    header.alg = 'none';
    return found(null, SECRET);
  },
})) {
  for (const options of [{}, { algorithms: ['HS256'] }, { complete: true }]) {
    const token = make('{"alg":"HS256","kid":"k"}', '{"a":1}', SECRET);
    cases.push({
      what: ['verify', 'key looked up', what, options],
      rows: [],
      run: (jwt) => calledBack((done) => jwt.verify(token, lookUp, options, done)),
    });
    cases.push({
      what: ['verify', 'key looked up, without a callback', what, options],
      rows: [],
      run: (jwt) => outright(() => jwt.verify(token, lookUp, options)),
    });
  }
}

// ---- what throws when it is looked at

const thrower = (name) =>
  Object.defineProperty({}, name, {
    enumerable: true,
    get() {
      throw new RangeError('thrown by a getter');
    },
  });
const trap = () => {
  throw new RangeError('thrown by a trap');
};
for (const name of Object.keys(OPTIONS)) add('options that throw', good, SECRET, thrower(name));
for (const options of [
  new Proxy({}, { ownKeys: trap }),
  { audience: { toString: trap } },
  { maxAge: { valueOf: trap } },
]) {
  add('options that throw', good, SECRET, options);
}
for (const key of [
  ...[thrower('key'), thrower('format'), new Proxy({}, { get: trap }), new Proxy(PUBLIC.rsa, {})],
  ...[{ key: thrower('kty'), format: 'jwk' }, { key: SECRET, toString: trap }, new Proxy(Buffer.from(SECRET), {})],
]) {
  add('keys that throw', good, key, { algorithms: ['HS256'] });
}
for (const token of [{ toString: trap }, { split: trap, toJSON: trap }, new Proxy(new String(good), { get: trap })]) {
  add('tokens that throw', token, SECRET, {});
}

// ---- what is refused here alone

const single = ['plain', 'key looked up'];
const stricter = (row, token, key = SECRET, options = {}) => add(row, token, key, options, [row], single);

stricter('token-long', make(HS, JSON.stringify({ a: 'x'.repeat(200_000) }), SECRET));
stricter('token-long', `${'a'.repeat(300_000)}.b.c`);

const respeltHeader = `${respelt(base64url('{ "alg":"HS256"}'))}.${base64url('{"a":1}')}`;
const respeltPayload = `${base64url('{"alg":"HS256"}')}.${respelt(base64url('{"a":1}'))}`;
stricter('spelling', `${respeltHeader}.${signature(respeltHeader, SECRET, 'HS256')}`);
stricter('spelling', `${respeltPayload}.${signature(respeltPayload, SECRET, 'HS256')}`);
for (const name of ['rsa', 'p-256', 'p-521', 'rsa-1024']) {
  const [algorithm] = ALGORITHMS[name];
  const [head, body, tail] = byKey(name, algorithm).split('.');
  if (tail.length % 4) stricter('spelling', `${head}.${body}.${respelt(tail)}`, PUBLIC[name]);
}

const deep = `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`;
const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`n${n}`, n])));
for (const payload of [
  '{"a":1,"a":2}',
  '{"exp":4102444800,"exp":1}',
  '{"a":1,"\\u0061":2}',
  '{"a":[{"b":1,"b":2}]}',
  deep,
  wide,
]) {
  stricter('payload-form', make(HS, payload, SECRET));
  stricter('payload-form', make('{"alg":"ES512"}', payload, PRIVATE['p-521']), PUBLIC['p-521']);
}
for (const payload of ['{"a":"\\ud800"}', Buffer.from('{"a":"\xe9"}', 'latin1')])
  stricter('payload-form', make(HS, payload, SECRET));
stricter('payload-form', make('{"alg":"HS256"}', Buffer.from('caf\xe9', 'latin1'), SECRET));

for (const header of [
  ...[
    '{"alg":"HS256","alg":"HS256"}',
    '{"alg":"none","alg":"HS256"}',
    '{"alg":"HS256","kid":""}',
    '{"alg":"HS256","kid":7}',
  ],
  ...['{"alg":"HS256","typ":7}', '{"alg":"HS256","cty":null}', `{"alg":"HS256","kid":"${'k'.repeat(257)}"}`],
]) {
  stricter('header-form', make(header, '{"a":1}', SECRET, 'HS256'));
}
stricter('header-form', make(Buffer.from('{"alg":"HS256","kid":"\xe9"}', 'latin1'), '{"a":1}', SECRET, 'HS256'));
for (const extension of [
  '"crit":["a"]',
  '"crit":[]',
  '"crit":null',
  '"b64":false',
  '"b64":true',
  '"crit":["b64"],"b64":true',
]) {
  stricter('header-critical', make(`{"alg":"HS256",${extension}}`, '{"a":1}', SECRET));
  stricter('header-critical', make(`{"alg":"RS256",${extension}}`, '{"a":1}', PRIVATE['rsa-1024']), PUBLIC['rsa-1024']);
}

for (const empty of [Buffer.alloc(0), new Uint8Array(0), createSecretKey(Buffer.alloc(0))]) {
  stricter('secret-empty', make(HS, '{"a":1}', ''), empty);
}
const der = PUBLIC.rsa.export({ format: 'der', type: 'spki' });
for (const secret of [
  ...[
    JSON.stringify(PUBLIC.rsa.export({ format: 'jwk' })),
    'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB',
    der,
    der.toString('base64'),
  ],
  ...[createSecretKey(PUBLIC.rsa.export({ format: 'pem', type: 'spki' })), '-----BEGIN PUBLIC KEY-----'],
]) {
  stricter('secret-is-a-key', make(HS, '{"a":1}', secret), secret);
}

// With an exponent of 1 a signature is its own message: no key is needed to make one.
for (const name of ['rsa', 'rsa-1024']) {
  const { n } = PUBLIC[name].export({ format: 'jwk' });
  const open = createPublicKey({ key: { kty: 'RSA', n, e: 'AQ' }, format: 'jwk' });
  const message = `${base64url('{"alg":"RS256"}')}.${base64url('{"a":1}')}`;
  const info = Buffer.concat([
    Buffer.from('3031300d060960864801650304020105000420', 'hex'),
    createHash('sha256').update(message).digest(),
  ]);
  const rest = open.asymmetricKeyDetails.modulusLength / 8 - 3 - info.length;
  const padded = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(rest, 0xff), Buffer.from([0]), info]);
  stricter('rsa-exponent', `${message}.${base64url(padded)}`, open);
}

export default cases;
