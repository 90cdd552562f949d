// The plugin in Fastify, by its own injection and over the network; and the example, by the official clients.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import cors from '@fastify/cors';
import { ApiKey, ApiKeys, ConfigError, Gate, Policy, Verifier } from 'doorward';
import { corsOptions } from 'doorward/cors';
import plugin, { guard, requires } from 'doorward/fastify';
import Fastify from 'fastify';
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CALL, KEY, SECRET, bearer, called1, post, running } from './helpers.mjs';

const gate = (options = {}) =>
  new Gate({
    apiKeys: new ApiKeys([new ApiKey({ id: 'ci', key: KEY, roles: ['user'] })]),
    verifiers: new Verifier({ secret: SECRET }),
    policy: new Policy({ everybody: { tools: ['whoami'], methods: ['*'] } }),
    ...options,
  });
const good = { 'x-api-key': KEY, host: 'localhost' };

async function application(options = {}, own = gate()) {
  const app = Fastify();
  app.addHook('onRequest', async (request, reply) => {
    // As @fastify/cors does.
    reply.header('vary', 'Origin').header('access-control-allow-origin', 'https://page.example');
  });
  app.register(guard, { gate: own, open: ['/health'], plain: ['/form'], ...options });
  app.get('/health', async (request) => ({ principal: request.principal ?? null }));
  app.get('/mcp', async ({ principal }) => principal.id);
  app.post('/mcp', async ({ principal, auth, raw, body }) => ({
    id: principal.id,
    client: auth.clientId,
    isSame: raw.auth === auth,
    body,
  }));
  app.post('/form', { preHandler: requires({ roles: ['user'] }) }, async ({ body }) => body);
  app.post('/admin', { preHandler: requires({ scopes: ['admin'] }) }, async () => 'in');
  await app.ready();
  return app;
}

const admitted = { id: 'key:ci', client: 'key:ci', isSame: true, body: CALL };

test('the plugin is exported under both names, and both module systems', async () => {
  assert.equal(plugin, guard);
});

test('by injection', async () => {
  const app = await application();
  const found = await app.inject({ method: 'POST', url: '/mcp', headers: good, payload: CALL });
  assert.equal(found.statusCode, 200);
  assert.deepEqual(found.json(), admitted);
  assert.equal(found.headers['x-ratelimit-limit'], '100');
  const refused = await app.inject({ method: 'POST', url: '/mcp', headers: { host: 'localhost' }, payload: CALL });
  assert.deepEqual([refused.statusCode, refused.json().error], [401, 'unauthorized']);
  assert.equal(refused.headers['content-type'], 'application/json');
  assert.equal(refused.headers['access-control-allow-origin'], 'https://page.example');
  assert.match(refused.headers.vary, /Origin/);
  assert.equal((await app.inject({ url: '/mcp', headers: good })).body, 'key:ci');
  assert.equal((await app.inject({ method: 'HEAD', url: '/mcp', headers: { host: 'localhost' } })).statusCode, 401);
  await app.close();
});

test('over the network', async () => {
  const app = await application();
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  assert.deepEqual(await (await post(`${url}/mcp`, good, CALL)).json(), admitted);
  const large = { ...CALL, params: { name: 'whoami', arguments: { text: 'x'.repeat(500_000) } } };
  assert.deepEqual((await (await post(`${url}/mcp`, good, large)).json()).body, large);
  for (const [headers, message, status] of [
    [{}, CALL, 401],
    [good, { ...CALL, params: { name: 'drop' } }, 403],
    [bearer({ exp: 1 }), CALL, 401],
  ]) {
    assert.equal((await post(`${url}/mcp`, headers, message)).status, status);
  }
  assert.deepEqual(await (await fetch(`${url}/health`)).json(), { principal: null });
  assert.equal((await fetch(`${url}/nowhere`)).status, 401, 'what is found nowhere is guarded');
  assert.equal((await fetch(`${url}/nowhere`, { headers: good })).status, 404);
  assert.deepEqual(await (await post(`${url}/form`, good, { any: 'thing' })).json(), { any: 'thing' });
  assert.equal((await post(`${url}/form`, bearer(), { any: 'thing' })).status, 403);
  const lacking = await post(`${url}/admin`, good, CALL);
  assert.match(lacking.headers.get('www-authenticate'), /error="insufficient_scope", scope="admin"/);
  await app.close();
});

test('well-known addresses, sessions, and a scope of its own', async () => {
  const oauth = { publicUrl: 'http://localhost/mcp', authorizationServers: ['https://issuer.example'] };
  const own = gate({ ...oauth, sessionKey: 'a session key of at least 32 bytes' });
  const app = Fastify();
  app.get('/outside', async () => 'free');
  app.register(async (inner) => {
    inner.register(guard, { gate: own });
    inner.get('/.well-known/*', async () => 'never');
    inner.post('/mcp', async (request, reply) => {
      reply.header('mcp-session-id', 'session-1');
      return { session: request.headers['mcp-session-id'] ?? null };
    });
  });
  assert.equal((await app.inject('/outside')).body, 'free');
  const found = await app.inject('/.well-known/oauth-protected-resource');
  assert.equal(found.json().resource, oauth.publicUrl);
  const ask = (headers) => app.inject({ method: 'POST', url: '/mcp', headers, payload: CALL });
  const opened = await ask(good);
  const outward = opened.headers['mcp-session-id'];
  assert.deepEqual([opened.json(), /^session-1\../.test(outward)], [{ session: null }, true]);
  assert.deepEqual((await ask({ ...good, 'mcp-session-id': outward })).json(), { session: 'session-1' });
  assert.equal((await ask({ ...good, 'mcp-session-id': 'session-1' })).statusCode, 404);
  await app.close();
});

test('CORS of @fastify/cors, also on answers past Fastify, whose own say goes first', async () => {
  const origin = 'https://app.example';
  const own = gate({ origins: origin });
  const app = Fastify();
  app.register(cors, corsOptions(own));
  app.register(guard, { gate: own });
  app.get('/fastify', async () => 'x');
  app.get('/hijacked', (request, reply) => {
    reply.header('x-of-fastify', '1');
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/plain', 'access-control-expose-headers': 'x-own' }).end('x');
  });
  const ask = (url, headers) => app.inject({ url, headers: { ...good, ...headers } });
  for (const [url, exposed] of [
    ['/fastify', /^www-authenticate, /],
    ['/hijacked', /^x-own$/],
  ]) {
    const { headers, statusCode } = await ask(url, { origin });
    assert.deepEqual(
      [statusCode, headers['access-control-allow-origin'], headers.vary, headers['access-control-allow-credentials']],
      [200, origin, 'Origin', 'true'],
      url,
    );
    assert.match(headers['access-control-expose-headers'], exposed);
    assert.equal((await ask(url)).headers['access-control-allow-origin'], undefined);
    assert.equal(headers['x-of-fastify'], undefined);
  }
  await app.close();
});

test('without a gate there is no plugin', async () => {
  const app = Fastify();
  app.register(guard, {});
  await assert.rejects(async () => app.ready(), ConfigError);
});

describe('the example', () => {
  let server;
  before(async () => {
    server = await running('fastify_server', { API_KEYS: KEY, JWT_SECRET: SECRET, RATE_LIMIT_MAX: '40' });
  });
  after(() => server.stop());

  test('good, bad, expired, under-scoped', async () => {
    const { results, statuses } = await called1(server.url, { 'x-api-key': KEY }, 'whoami');
    assert.match(results[0], /^key:/);
    assert.ok(statuses.every((status) => status < 300 || status === 405));
    for (const headers of [{}, { 'x-api-key': 'a-guess' }, bearer({ exp: 1 })]) {
      const refused = await called1(server.url, headers, 'whoami');
      assert.ok(refused.results[0] instanceof StreamableHTTPError);
      assert.deepEqual([refused.results[0].code, refused.statuses], [401, [401]]);
    }
    const under = await called1(server.url, bearer({ scope: 'read' }), 'whoami', 'export');
    assert.equal(under.results[0], 'jwt::anna');
    assert.deepEqual([under.results[1] instanceof StreamableHTTPError, under.results[1].code], [true, 403]);
    assert.equal((await called1(server.url, bearer({ scope: 'export' }), 'export')).results[0], 'exported');
  });

  test('its other routes', async () => {
    const { base } = server;
    assert.equal(await (await fetch(`${base}/health`)).text(), 'ok');
    assert.equal((await fetch(`${base}/me`)).status, 401);
    const writing = bearer({ scope: 'reports:write' });
    assert.deepEqual((await (await fetch(`${base}/me`, { headers: writing })).json()).scopes, ['reports:write']);
    const made = await post(`${base}/reports`, writing, { title: 'one' });
    assert.deepEqual(await made.json(), { title: 'one', by: 'jwt::anna' });
    assert.equal((await post(`${base}/reports`, bearer(), { title: 'one' })).status, 403);
  });

  test('limited', async () => {
    const own = bearer({ sub: 'ben' });
    const { results, statuses } = await called1(server.url, own, ...Array(50).fill('whoami'));
    assert.equal(results.at(-1).code, 429);
    assert.ok(statuses.includes(429));
  });
});
