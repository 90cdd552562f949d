/** Tokens as text and signatures by Node's own crypto, as the packages `jws` and `jwa` have them. */

import { constants, createHmac, createSign, createVerify, timingSafeEqual, type KeyObject } from 'node:crypto';
import { derOf, joseOf } from './ecdsa.js';

/** A token, taken apart and not verified. */
export interface Decoded {
  // Whatever a token says: it is looked at as jsonwebtoken looks at it.
  /* eslint-disable @typescript-eslint/no-explicit-any */
  header: any;
  payload: any;
  signature: string;
}

const TOKEN = /^[a-zA-Z0-9\-_]+\.[a-zA-Z0-9\-_]+\.(?:[a-zA-Z0-9\-_]+)?$/;

/** What a token's first segment says; nothing where it is no JSON. */
export function headerOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64').toString('latin1'));
  } catch {
    return undefined;
  }
}

/** Takes a token apart. A payload that must be JSON, by the header's `typ` or by `json`, and is not, throws. */
function take(jwt: unknown, json: unknown, encoding: unknown): Decoded | null {
  const token = text(jwt) as string;
  const header = TOKEN.test(token) ? headerOf(token) : undefined;
  if (!header) return null;
  const [, middle = '', signature = ''] = token.split('.');
  const payload = Buffer.from(middle, 'base64').toString();
  const isJson = (header as { typ?: unknown }).typ === 'JWT' || json;
  return { header, payload: isJson ? JSON.parse(payload, encoding as undefined) : payload, signature };
}

/** A token's header, payload and signature; `null` for what is no token. */
export function decoded(jwt: unknown, json?: unknown, encoding?: unknown): Decoded | null {
  const taken = take(jwt, json, encoding);
  if (taken !== null && typeof taken.payload === 'string') {
    try {
      const payload: unknown = JSON.parse(taken.payload);
      if (payload !== null && typeof payload === 'object') taken.payload = payload;
    } catch {
      // Text, then.
    }
  }
  return taken;
}

/** Anything as the text that is signed. */
export function text(thing: unknown): string | undefined {
  if (typeof thing === 'string') return thing;
  if (typeof thing === 'number' || Buffer.isBuffer(thing)) return thing.toString();
  return JSON.stringify(thing);
}

/** An algorithm's family and bits. Throws for what is none. */
function parts(algorithm: string): [family: string, bits: string] {
  const [, family, bits = ''] = /^(RS|PS|ES|HS)(256|384|512)$/.exec(algorithm) ?? [];
  if (family !== undefined) return [family, bits];
  if (algorithm === 'none') return ['none', ''];
  throw new TypeError(
    `"${algorithm}" is not a valid algorithm.\n  Supported algorithms are:\n  "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512" and "none".`,
  );
}

/** How RSA-PSS signs here (RFC 7518 §3.5): the salt as long as the hash. */
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

/** The signature over `message`, in base64url. Throws for what is no algorithm, and what the key can't do. */
export function signed(message: string, algorithm: string, key: KeyObject): string {
  const [family, bits] = parts(algorithm);
  if (family === 'none') return '';
  if (family === 'HS') return createHmac(`sha${bits}`, key).update(message).digest('base64url');
  const sign = createSign(`RSA-SHA${bits}`).update(message);
  if (family === 'PS') return sign.sign({ key, ...PSS }, 'base64url');
  const signature = sign.sign(key);
  return (family === 'ES' ? joseOf(signature, algorithm) : signature).toString('base64url');
}

/** Whether `signature` is over `message`. Throws for what is no algorithm, and what the key can't do. */
export function holds(message: string, signature: string, algorithm: string, key: KeyObject): boolean {
  const [family, bits] = parts(algorithm);
  if (family === 'none') return signature === '';
  if (family === 'HS') {
    const [ours, theirs] = [Buffer.from(signed(message, algorithm, key)), Buffer.from(signature)];
    return ours.length === theirs.length && timingSafeEqual(ours, theirs);
  }
  const bytes = Buffer.from(signature, 'base64');
  // Before anything of the key is looked at, as it tells of a signature that is too short.
  const der = family === 'ES' ? derOf(bytes, algorithm) : bytes;
  const verify = createVerify(`RSA-SHA${bits}`).update(message);
  return family === 'PS' ? verify.verify({ key, ...PSS }, der) : verify.verify(key, der);
}
