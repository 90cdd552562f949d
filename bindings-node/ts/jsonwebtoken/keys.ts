/**
 * Keys, made once of what they are given as: what jsonwebtoken does again for every token, and most slowly for a plain
 * secret, which it first tries to read as a public key.
 *
 * Of texts the 64 used last are kept, each held as long as its key is; of `Buffer`s and `KeyObject`s as many as are alive.
 * `forgetKeys` lets go of all. Core's copy of a secret is zeroised when it goes.
 */

import { createPrivateKey, createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { native } from '../_native.js';

/** Texts whose keys are kept. */
const KEPT = 64;

/** The algorithms that core has, a bit each. */
const BITS = new Map(
  ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384'].map(
    (name, place) => [name, 1 << place],
  ),
);

const bits = (...names: string[]): number => names.reduce((all, name) => all | (BITS.get(name) ?? 0), 0);

const SECRET = bits('HS256', 'HS384', 'HS512');
const RSA = bits('RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512');

/** The algorithms of a list that core has. */
const listed = (names: readonly unknown[]): number =>
  names.reduce<number>((all, name) => all | (BITS.get(name as string) ?? 0), 0);

/** The algorithms that core has, and that go with a key that verifies. */
function fitting({ type, asymmetricKeyType, asymmetricKeyDetails }: KeyObject): number {
  if (type === 'secret') return SECRET;
  if (type !== 'public') return 0;
  if (asymmetricKeyType === 'rsa') return RSA;
  const curves: Record<string, number> = { prime256v1: bits('ES256'), secp384r1: bits('ES384') };
  return asymmetricKeyType === 'ec' ? (curves[asymmetricKeyDetails?.namedCurve ?? ''] ?? 0) : 0;
}

const warned = new Set<string>();

/** Says so once a process, of what jsonwebtoken takes and the standard forbids. */
function warn(code: string, message: string): void {
  if (warned.has(code)) return;
  warned.add(code);
  process.emitWarning(message, { type: 'DoorwardWarning', code });
}

/** A token's payload by core, told milliseconds of a clock that never steps. */
type Open = (token: string, now: number) => string | undefined;
/** A token of header and payload by core. */
type Sign = (header: string, payload: string) => string | undefined;

/** A key as Node has it, and as core does. */
export class Prepared {
  readonly #fitting: number;
  /** Core's, by the algorithms it may be used with; a code where core refuses it. */
  readonly #verifying = new Map<number, Open | string>();
  readonly #signing = new Map<number, Sign | string>();
  /** The one that was asked for last. */
  #last = 0;
  #lastKey: Open | string = '';

  constructor(readonly key: KeyObject) {
    this.#fitting = fitting(key);
  }

  /**
   * The payload of a token that core verified, as text; nothing where the long way must tell why not, or core has no use
   * for the key.
   */
  opened(token: string, algorithms: unknown): string | undefined {
    const wanted = algorithms ? (Array.isArray(algorithms) ? listed(algorithms) : 0) : this.#fitting;
    const usable = wanted & this.#fitting;
    if (usable === 0) return undefined;
    const key = usable === this.#last ? this.#lastKey : this.#verifies(usable);
    if (typeof key === 'string') return undefined;
    // Only what takes long is remembered, and only that looks at the clock.
    return key(token, this.key.type === 'secret' ? 0 : performance.now());
  }

  /** Why core does not take the key for that algorithm: its code. */
  refusal(algorithm: string): string | undefined {
    const usable = (BITS.get(algorithm) ?? 0) & this.#fitting;
    const key = usable === 0 ? undefined : this.#verifies(usable);
    return typeof key === 'string' ? key : undefined;
  }

  /** A token by an HS* algorithm; nothing for what is no text. Throws where core refuses the secret. */
  hmac(header: string, payload: string, algorithm: string): string | undefined {
    const bit = BITS.get(algorithm) ?? 0;
    let key = this.#signing.get(bit);
    if (key === undefined) {
      key = this.#withSecret((secret) => native.jsonwebtokenSigner(secret, algorithm));
      this.#signing.set(bit, key);
      this.#warn([algorithm]);
    }
    if (typeof key === 'string') throw new Error(`secretOrPrivateKey must be a symmetric key when using ${algorithm}`);
    return key(header, payload);
  }

  #verifies(usable: number): Open | string {
    let key = this.#verifying.get(usable);
    if (key === undefined) {
      const names = [...BITS].flatMap(([name, bit]) => (bit & usable ? [name] : []));
      key =
        this.key.type === 'secret'
          ? this.#withSecret((secret) => native.jsonwebtokenSecret(secret, names))
          : native.jsonwebtokenPublicKey(this.key.export({ format: 'der', type: 'spki' }), names);
      this.#verifying.set(usable, key);
      this.#warn(names);
    }
    this.#last = usable;
    this.#lastKey = key;
    return key;
  }

  #withSecret<T>(use: (secret: Buffer) => T): T {
    const secret = this.key.export();
    try {
      return use(secret);
    } finally {
      secret.fill(0);
    }
  }

  #warn(algorithms: string[]): void {
    const { symmetricKeySize, asymmetricKeyDetails } = this.key;
    const shortest = Math.min(...algorithms.map((name) => Number(name.slice(2)) / 8));
    if (symmetricKeySize !== undefined && symmetricKeySize < shortest) {
      warn(
        'DOORWARD_SHORT_SECRET',
        `a secret of ${symmetricKeySize} bytes is in use: whoever sees one token can try out all short ones; make one of at least ${shortest} bytes (RFC 7518, section 3.2)`,
      );
    }
    const modulus = asymmetricKeyDetails?.modulusLength;
    if (modulus !== undefined && modulus < 2048) {
      warn(
        'DOORWARD_SHORT_RSA_KEY',
        `an RSA key of ${modulus} bits is in use: make one of at least 2048 (RFC 7518, section 3.3)`,
      );
    }
  }
}

/** A `Buffer`, and not what passes for one. */
const isBuffer = (given: unknown): given is Buffer => Buffer.isBuffer(given) && types.isUint8Array(given);

/** What is read as a private or public key, else as a secret; nothing where it is neither. */
function read(given: unknown, asymmetric: (given: never) => KeyObject): KeyObject | undefined {
  if (given instanceof KeyObject) return given;
  const bytes = typeof given === 'string' ? Buffer.from(given) : given;
  // Text without armour is never read: to try took 330 of the 335 µs of a verification.
  if (!isBuffer(bytes) || bytes.includes('-----BEGIN')) {
    try {
      return asymmetric(given as never);
    } catch {
      // No such key.
    }
  }
  try {
    return createSecretKey(bytes as Buffer);
  } catch {
    return undefined;
  } finally {
    // The copy made above.
    if (typeof given === 'string') (bytes as Buffer).fill(0);
  }
}

/** Keys by what they were given as. */
class Keys {
  readonly #asymmetric: (given: never) => KeyObject;
  #texts = new Map<string, Prepared>();
  /** With what was in a buffer when its key was made: who has it may change it. */
  #buffers = new WeakMap<Buffer, { copy: Buffer; prepared: Prepared }>();
  #objects = new WeakMap<KeyObject, Prepared>();
  /** The text that was given last. */
  #last: string | undefined;
  #lastPrepared: Prepared | undefined;

  constructor(asymmetric: (given: never) => KeyObject) {
    this.#asymmetric = asymmetric;
  }

  /** The key; nothing where none can be made of what was given. */
  of(given: unknown): Prepared | undefined {
    if (typeof given === 'string') return given === this.#last ? this.#lastPrepared : this.#text(given);
    if (given instanceof KeyObject) return this.#object(given);
    if (isBuffer(given)) return this.#buffer(given);
    const key = read(given, this.#asymmetric);
    return key && new Prepared(key);
  }

  forget(): void {
    this.#texts = new Map();
    this.#buffers = new WeakMap();
    this.#objects = new WeakMap();
    this.#last = this.#lastPrepared = undefined;
  }

  #text(given: string): Prepared | undefined {
    let prepared = this.#texts.get(given);
    if (prepared === undefined) {
      const key = read(given, this.#asymmetric);
      if (key === undefined) return undefined;
      prepared = new Prepared(key);
    }
    // What is used last goes last.
    this.#texts.delete(given);
    this.#texts.set(given, prepared);
    if (this.#texts.size > KEPT) this.#texts.delete(this.#texts.keys().next().value ?? '');
    this.#last = given;
    this.#lastPrepared = prepared;
    return prepared;
  }

  #object(given: KeyObject): Prepared {
    let prepared = this.#objects.get(given);
    if (prepared === undefined) this.#objects.set(given, (prepared = new Prepared(given)));
    return prepared;
  }

  #buffer(given: Buffer): Prepared | undefined {
    const kept = this.#buffers.get(given);
    if (kept?.copy.equals(given)) return kept.prepared;
    const key = read(given, this.#asymmetric);
    const prepared = key && new Prepared(key);
    if (prepared) this.#buffers.set(given, { copy: Buffer.from(given), prepared });
    return prepared;
  }
}

/** Secrets and public keys. */
export const verifying = new Keys(createPublicKey);

/** Secrets and private keys. */
export const signing = new Keys(createPrivateKey);

/** Lets go of every key that was prepared, and of every token that was seen. */
export function forgetKeys(): void {
  verifying.forget();
  signing.forget();
}
