/**
 * The surfaces that take over other libraries' users accept the secrets that these accepted, and say so once. An empty one is
 * accepted by nobody.
 */

/** HMAC keys are as long as the hash, at the least (RFC 7518, section 3.2), in bytes. */
const SHORTEST = 32;

let warned = false;

/** Warns, once in a process, of a secret that is shorter than 32 bytes: guessing it takes one token and a fast machine. */
export function warnOfShortSecret(secret: string | Uint8Array): void {
  if (warned || Buffer.byteLength(secret) >= SHORTEST) return;
  warned = true;
  process.emitWarning('a JWT secret is shorter than 32 bytes: make one with openssl rand -hex 32', {
    type: 'DoorwardWarning',
    code: 'DOORWARD_SHORT_SECRET',
  });
}
