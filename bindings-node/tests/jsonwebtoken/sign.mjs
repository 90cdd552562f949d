// Calls of `sign`: every option, form, payload and key.

import { createSecretKey } from 'node:crypto';
import { calledBack, outright, randomly } from './compare.mjs';
import {
  ALGORITHMS,
  NO_KEYS,
  PASSPHRASE,
  PRIVATE,
  privateForms,
  PUBLIC,
  publicForms,
  SECRET,
  secretForms,
} from './keys.mjs';
import { NOW } from './verify.mjs';

const FORMS = {
  plain: (jwt, payload, key, options) => outright(() => jwt.sign(payload, key, options)),
  callback: (jwt, payload, key, options) => calledBack((done) => jwt.sign(payload, key, options, done)),
};

const cases = [];

/** What a signature was made with that is another each time is taken off, and only its length compared. */
const bare = (text) => {
  const [header, payload, signature] = typeof text === 'string' ? text.split('.') : [];
  if (signature === undefined) return text;
  return `${header}.${payload}.${'?'.repeat(signature.length)}`;
};
const withoutSignature = ({ returned, told, ...rest }) => ({
  ...rest,
  returned: bare(returned),
  told: told?.map(({ when, values: [error, token] }) => ({ when, values: [error, bare(token)] })),
});

const add = (what, payload, key, options, rows = [], { random = false, forms = Object.keys(FORMS) } = {}) => {
  for (const form of forms) {
    const run = async (jwt) => {
      const given = typeof payload === 'function' && payload.name === 'payload' ? payload() : payload;
      const outcome = await FORMS[form](jwt, given, key, options);
      return { ...(random ? withoutSignature(outcome) : outcome), given };
    };
    cases.push({ what: ['sign', what, form, payload, key, options], run, rows });
  }
};

// ---- options and payloads

const SPANS = [
  ...[
    60,
    0,
    -60,
    1.5,
    NaN,
    Infinity,
    -0,
    1e21,
    '60',
    '60s',
    '1m',
    '1 h',
    '2 days',
    '0.5h',
    '.5d',
    '-1h',
    '- 1h',
    '1.h',
    '1..5h',
  ],
  ...[
    '1w',
    '1y',
    '1 yr',
    '2 YEARS',
    '3 Weeks',
    '1 msec',
    '100ms',
    '1 millisecond',
    '5 mins',
    '5 min',
    '7 secs',
    '7 sec',
    '8 hrs',
  ],
  ...[
    '1 hr',
    '1d2h',
    'd',
    '',
    ' ',
    '1x',
    ' 1h',
    '1h ',
    '1  h',
    '1\th',
    '1\nh',
    `${'1'.repeat(99)}s`,
    `${'1'.repeat(100)}s`,
    'Infinity',
  ],
  ...['0x10', '1e3', '1e3s', '١s', null, true, [], {}, [60], new String('1h'), new Number(60)],
];
const OPTIONS = {
  algorithm: ['HS256', 'HS384', 'HS512', 'none', 'RS256', 'hs256', '', null, 'EdDSA', 5, ['HS256']],
  expiresIn: SPANS,
  notBefore: SPANS,
  audience: ['a', ['a', 'b'], [], '', null, 5, {}, [5], new String('a')],
  issuer: ['i', '', null, 5, ['i'], new String('i')],
  subject: ['s', '', null, 5],
  jwtid: ['j', '', null, 5],
  keyid: ['k', '', null, 5, 'é', '🙂', '"', '\u0000'],
  noTimestamp: [true, false, null, 'yes', new Boolean(true)],
  mutatePayload: [true, false, null, 1],
  header: [
    { a: 1 },
    { alg: 'HS512' },
    { typ: 'at+jwt' },
    { kid: 'h' },
    { alg: undefined },
    {},
    null,
    'text',
    [],
    { é: '🙂' },
    new Map(),
  ],
  encoding: ['utf8', 'latin1', 'binary', 'ascii', 'base64', 'hex', 'utf16le', 'UTF-8', 'nonsense', '', null, 5],
  allowInsecureKeySizes: [true, false, null, 1],
  allowInvalidAsymmetricKeyTypes: [true, false, null, 1],
  unheardOf: [1, undefined],
};
const payloads = {
  'an object': function payload() {
    return { a: 1, é: '🙂' };
  },
  'a string': 'text',
};
for (const [name, values] of Object.entries(OPTIONS)) {
  for (const value of values) {
    for (const payload of Object.values(payloads)) add(name, payload, SECRET, { [name]: value });
  }
}

class Own {
  a = 1;
}
const circular = {};
circular.self = circular;
const twice = [...Object.entries({ exp: 'expiresIn', nbf: 'notBefore' })].map(([claim, option]) => [claim, option, 60]);
for (const payload of [
  ...[
    {},
    { iat: 5 },
    { iat: 0 },
    { iat: NaN },
    { iat: '5' },
    { exp: 5 },
    { exp: '5' },
    { exp: null },
    { exp: undefined },
    { nbf: 5 },
  ],
  ...[
    { nbf: '5' },
    { iat: new Number(5) },
    { a: undefined },
    { a: () => 1 },
    { a: 7n },
    { a: NaN },
    { a: { b: 1 } },
    circular,
  ],
  ...[
    { toJSON: () => ({ b: 1 }) },
    { aud: 'a' },
    { iss: 'i' },
    { sub: 's' },
    { jti: 'j' },
    { aud: undefined },
    { sub: null },
  ],
  ...[
    [],
    [1],
    null,
    undefined,
    new Own(),
    new Date(0),
    new Map(),
    Object.create(null),
    Object.create({ a: 1 }),
    /x/,
    new Error('x'),
  ],
  ...[
    'text',
    '{"a":1}',
    'é🙂',
    '\ud800',
    Buffer.from('text'),
    Buffer.from([0xff, 0xfe]),
    new Uint8Array(3),
    new String('text'),
    7,
    7n,
  ],
  ...[true, Symbol('a'), () => 1, (a) => a],
]) {
  add('payload', payload, SECRET, {});
  add('payload', payload, SECRET, { expiresIn: '1h', notBefore: 5 });
  add('payload', payload, SECRET, { audience: 'b', issuer: 'k', subject: 't', jwtid: 'l' }, [], { forms: ['plain'] });
  add('payload', payload, SECRET, { noTimestamp: true });
  add('payload', payload, SECRET, { encoding: 'latin1' });
}
for (const payload of ['', 0, false, NaN]) add('payload', payload, SECRET, {}, [], { forms: ['plain'] });
for (const payload of ['', 0, false, NaN])
  add('payload', payload, SECRET, {}, ['sign-never-calls'], { forms: ['callback'] });
for (const [claim, option, value] of twice) {
  add('claim and option', { [claim]: NOW }, SECRET, { [option]: value });
}
for (const [claim, option] of Object.entries({ aud: 'audience', iss: 'issuer', sub: 'subject', jti: 'jwtid' })) {
  add('claim and option', { [claim]: 'a' }, SECRET, { [option]: 'b' }, [], { forms: ['plain'] });
  add('claim and option', { [claim]: 'a' }, SECRET, { [option]: 'b' }, ['sign-calls-twice'], { forms: ['callback'] });
}
for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
  add('a name of objects', { [name]: { exp: 1 } }, SECRET, {}, ['sign-names']);
  add('an option of that name', {}, SECRET, { [name]: 1 }, ['sign-names']);
}
for (const options of [
  undefined,
  null,
  0,
  '',
  'text',
  [],
  new Own(),
  Object.create({ expiresIn: 5 }),
  Object.create(null),
  Object.freeze({}),
]) {
  add('no options', { a: 1 }, SECRET, options);
}
cases.push({
  what: ['sign', 'callback alone'],
  rows: [],
  run: (jwt) => calledBack((done) => jwt.sign({ a: 1 }, SECRET, done)),
});
cases.push({
  what: ['sign', 'what a callback throws'],
  rows: [],
  run: async (jwt) => {
    let calls = 0;
    const outcome = outright(() =>
      jwt.sign({ a: 1 }, SECRET, {}, () => {
        calls += 1;
        throw new Error('thrown by the callback');
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    return { ...outcome, calls };
  },
});
cases.push({
  what: ['sign', 'a payload that is changed before it is signed'],
  rows: [],
  run: (jwt) =>
    calledBack((done) => {
      const payload = { a: 1, inner: { b: 1 } };
      jwt.sign(payload, SECRET, {}, done);
      payload.a = payload.inner.b = 2;
    }),
});
for (const options of [
  { mutatePayload: true, expiresIn: 60, subject: 's' },
  { mutatePayload: true, noTimestamp: true },
]) {
  const payload = () => ({ a: 1, iat: 7 });
  add('the payload itself', payload, SECRET, options);
}
const frozen = () => Object.freeze({ a: 1 });
add('a frozen payload', Object.defineProperty(frozen, 'name', { value: 'payload' }), SECRET, { expiresIn: 60 });
add('a frozen payload', frozen, SECRET, { mutatePayload: true, subject: 's' }, ['sign-frozen']);

// ---- at random

const { random, choose } = randomly(9);
for (let n = 0; n < 600; n += 1) {
  const share = choose([0.05, 0.15, 0.3]);
  const options = Object.fromEntries(
    Object.entries(OPTIONS).flatMap(([name, values]) => (random() < share ? [[name, choose(values)]] : [])),
  );
  const chosen = choose([{ a: 1 }, { iat: 5 }, { sub: 's' }, { exp: NOW }, 'text', Buffer.from('text')]);
  const payload = () => (Object.getPrototypeOf(chosen) === Object.prototype ? { ...chosen } : chosen);
  // What calls back twice is above.
  const rows = options.subject !== undefined && chosen.sub !== undefined ? ['sign-calls-twice'] : [];
  add(`at random ${n}`, payload, SECRET, options, rows, { forms: [choose(Object.keys(FORMS))] });
}

// ---- keys

for (const name of Object.keys(PRIVATE)) {
  for (const algorithm of new Set([...ALGORITHMS[name], 'RS256', 'PS256', 'ES256', 'HS256'])) {
    const random = !algorithm.startsWith('RS');
    for (const [form, key] of Object.entries(privateForms(PRIVATE[name]))) {
      const isSecret = ['DER, not said to be', 'encrypted, without passphrase'].includes(form);
      const rows = isSecret && algorithm === 'HS256' ? ['sign-secret-is-a-key'] : [];
      const forms = ['KeyObject', 'PEM', 'encrypted'].includes(form) ? ['plain', 'callback'] : ['plain'];
      add(`${name} as ${form}`, { a: 1 }, key, { algorithm }, rows, { random, forms });
    }
    for (const allowInsecureKeySizes of [true, false]) {
      for (const allowInvalidAsymmetricKeyTypes of [true, false]) {
        const options = { algorithm, allowInsecureKeySizes, allowInvalidAsymmetricKeyTypes };
        // By a curve in the name of RSA its length varies with its numbers, and by RSA in the name of a curve its meaning.
        const isCurve = PRIVATE[name].asymmetricKeyType === 'ec';
        const isOdd =
          (algorithm.startsWith('ES') !== isCurve || (isCurve && name !== 'p-256')) && !algorithm.startsWith('HS');
        const isRandom = random || name.startsWith('pss');
        if (!isOdd || !allowInvalidAsymmetricKeyTypes) {
          add(`${name} allowed`, { a: 1 }, PRIVATE[name], options, [], { random: isRandom });
        }
      }
    }
  }
  for (const [form, key] of Object.entries(publicForms(PUBLIC[name]))) {
    if (form !== 'certificate')
      add(`public ${name} as ${form}`, { a: 1 }, key, { algorithm: 'RS256' }, [], { forms: ['plain'] });
  }
}
const misnamed = { algorithm: 'RS256', allowInvalidAsymmetricKeyTypes: true };
add('a curve in the name of RSA', { a: 1 }, PRIVATE['p-256'], misnamed);
for (const algorithm of ['ES384', 'ES512']) {
  const options = { algorithm, allowInvalidAsymmetricKeyTypes: true };
  add('a smaller curve', { a: 1 }, PRIVATE['p-256'], options, [], { random: true });
}
for (const algorithm of ['HS256', 'HS384', 'HS512', 'none', undefined]) {
  for (const secret of [SECRET, 'short', 'x', 'é🙂', '\ud800', 'a'.repeat(500)]) {
    for (const [form, key] of Object.entries(secretForms(secret)))
      add(`secret as ${form}`, { a: 1 }, key, { algorithm });
  }
}
for (const key of NO_KEYS) {
  add('no key', { a: 1 }, key, {});
  add('no key', { a: 1 }, key, { algorithm: 'RS256' });
  const isNone = key === undefined || key === null;
  add('no key, no signature', { a: 1 }, key, { algorithm: 'none' }, [], { forms: ['plain'] });
  const rows = isNone ? ['sign-never-calls'] : [];
  if (!key === isNone || key === '')
    add('no key, no signature', { a: 1 }, key, { algorithm: 'none' }, rows, { forms: ['callback'] });
}
for (const alg of ['HS256', 'RS256', 'foo', 'HS257', '']) {
  for (const key of [null, SECRET, PRIVATE.rsa]) {
    const rows = key === null ? ['sign-never-calls'] : [];
    add('another alg in the header', { a: 1 }, key, { algorithm: 'none', header: { alg } }, rows);
  }
}
add('an encrypted key', { a: 1 }, { key: 'no key', passphrase: PASSPHRASE }, { algorithm: 'RS256' });

// ---- what is refused here alone

for (const empty of [Buffer.alloc(0), new Uint8Array(0), createSecretKey(Buffer.alloc(0))]) {
  add('an empty secret', { a: 1 }, empty, {}, ['sign-secret-empty']);
}
const jwk = JSON.stringify(PUBLIC.rsa.export({ format: 'jwk' }));
for (const secret of [jwk, Buffer.from(jwk), PUBLIC.rsa.export({ format: 'pem', type: 'spki' })]) {
  add('a public key for a secret', { a: 1 }, secret, {}, ['sign-secret-is-a-key']);
}

export default cases;
