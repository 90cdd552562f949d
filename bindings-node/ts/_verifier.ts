/** Tokens to claims. */

import type { JsonWebKey, KeyObject } from 'node:crypto';
import type { ExternalObject, VerifierHandle } from '../native/index.js';
import { type Claims, claimsOf, placedOf } from './_claims.js';
import { ConfigError, MissingClaim, type TokenError, throwing, tokenError } from './_errors.js';
import { Jwks, jwksHandle } from './_jwks.js';
import { type Algorithm, type Key, KeySet, keySetHandle, publicOctets } from './_keys.js';
import { milliseconds } from './_clock.js';
import { native } from './_native.js';
import { Principal } from './_principal.js';
import { flag, keyOctets, number, optionalNumber, optionalTexts, readOptions, wrongType } from './_options.js';

/** Keys and the rules their tokens are held to. Of a string or several, any will do. Times are in seconds. */
export interface VerifierOptions {
  /** A shared secret: a string (its UTF-8), bytes or a `KeyObject`; for HS256 unless `algorithms` says HS384 or HS512. */
  secret?: string | Uint8Array | KeyObject | undefined;
  /** A public key: PEM, DER, a JWK (object or text) or a `KeyObject`; for `algorithms`, or for the usual ones of its kind. */
  publicKey?: string | Uint8Array | KeyObject | JsonWebKey | undefined;
  /** A JWK Set, as object or text; or a `Jwks` that is fetched, which stands alone. */
  jwks?: Jwks | object | string | undefined;
  /** A `KeySet`, or keys. */
  keys?: KeySet | Iterable<Key> | undefined;
  /** The algorithms to take; without it, those the keys are for. A token's `alg` only has to agree with its key. */
  algorithms?: Algorithm | readonly Algorithm[] | undefined;
  /** `iss` must be this. */
  issuer?: string | readonly string[] | undefined;
  /** `aud` must be this or have it. Public keys need it, or `anyAudience`. */
  audience?: string | readonly string[] | undefined;
  /** Tokens that were made for any other service are good here too. */
  anyAudience?: boolean | undefined;
  /** `sub` must be this. */
  subject?: string | readonly string[] | undefined;
  /** How far clocks may differ: 0. What is no finite number above 0 counts as 0. */
  clockTolerance?: number | undefined;
  /** The claims that must be there: `['exp']`. */
  requiredClaims?: string | readonly string[] | undefined;
  /** The header's `typ` must be this, as a media type: `at+jwt`. */
  tokenType?: string | readonly string[] | undefined;
  /** `jti` must be this. */
  tokenId?: string | readonly string[] | undefined;
  /** `nonce` must be this. */
  nonce?: string | readonly string[] | undefined;
  /** The longest time since `iat`, which must then be there. */
  maxAge?: number | undefined;
  /** The longest time from `iat` to `exp`, which must then both be there. */
  maxLifetime?: number | undefined;
  /** Doesn't look at `exp`. */
  ignoreExpiration?: boolean | undefined;
  /** Doesn't look at `nbf`. */
  ignoreNotBefore?: boolean | undefined;
  /** Takes a secret that is shorter than its hash, and can be guessed offline from any one token. */
  allowShortSecret?: boolean | undefined;
  /** Keeps tokens that were verified: `true`. */
  cache?: boolean | undefined;
  /** How many of them: 10,000; at most 1,000,000. */
  cacheSize?: number | undefined;
  /** For how long at most, and never beyond their expiry: 60. */
  cacheTtl?: number | undefined;
}

const NAMES: (keyof VerifierOptions)[] = [
  'secret',
  'publicKey',
  'jwks',
  'keys',
  'algorithms',
  'issuer',
  'audience',
  'anyAudience',
  'subject',
  'clockTolerance',
  'requiredClaims',
  'tokenType',
  'tokenId',
  'nonce',
  'maxAge',
  'maxLifetime',
  'ignoreExpiration',
  'ignoreNotBefore',
  'allowShortSecret',
  'cache',
  'cacheSize',
  'cacheTtl',
];

/** A moment, in seconds since the epoch, in place of `Date.now() / 1000`. */
export interface AtUnix {
  now?: number | undefined;
}

/** The claims of a token that is good, or the error `verify` would throw of one that is not. */
export type Verdict =
  { readonly claims: Claims; readonly error: undefined } | { readonly claims: undefined; readonly error: TokenError };

/** What a cache has done since it was made. */
export interface CacheStats {
  /** Tokens found. */
  readonly hits: number;
  /** Tokens not found, or found too old. */
  readonly misses: number;
  /** Entries that were still good when another took their place. */
  readonly evictions: number;
}

/** What the native module says of a token that is neither string nor bytes. */
const WRONG_TYPE = -0x8000_0000;

/** @internal */
export let verifierHandle: (verifier: Verifier) => ExternalObject<VerifierHandle>;

/** Whose claims those are that this verifier gave; nothing where they name nobody. @internal */
export let principalOf: (verifier: Verifier, claims: Claims) => Principal | undefined;

/** A token that names nobody. @internal */
export const nobody = (): MissingClaim => new MissingClaim('the token names no subject', 'subject_missing');

/**
 * Keys and the rules their tokens are held to, made once and used for every token.
 *
 * A token seen before, and kept since, is not verified again and gives the very same claims object; its dates are checked
 * each time. Everything is synchronous. A verifier and its cache are of one thread: make one in each worker.
 *
 * @example
 * const verifier = new Verifier({ secret: process.env.JWT_SECRET, issuer: 'https://issuer.example' });
 * const { sub } = verifier.verify(token);
 */
export class Verifier {
  readonly #verify: (token: unknown, unix: number, milliseconds: number) => number | string;
  readonly #payload: (token: unknown, unix: number, milliseconds: number) => number | string;
  readonly #handle: ExternalObject<VerifierHandle>;
  readonly #isCached: boolean;
  readonly #isTimed: boolean;
  /** The claims of the tokens that the native cache keeps, at the places it gave them. */
  #kept: Claims[] = [];
  /** Whether a token is being verified: still so at the next one, where an exception came between, and then all is forgotten. */
  #busy = false;

  static {
    verifierHandle = (verifier) => {
      if (typeof verifier === 'object' && verifier !== null && #handle in verifier) return verifier.#handle;
      throw wrongType('each of verifiers', 'a Verifier', verifier);
    };
  }

  /** Whose the claims are that are still about. */
  readonly #principals = new WeakMap<Claims, Principal>();

  static {
    principalOf = (verifier, claims) => verifier.#principal(claims);
  }

  /**
   * @throws {ConfigError} no keys, or some that can't be used; public keys and nothing said of the audience; rules that
   * contradict each other.
   */
  constructor(options: VerifierOptions) {
    const given = readOptions(options, NAMES);
    const secret = given.secret === undefined ? undefined : keyOctets(given.secret, 'secret');
    const publicKey = given.publicKey === undefined ? undefined : publicOctets(given.publicKey, 'publicKey');
    const keys = keysOf(given);
    const cached = flag(given.cache, 'cache', true);
    const cacheSize = optionalNumber(given.cacheSize, 'cacheSize');
    const rules = {
      algorithms: optionalTexts(given.algorithms, 'algorithms'),
      issuer: optionalTexts(given.issuer, 'issuer'),
      audience: optionalTexts(given.audience, 'audience'),
      anyAudience: flag(given.anyAudience, 'anyAudience'),
      subject: optionalTexts(given.subject, 'subject'),
      tokenType: optionalTexts(given.tokenType, 'tokenType'),
      tokenId: optionalTexts(given.tokenId, 'tokenId'),
      nonce: optionalTexts(given.nonce, 'nonce'),
      requiredClaims: optionalTexts(given.requiredClaims, 'requiredClaims') ?? ['exp'],
      clockTolerance: optionalNumber(given.clockTolerance, 'clockTolerance') ?? 0,
      maxAge: optionalNumber(given.maxAge, 'maxAge'),
      maxLifetime: optionalNumber(given.maxLifetime, 'maxLifetime'),
      ignoreExpiration: flag(given.ignoreExpiration, 'ignoreExpiration'),
      ignoreNotBefore: flag(given.ignoreNotBefore, 'ignoreNotBefore'),
      cacheSize: cached ? (cacheSize ?? 10_000) : 0,
      cacheTtl: optionalNumber(given.cacheTtl, 'cacheTtl') ?? 60,
    };
    const short = flag(given.allowShortSecret, 'allowShortSecret');
    const fetched = given.jwks instanceof Jwks ? jwksHandle(given.jwks) : undefined;
    const parts = throwing(() => native.verifier(secret, short, publicKey, keys, fetched, rules));
    this.#isCached = rules.cacheSize > 0;
    this.#isTimed = this.#isCached || fetched !== undefined;
    this.#verify = parts.verify;
    this.#payload = parts.payload;
    this.#handle = parts.handle;
  }

  /**
   * The claims of a token whose signature holds and that keeps all rules.
   *
   * @throws {TokenError} of the subclass that fits, with its `code`.
   * @throws {TypeError} the token is neither a string nor a `Uint8Array`.
   */
  verify(token: string | Uint8Array, at?: AtUnix): Claims {
    const verified = this.#verified(token, at);
    if (typeof verified === 'number') throw refusal(verified, token);
    return verified;
  }

  /**
   * As `verify`, for where tokens are often bad: it returns the error, which has no stack then. To throw and catch one takes
   * longer than to verify a token.
   *
   * @throws {TypeError} as `verify`.
   */
  tryVerify(token: string | Uint8Array, at?: AtUnix): Verdict {
    const verified = this.#verified(token, at);
    if (typeof verified !== 'number') return { claims: verified, error: undefined };
    return { claims: undefined, error: withoutStack(verified, token) };
  }

  /** Verifies many tokens at one moment: of each, in order, what `tryVerify` says. */
  verifyMany(tokens: Iterable<string | Uint8Array>, at?: AtUnix): Verdict[] {
    if (typeof tokens !== 'object' || tokens === null || ArrayBuffer.isView(tokens)) {
      throw wrongType('tokens', 'an iterable of tokens', tokens);
    }
    const now = { now: unixOf(at) };
    return Array.from(tokens, (token) => this.tryVerify(token, now));
  }

  /**
   * The payload of a token that `verify` would take, as it was signed: the text of one JSON object, with all digits of its
   * numbers. Never cached.
   *
   * @throws {TokenError} as `verify`.
   */
  verifyRaw(token: string | Uint8Array, at?: AtUnix): string {
    const payload = this.#payload(token, unixOf(at), this.#milliseconds());
    if (typeof payload === 'number') throw refusal(payload, token);
    return payload;
  }

  /**
   * Who a token is from, as a gate knows them: `jwt:<issuer>:<subject>`, its scopes and roles. For what has no gate, which should
   * know callers by the same ids.
   *
   * @throws {TokenError} as `verify`; and `MissingClaim`, `subject_missing`, for a token that names nobody.
   */
  identify(token: string | Uint8Array, at?: AtUnix): Principal {
    const principal = this.#principal(this.verify(token, at));
    if (principal === undefined) throw nobody();
    return principal;
  }

  /** Forgets every token that was verified. */
  clearCache(): void {
    native.verifierClear(this.#handle);
    this.#kept = [];
    this.#busy = false;
  }

  /** What the cache has done; `undefined` without one. */
  cacheStats(): CacheStats | undefined {
    const stats = native.verifierCacheStats(this.#handle);
    if (stats === null || stats === undefined) return undefined;
    const [hits = 0, misses = 0, evictions = 0] = stats;
    return { hits, misses, evictions };
  }

  #principal(claims: Claims): Principal | undefined {
    let principal = this.#principals.get(claims);
    if (principal === undefined) {
      const found = native.principalOfClaims(this.#handle, JSON.stringify(claims));
      if (found === null || found === undefined) return undefined;
      principal = new Principal(found);
      this.#principals.set(claims, principal);
    }
    return principal;
  }

  #verified(token: unknown, at: AtUnix | undefined): Claims | number {
    if (!this.#isCached) {
      const payload = this.#payload(token, unixOf(at), this.#milliseconds());
      return typeof payload === 'number' ? payload : claimsOf(payload);
    }
    const unix = unixOf(at);
    if (this.#busy) this.clearCache();
    this.#busy = true;
    const answer = this.#verify(token, unix, milliseconds());
    let verified: Claims | number;
    if (typeof answer === 'number') {
      // Of a place below zero there are no claims, but a reason.
      verified = answer < 0 ? answer : (this.#kept[answer] as Claims);
    } else {
      const placed = placedOf(answer);
      const place = placed[0];
      verified = placed[1];
      if (place >= 0) this.#kept[place] = verified;
    }
    this.#busy = false;
    return verified;
  }

  /** The clock of what is kept or fetched; keys of its own need none. */
  #milliseconds(): number {
    return this.#isTimed ? milliseconds() : 0;
  }
}

function keysOf({ jwks, keys }: VerifierOptions): ReturnType<typeof keySetHandle> | undefined {
  if (jwks !== undefined && keys !== undefined) {
    const message = 'give jwks or keys, not both: a KeySet may hold what you have of either';
    throw new ConfigError(message, 'argument_invalid');
  }
  if (keys !== undefined) return keySetHandle(keys);
  return jwks === undefined || jwks instanceof Jwks ? undefined : keySetHandle(KeySet.fromJwks(jwks));
}

function unixOf(at: AtUnix | undefined): number {
  if (at === undefined) return Date.now() / 1000;
  if (typeof at !== 'object' || at === null) throw wrongType('options', 'an object', at);
  const { now } = at;
  return now === undefined ? Date.now() / 1000 : number(now, 'now');
}

function refusal(refused: number, token: unknown): Error {
  return refused === WRONG_TYPE ? wrongType('the token', 'a string or a Uint8Array', token) : tokenError(refused);
}

/** Where nothing is thrown, what takes the most time of an error is to write down where it was made. */
function withoutStack(refused: number, token: unknown): TokenError {
  if (refused === WRONG_TYPE) throw refusal(refused, token);
  const { stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 0;
  } catch {
    // Frozen, as some harden it: then it has its stack.
    return tokenError(refused);
  }
  try {
    return tokenError(refused);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
