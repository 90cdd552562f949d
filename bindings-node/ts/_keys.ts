/** Keys that verify, and sets of them. */

import type { JsonWebKey, KeyObject } from 'node:crypto';
import { types } from 'node:util';
import type { ExternalObject, KeyHandle, KeySetHandle } from '../native/index.js';
import { throwing } from './_errors.js';
import { native } from './_native.js';
import { flag, json, keyOctets, octets, optionalText, readOptions, text, texts, wrongType } from './_options.js';

/** The name of an algorithm (RFC 7518 §3.1). */
export type Algorithm =
  'HS256' | 'HS384' | 'HS512' | 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'EdDSA';

/** What a constructor is given by the class itself, and can be given by nobody else. @internal */
export function handle<T>(value: ExternalObject<T>, instead: string): ExternalObject<T> {
  if (!types.isExternal(value)) throw new TypeError(`not to be constructed: use ${instead}`);
  return value;
}

/** @internal */
export function isJwk(key: unknown): boolean {
  return typeof key === 'object' && key !== null && Object.hasOwn(key, 'kty');
}

/** A public or private key's text or bytes: a JWK as its text. @internal */
export function publicOctets(key: unknown, name: string): string | Uint8Array {
  return isJwk(key) ? json(key, name) : keyOctets(key, name);
}

let handleOfKey: (key: Key) => ExternalObject<KeyHandle>;
/** @internal */
export let keyOf: (key: ExternalObject<KeyHandle>) => Key;

/**
 * A key that verifies, bound to the algorithms it is for.
 *
 * `Key.fromPublic` takes a public key in whatever form it comes; the other ways take one form each.
 *
 * @example
 * const key = Key.fromPublic(readFileSync('issuer.pem'), ['RS256'], { kid: '2026-07' });
 */
export class Key {
  readonly #handle: ExternalObject<KeyHandle>;
  /** The algorithms it is for. */
  readonly algorithms: readonly Algorithm[];
  /** Its `kid`; `undefined` for a key without one. */
  readonly kid: string | undefined;
  /** Whether it is a shared secret: who can verify with it can also sign. */
  readonly isSecret: boolean;

  static {
    handleOfKey = (key) => key.#handle;
    keyOf = (key) => new Key(key);
  }

  private constructor(key: ExternalObject<KeyHandle>) {
    this.#handle = handle(key, 'Key.fromSecret, Key.fromPublic or another of these');
    const { algorithms, kid, isSecret } = throwing(() => native.keyInfo(key));
    this.algorithms = Object.freeze(algorithms) as Algorithm[];
    this.kid = kid ?? undefined;
    this.isSecret = isSecret;
    Object.freeze(this);
  }

  /**
   * A shared secret for one HS* algorithm: a string (its UTF-8), bytes, or a `KeyObject`.
   *
   * @throws {ConfigError} it is empty, shorter than the hash (RFC 7518 §3.2: 32, 48 or 64 bytes) unless `allowShort`, or the
   * text of a public or private key; or the algorithm is not HS*.
   */
  static fromSecret(
    secret: string | Uint8Array | KeyObject,
    algorithm: Algorithm = 'HS256',
    options?: { kid?: string | undefined; allowShort?: boolean | undefined },
  ): Key {
    const { kid, allowShort } = readOptions(options, ['kid', 'allowShort']);
    const bytes = keyOctets(secret, 'secret');
    return made(() =>
      native.keyFromSecret(
        bytes,
        text(algorithm, 'algorithm'),
        optionalText(kid, 'kid'),
        flag(allowShort, 'allowShort'),
      ),
    );
  }

  /**
   * A public key from PEM, DER, a JWK or a `KeyObject`, whichever it is; without `algorithms`, for the usual ones of its
   * kind: RS256, RS384 and RS512, or its curve's.
   *
   * @throws {ConfigError} not such a key, a private key, RSA under 2048 bits, a weak exponent or point, an algorithm that
   * does not go with it.
   */
  static fromPublic(
    key: string | Uint8Array | KeyObject | JsonWebKey,
    algorithms: Algorithm | readonly Algorithm[] = [],
    options?: { kid?: string | undefined },
  ): Key {
    const { kid } = readOptions(options, ['kid']);
    const bytes = publicOctets(key, 'key');
    return made(() => native.keyFromPublic(bytes, texts(algorithms, 'algorithms'), optionalText(kid, 'kid')));
  }

  /**
   * A public key from PEM (`PUBLIC KEY` or `RSA PUBLIC KEY`), for these algorithms.
   *
   * @throws {ConfigError} as `fromPublic`.
   */
  static fromPem(
    pem: string,
    algorithms: Algorithm | readonly Algorithm[],
    options?: { kid?: string | undefined },
  ): Key {
    const { kid } = readOptions(options, ['kid']);
    return made(() => native.keyFromPem(text(pem, 'pem'), texts(algorithms, 'algorithms'), optionalText(kid, 'kid')));
  }

  /**
   * A public key from DER (SPKI, or PKCS#1 of an RSA key), for these algorithms.
   *
   * @throws {ConfigError} as `fromPublic`.
   */
  static fromDer(
    der: Uint8Array,
    algorithms: Algorithm | readonly Algorithm[],
    options?: { kid?: string | undefined },
  ): Key {
    const { kid } = readOptions(options, ['kid']);
    if (typeof der === 'string') throw wrongType('der', 'a Uint8Array', der);
    const bytes = octets(der, 'der') as Uint8Array;
    return made(() => native.keyFromDer(bytes, texts(algorithms, 'algorithms'), optionalText(kid, 'kid')));
  }

  /**
   * A public key or a secret from a JWK (RFC 7517), as object or text; for its `alg`, else for the usual algorithms of its
   * kind.
   *
   * @throws {ConfigError} as `fromPublic`.
   */
  static fromJwk(jwk: JsonWebKey | string): Key {
    return made(() => native.keyFromJwk(json(jwk, 'jwk')));
  }

  /**
   * The payload of a JWS in compact form (RFC 7515) that this key verifies, whatever that payload is: nothing is asked of
   * it, no expiry either.
   *
   * @throws {TokenError} shape, header, algorithm or signature.
   */
  verifyJws(jws: string | Uint8Array): Buffer {
    return throwing(() => native.keyVerifyJws(this.#handle, octets(jws, 'jws')));
  }
}

function made(make: () => ExternalObject<KeyHandle>): Key {
  return keyOf(throwing(make));
}

/** @internal */
export function keyHandle(key: unknown, name: string): ExternalObject<KeyHandle> {
  if (!(key instanceof Key)) throw wrongType(name, 'a Key', key);
  return handleOfKey(key);
}

let handleOfSet: (set: KeySet) => ExternalObject<KeySetHandle>;

/**
 * Several keys, found by `kid` and algorithm. Keys without a `kid` are for rotation: each is tried, at most four a token.
 *
 * @example
 * const keys = new KeySet([Key.fromSecret(today), Key.fromSecret(yesterday)]);
 */
export class KeySet {
  readonly #handle: ExternalObject<KeySetHandle>;
  /** The `kid` of each key, in order; `undefined` for a key without one. */
  readonly kids: readonly (string | undefined)[];
  /** The place in the JWK Set, from 0, of each key that was left out, and why, by its code. */
  readonly leftOut: readonly { readonly place: number; readonly code: string }[];

  static {
    handleOfSet = (set) => set.#handle;
  }

  /** @throws {ConfigError} a `kid` that is empty, over 256 bytes, or there twice. */
  constructor(keys: Iterable<Key>) {
    const set = types.isExternal(keys) ? (keys as unknown as ExternalObject<KeySetHandle>) : setOf(keys);
    this.#handle = set;
    const { kids, leftOut } = throwing(() => native.keySetInfo(set));
    this.kids = Object.freeze(kids.map((kid) => kid ?? undefined));
    this.leftOut = Object.freeze(leftOut.map((one) => Object.freeze(one)));
    Object.freeze(this);
  }

  /**
   * The keys of a JWK Set (RFC 7517 §5), as object or text, that can verify signatures; `leftOut` tells of the others.
   * Shared secrets are left out.
   *
   * @throws {ConfigError} not JSON, no JWK Set, over 256 KiB or 100 keys.
   */
  static fromJwks(jwks: object | string): KeySet {
    const set: unknown = throwing(() => native.keySetFromJwks(json(jwks, 'jwks')));
    return new KeySet(set as Iterable<Key>);
  }

  /** How many keys there are. */
  get size(): number {
    return this.kids.length;
  }
}

function setOf(keys: Iterable<Key>): ExternalObject<KeySetHandle> {
  if (typeof keys !== 'object' || keys === null || typeof keys[Symbol.iterator] !== 'function') {
    throw wrongType('keys', 'an iterable of Key', keys);
  }
  const handles = Array.from(keys, (key) => keyHandle(key, 'each of keys'));
  return throwing(() => native.keySet(handles));
}

/** The set of what is given for one: a set, or keys. @internal */
export function keySetHandle(keys: KeySet | Iterable<Key>): ExternalObject<KeySetHandle> {
  return handleOfSet(keys instanceof KeySet ? keys : new KeySet(keys));
}
