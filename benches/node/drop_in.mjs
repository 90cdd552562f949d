// Rows `node/drop-in/…` of the report: `jwt.verify` by doorward/jsonwebtoken, beside jsonwebtoken's own, in the same process.
//
// Usage: node drop_in.mjs [--quick] REPORT     REPORT is a file to add the rows to; rows of an earlier run are replaced
//
// The same call for both, as existing code has it: the secret as text, a key as PEM, or either as a `KeyObject`, read once.
// They run by turns, in batches of equal length, by the process's own time, and both read the clock. `fresh` goes through four
// times as many tokens as a public key remembers, `seen` through some that it does; of a secret none are remembered.

import { createPrivateKey, createPublicKey, createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import jsonwebtoken from 'jsonwebtoken';
import drop from '../../bindings-node/dist/jsonwebtoken.mjs';
import { AUDIENCE, ISSUER, KEY, SECRET, claims, report, row, subject } from './shared.mjs';

const { version } = createRequire(import.meta.url)('jsonwebtoken/package.json');
/** Tokens that a public key remembers. */
const SEEN = 1024;

/** Each key to verify by: its algorithm, what it is given as, the key, and what signs. */
function keys() {
  const secret = createSecretKey(Buffer.from(SECRET));
  const pair = createPrivateKey({ key: readFileSync(KEY), format: 'der', type: 'pkcs8' });
  const rsa = createPublicKey(pair);
  return [
    ['HS256', 'plain secret', SECRET, secret],
    ['HS256', 'KeyObject', secret, secret],
    ['RS256', 'PEM', rsa.export({ format: 'pem', type: 'spki' }), pair],
    ['RS256', 'KeyObject', rsa, pair],
  ];
}

/** The process's time for all of them, in ns. */
function batch(verify, tokens) {
  const begin = process.cpuUsage();
  for (const token of tokens) verify(token);
  const { user, system } = process.cpuUsage(begin);
  return (user + system) * 1000;
}

/** The tokens in batches that take about as long as they should. */
class Batches {
  #at = 0;

  constructor(verify, tokens, nanos) {
    // Whether a side does what it is timed for.
    for (const [n, token] of tokens.entries()) {
      if (verify(token) !== subject(n)) throw new Error(`token ${n} is not what it was`);
    }
    // Until it is compiled as it will be.
    const some = tokens.slice(0, 256);
    let [spent, calls] = [0, 0];
    while (calls < 2000 || spent < 5e7) {
      spent += batch(verify, some);
      calls += some.length;
    }
    this.verify = verify;
    this.tokens = tokens;
    this.size = Math.max(1, Math.min(tokens.length, Math.round((nanos * calls) / spent)));
  }

  /** Nanoseconds a token. */
  next() {
    if (this.#at + this.size > this.tokens.length) this.#at = 0;
    const some = this.tokens.slice(this.#at, this.#at + this.size);
    this.#at += this.size;
    return batch(this.verify, some) / some.length;
  }
}

function* rows(quick) {
  for (const [algorithm, form, key, signing] of keys()) {
    const options = { algorithms: [algorithm], issuer: ISSUER, audience: AUDIENCE };
    const verifying = (jwt) => (token) => jwt.verify(token, key, options).sub;
    const kinds = algorithm === 'HS256' ? { fresh: 4 * SEEN } : { fresh: 4 * SEEN, seen: SEEN / 4 };
    for (const [what, amount] of Object.entries(kinds)) {
      const tokens = Array.from({ length: amount }, (_, n) => jsonwebtoken.sign(claims(n), signing, { algorithm }));
      const [ours, theirs] = [drop, jsonwebtoken].map((jwt) => new Batches(verifying(jwt), tokens, 1e6));
      const count = quick ? 61 : 501;
      const times = [[], []];
      for (let n = 0; n < count; n += 1) {
        times[0].push(ours.next());
        times[1].push(theirs.next());
      }
      yield row(
        `node/drop-in/${algorithm.toLowerCase()}/${what}`,
        `jsonwebtoken ${version}, ${form}`,
        ...times,
        'both',
      );
    }
  }
}

await report('node/drop-in/', rows);
