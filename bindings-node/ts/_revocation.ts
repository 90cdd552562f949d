/** A revocation list of the host's own. */

import { wrongType } from './_options.js';

/** A token that verified, by what it may be revoked by. */
export interface Revocable {
  /** The token itself, as it was sent; empty where a streaming answer's credential is looked at without it. */
  readonly token: string;
  /** Its `iss`, empty where it has none. */
  readonly issuer: string;
  /** Its subject, or the id of the client it is from where `isClient`. */
  readonly subject: string;
  /** Whether it is a client's that has no `sub`: it is no user's of the same name. */
  readonly isClient: boolean;
  /** Its `jti`. */
  readonly id: string | undefined;
  /** Its `iat`, in seconds since the epoch. */
  readonly issuedAt: number | undefined;
}

/** Whether a token is revoked; or for how many seconds not to ask about it again, for it is not. */
export type RevocationList = (token: Revocable) => boolean | { readonly goodFor: number };

type Ask = (
  token: string,
  issuer: string,
  subject: string,
  isClient: boolean,
  id: string | null,
  issuedAt: number | null,
) => number;

/** The same as the native module asks. It throws nothing: what goes wrong refuses, and is a warning of the process. @internal */
export function listOf(list: RevocationList): Ask {
  if (typeof list !== 'function') throw wrongType('revocationList', 'a function', list);
  return (token, issuer, subject, isClient, id, issuedAt) => {
    try {
      return answer(list({ token, issuer, subject, isClient, id: id ?? undefined, issuedAt: issuedAt ?? undefined }));
    } catch (error) {
      const what = error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
      process.emitWarning(`the revocation list failed, and a token was refused: ${what}`, { type: 'DoorwardWarning' });
      return -1;
    }
  };
}

function answer(said: unknown): number {
  if (typeof said === 'boolean') return said ? -1 : 0;
  if (typeof said === 'object' && said !== null && 'goodFor' in said) {
    const { goodFor } = said;
    if (typeof goodFor === 'number' && Number.isFinite(goodFor) && goodFor >= 0) return goodFor;
  }
  throw new TypeError('a revocation list says true, false, or { goodFor } in seconds');
}
