// Rows `node/verify/…` of the report: a token to claims, one claim read, beside other libraries in the same process.
//
// Usage: node verify.mjs [--quick] REPORT     REPORT is a file to add the rows to; rows of an earlier run are replaced
//
// Ours and the peer's run by turns, in batches of equal length, by the process's own time, threads it has work done by
// included. Both read the clock and both check issuer, audience and expiry; keys are prepared once where the row does not say
// otherwise. `seen` is a hit in our cache among 1,000 tokens, beside the peer's cache where it has one.

import { createPrivateKey, createPublicKey, createSecretKey, verify as verifySignature } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createVerifier } from 'fast-jwt';
import { jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { SigningKey, Verifier } from '../../bindings-node/dist/index.mjs';
import { AUDIENCE, ISSUER, KEY, SECRET, claims, report, rounded, row, subject } from './shared.mjs';

const require = createRequire(import.meta.url);
const { dependencies } = require('./package.json');
const TOKENS = 1000;

const named = (name, detail) => `${name} ${dependencies[name]}${detail === undefined ? '' : `, ${detail}`}`;

/** The tokens, ours without a cache and with one, and the peers of either: name, verify, and the most our time may be of theirs. */
function sides(algorithm) {
  const rules = { algorithms: [algorithm], issuer: ISSUER, audience: AUDIENCE };
  let [signing, key, prepared, plain] = [];
  if (algorithm === 'HS256') {
    signing = SigningKey.fromSecret(SECRET);
    key = { secret: SECRET };
    prepared = createSecretKey(Buffer.from(SECRET));
    plain = SECRET;
  } else {
    const der = readFileSync(KEY);
    const pair = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    signing = SigningKey.fromPrivate(der, algorithm);
    prepared = createPublicKey(pair);
    plain = prepared.export({ format: 'pem', type: 'spki' });
    key = { publicKey: plain };
  }
  const tokens = Array.from({ length: TOKENS }, (_, n) => signing.sign(claims(n)));
  const [fresh, cached] = [new Verifier({ ...key, ...rules, cache: false }), new Verifier({ ...key, ...rules })];
  const fast = (cache) => {
    const verify = createVerifier({
      key: plain,
      algorithms: [algorithm],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      cache,
    });
    return (token) => verify(token).sub;
  };
  const theirs = { algorithms: [algorithm], issuer: ISSUER, audience: AUDIENCE };
  const others = [
    [named('jsonwebtoken', 'KeyObject'), (token) => jsonwebtoken.verify(token, prepared, theirs).sub],
    [
      named('jsonwebtoken', algorithm === 'HS256' ? 'plain secret' : 'PEM'),
      (token) => jsonwebtoken.verify(token, plain, theirs).sub,
    ],
    [named('jose'), async (token) => (await jwtVerify(token, prepared, theirs)).payload.sub],
  ];
  const bare = algorithm === 'RS256' ? [[`node:crypto RSA verify, bare`, bareRsa(tokens, prepared)]] : [];
  const third = algorithm === 'HS256' ? 1 / 3 : undefined;
  return {
    tokens,
    fresh: [
      (token) => fresh.verify(token).sub,
      [[named('fast-jwt', 'no cache'), fast(false), third], ...others, ...bare],
    ],
    seen: [(token) => cached.verify(token).sub, [[named('fast-jwt', 'its cache'), fast(10_000), 0.25], ...others]],
  };
}

/** The signature alone, over bytes that are there already. */
function bareRsa(tokens, key) {
  const parts = new Map(
    tokens.map((token, n) => {
      const at = token.lastIndexOf('.');
      return [token, [Buffer.from(token.slice(0, at)), Buffer.from(token.slice(at + 1), 'base64url'), subject(n)]];
    }),
  );
  return (token) => {
    const [signed, signature, found] = parts.get(token);
    return verifySignature('RSA-SHA256', signed, key, signature) ? found : undefined;
  };
}

/** The process's time for all of them, in ns. */
async function batch(verify, tokens, isAsync) {
  const begin = process.cpuUsage();
  if (isAsync) for (const token of tokens) await verify(token);
  else for (const token of tokens) verify(token);
  const { user, system } = process.cpuUsage(begin);
  return (user + system) * 1000;
}

/** The tokens in batches that take about as long as they should. */
class Batches {
  #at = 0;

  static async of(verify, tokens, nanos) {
    const batches = new Batches();
    // Whether a side does what it is timed for.
    for (const [n, token] of tokens.entries()) {
      if ((await verify(token)) !== subject(n)) throw new Error(`token ${n} is not what it was`);
    }
    batches.verify = verify;
    batches.tokens = tokens;
    batches.isAsync = verify(tokens[0]) instanceof Promise;
    // Until it is compiled as it will be: two thousand calls, and more of what is fast.
    let [spent, calls] = [0, 0];
    while (calls < 2000 || spent < 5e7) {
      spent += await batch(verify, tokens, batches.isAsync);
      calls += tokens.length;
    }
    const each = (await batch(verify, tokens, batches.isAsync)) / tokens.length;
    batches.size = Math.max(1, Math.min(tokens.length, Math.round(nanos / each)));
    return batches;
  }

  /** Nanoseconds a token. */
  async next() {
    if (this.#at + this.size > this.tokens.length) this.#at = 0;
    const some = this.tokens.slice(this.#at, this.#at + this.size);
    this.#at += this.size;
    return (await batch(this.verify, some, this.isAsync)) / some.length;
  }
}

async function* rows(quick) {
  for (const algorithm of ['HS256', 'RS256']) {
    const { tokens, ...both } = sides(algorithm);
    for (const [what, [verify, peers]] of Object.entries(both)) {
      for (const [name, peer, most] of peers) {
        const [ours, theirs] = [await Batches.of(verify, tokens, 1e6), await Batches.of(peer, tokens, 1e6)];
        const count = quick ? 61 : 501;
        const times = [[], []];
        for (let n = 0; n < count; n += 1) {
          times[0].push(await ours.next());
          times[1].push(await theirs.next());
        }
        const clock = name.endsWith('bare') ? 'ours' : 'both';
        const made = row(`node/verify/${algorithm.toLowerCase()}/${what}`, name, ...times, clock);
        if (most !== undefined) Object.assign(made, { budget: { ratio: rounded(most) }, met: made.ratio <= most });
        yield made;
      }
    }
  }
}

await report('node/verify/', rows);
