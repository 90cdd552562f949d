/** Keys that sign, and tokens made with them. */

import { type JsonWebKey, KeyObject } from 'node:crypto';
import type { ExternalObject, SigningKeyHandle } from '../native/index.js';
import { ConfigError, throwing } from './_errors.js';
import { type Algorithm, type Key, handle, isJwk, keyOf, publicOctets } from './_keys.js';
import { native } from './_native.js';
import { flag, json, keyOctets, octets, optionalText, readOptions, text, wrongType } from './_options.js';

/** What a token's header names. */
export interface SigningOptions {
  /** The `kid`: 256 bytes at most. */
  kid?: string | undefined;
  /** The `typ`; `JWT` unless another is given. */
  tokenType?: string | undefined;
}

let handleOf: (key: SigningKey) => ExternalObject<SigningKeyHandle>;
let of: (key: ExternalObject<SigningKeyHandle>) => SigningKey;

/**
 * A key that signs with one algorithm: a shared secret or a private key. Prepared once, where `sign` with anything else
 * prepares it each time.
 *
 * @example
 * const key = SigningKey.fromPrivate(readFileSync('private.pem'), 'ES256', { kid: '2026-07' });
 * const token = key.sign({ sub: 'anna', exp: Math.floor(Date.now() / 1000) + 600 });
 */
export class SigningKey {
  readonly #handle: ExternalObject<SigningKeyHandle>;
  /** The algorithm it signs with. */
  readonly algorithm: Algorithm;
  /** The `kid` it names; `undefined` without one. */
  readonly kid: string | undefined;

  static {
    handleOf = (key) => key.#handle;
    of = (key) => new SigningKey(key);
  }

  private constructor(key: ExternalObject<SigningKeyHandle>) {
    this.#handle = handle(key, 'SigningKey.fromSecret, SigningKey.fromPrivate or another of these');
    const { algorithm, kid } = throwing(() => native.signingKeyInfo(key));
    this.algorithm = algorithm as Algorithm;
    this.kid = kid ?? undefined;
    Object.freeze(this);
  }

  /**
   * A secret for an HS* algorithm: a string (its UTF-8), bytes, or a `KeyObject`.
   *
   * @throws {ConfigError} as `Key.fromSecret`.
   */
  static fromSecret(
    secret: string | Uint8Array | KeyObject,
    algorithm: Algorithm = 'HS256',
    options?: SigningOptions,
  ): SigningKey {
    const { kid, tokenType } = signing(options);
    const bytes = keyOctets(secret, 'secret');
    return made(() => native.signingKeyFromSecret(bytes, text(algorithm, 'algorithm'), kid, tokenType));
  }

  /**
   * A private key from PEM, DER, a JWK or a `KeyObject`, whichever it is; without `algorithm`, RS256 or its curve's.
   *
   * @throws {ConfigError} not such a key, encrypted, a public one, RSA of other than 2048, 3072 or 4096 bits, an algorithm
   * that does not go with it.
   */
  static fromPrivate(
    key: string | Uint8Array | KeyObject | JsonWebKey,
    algorithm?: Algorithm,
    options?: SigningOptions,
  ): SigningKey {
    const { kid, tokenType } = signing(options);
    const bytes = publicOctets(key, 'key');
    return made(() => native.signingKeyFromPrivate(bytes, optionalText(algorithm, 'algorithm'), kid, tokenType));
  }

  /**
   * A private key from PEM (PKCS#8, PKCS#1 or SEC 1).
   *
   * @throws {ConfigError} as `fromPrivate`.
   */
  static fromPem(pem: string, algorithm: Algorithm, options?: SigningOptions): SigningKey {
    const { kid, tokenType } = signing(options);
    return made(() => native.signingKeyFromPem(text(pem, 'pem'), text(algorithm, 'algorithm'), kid, tokenType));
  }

  /**
   * A private key from DER (PKCS#8, PKCS#1 or SEC 1).
   *
   * @throws {ConfigError} as `fromPrivate`.
   */
  static fromDer(der: Uint8Array, algorithm: Algorithm, options?: SigningOptions): SigningKey {
    const { kid, tokenType } = signing(options);
    if (typeof der === 'string') throw wrongType('der', 'a Uint8Array', der);
    const bytes = octets(der, 'der') as Uint8Array;
    return made(() => native.signingKeyFromDer(bytes, text(algorithm, 'algorithm'), kid, tokenType));
  }

  /**
   * A private key or a secret from a JWK, as object or text: by its `alg`, else RS256 or its curve's.
   *
   * @throws {ConfigError} as `fromPrivate`.
   */
  static fromJwk(jwk: JsonWebKey | string, options?: Pick<SigningOptions, 'tokenType'>): SigningKey {
    const { tokenType } = readOptions(options, ['tokenType']);
    return made(() => native.signingKeyFromJwk(json(jwk, 'jwk'), optionalText(tokenType, 'tokenType')));
  }

  /**
   * A token of these claims: an object, or the text of a JSON object.
   *
   * @throws {SignError} no `exp` (unless `withoutExpiry`), a registered claim of the wrong type, a token over 16 KiB, a bad
   * `kid` or `typ`. What JSON has no words for is a `TypeError`.
   */
  sign(claims: object | string, options?: { withoutExpiry?: boolean | undefined }): string {
    const { withoutExpiry } = readOptions(options, ['withoutExpiry']);
    const written = json(claims, 'claims');
    return throwing(() => native.signingKeySign(this.#handle, written, flag(withoutExpiry, 'withoutExpiry')));
  }

  /**
   * A JWS in compact form (RFC 7515) of any payload but an empty one.
   *
   * @throws {SignError}
   */
  signJws(payload: string | Uint8Array): string {
    return throwing(() => native.signingKeySignJws(this.#handle, octets(payload, 'payload')));
  }

  /** What verifies the tokens it signs: the public half, or the same secret. */
  verifyingKey(): Key {
    return keyOf(throwing(() => native.signingKeyVerifyingKey(this.#handle)));
  }

  /** The public half as a JWK to publish; `undefined` for a shared secret. */
  publicJwk(): JsonWebKey | undefined {
    const jwk = throwing(() => native.signingKeyPublicJwk(this.#handle));
    return typeof jwk === 'string' ? (JSON.parse(jwk) as JsonWebKey) : undefined;
  }
}

function made(make: () => ExternalObject<SigningKeyHandle>): SigningKey {
  return of(throwing(make));
}

function signing(options: SigningOptions | undefined): SigningOptions {
  const { kid, tokenType } = readOptions(options, ['kid', 'tokenType']);
  return { kid: optionalText(kid, 'kid'), tokenType: optionalText(tokenType, 'tokenType') };
}

/** @internal */
export function signingKeyHandle(key: SigningKey): ExternalObject<SigningKeyHandle> {
  return handleOf(key);
}

/**
 * A token of these claims, signed by a secret, a private key in PEM, DER, JWK or a `KeyObject`, or a `SigningKey`.
 *
 * `claims` is an object or the text of a JSON object, with an `exp` in seconds since the epoch. Without `algorithm` a secret
 * signs HS256; a private key needs one of its own.
 *
 * @throws {ConfigError} for the key.
 * @throws {SignError} for the claims (see `SigningKey.sign`).
 * @example
 * const token = sign({ sub: 'anna', exp: 4102444800 }, 'a secret of at least 32 bytes, kept well');
 */
export function sign(
  claims: object | string,
  key: SigningKey | string | Uint8Array | KeyObject | JsonWebKey,
  options?: SigningOptions & { algorithm?: Algorithm | undefined; withoutExpiry?: boolean | undefined },
): string {
  const { algorithm, kid, tokenType, withoutExpiry } = readOptions(options, [
    'algorithm',
    'kid',
    'tokenType',
    'withoutExpiry',
  ]);
  const others = { kid, tokenType };
  if (key instanceof SigningKey) {
    if (kid !== undefined || tokenType !== undefined) {
      throw new ConfigError('a SigningKey has its kid and tokenType from when it was made', 'argument_invalid');
    }
    if (algorithm !== undefined && algorithm !== key.algorithm) {
      throw new ConfigError("the key's kind does not go with the algorithm", 'key_algorithm_mismatch');
    }
    return key.sign(claims, { withoutExpiry });
  }
  const name = optionalText(algorithm, 'algorithm');
  const isPrivate =
    key instanceof KeyObject ? key.type !== 'secret' : isJwk(key) || !(name ?? 'HS256').startsWith('HS');
  const made = isPrivate
    ? SigningKey.fromPrivate(key, algorithm, others)
    : SigningKey.fromSecret(key as string | Uint8Array | KeyObject, algorithm, others);
  return made.sign(claims, { withoutExpiry });
}
