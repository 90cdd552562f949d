/** Key sets that are fetched: when and from where is the core's, the GET the host's. */

import type { ExternalObject, FetchHandle, FetchParts, FetchedParts, JwksHandle } from '../native/index.js';
import { milliseconds as monotonic } from './_clock.js';
import { DoorwardError, throwing } from './_errors.js';
import { native } from './_native.js';
import { number, octets, optionalNumber, optionalText, readOptions, wrongType } from './_options.js';

/** Where a set is, and how long it is good, in seconds. */
export interface JwksOptions {
  /** The set's own address. `https`, or `http` on a loopback host. */
  url?: string | undefined;
  /** In its place the issuer, whose metadata (RFC 8414, OpenID Connect) names the address. */
  issuer?: string | undefined;
  /** Between fetches: 30. */
  cooldown?: number | undefined;
  /** Until a set is fetched anew: 10 minutes. */
  freshFor?: number | undefined;
  /** Until one that can't be is no longer used: 24 hours. */
  staleFor?: number | undefined;
  /** Of one GET. */
  timeout?: number | undefined;
}

/** A moment on a clock that never steps, in seconds, in place of `performance.now() / 1000`. */
export interface AtMono {
  now?: number | undefined;
}

/** How a set stands. */
export interface Standing {
  /** How many keys it has. */
  readonly keys: number;
  /** Its age in seconds; `undefined` where none was fetched. */
  readonly age: number | undefined;
  /** Whether it may be used. */
  readonly usable: boolean;
  /** The code of the last fetch's failure; `undefined` where it succeeded. */
  readonly error: string | undefined;
}

/** What came of a fetch: another address to GET (`next`), a set (`keys`), or a failure (`error`). */
export interface Fetched {
  /** The next `Fetch` to do. */
  readonly next: Fetch | undefined;
  /** How many keys the set has; `undefined` where there is no new one. */
  readonly keys: number | undefined;
  /** The places in the set, from 0, of keys that can't be used, and why, by code. */
  readonly leftOut: readonly { readonly place: number; readonly code: string }[];
  /** Whether the set differs from the one before. */
  readonly changed: boolean;
  /** The code of what failed. The set that was there before, if any, is kept. */
  readonly error: string | undefined;
  /** The same in words, for the log. */
  readonly message: string | undefined;
}

function milliseconds(at: AtMono | undefined): number {
  const { now } = readOptions(at, ['now']);
  return now === undefined ? monotonic() : number(now, 'now') * 1000;
}

let handleOf: (jwks: Jwks) => ExternalObject<JwksHandle>;

/**
 * A JWK Set that an issuer serves: when to fetch it, from where, and how long it is good. It does no I/O: ask it for a
 * `Fetch`, do the GET, and tell what came of it. (A `Door` does all of that.)
 *
 * @example
 * const jwks = new Jwks({ issuer: 'https://issuer.example' });
 * const verifier = new Verifier({ jwks, audience: 'https://mcp.example/mcp' });
 */
export class Jwks {
  readonly #handle: ExternalObject<JwksHandle>;
  /** The issuer whose set it is; `undefined` for one at an address. */
  readonly issuer: string | undefined;

  static {
    handleOf = (jwks) => jwks.#handle;
  }

  /** @throws {ConfigError} no such address, or both or neither of `url` and `issuer`. */
  constructor(options: JwksOptions) {
    const { url, issuer, cooldown, freshFor, staleFor, timeout } = readOptions(options, [
      'url',
      'issuer',
      'cooldown',
      'freshFor',
      'staleFor',
      'timeout',
    ]);
    const times = {
      cooldown: optionalNumber(cooldown, 'cooldown'),
      freshFor: optionalNumber(freshFor, 'freshFor'),
      staleFor: optionalNumber(staleFor, 'staleFor'),
      timeout: optionalNumber(timeout, 'timeout'),
    };
    const [at, of] = [optionalText(url, 'url'), optionalText(issuer, 'issuer')];
    this.#handle = throwing(() => native.jwks(at, of, times));
    this.issuer = native.jwksIssuer(this.#handle) ?? undefined;
  }

  /** The fetch that is due, if any: ask at start and after every request. */
  refresh(at?: AtMono): Fetch | undefined {
    return fetchOf(native.jwksRefresh(this.#handle, milliseconds(at)));
  }

  /** The fetch to do because a key is lacking: `undefined` where one is under way or the last was too short a time ago. */
  fetch(at?: AtMono): Fetch | undefined {
    return fetchOf(native.jwksFetch(this.#handle, milliseconds(at)));
  }

  /** Whether a fetch is under way, for which a request that lacks a key should wait. */
  isFetching(at?: AtMono): boolean {
    return native.jwksIsFetching(this.#handle, milliseconds(at));
  }

  /** How it stands. */
  standing(at?: AtMono): Standing {
    const { keys, age, usable, error } = native.jwksStanding(this.#handle, milliseconds(at));
    return { keys, age: age ?? undefined, usable, error: error ?? undefined };
  }
}

/** @internal */
export function jwksHandle(jwks: Jwks): ExternalObject<JwksHandle> {
  return handleOf(jwks);
}

let make: (parts: FetchParts) => Fetch;

/**
 * The right to fetch a key set, which nobody else has meanwhile. Do the GET, with no credentials and without following
 * redirects, and tell what came of it, once. One that is dropped counts as failed.
 */
export class Fetch {
  readonly #handle: ExternalObject<FetchHandle>;
  /** What to GET. */
  readonly url: string;
  /** The most bytes of a reply to read. */
  readonly limit: number;
  /** Seconds the GET may take. */
  readonly timeout: number;

  static {
    make = (parts) => new Fetch(parts);
  }

  private constructor(parts: FetchParts) {
    if (typeof parts !== 'object' || parts === null) throw new TypeError('not to be constructed: ask a Jwks for it');
    this.#handle = parts.handle;
    this.url = parts.url;
    this.limit = parts.limit;
    this.timeout = parts.timeout;
  }

  /** The reply: its status, of this very address, and its body of at most `limit` bytes, its content encoding undone. */
  replied(status: number, body: string | Uint8Array, at?: AtMono): Fetched {
    const bytes = octets(body, 'body');
    if (!Number.isInteger(status) || status < 0 || status > 999) throw wrongType('status', 'an HTTP status', status);
    return fetched(throwing(() => native.fetchReplied(this.#handle, status, bytes, milliseconds(at))));
  }

  /** The reply was longer than `limit` bytes. */
  tooLarge(at?: AtMono): Fetched {
    return fetched(native.fetchTooLarge(this.#handle, milliseconds(at)));
  }

  /** There was no reply in time. */
  unreachable(at?: AtMono): Fetched {
    return fetched(native.fetchUnreachable(this.#handle, milliseconds(at)));
  }

  /** Gives up the right to fetch, which counts as failed. Without this it is given up when nothing refers to it any more. */
  drop(): void {
    native.fetchDropped(this.#handle);
  }
}

/** @internal */
export function fetchOf(parts: FetchParts | null | undefined): Fetch | undefined {
  return parts === null || parts === undefined ? undefined : make(parts);
}

function fetched(parts: FetchedParts | null | undefined): Fetched {
  if (parts === null || parts === undefined) {
    throw new DoorwardError('this is good for once, and was used', 'used_already');
  }
  return Object.freeze({
    next: fetchOf(parts.next),
    keys: parts.keys ?? undefined,
    leftOut: parts.leftOut,
    changed: parts.changed,
    error: parts.error ?? undefined,
    message: parts.message ?? undefined,
  });
}
