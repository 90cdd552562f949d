/** What a verified token says. */

import { native } from './_native.js';
import { wrongType } from './_options.js';

/** A JSON value nobody can change. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * What a verified token says: a plain object of its claims, in the order they stand in it, frozen through and through.
 *
 * All that is in it was in the token, as an own property; a claim named `__proto__` is one like any other. What JavaScript's
 * own JSON makes of numbers is what they are here: beyond 2⁵³ they lose digits (`verifyRaw` has them all). What is inherited
 * was never signed: where `Object.prototype` may have been tampered with, ask with `Object.hasOwn`.
 */
export interface Claims {
  /** The issuer. */
  readonly iss?: string;
  /** The subject: whom the token is about. */
  readonly sub?: string;
  /** The audience: whom the token is for. */
  readonly aud?: string | readonly string[];
  /** The end, in seconds since the epoch. */
  readonly exp?: number;
  /** The beginning, in seconds since the epoch. */
  readonly nbf?: number;
  /** When it was issued, in seconds since the epoch. */
  readonly iat?: number;
  /** The token's id. */
  readonly jti?: string;
  readonly [claim: string]: Json | undefined;
}

// What they were when this module was loaded, whoever changes them later.
const { parse, stringify } = JSON;
const { freeze, hasOwn, values } = Object;

/** A claim's value and all that is in it. Their depth is bounded by the core. @internal */
export function freezeDeep<T extends object>(value: T): T {
  // Its own values alone: `for … in` would go on into whatever somebody hung on `Object.prototype`.
  const inside: unknown[] = values(value);
  for (let n = 0; n < inside.length; n += 1) {
    const inner = inside[n];
    if (typeof inner === 'object' && inner !== null) freezeDeep(inner);
  }
  return freeze(value);
}

/** The claims of their text. @internal */
export function claimsOf(claims: string): Claims {
  return freezeDeep(parse(claims) as Claims);
}

/** `[place, claims]`, or `[place, claims, 0]` where there is an array or object among the claims. @internal */
export type Placed = readonly [place: number, claims: Claims, nested?: 0];

/** What the native module says of a token it verified, its claims frozen. @internal */
export function placedOf(text: string): Placed {
  const placed = parse(text) as Placed;
  if (placed.length === 2) freeze(placed[1]);
  else freezeDeep(placed[1]);
  return placed;
}

const scopes = new WeakMap<object, readonly string[]>();
const roles = new WeakMap<object, readonly string[]>();

/** Of these claims alone, as their text. */
function some(claims: Claims, names: readonly string[]): string {
  const found: Record<string, Json | undefined> = {};
  for (const name of names) if (hasOwn(claims, name)) found[name] = claims[name];
  return stringify(found);
}

function words(
  claims: Claims,
  kept: WeakMap<object, readonly string[]>,
  names: readonly string[],
  read: (claims: string) => string[],
): readonly string[] {
  if (typeof claims !== 'object' || claims === null) throw wrongType('claims', 'an object of claims', claims);
  const known = kept.get(claims);
  if (known !== undefined) return known;
  const found = freeze(read(some(claims, names)));
  // Of what can still change, the words may too.
  if (Object.isFrozen(claims)) kept.set(claims, found);
  return found;
}

/**
 * The scopes of `scope` or, without it, `scp`: a string separated by spaces, or an array of strings. Of any other type there
 * are none.
 *
 * @example
 * scopesOf(verifier.verify(token)).includes('files:read')
 */
export function scopesOf(claims: Claims): readonly string[] {
  return words(claims, scopes, ['scope', 'scp'], native.scopesOf);
}

/** The roles of `roles` or, without it, `role`: an array of strings, or one string, which is one role. */
export function rolesOf(claims: Claims): readonly string[] {
  return words(claims, roles, ['roles', 'role'], native.rolesOf);
}
