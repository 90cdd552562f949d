/**
 * The surfaces that take over other libraries' users accept the secrets that these accepted, and say so once. An empty one is
 * accepted by nobody.
 */

let warned = false;

/** Warns, once in a process, of a secret that is shorter than the hash (RFC 7518, section 3.2): one token, and it can be guessed. */
export function warnOfShortSecret(secret: string | Uint8Array, algorithms: readonly string[]): void {
  // `HS256` and its like: by their bits.
  const shortest = Math.max(...algorithms.map((name) => Number(name.slice(2)) / 8));
  if (warned || Buffer.byteLength(secret) >= shortest) return;
  warned = true;
  process.emitWarning(`a JWT secret is shorter than ${shortest} bytes: make one with openssl rand -hex ${shortest}`, {
    type: 'DoorwardWarning',
    code: 'DOORWARD_SHORT_SECRET',
  });
}
