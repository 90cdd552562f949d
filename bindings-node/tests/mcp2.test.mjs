// The official SDK, 2.x: its client against the example servers, in the latest protocol and the older ones.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InsufficientScopeError, SdkError, SdkHttpError } from '@modelcontextprotocol/client';
import { requireBearerAuth } from '@modelcontextprotocol/server';
import { ApiKey, ApiKeys, ConfigError, Verifier } from 'doorward';
import { scopeChallenge, tokenVerifier } from 'doorward/mcp2';
import { ADMIN_KEY, KEY, SECRET, bearer, called1, called2, post, token, withRunning } from './helpers.mjs';

const settings = { API_KEYS: KEY, ADMIN_API_KEYS: ADMIN_KEY, JWT_SECRET: SECRET };

/** Whether the client's error tells that status. */
const tells = (error, status) => {
  // By the challenge: what it would have taken.
  if (status === 403) return assert.ok(error instanceof InsufficientScopeError, String(error));
  assert.ok(error instanceof SdkError, String(error));
  if (error instanceof SdkHttpError) assert.equal(error.status, status);
  else assert.match(error.message, new RegExp(`HTTP ${status}`));
  return undefined;
};

for (const example of ['hono_server', 'mcp2_server', 'fetch_server']) {
  describe(example, () => {
    test('good, bad, expired, under-scoped, by each client', async () => {
      await withRunning(example, { ...settings, RATE_LIMIT_MAX: '400' }, async ({ url }) => {
        for (const [mode, called] of [
          ['2026-07-28', (...args) => called2('auto', ...args)],
          ['older', (...args) => called2('legacy', ...args)],
          ['1.x', called1],
        ]) {
          const good = await called(url, { 'x-api-key': KEY }, 'whoami');
          assert.match(String(good.results[0]), /^key:/, mode);
          const exporting = await called(url, bearer({ scope: 'export' }), 'whoami', 'export');
          assert.match(exporting.results[0], /^jwt::anna/);
          assert.equal(exporting.results[1], 'exported');
          for (const headers of [{}, { 'x-api-key': 'a-guess' }, bearer({ exp: 1 }), bearer({ exp: 1, scope: 'no' })]) {
            const { results, statuses } = await called(url, headers, 'whoami');
            assert.ok(results[0] instanceof Error);
            assert.deepEqual([...new Set(statuses)], [401], mode);
            if (mode !== '1.x') tells(results[0], 401);
          }
          const under = await called(url, bearer({ scope: 'read' }), 'whoami', 'export');
          assert.match(under.results[0], /^jwt::anna/);
          assert.ok(under.results[1] instanceof Error);
          assert.ok(under.statuses.includes(403), mode);
          if (mode !== '1.x') tells(under.results[1], 403);
        }
      });
    });

    test('limited', async () => {
      await withRunning(example, { ...settings, RATE_LIMIT_MAX: '6' }, async ({ url }) => {
        const { results, statuses } = await called2('auto', url, { 'x-api-key': KEY }, ...Array(8).fill('whoami'));
        assert.match(results[0], /^key:/);
        tells(results.at(-1), 429);
        assert.ok(statuses.includes(429));
        const answer = await post(url, { 'x-api-key': KEY });
        assert.equal(answer.status, 429);
        assert.ok(Number(answer.headers.get('retry-after')) >= 1);
        assert.equal(answer.headers.get('x-ratelimit-remaining'), '0');
      });
    });
  });
}

test('Hono: what a caller may not call is not shown, and routes require', async () => {
  await withRunning('hono_server', settings, async ({ url, base }) => {
    const user = await called2('auto', url, { 'x-api-key': KEY }, 'shut_down');
    assert.equal(user.results[0], 'error: forbidden: shut_down is not yours to call');
    assert.deepEqual(user.listed, ['whoami']);
    const admin = await called2('auto', url, { 'x-api-key': ADMIN_KEY }, 'shut_down');
    assert.deepEqual([admin.results, admin.listed], [['not really'], ['whoami', 'shut_down']]);
    assert.equal(await (await fetch(`${base}/health`)).text(), 'ok');
    assert.equal((await fetch(`${base}/me`, { headers: { 'x-api-key': KEY } })).status, 403);
    const me = await fetch(`${base}/me`, { headers: bearer({ scope: 'profile' }) });
    assert.deepEqual(await me.json(), { id: 'jwt::anna' });
  });
});

test('the SDK’s own bearer check', async () => {
  const aud = 'http://127.0.0.1:8000/mcp';
  await withRunning('mcp2_token_verifier', { JWT_SECRET: SECRET }, async ({ url }) => {
    const { results } = await called2('auto', url, bearer({ aud, scope: 'read', team: 'blue' }), 'whoami');
    assert.deepEqual(results, ['anna of blue']);
    for (const [status, claims] of [
      [401, { aud: 'https://other.example', scope: 'read' }],
      [401, { aud, scope: 'read', exp: 1 }],
      [403, { aud, scope: 'write' }],
    ]) {
      const refused = await called2('auto', url, bearer(claims), 'whoami');
      assert.deepEqual([...new Set(refused.statuses)], [status]);
      tells(refused.results[0], status);
    }
  });
});

test('tokenVerifier', async () => {
  const apiKeys = new ApiKeys([new ApiKey({ id: 'ci', key: KEY, scopes: ['read'] })]);
  const verifier = tokenVerifier({ verifier: new Verifier({ secret: SECRET }), apiKeys });
  const gate = requireBearerAuth({ verifier, requiredScopes: ['read'] });
  const ask = (credential) =>
    gate(new Request('http://localhost/mcp', { headers: { authorization: `Bearer ${credential}` } }));
  assert.equal((await ask(token({ scope: 'read' }))).extra.subject, 'anna');
  assert.equal((await ask(KEY)).clientId, 'key:ci');
  for (const [credential, status] of [
    ['a.b.c', 401],
    ['a-guess', 401],
    [token({ exp: 1, scope: 'read' }), 401],
    [token({ scope: 'write' }), 403],
  ]) {
    const answer = await ask(credential);
    assert.equal(answer.status, status);
    assert.match(answer.headers.get('www-authenticate'), /^Bearer error="/);
  }
  assert.throws(() => tokenVerifier({}), ConfigError);
});

test('scopeChallenge', () => {
  const challenge = scopeChallenge('read', 'write');
  assert.deepEqual(challenge({ authInfo: { scopes: ['read'] } }), { scopes: ['read', 'write'] });
  assert.deepEqual(challenge({}), { scopes: ['read', 'write'] });
  assert.equal(challenge({ authInfo: { scopes: ['write', 'read', 'more'] } }), undefined);
  for (const bad of [[], ['a b'], ['']]) assert.throws(() => scopeChallenge(...bad), ConfigError);
});
