// `policy.json` (who may reach what, what lists show of it) and `claims.json` (how issuers' claims are read).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate, Issuer, ListError, Policy, SigningKey } from 'doorward';
import { load, onlyKnown, report } from './shared.mjs';

const POLICY = load('policy.json');
const CLAIMS = load('claims.json');
const KINDS = { tools: 'tool', resources: 'resource', prompts: 'prompt', methods: 'method' };
const ED25519 = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----`;

function policy(sections) {
  onlyKnown(sections, ['default', 'roles', 'scopes', 'everybody', 'require']);
  let made;
  if (sections.default === 'allow') {
    onlyKnown(sections, ['default', 'require']);
    made = Policy.allowAll();
  } else {
    const [scopes, implies] = [{}, {}];
    for (const [name, { implies: implied, ...grants }] of Object.entries(sections.scopes ?? {})) {
      scopes[name] = grants;
      if (implied !== undefined) implies[name] = implied;
    }
    made = new Policy({ roles: sections.roles, scopes, implies, everybody: sections.everybody });
  }
  for (const requirement of sections.require ?? []) {
    const { any_of: any, all_of: every, ...patterns } = requirement;
    assert.ok(any !== undefined || every !== undefined);
    onlyKnown(patterns, Object.keys(KINDS));
    for (const [kinds, all] of Object.entries(patterns)) {
      for (const pattern of all) {
        if (any !== undefined) made = made.require(KINDS[kinds], pattern, any);
        if (every !== undefined) made = made.require(KINDS[kinds], pattern, { ...every, all: true });
      }
    }
  }
  return made;
}

const POLICIES = Object.fromEntries(
  Object.entries(POLICY.policies).map(([name, sections]) => [name, policy(sections)]),
);

test('every decision holds', () => {
  const failures = [];
  for (const vector of POLICY.vectors) {
    const { name, policy: of, roles, scopes, kind, what, expect, ...rest } = vector;
    onlyKnown(rest, []);
    const [made, held] = [POLICIES[of], { roles, scopes }];
    const allowed = made.isAllowed(kind, what, held);
    const refusal = made.refusal(kind, what, held);
    if (allowed !== expect.allowed || (refusal === undefined) !== allowed) failures.push(name);
    if (refusal !== undefined) {
      // Whoever holds what would help is allowed.
      const more = { roles, scopes: [...scopes, ...refusal.scopes] };
      if (refusal.scopes.length > 0 && !made.isAllowed(kind, what, more)) failures.push(`${name}: ${refusal.scopes}`);
    }
  }
  report(failures, POLICY.vectors.length);
  assert.ok(POLICY.vectors.length >= 150);
});

test('every list holds', () => {
  const failures = [];
  for (const vector of POLICY.lists) {
    const { name, policy: of, roles, scopes, method, result, shown, ...rest } = vector;
    onlyKnown(rest, []);
    for (const text of [result, Buffer.from(result)]) {
      let found;
      try {
        found = POLICIES[of].filterResult(method, text, { roles, scopes });
      } catch (error) {
        if (!(error instanceof ListError)) throw error;
        assert.equal(error.code, 'list_unreadable');
        found = null;
      }
      if (found !== shown) failures.push(`${name}: ${found}`);
    }
  }
  report(failures, POLICY.lists.length);
  assert.ok(POLICY.lists.length >= 20);
});

const OPTION = { auth0: 'rolesClaim', entra: 'application', keycloak: 'client' };

function issuer(vector) {
  let preset;
  for (const [product, options] of Object.entries(vector.preset ?? {})) {
    const values = Object.values(options);
    assert.ok(values.length <= 1);
    preset = values.length === 0 ? { product } : { product, [OPTION[product]]: values[0] };
  }
  const { only_scopes: onlyScopes, only_roles: onlyRoles, ...paths } = vector.mapping ?? {};
  onlyKnown(paths, ['scopes', 'roles', 'client']);
  return new Issuer(vector.issuer, {
    preset,
    mapping: vector.mapping === undefined ? undefined : { ...paths, onlyScopes, onlyRoles },
    jwksUrl: 'https://keys.example/jwks.json',
    audience: vector.audience,
    audienceClaim: vector.audience_claim,
    allowMissingAudience: vector.allow_missing_audience,
  });
}

function decided(gate, token, jwks) {
  const now = { unix: CLAIMS.now, mono: 5 };
  const headers = { host: 'localhost', 'content-type': 'application/json', authorization: `Bearer ${token}` };
  let step = gate.begin('POST', headers, '127.0.0.1', { now });
  while (step.kind === 'ask' || step.kind === 'body') {
    if (step.kind === 'body') {
      step = step.read('{"jsonrpc":"2.0","id":1,"method":"ping"}', { now });
      continue;
    }
    step.takeFetch()?.replied(200, jwks, { now: now.mono });
    step = step.ready({ now });
  }
  if (step.kind === 'denied') return { code: step.code };
  const { id, scopes, roles } = step.principal;
  return { id, scopes: [...scopes], roles: [...roles] };
}

// By way of `Issuer`, whose keys are fetched: signed by a key of ours, whatever the payload is.
test("every issuer's claims are read", () => {
  const key = SigningKey.fromPrivate(ED25519);
  const jwks = JSON.stringify({ keys: [key.publicJwk()] });
  const failures = [];
  for (const vector of CLAIMS.vectors) {
    onlyKnown(vector, [
      ...['name', 'issuer', 'preset', 'mapping', 'audience', 'audience_claim', 'allow_missing_audience'],
      ...['payload', 'expect'],
    ]);
    const gate = new Gate({ issuers: issuer(vector), publicUrl: CLAIMS.resource, policy: Policy.allowAll() });
    const token = key.signJws(vector.payload);
    // Twice: as a fresh token, and as one of the cache.
    for (const found of [decided(gate, token, jwks), decided(gate, token, jwks)]) {
      try {
        assert.deepEqual(found, vector.expect);
      } catch {
        failures.push(`${vector.name}: ${JSON.stringify(found)}, expected ${JSON.stringify(vector.expect)}`);
      }
    }
  }
  report(failures, CLAIMS.vectors.length);
  assert.ok(CLAIMS.vectors.length >= 90);
});
