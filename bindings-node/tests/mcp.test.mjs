// The official SDK, 1.x: its client against the example servers; its own bearer check with our verifier; tools.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import * as client2 from '@modelcontextprotocol/client';
import * as client1 from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { ApiKey, ApiKeys, ConfigError, Gate, Jwks, Policy, SigningKey, Verifier } from 'doorward';
import { guard, tokenVerifier } from 'doorward/mcp';
import {
  ACCEPT,
  ADMIN_KEY,
  KEY,
  LATER,
  PING,
  SECRET,
  bearer,
  called1,
  called2,
  post,
  running,
  serving,
  token,
  withRunning,
} from './helpers.mjs';

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

describe('the whole gate', () => {
  let server;
  before(async () => {
    const settings = { API_KEYS: KEY, ADMIN_API_KEYS: ADMIN_KEY, JWT_SECRET: SECRET };
    server = await running('express_server', settings);
  });
  after(() => server.stop());

  for (const [name, called] of [
    ['1.x', called1],
    ['2.x', (...args) => called2('auto', ...args)],
  ]) {
    test(`good, by client ${name}`, async () => {
      const user = await called(server.url, { 'x-api-key': KEY }, 'whoami', 'shut_down');
      assert.match(user.results[0], /^key:.* with no scopes$/);
      assert.equal(user.results[1], 'error: forbidden: shut_down is not yours to call');
      assert.ok(user.statuses.every((status) => status < 300 || status === 400 || status === 404));
      assert.deepEqual(user.listed, ['whoami'], 'what they may not call is not shown');
      const admin = await called(server.url, { 'x-api-key': ADMIN_KEY }, 'shut_down');
      assert.deepEqual([admin.results, admin.listed], [['not really'], ['whoami', 'shut_down']]);
      const all = await called(
        server.url,
        bearer({ scope: 'read export', role: 'admin' }),
        'whoami',
        'export',
        'shut_down',
      );
      assert.deepEqual(all.results, ['jwt::anna with read export', 'exported', 'not really']);
      assert.deepEqual(all.listed, ['whoami', 'export', 'shut_down']);
    });
  }

  for (const [name, headers, error] of [
    ['none', {}, 'unauthorized'],
    ['bad key', { 'x-api-key': 'a-guess' }, 'invalid_token'],
    ['bad signature', { authorization: `Bearer ${token().slice(0, -4)}AAAA` }, 'invalid_token'],
    ['expired', bearer({ exp: 1 }), 'invalid_token'],
    ['expired and under-scoped', bearer({ exp: 1, scope: 'nothing' }), 'invalid_token'],
  ]) {
    test(name, async () => {
      const { results, statuses } = await called1(server.url, headers, 'whoami');
      assert.ok(results[0] instanceof StreamableHTTPError);
      assert.deepEqual([results[0].code, statuses], [401, [401]]);
      const answer = await post(server.url, headers);
      assert.equal((await answer.json()).error, error);
      assert.equal(/error=/.test(answer.headers.get('www-authenticate')), error !== 'unauthorized');
    });
  }

  test('under-scoped', async () => {
    const { results, statuses } = await called1(server.url, bearer({ scope: 'read' }), 'whoami', 'export');
    assert.equal(results[0], 'jwt::anna with read');
    assert.ok(results[1] instanceof StreamableHTTPError);
    assert.equal(results[1].code, 403);
    assert.ok(statuses.includes(403));
  });

  test('a session is its opener’s own', async () => {
    const opened = await post(server.url, { 'x-api-key': KEY }, INITIALIZE);
    assert.equal(opened.status, 200);
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id'), 'mcp-protocol-version': '2025-06-18' };
    await opened.text();
    assert.match(session['mcp-session-id'], /^[0-9a-f-]{36}\.[\w-]{22}$/);
    const statuses = [];
    for (const headers of [{ 'x-api-key': KEY }, { 'x-api-key': ADMIN_KEY }, bearer()]) {
      statuses.push((await post(server.url, { ...session, ...headers })).status);
    }
    assert.deepEqual(statuses, [200, 404, 404]);
    const inner = session['mcp-session-id'].split('.')[0];
    assert.equal((await post(server.url, { ...session, 'mcp-session-id': inner, 'x-api-key': KEY })).status, 404);
  });

  test('the stream of a session ends with its token', async () => {
    const soon = bearer({ exp: Date.now() / 1000 + 1.5 });
    const opened = await post(server.url, soon, INITIALIZE);
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id'), 'mcp-protocol-version': '2025-06-18' };
    await opened.text();
    const began = performance.now();
    const stream = await fetch(server.url, { headers: { ...ACCEPT, ...soon, ...session } });
    assert.equal(stream.status, 200);
    await stream.text();
    assert.ok(performance.now() - began < 4000);
    assert.equal((await post(server.url, { ...soon, ...session })).status, 401);
  });
});

test('both SDKs’ clients find the metadata, by its address and by the challenge', async () => {
  const server = createServer();
  await serving(server, async (base) => {
    const url = `${base}/mcp`;
    const policy = Policy.allowAll().require('tool', 'export', { scopes: ['export'] });
    const issuer = 'https://issuer.example';
    const verifiers = new Verifier({ secret: SECRET, audience: url });
    const gate = new Gate({
      verifiers,
      policy,
      publicUrl: url,
      authorizationServers: [issuer],
      scopesSupported: ['export'],
    });
    const enter = guard(gate);
    server.on('request', (req, res) => enter(req, res, () => res.end('in')));
    for (const { discoverOAuthProtectedResourceMetadata, extractWWWAuthenticateParams } of [client1, client2]) {
      const found = await discoverOAuthProtectedResourceMetadata(url);
      assert.deepEqual([found.resource, found.authorization_servers], [url, [issuer]]);
      const challenge = extractWWWAuthenticateParams(await post(url));
      const metadata = `${base}/.well-known/oauth-protected-resource/mcp`;
      assert.equal(challenge.resourceMetadataUrl.href, metadata);
      const call = { ...PING, method: 'tools/call', params: { name: 'export' } };
      const lacking = extractWWWAuthenticateParams(await post(url, bearer({ aud: url }), call));
      assert.deepEqual([lacking.error, lacking.scope], ['insufficient_scope', 'export']);
      assert.equal(lacking.resourceMetadataUrl.href, metadata);
    }
  });
});

test('limited', async () => {
  await withRunning('express_server', { API_KEYS: KEY, RATE_LIMIT_MAX: '6' }, async ({ url }) => {
    const { results, statuses } = await called1(url, { 'x-api-key': KEY }, ...Array(8).fill('whoami'));
    assert.match(results[0], /^key:/);
    assert.ok(results.at(-1) instanceof StreamableHTTPError);
    assert.equal(results.at(-1).code, 429);
    assert.ok(statuses.includes(429));
    const answer = await post(url, { 'x-api-key': KEY });
    assert.deepEqual([answer.status, answer.headers.get('x-ratelimit-remaining')], [429, '0']);
    assert.ok(Number(answer.headers.get('retry-after')) >= 1);
  });
});

test('the SDK’s own bearer check', async () => {
  const aud = 'http://127.0.0.1:8000/mcp';
  await withRunning('express_token_verifier', { JWT_SECRET: SECRET }, async ({ url }) => {
    const { results } = await called1(url, bearer({ aud, scope: 'read', team: 'blue' }), 'whoami');
    assert.deepEqual(results, ['anna of blue']);
    for (const [status, claims] of [
      [401, { aud: 'https://other.example', scope: 'read' }],
      [401, { aud, scope: 'read', exp: 1 }],
      [403, { aud, scope: 'write' }],
    ]) {
      const refused = await called1(url, bearer(claims), 'whoami');
      assert.deepEqual([refused.results[0].code, refused.statuses], [status, [status]]);
    }
    const { status } = await post(url, { authorization: 'Bearer a-guess' });
    assert.equal(status, 401);
  });
});

/** What the SDK's middleware does with a token. */
function checked(require, verifier, authorization, options = {}) {
  return new Promise((resolve) => {
    const res = {
      set: () => res,
      status: (status) => ((res.code = status), res),
      json: (body) => resolve({ status: res.code, body }),
    };
    const req = { headers: { authorization } };
    require({ verifier, ...options })(req, res, () => resolve({ status: 200, auth: req.auth }));
  });
}

describe('tokenVerifier', () => {
  const keys = new ApiKeys([new ApiKey({ id: 'ci', key: KEY, scopes: ['read'], roles: ['user'] })]);

  test('tokens and keys', async () => {
    const both = tokenVerifier({
      verifier: new Verifier({ secret: SECRET }),
      apiKeys: keys,
      resource: 'https://mcp.example/mcp',
    });
    const found = await both.verifyAccessToken(token({ scope: 'a b', client_id: 'app', custom: [1], roles: ['user'] }));
    assert.deepEqual([found.clientId, found.scopes, found.expiresAt], ['app', ['a', 'b'], LATER]);
    assert.match(found.extra.id, /^jwt:.*:anna$/);
    assert.equal(found.extra.principal.id, found.extra.id);
    assert.deepEqual([found.extra.subject, found.extra.claims.custom, [...found.extra.roles]], ['anna', [1], ['user']]);
    assert.equal(found.resource.href, 'https://mcp.example/mcp');
    const key = await both.verifyAccessToken(KEY);
    assert.deepEqual(
      [key.clientId, key.scopes, key.extra.roles, key.extra.id],
      ['key:ci', ['read'], ['user'], 'key:ci'],
    );
    const inAnHour = Date.now() / 1000 + 3600;
    assert.ok(Math.abs(key.expiresAt - inAnHour) < 5, 'the SDK wants an end');
    for (const bad of [token({ exp: 1 }), 'a.b.c', 'a-guess', '', 'x'.repeat(100_000), '\ud800']) {
      await assert.rejects(both.verifyAccessToken(bad), { name: 'InvalidTokenError' });
    }
  });

  test('the SDK answers 401, whichever module system it is loaded by', async () => {
    const verifier = tokenVerifier(new Verifier({ secret: SECRET }));
    assert.equal((await checked(requireBearerAuth, verifier, `Bearer ${token()}`)).status, 200);
    assert.equal((await checked(requireBearerAuth, verifier, 'Bearer a.b.c')).status, 401);
    const scoped = { requiredScopes: ['read'] };
    assert.equal((await checked(requireBearerAuth, verifier, `Bearer ${token()}`, scoped)).status, 403);
    const require = createRequire(import.meta.url);
    const cjs = require('@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js');
    assert.notEqual(cjs.requireBearerAuth, requireBearerAuth);
    assert.equal((await checked(cjs.requireBearerAuth, tokenVerifier(keys), 'Bearer a.b.c')).status, 401);
    // With both there, it must be told.
    const { InvalidTokenError } = await import('@modelcontextprotocol/sdk/server/auth/errors.js');
    const told = tokenVerifier({ apiKeys: keys, InvalidTokenError });
    assert.equal((await checked(requireBearerAuth, told, 'Bearer a.b.c')).status, 401);
  });

  test('keys that are fetched', async () => {
    const { publicJwk, key } = await signing();
    let gets = 0;
    const fetching = async () => {
      gets += 1;
      return Response.json({ keys: [publicJwk] });
    };
    const jwks = new Jwks({ url: 'https://issuer.example/keys' });
    const verifier = new Verifier({ jwks, audience: 'here', issuer: 'https://issuer.example' });
    const tokens = tokenVerifier({ verifier, jwks, fetch: fetching });
    const claims = { iss: 'https://issuer.example', aud: 'here', sub: 'anna', exp: LATER };
    const good = key('one').sign(claims);
    const found = await Promise.all(Array.from({ length: 5 }, () => tokens.verifyAccessToken(good)));
    assert.ok(found.every(({ extra }) => extra.subject === 'anna'));
    assert.equal(gets, 1);
    // A flood of unknown keys is no flood of fetches.
    const unknown = key('two').sign(claims);
    for (let n = 0; n < 5; n += 1)
      await assert.rejects(tokens.verifyAccessToken(unknown), { name: 'InvalidTokenError' });
    assert.ok(gets <= 2);
    // An outage is no reason to throw a token away.
    const down = new Jwks({ url: 'https://issuer.example/keys' });
    const out = tokenVerifier({
      verifier: new Verifier({ jwks: down, audience: 'here' }),
      jwks: down,
      fetch: async () => Promise.reject(new Error('down')),
    });
    await assert.rejects(out.verifyAccessToken(good), { code: 'keys_unavailable' });
  });

  test('needs something to verify with', () => {
    assert.throws(() => tokenVerifier({}), ConfigError);
  });
});

async function signing() {
  const { generateKeyPairSync } = await import('node:crypto');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const key = (kid) => SigningKey.fromPrivate(pem, 'ES256', { kid });
  return { key, publicJwk: key('one').publicJwk() };
}

test('a token’s time is its session’s too', async () => {
  await withRunning('express_server', { JWT_SECRET: SECRET }, async ({ url }) => {
    const soon = bearer({ exp: Date.now() / 1000 + 1 });
    assert.notEqual((await post(url, soon, PING)).status, 401);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assert.equal((await post(url, soon, PING)).status, 401);
  });
});
