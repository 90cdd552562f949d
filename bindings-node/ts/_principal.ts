/** Who a request is from. */

import { claimsOf } from './_claims.js';
import type { Claims } from './_claims.js';
import { native } from './_native.js';
import { wrongType } from './_options.js';
import type { ExternalObject, Principal as PrincipalHandle } from '../native/index.js';

/** How somebody proved who they are. */
export type AuthMethod = 'api_key' | 'jwt' | 'opaque' | 'anonymous';

/** @internal */
export let principalHandle: (principal: Principal) => ExternalObject<PrincipalHandle>;

const NONE: readonly string[] = Object.freeze([]);

/** Who a request is from. Nothing of it crosses from the native module before it is read. */
export class Principal {
  readonly #native: ExternalObject<PrincipalHandle>;
  #id: string | undefined;
  #scopes: readonly string[] | undefined;
  #roles: readonly string[] | undefined;
  #claims: Claims | null | undefined;

  static {
    principalHandle = (principal) => {
      if (typeof principal === 'object' && principal !== null && #native in principal) return principal.#native;
      throw wrongType('principal', "a gate's Principal", principal);
    };
  }

  /** @internal */
  constructor(handle: ExternalObject<PrincipalHandle>) {
    this.#native = handle;
    Object.freeze(this);
  }

  /**
   * The canonical id, different for any two principals: `key:<id>`, `jwt:<issuer>:<subject>` and so on. The only name to use
   * for buckets, sessions and logs.
   */
  get id(): string {
    return (this.#id ??= native.principalId(this.#native));
  }

  /** How it proved who it is. */
  get method(): AuthMethod {
    return native.principalMethod(this.#native) as AuthMethod;
  }

  /** The token's subject; `undefined` for a key, a client without a subject, and somebody without a credential. */
  get subject(): string | undefined {
    return native.principalSubject(this.#native) ?? undefined;
  }

  /** The client whose token has no subject, where its issuer's mapping names one. */
  get client(): string | undefined {
    return native.principalClient(this.#native) ?? undefined;
  }

  /** The scopes it was given. */
  get scopes(): readonly string[] {
    return (this.#scopes ??= frozen(native.principalScopes(this.#native)));
  }

  /** The roles it was given. */
  get roles(): readonly string[] {
    return (this.#roles ??= frozen(native.principalRoles(this.#native)));
  }

  /** When its credential expires, in seconds since the epoch; `undefined` if it does not. */
  get expires(): number | undefined {
    return native.principalExpires(this.#native) ?? undefined;
  }

  /** The token's claims; `undefined` for a key. */
  get claims(): Claims | undefined {
    if (this.#claims === undefined) {
      const payload = native.principalClaims(this.#native);
      this.#claims = typeof payload === 'string' ? claimsOf(payload) : null;
    }
    return this.#claims ?? undefined;
  }

  /** Whether another is the same: of the same id. */
  equals(other: Principal): boolean {
    return this.id === other.id;
  }

  /** What may be shown of it: everything but the claims. */
  toJSON(): object {
    const { id, method, subject, client, scopes, roles, expires } = this;
    return { id, method, subject, client, scopes, roles, expires };
  }

  /** For `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return Object.assign(Object.create({ constructor: Principal }) as object, this.toJSON());
  }
}

function frozen(words: string[]): readonly string[] {
  return words.length === 0 ? NONE : Object.freeze(words);
}
