/** `sign` as jsonwebtoken has it: HS* by core, all else by Node's own crypto, the keys made once. */

import { KeyObject } from 'node:crypto';
import { isBoolean, isNumber, isPlainObject, isString, mustFit } from './checks.js';
import { signed, text } from './jws.js';
import { type Prepared, signing } from './keys.js';
import { timespan } from './timespan.js';

const ALGORITHMS: unknown[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
  ...['HS256', 'HS384', 'HS512', 'none'],
];

type Schema = ReadonlyMap<string, readonly [isValid: (value: unknown) => unknown, message: string]>;

const isSpan = (value: unknown): unknown => Number.isInteger(value) || (isString(value) && value);
const isList = (value: unknown): boolean => isString(value) || Array.isArray(value);

const OPTIONS: Schema = new Map([
  ['expiresIn', [isSpan, '"expiresIn" should be a number of seconds or string representing a timespan']],
  ['notBefore', [isSpan, '"notBefore" should be a number of seconds or string representing a timespan']],
  ['audience', [isList, '"audience" must be a string or array']],
  ['algorithm', [(value) => ALGORITHMS.includes(value), '"algorithm" must be a valid string enum value']],
  ['header', [isPlainObject, '"header" must be an object']],
  ['encoding', [isString, '"encoding" must be a string']],
  ['issuer', [isString, '"issuer" must be a string']],
  ['subject', [isString, '"subject" must be a string']],
  ['jwtid', [isString, '"jwtid" must be a string']],
  ['noTimestamp', [isBoolean, '"noTimestamp" must be a boolean']],
  ['keyid', [isString, '"keyid" must be a string']],
  ['mutatePayload', [isBoolean, '"mutatePayload" must be a boolean']],
  ['allowInsecureKeySizes', [isBoolean, '"allowInsecureKeySizes" must be a boolean']],
  ['allowInvalidAsymmetricKeyTypes', [isBoolean, '"allowInvalidAsymmetricKeyTypes" must be a boolean']],
]);

const DATES: Schema = new Map([
  ['iat', [isNumber, '"iat" should be a number of seconds']],
  ['exp', [isNumber, '"exp" should be a number of seconds']],
  ['nbf', [isNumber, '"nbf" should be a number of seconds']],
]);

/** Throws for the first member that is not as it should be. */
function validate(schema: Schema, allowUnknown: boolean, object: unknown, name: string): void {
  if (!isPlainObject(object)) throw new Error(`Expected "${name}" to be a plain object.`);
  for (const key of Object.keys(object)) {
    const [isValid, message] = schema.get(key) ?? [];
    if (isValid === undefined && !allowUnknown) throw new Error(`"${key}" is not allowed in "${name}"`);
    if (isValid && !isValid(object[key])) throw new Error(message);
  }
}

/** The options that are claims, and need an object to go into. */
const CLAIMS = [
  ['audience', 'aud'],
  ['issuer', 'iss'],
  ['subject', 'sub'],
  ['jwtid', 'jti'],
] as const;
const FOR_OBJECTS = ['expiresIn', 'notBefore', 'noTimestamp', ...CLAIMS.map(([option]) => option)];

// Options, payloads and keys are whatever they are: each is looked at as jsonwebtoken looks at it.
/* eslint-disable @typescript-eslint/no-explicit-any */

/** Makes a token: gives it, or tells the callback; throws, or tells the callback, why not. */
export function sign(payload: any, secretOrPrivateKey: any, options?: any, callback?: any): unknown {
  if (typeof options === 'function') {
    callback = options;
    options = {};
  }
  options = options || {};
  const isObject = typeof payload === 'object' && !Buffer.isBuffer(payload);
  const header = {
    alg: options.algorithm || 'HS256',
    typ: isObject ? 'JWT' : undefined,
    kid: options.keyid,
    ...options.header,
  };

  let prepared: Prepared | undefined;
  try {
    if (!secretOrPrivateKey && options.algorithm !== 'none') {
      throw new Error('secretOrPrivateKey must have a value');
    }
    if (secretOrPrivateKey != null) {
      prepared = signing.of(secretOrPrivateKey);
      if (!prepared) throw new Error('secretOrPrivateKey is not valid key material');
      if (prepared.key.symmetricKeySize === 0 && options.algorithm !== 'none') {
        throw new Error('secretOrPrivateKey must have a value');
      }
    }
  } catch (error) {
    return failed(error, callback);
  }
  const key = (prepared ? prepared.key : secretOrPrivateKey) as KeyObject;
  // Outside of what the callback is told, as there.
  const isHmac = header.alg.startsWith('HS');
  const isAsymmetric = /^(?:RS|PS|ES)/.test(header.alg);
  const type = isHmac || isAsymmetric ? key.type : undefined;
  try {
    if (isHmac && type !== 'secret') {
      throw new Error(`secretOrPrivateKey must be a symmetric key when using ${header.alg}`);
    }
    if (isAsymmetric && type !== 'private') {
      throw new Error(`secretOrPrivateKey must be an asymmetric key when using ${header.alg}`);
    }
    if (isAsymmetric && !options.allowInsecureKeySizes && !header.alg.startsWith('ES')) {
      const { modulusLength } = key.asymmetricKeyDetails ?? {};
      if (modulusLength !== undefined && modulusLength < 2048) throw new Error(tooShort(header.alg));
    }
    payload = claimed(payload, isObject, options, () => {
      if (!options.allowInvalidAsymmetricKeyTypes) mustFit(header.alg, key);
    });
  } catch (error) {
    return failed(error, callback);
  }

  const encoding = options.encoding || 'utf8';
  const make = (): string => made(header, payload, encoding, prepared, !options.allowInsecureKeySizes);
  if (typeof callback !== 'function') return make();
  if (payload && typeof payload !== 'object' && !payload.length) {
    throw new TypeError(`Unexpected data type (${typeof payload})`);
  }
  process.nextTick(() => {
    let token: string;
    try {
      token = make();
    } catch (error) {
      callback(error);
      return;
    }
    try {
      callback(null, token);
    } catch {
      // What a callback throws at its token, jsonwebtoken's stream takes for an error of its own, and nobody is told.
    }
  });
  return undefined;
}

function failed(error: unknown, callback: any): unknown {
  if (callback) return callback(error);
  throw error;
}

const tooShort = (algorithm: string): string =>
  `secretOrPrivateKey has a minimum key size of 2048 bits for ${algorithm}`;

/** The payload with the claims that the options ask for. Throws where they do not go together. */
function claimed(payload: any, isObject: boolean, options: any, checkKey: () => void): unknown {
  if (payload === undefined) throw new Error('payload is required');
  if (isObject) {
    validate(DATES, true, payload, 'payload');
    if (!options.mutatePayload) payload = { ...payload };
  } else {
    const wrong = FOR_OBJECTS.filter((option) => options[option] !== undefined);
    if (wrong.length > 0) throw new Error(`invalid ${wrong.join(',')} option for ${typeof payload} payload`);
  }
  if (payload.exp !== undefined && options.expiresIn !== undefined) {
    throw new Error('Bad "options.expiresIn" option the payload already has an "exp" property.');
  }
  if (payload.nbf !== undefined && options.notBefore !== undefined) {
    throw new Error('Bad "options.notBefore" option the payload already has an "nbf" property.');
  }
  validate(OPTIONS, false, options, 'options');
  checkKey();

  const now = payload.iat || Math.floor(Date.now() / 1000);
  if (!isObject) return payload;
  if (options.noTimestamp) delete payload.iat;
  else payload.iat = now;
  for (const [option, claim] of [
    ['notBefore', 'nbf'],
    ['expiresIn', 'exp'],
  ] as const) {
    if (options[option] === undefined) continue;
    payload[claim] = timespan(options[option], now);
    if (payload[claim] === undefined) {
      throw new Error(
        `"${option}" should be a number of seconds or string representing a timespan eg: "1d", "20h", 60`,
      );
    }
  }
  for (const [option, claim] of CLAIMS) {
    if (options[option] === undefined) continue;
    if (payload[claim] !== undefined) {
      throw new Error(`Bad "options.${option}" option. The payload already has an "${claim}" property.`);
    }
    payload[claim] = options[option];
  }
  return payload;
}

/** The token. Throws what Node's crypto says of a key that can't sign. */
function made(
  header: { alg: string },
  payload: unknown,
  encoding: BufferEncoding,
  prepared: Prepared | undefined,
  mustBeLong: boolean,
): string {
  const { alg } = header;
  const [first, second] = [JSON.stringify(header), text(payload) as string];
  let token: string | undefined;
  // Headers are Latin-1 there, which up to here is UTF-8.
  if (prepared && /^HS(?:256|384|512)$/.test(alg) && encoding === 'utf8' && /^[\0-\x7f]*$/.test(first)) {
    token = typeof second === 'string' ? prepared.hmac(first, second, alg) : undefined;
  }
  if (token === undefined) {
    const message = `${Buffer.from(first, 'latin1').toString('base64url')}.${Buffer.from(second, encoding).toString('base64url')}`;
    token = `${message}.${signed(message, alg, prepared?.key as KeyObject)}`;
  }
  // A curve's signature under the name of one by RSA.
  if (mustBeLong && /^(?:RS|PS)/.test(alg) && token.length < 256) throw new Error(tooShort(alg));
  return token;
}
