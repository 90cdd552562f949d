// How the core's types read from an ES module: compiled, never run.

import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import {
  type Algorithm,
  type Claims,
  ConfigError,
  Jwks,
  Key,
  KeySet,
  SigningKey,
  TokenError,
  type Verdict,
  Verifier,
  type VerifierOptions,
  rolesOf,
  scopesOf,
  sign,
} from 'doorward';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const options: VerifierOptions = { secret: createSecretKey(Buffer.alloc(32)), issuer: ['a', 'b'], cache: false };
const verifier = new Verifier({ ...options, algorithms: 'HS256', audience: undefined });
new Verifier({ publicKey, audience: 'a', algorithms: ['EdDSA'] });
new Verifier({ publicKey: publicKey.export({ format: 'jwk' }), anyAudience: true });
new Verifier({ jwks: new Jwks({ issuer: 'https://issuer.example' }), audience: 'a' });
new Verifier({ jwks: { keys: [] }, audience: 'a' });
new Verifier({ keys: [Key.fromSecret('x')], audience: 'a' });

const token: string = sign({ sub: 'anna', exp: 1 }, privateKey, { algorithm: 'EdDSA', kid: 'a' });
const claims: Claims = verifier.verify(token, { now: 1 });
const subject: string | undefined = claims.sub;
const audience: string | readonly string[] | undefined = claims.aud;
const tenant = claims['https://example/tenant'];
if (typeof tenant === 'string') tenant.toUpperCase();
const verdict: Verdict = verifier.tryVerify(Buffer.from(token));
if (verdict.error === undefined) scopesOf(verdict.claims).includes('read');
else {
  const error: TokenError = verdict.error;
  const code: string = error.code;
  console.log(code);
}
for (const { claims: each, error } of verifier.verifyMany([token])) console.log(each?.sub, error?.code);
const hits: number | undefined = verifier.cacheStats()?.hits;
const set: KeySet = KeySet.fromJwks('{}');
const algorithm: Algorithm = SigningKey.fromPrivate(privateKey).algorithm;
const fetch = new Jwks({ url: 'https://a.example/' }).refresh();
if (fetch !== undefined) {
  const fetched = fetch.replied(200, '{}', { now: 1 });
  console.log(fetched.next?.url, fetched.leftOut[0]?.code);
}

// @ts-expect-error claims are frozen
claims.sub = 'other';
// @ts-expect-error so are lists in them
rolesOf(claims).push('admin');
// @ts-expect-error no such option
new Verifier({ secret: 'x', audiences: 'a' });
// @ts-expect-error no such algorithm
new Verifier({ secret: 'x', algorithms: ['none'] });
// @ts-expect-error a key is made by its ways to make one
new Key();
// @ts-expect-error there are claims or an error
verdict.claims.sub;
// @ts-expect-error no text
verifier.verify(undefined);

const setting: string | undefined = new ConfigError('x').setting;
export { algorithm, audience, hits, set, setting, subject };
