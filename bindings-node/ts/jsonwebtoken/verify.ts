/**
 * `verify` and `decode` as jsonwebtoken has them.
 *
 * A token is verified by core, by a key that is made once, and its claims are then held to the options. What core does not
 * verify goes the long way: taken apart and looked at in jsonwebtoken's order, to give its very error, or to be verified by
 * Node's own crypto. Whatever verified it, a token of a form that core refuses is refused.
 */

import type { KeyObject } from 'node:crypto';
import { native } from '../_native.js';
import { mustFit } from './checks.js';
import { JsonWebTokenError, NotBeforeError, TokenExpiredError } from './errors.js';
import { decoded, headerOf, holds, type Decoded } from './jws.js';
import { type Prepared, verifying } from './keys.js';
import { timespan } from './timespan.js';

/** The longest token that is looked at, in characters. */
const LONGEST = 256 * 1024;

const HMAC = ['HS256', 'HS384', 'HS512'];
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const EC = ['ES256', 'ES384', 'ES512'];

// Options, claims and keys are whatever they are: each is looked at as jsonwebtoken looks at it.
/* eslint-disable @typescript-eslint/no-explicit-any */
type Done = (error: Error | null, result?: unknown) => unknown;

const outright: Done = (error, result) => {
  if (error) throw error;
  return result;
};

const refused = (why: string): Error => new JsonWebTokenError(`Refused by doorward: ${why}`);

/** Verifies a token: gives its payload, or all of it; throws, or tells the callback, why not. */
export function verify(jwtString: any, secretOrPublicKey: any, options?: any, callback?: any): unknown {
  if (typeof options === 'function' && !callback) {
    callback = options;
    options = {};
  }
  // A copy, so that what a callback takes long for can't change what was asked for; and of its own alone, whatever hangs on
  // `Object.prototype`.
  options = { __proto__: null, ...options };
  const done: Done = callback || outright;

  if (options.clockTimestamp && typeof options.clockTimestamp !== 'number') {
    return done(new JsonWebTokenError('clockTimestamp must be a number'));
  }
  if (options.nonce !== undefined && (typeof options.nonce !== 'string' || options.nonce.trim() === '')) {
    return done(new JsonWebTokenError('nonce must be a non-empty string'));
  }
  if (
    options.allowInvalidAsymmetricKeyTypes !== undefined &&
    typeof options.allowInvalidAsymmetricKeyTypes !== 'boolean'
  ) {
    return done(new JsonWebTokenError('allowInvalidAsymmetricKeyTypes must be a boolean'));
  }
  // A number as text would go behind the digits of `exp`, which then never comes.
  if (options.clockTolerance && typeof options.clockTolerance !== 'number') {
    return done(new JsonWebTokenError('clockTolerance must be a number'));
  }
  const now = options.clockTimestamp || Math.floor(Date.now() / 1000);

  if (!jwtString) return done(new JsonWebTokenError('jwt must be provided'));
  if (typeof jwtString !== 'string') return done(new JsonWebTokenError('jwt must be a string'));

  if (secretOrPublicKey && typeof secretOrPublicKey !== 'function') {
    const payload = opened(jwtString, secretOrPublicKey, options);
    if (payload !== undefined) return checked(payload, jwtString, undefined, options, now, done);
  }

  if (jwtString.length > LONGEST) return done(refused('the token or its header is too long'));
  if (jwtString.split('.', 4).length !== 3) return done(new JsonWebTokenError('jwt malformed'));
  let token: Decoded | null;
  try {
    token = decoded(jwtString);
  } catch (error) {
    return done(error as Error);
  }
  if (!token) return done(new JsonWebTokenError('invalid token'));
  const taken = token;

  if (typeof secretOrPublicKey !== 'function') {
    return theLongWay(jwtString, taken, secretOrPublicKey, options, now, done);
  }
  if (!callback) {
    return done(
      new JsonWebTokenError('verify must be called asynchronous if secret or public key is provided as a callback'),
    );
  }
  const lookUp = secretOrPublicKey;
  const { alg } = taken.header;
  return lookUp(taken.header, (error: any, key: unknown) => {
    if (error) return done(new JsonWebTokenError(`error in secret or public key callback: ${error.message}`));
    // Who looks up a key may change the header, which then counts.
    const payload = key && taken.header.alg === alg ? opened(jwtString, key, options) : undefined;
    if (payload !== undefined) return checked(payload, jwtString, taken, options, now, done);
    return theLongWay(jwtString, taken, key, options, now, done);
  });
}

/** The payload of a token that core verified, where that is an object. */
function opened(token: string, given: unknown, options: any): object | undefined {
  const text = verifying.of(given)?.opened(token, options.algorithms);
  // What core read as one object with every name once.
  return text === undefined ? undefined : (JSON.parse(text) as object);
}

/** Everything that is asked of a token before its claims, in order. */
function theLongWay(jwtString: string, token: Decoded, given: any, options: any, now: number, done: Done): unknown {
  const { header, signature } = token;
  if (!signature && given) return done(new JsonWebTokenError('jwt signature is required'));
  if (signature && !given) return done(new JsonWebTokenError('secret or public key must be provided'));
  if (!signature && !options.algorithms) {
    return done(new JsonWebTokenError('please specify "none" in "algorithms" to verify unsigned tokens'));
  }

  let prepared: Prepared | undefined;
  if (given != null) {
    prepared = verifying.of(given);
    if (!prepared) return done(new JsonWebTokenError('secretOrPublicKey is not valid key material'));
    if (signature && prepared.key.symmetricKeySize === 0) {
      return done(new JsonWebTokenError('secret or public key must be provided'));
    }
  }
  const key = (prepared ? prepared.key : given) as KeyObject;

  options.algorithms ||= algorithmsOf(key);
  if (options.algorithms.indexOf(header.alg) === -1) return done(new JsonWebTokenError('invalid algorithm'));
  if (header.alg.startsWith('HS') && key.type !== 'secret') {
    return done(new JsonWebTokenError(`secretOrPublicKey must be a symmetric key when using ${header.alg}`));
  }
  if (/^(?:RS|PS|ES)/.test(header.alg) && key.type !== 'public') {
    return done(new JsonWebTokenError(`secretOrPublicKey must be an asymmetric key when using ${header.alg}`));
  }
  let valid: boolean;
  try {
    if (!options.allowInvalidAsymmetricKeyTypes) mustFit(header.alg, key);
    if (!header.alg) throw Object.assign(new Error('Missing algorithm parameter for jws.verify'), MISSING);
    valid = holds(jwtString.slice(0, jwtString.lastIndexOf('.')), signature, header.alg, key);
  } catch (error) {
    return done(error as Error);
  }
  if (!valid) return done(new JsonWebTokenError('invalid signature'));

  // So far jsonwebtoken goes. What is no secret, or no key, to core is none to Node's crypto either.
  if (prepared?.refusal(header.alg) === 'secret_is_a_key') {
    return done(new JsonWebTokenError(`secretOrPublicKey must be a symmetric key when using ${header.alg}`));
  }
  const exponent = key?.asymmetricKeyDetails?.publicExponent;
  if (exponent !== undefined && (exponent < 3n || exponent % 2n === 0n)) {
    return done(refused('an RSA key by which anybody can sign'));
  }
  // An unsigned token's form is looked at behind a signature of one byte, for core knows no unsigned ones.
  const whole = signature === '' ? `${jwtString}AA` : jwtString;
  const why = native.jsonwebtokenForm(whole, isObject(token.payload));
  if (why) return done(refused(why));
  return checked(token.payload, jwtString, token, options, now, done);
}

const isObject = (payload: unknown): boolean =>
  typeof payload === 'object' && payload !== null && !Array.isArray(payload);

const MISSING = { code: 'MISSING_ALGORITHM' };

function algorithmsOf({ type, asymmetricKeyType }: KeyObject): string[] {
  if (type === 'secret') return HMAC;
  return asymmetricKeyType === 'ec' ? EC : RSA;
}

/** Holds the claims to the options, and gives what was asked for. */
function checked(
  payload: any,
  jwtString: string,
  token: Decoded | undefined,
  options: any,
  now: number,
  done: Done,
): unknown {
  const error = failure(payload, options, now);
  if (error) return done(error);
  if (options.complete !== true) return done(null, payload);
  const header = token ? token.header : headerOf(jwtString);
  return done(null, { header, payload, signature: jwtString.slice(jwtString.lastIndexOf('.') + 1) });
}

const at = (seconds: number): Date => new Date(seconds * 1000);

/** Which claim is not as it should be. */
function failure(payload: any, options: any, now: number): Error | undefined {
  const tolerance = options.clockTolerance || 0;

  if (typeof payload.nbf !== 'undefined' && !options.ignoreNotBefore) {
    if (typeof payload.nbf !== 'number') return new JsonWebTokenError('invalid nbf value');
    if (payload.nbf > now + tolerance) return new NotBeforeError('jwt not active', at(payload.nbf));
  }
  if (typeof payload.exp !== 'undefined' && !options.ignoreExpiration) {
    if (typeof payload.exp !== 'number') return new JsonWebTokenError('invalid exp value');
    if (now >= payload.exp + tolerance) return new TokenExpiredError('jwt expired', at(payload.exp));
  }

  if (options.audience) {
    const expected = Array.isArray(options.audience) ? options.audience : [options.audience];
    const found = Array.isArray(payload.aud) ? payload.aud : [payload.aud];
    // A pattern that is tried on no string would be tried on "undefined".
    const isOurs = (one: unknown): boolean =>
      typeof one === 'string' &&
      expected.some((audience: unknown) => (audience instanceof RegExp ? audience.test(one) : audience === one));
    if (!found.some(isOurs)) {
      return new JsonWebTokenError(`jwt audience invalid. expected: ${expected.join(' or ')}`);
    }
  }
  if (options.issuer) {
    const expected = Array.isArray(options.issuer) ? options.issuer : [options.issuer];
    if (typeof payload.iss !== 'string' || !expected.includes(payload.iss))
      return new JsonWebTokenError(`jwt issuer invalid. expected: ${options.issuer}`);
  }
  if (options.subject && payload.sub !== options.subject) {
    return new JsonWebTokenError(`jwt subject invalid. expected: ${options.subject}`);
  }
  if (options.jwtid && payload.jti !== options.jwtid) {
    return new JsonWebTokenError(`jwt jwtid invalid. expected: ${options.jwtid}`);
  }
  if (options.nonce && payload.nonce !== options.nonce) {
    return new JsonWebTokenError(`jwt nonce invalid. expected: ${options.nonce}`);
  }

  if (options.maxAge) {
    if (typeof payload.iat !== 'number') return new JsonWebTokenError('iat required when maxAge is specified');
    const end = timespan(options.maxAge, payload.iat);
    if (end === undefined) {
      return new JsonWebTokenError(
        '"maxAge" should be a number of seconds or string representing a timespan eg: "1d", "20h", 60',
      );
    }
    if (now >= end + tolerance) return new TokenExpiredError('maxAge exceeded', at(end));
  }
  return undefined;
}

/** A token's payload, or all of it, not verified; `null` for what is no token. */
export function decode(jwt: any, options?: any): unknown {
  options = options || {};
  const token = decoded(jwt, options.json, options.encoding);
  if (!token) return null;
  const { header, payload, signature } = token;
  return options.complete === true ? { header, payload, signature } : payload;
}
