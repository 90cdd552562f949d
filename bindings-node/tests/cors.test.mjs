// Pages of listed origins and of others, before each framework's own CORS with the gate's list. `make test-browser` does the
// same with a browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY, post, withRunning } from './helpers.mjs';

const APP = 'https://app.example';
const EVIL = 'https://evil.example';
const SETTINGS = { API_KEYS: KEY, CORS_ORIGINS: APP };
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } },
};
const SENT = ['authorization', 'content-type', 'accept', 'x-api-key', 'mcp-protocol-version', 'mcp-session-id'].concat([
  'mcp-method',
  'mcp-name',
  'last-event-id',
]);
const READ = ['www-authenticate', 'retry-after', 'mcp-session-id', 'ratelimit', 'ratelimit-policy'].concat([
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
]);

const words = (response, name) => (response.headers.get(name) ?? '').toLowerCase().split(/\s*,\s*/);
const allowed = (response) => response.headers.get('access-control-allow-origin');

function preflight(url, origin, headers = 'content-type,x-api-key') {
  const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': headers };
  return fetch(url, { method: 'OPTIONS', headers: { origin, ...asked } });
}

for (const name of ['express_server', 'fastify_server', 'hono_server']) {
  test(`${name}: CORS by the gate's list`, async () => {
    await withRunning(name, SETTINGS, async ({ url, base }) => {
      const asked = await preflight(url, APP);
      assert.equal(asked.status, 204);
      assert.deepEqual([allowed(asked), asked.headers.get('access-control-allow-credentials')], [APP, 'true']);
      for (const header of SENT) assert.ok(words(asked, 'access-control-allow-headers').includes(header), header);
      const methods = words(asked, 'access-control-allow-methods');
      assert.deepEqual(methods.sort(), ['delete', 'get', 'post']);

      // Whatever the answer is, the page can read it.
      for (const [headers, status] of [
        [{ 'x-api-key': KEY }, 200],
        [{}, 401],
        [{ 'x-api-key': 'a-key-somebody-guessed' }, 401],
      ]) {
        const answer = await post(url, { ...headers, origin: APP }, INITIALIZE);
        assert.equal(answer.status, status);
        assert.deepEqual([allowed(answer), answer.headers.get('access-control-allow-credentials')], [APP, 'true']);
        for (const header of READ) assert.ok(words(answer, 'access-control-expose-headers').includes(header), header);
        assert.ok(words(answer, 'vary').includes('origin'));
        await answer.body?.cancel();
      }

      // Others get nothing of it, and are refused.
      for (const origin of [EVIL, 'null', `${APP}.evil.example`, 'http://app.example']) {
        assert.equal(allowed(await preflight(url, origin)), null, origin);
        const answer = await post(url, { 'x-api-key': KEY, origin }, INITIALIZE);
        assert.deepEqual([answer.status, allowed(answer)], [403, null], origin);
      }
      // But OAuth's metadata is any page's, where there is some.
      const metadata = await preflight(`${base}/.well-known/oauth-protected-resource/mcp`, EVIL);
      assert.notEqual(metadata.status, 403);
      // Who is no page needs nothing.
      const plain = await post(url, { 'x-api-key': KEY }, INITIALIZE);
      assert.deepEqual([plain.status, allowed(plain)], [200, null]);
      await plain.body?.cancel();
    });
  });
}
