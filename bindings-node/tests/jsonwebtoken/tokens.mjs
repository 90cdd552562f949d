// Tokens of any kind, good and bad, made by hand.

import { constants, createHmac, sign } from 'node:crypto';

export const base64url = (thing) => Buffer.from(thing).toString('base64url');

/** A token of these bytes, signed, whatever they say. */
export function make(header, payload, key, algorithm = JSON.parse(header).alg) {
  const message = `${base64url(header)}.${base64url(payload)}`;
  return `${message}.${signature(message, key, algorithm)}`;
}

/** The signature over any text. */
export function signature(message, key, algorithm) {
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm === 'none') return '';
  if (algorithm.startsWith('HS')) return createHmac(hash, key).update(message).digest('base64url');
  const padding = algorithm.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {};
  return sign(hash, Buffer.from(message), { key, dsaEncoding: 'ieee-p1363', ...padding }).toString('base64url');
}

/** The same bytes in another spelling: the bits to spare of the last character are not zero. */
export function respelt(segment) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  if (segment.length % 4 === 0) throw new Error('no bits to spare');
  return segment.slice(0, -1) + alphabet[alphabet.indexOf(segment.at(-1)) + 1];
}

/** What is no token, or none that should be taken. */
export function malformed(good) {
  const [header, payload, mac] = good.split('.');
  return [
    ...['', ' ', '.', '..', '...', 'a', 'a.b', 'a.b.c', 'a.b.c.d', '.'.repeat(1000), 'é.é.é', '\ud800.a.b', '🙂.🙂.🙂'],
    ...[`${header}.${payload}`, `${header}.${payload}.`, `${header}..${mac}`, `.${payload}.${mac}`, `${good}.`],
    ...[
      `${good}.${mac}`,
      ` ${good}`,
      `${good} `,
      `${good}\n`,
      `Bearer ${good}`,
      `${good}=`,
      `${header}=.${payload}.${mac}`,
    ],
    ...[`${header}.${payload}.${mac}AAAA`, `${header}.${payload}.${mac.slice(0, -1)}`, `${header}.${payload}A.${mac}`],
    ...[
      `${header}.${payload}.${mac.slice(0, -4)}AAAA`,
      `${header}.${payload}.${' '}`,
      `${header}.${payload}.+${mac.slice(1)}`,
    ],
    // A character whose low byte is the right one.
    `${header}.${payload}.${String.fromCharCode(mac.charCodeAt(0) + 0x100)}${mac.slice(1)}`,
    `${String.fromCharCode(header.charCodeAt(0) + 0x100)}${header.slice(1)}.${payload}.${mac}`,
    ...['null', '1', '"HS256"', '[]', '{}', 'true', '{"alg":null}', '{"alg":5}', '{"alg":""}', '{"alg":["HS256"]}'].map(
      (text) => `${base64url(text)}.${payload}.${mac}`,
    ),
    ...['{', 'no json', '', '\ufeff{"alg":"HS256"}', '{"alg":"HS256"} {}'].map(
      (text) => `${base64url(text)}.${payload}.${mac}`,
    ),
    ...[
      'none',
      'None',
      'NONE',
      'nOnE',
      'hs256',
      'HS255',
      'HS2566',
      'RS256',
      'ES256',
      'HS256\0',
      'EdDSA',
      'ES256K',
    ].flatMap((alg) => [
      `${base64url(JSON.stringify({ alg, typ: 'JWT' }))}.${payload}.`,
      `${base64url(JSON.stringify({ alg, typ: 'JWT' }))}.${payload}.${mac}`,
      `${base64url(JSON.stringify({ alg }))}.${payload}.${mac}`,
    ]),
  ];
}

/** What is no string. */
export const NO_STRINGS = [
  ...[undefined, null, 0, 7, NaN, true, false, {}, [], ['a.b.c'], () => 'a.b.c', Symbol('a'), new Date(0)],
  ...[Buffer.from('a.b.c'), new String('a.b.c'), 7n],
];

/** Payloads as they may be signed, JSON or not. */
export const PAYLOADS = [
  ...['{}', '{"a":1}', '{"sub":5,"iss":null,"aud":{},"jti":[]}', '{"exp":"soon"}', '{"exp":null}', '{"nbf":"5"}'],
  ...[
    '[]',
    '[1,2]',
    '[{"a":1,"a":2}]',
    'null',
    'true',
    '5',
    '"text"',
    '"{\\"a\\":1}"',
    'text',
    '{',
    '{"a":1',
    'é',
    '🙂',
    '\ufeff{}',
  ],
  ...['{"a":1e400}', '{"a":"\\u0000"}', '{"a":-0}', ' {"a":1} ', '{"a":12345678901234567890}', '{"__proto__":{"a":1}}'],
  ...[
    '{"é":"é"}',
    '{"a":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}',
    '{"a":"</script>"}',
    '{"exp":1e400}',
    '{"nbf":1e400}',
  ],
  ...['{"exp":4102444800.5}', '{"exp":-1}', '{"exp":0}', '{"iat":0}', '{"exp":1e21}', '{"exp":9007199254740993}'],
];
