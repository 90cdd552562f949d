// How the gate's types read: compiled, never run.

import type { IncomingMessage } from 'node:http';
import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import {
  type Admitted,
  ApiKey,
  ApiKeys,
  type Ask,
  type Denial,
  Door,
  Gate,
  Introspection,
  Issuer,
  Jwks,
  Limit,
  Limiter,
  type NeedBody,
  Policy,
  type Principal,
  Quota,
  type SharedHandle,
  SharedLimit,
  Verifier,
} from 'doorward';

const gate = new Gate({
  verifiers: [new Verifier({ jwks: new Jwks({ url: 'https://issuer.example/keys' }), audience: 'here' })],
  issuers: new Issuer('https://sso.example', { preset: 'keycloak', mapping: { roles: [['realm_access', 'roles']] } }),
  apiKeys: new ApiKeys([new ApiKey({ id: 'ci', key: 'a-key-nobody-guesses' })]),
  introspection: new Introspection('https://issuer.example/introspect', 'https://issuer.example'),
  policy: new Policy({ roles: { user: { tools: 'search_*' }, admin: '*' } }),
  anonymous: { methods: ['initialize'] },
  publicUrl: 'https://mcp.example/mcp',
  limits: [new Limit('exports', new Quota(10, 3600), 'principal', { tools: ['export_*'] })],
  sharedLimit: new SharedLimit({ instances: 3 }),
  revocationList: ({ id, issuer }) => (id === 'leaked' && issuer !== '' ? true : { goodFor: 10 }),
});

// What is not set in the environment is an option that is not there.
const { PUBLIC_URL, KEY_DIGEST, PREFIX } = process.env;
new Gate({ publicUrl: PUBLIC_URL, principalQuota: new Quota(10, 60, { burst: undefined }), sessionKey: undefined });
new ApiKey({ id: 'ci', digest: KEY_DIGEST, quota: undefined });
new SharedLimit({ prefix: PREFIX });
new Policy({ roles: { user: { tools: undefined } }, everybody: undefined });

// @ts-expect-error: no such option
new Gate({ apikeys: undefined });
// @ts-expect-error: a quota is no number
new Gate({ principalQuota: 100 });
// @ts-expect-error: nobody constructs one
gate.admit('GET', {}, null);

export async function serve(req: IncomingMessage, door: Door): Promise<Principal | undefined> {
  let step = await door.answered(door.gate.begin(req.method ?? 'GET', req.rawHeaders, req.socket.remoteAddress));
  if (step.kind === 'body') {
    const limit: number = step.limit;
    const next: Admitted | Denial | Ask = step.read(Buffer.alloc(limit));
    const decided: Admitted | Denial | NeedBody = await door.answered(next);
    step = decided;
  }
  if (step.kind === 'body') return undefined;
  door.tell(step, 12);
  if (step.kind === 'denied') {
    const answer: [number, readonly (readonly [string, string])[], string] = [step.status, step.headers, step.body];
    return answer[0] === 401 ? undefined : step.principal;
  }
  const until: number | undefined = step.validUntil;
  const scopes: readonly string[] = step.principal.scopes;
  // @ts-expect-error: frozen
  step.principal.scopes.push('admin');
  return until === undefined && scopes.length === 0 ? undefined : step.principal;
}

export const doors = [
  new Door(gate, { redis: createClient() }),
  new Door(gate, { redis: new Redis() }),
  new Door(gate, { fetch, introspect: { clientId: 'a', clientSecret: 'b' }, log: (event) => void event.type }),
  new Door(gate, { apiKeyLookUp: async (digest) => (digest === '' ? null : new ApiKey({ id: 'a', digest })) }),
];

for (const headers of [
  new Headers(),
  new Map([['a', 'b']]),
  [['a', 'b']] as [string, string][],
  ['a', 'b'],
  { a: ['b'] },
]) {
  gate.begin('GET', headers, undefined, { now: { unix: 1, mono: 2 } });
}

const handle: SharedHandle = new Limiter(1, 1).share();
export const decision: boolean = Limiter.shared(handle).check('anna').allowed;
