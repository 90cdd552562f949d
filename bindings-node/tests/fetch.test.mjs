// The guard of fetch-style handlers, and of Hono's, by requests and over the network; and the examples, by the official clients.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serve } from '@hono/node-server';
import { ApiKey, ApiKeys, ConfigError, Gate, Policy, Quota, Verifier } from 'doorward';
import { guard, guarded } from 'doorward/fetch';
import * as hono from 'doorward/hono';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { CALL, KEY, PING, SECRET, bearer, post } from './helpers.mjs';

const gate = (options = {}) =>
  new Gate({
    apiKeys: new ApiKeys([new ApiKey({ id: 'ci', key: KEY, roles: ['user'] })]),
    verifiers: new Verifier({ secret: SECRET }),
    policy: new Policy({ everybody: { tools: ['whoami'], methods: ['*'] } }),
    ...options,
  });
const good = { 'x-api-key': KEY };
const here = { peer: '192.0.2.7' };
const asked = (headers = {}, message = CALL, path = '/mcp') =>
  new Request(`http://localhost${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });

// The guard's own timers keep no process alive, and here nothing else does.
let alive;
before(() => (alive = setInterval(() => {}, 1000)));
after(() => clearInterval(alive));

describe('guard', () => {
  test('says who, and leaves the request to be read', async () => {
    const enter = guard(gate());
    const request = asked(good);
    const auth = await enter(request, here);
    assert.equal(auth.clientId, 'key:ci');
    assert.deepEqual(await request.json(), CALL);
  });

  test('or has the answer', async () => {
    const enter = guard(gate());
    for (const [headers, message, status, error] of [
      [{}, CALL, 401, 'unauthorized'],
      [{ 'x-api-key': 'a-guess' }, CALL, 401, 'invalid_token'],
      [bearer({ exp: 1 }), CALL, 401, 'invalid_token'],
      [good, { ...CALL, params: { name: 'drop' } }, 403, 'forbidden'],
      [{ ...good, ...bearer() }, CALL, 400, 'invalid_request'],
      [good, 'not json', 400, 'invalid_request'],
      [good, 'x'.repeat(2_000_000), 413, 'too_large'],
      [{ ...good, origin: 'https://evil.example' }, CALL, 403, 'origin_not_allowed'],
    ]) {
      const answer = await enter(asked(headers, message), here);
      assert.ok(answer instanceof Response);
      assert.deepEqual([answer.status, (await answer.json()).error], [status, error]);
    }
    const evil = new Request('http://evil.example/mcp', { headers: good });
    assert.equal((await enter(evil, here)).status, 403);
    const nowhere = await enter(asked(good), { peer: undefined });
    assert.equal(nowhere.status, 503);
    const head = await enter(new Request('http://localhost/mcp', { method: 'HEAD' }), here);
    assert.deepEqual([head.status, await head.text()], [401, '']);
    assert.ok(Number(head.headers.get('content-length')) > 0);
  });

  test('can bind no sessions', () => {
    assert.throws(() => guard(gate({ sessionKey: 'a session key of at least 32 bytes' })), ConfigError);
  });

  test('a request that was read before is refused', async () => {
    const request = asked(good);
    await request.text();
    assert.equal((await guard(gate())(request, here)).status, 400);
  });

  test('a body that trickles, or has no end', async () => {
    const slow = new ReadableStream({ pull: () => new Promise(() => {}) });
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
    const headers = { ...good, 'content-type': 'application/json' };
    const of = (body) => new Request('http://localhost/mcp', { method: 'POST', headers, body, duplex: 'half' });
    const enter = guarded(gate({ bodyLimit: 200_000 }), assert.fail, { bodyTime: 0.1 });
    assert.equal((await enter(of(slow), here)).status, 400);
    assert.equal((await enter(of(endless), here)).status, 413);
  });
});

describe('guarded', () => {
  test('rate headers, the caller, the body', async () => {
    const serving = guarded(gate(), async (request, { auth, body, principal }) => {
      const sent = { id: principal.id, client: auth.clientId, body: await request.json() };
      assert.equal(Buffer.from(body).toString(), JSON.stringify(CALL));
      const headers = { 'x-ratelimit-limit': '9', ratelimit: 'forged', 'x-own': '1' };
      return Response.json(sent, { headers });
    });
    const answer = await serving(asked(good), here);
    assert.deepEqual(await answer.json(), { id: 'key:ci', client: 'key:ci', body: CALL });
    assert.equal(answer.headers.get('x-ratelimit-limit'), '100');
    assert.notEqual(answer.headers.get('ratelimit'), 'forged');
    assert.equal(answer.headers.get('x-own'), '1');
    assert.equal((await serving(asked(), here)).status, 401);
  });

  test('limits', async () => {
    const serving = guarded(gate({ principalQuota: new Quota(2, 60) }), () => new Response('in'));
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await serving(asked(good), here)).status);
    assert.deepEqual(statuses, [200, 200, 429, 429]);
  });

  test('open and plain paths, well-known addresses', async () => {
    const oauth = { publicUrl: 'http://localhost/mcp', authorizationServers: ['https://issuer.example'] };
    const handler = async (request, { principal }) => new Response(`${principal?.id} ${await request.text()}`);
    const serving = guarded(gate(oauth), handler, { open: ['/health'], plain: ['/form'] });
    const at = async (path, headers) => (await serving(asked(headers, 'anything', path), here)).text();
    assert.equal(await at('/health'), 'undefined anything');
    assert.equal(await at('/form', good), 'key:ci anything');
    assert.equal((await serving(asked({}, 'anything', '/form'), here)).status, 401);
    assert.equal((await serving(asked({}, CALL, '/health/%2e%2e/mcp'), here)).status, 401);
    const metadata = new Request('http://localhost/.well-known/oauth-protected-resource/mcp');
    assert.equal((await (await serving(metadata, here)).json()).resource, oauth.publicUrl);
  });

  test('sessions are bound', async () => {
    const seen = [];
    const handler = async (request) => {
      seen.push([request.headers.get('mcp-session-id'), (await request.json()).method]);
      return new Response(null, { status: 202, headers: { 'mcp-session-id': 'session-1' } });
    };
    const serving = guarded(gate({ sessionKey: 'a session key of at least 32 bytes' }), handler);
    const outward = (await serving(asked(good), here)).headers.get('mcp-session-id');
    assert.match(outward, /^session-1\../);
    await serving(asked({ ...good, 'mcp-session-id': outward }), here);
    assert.deepEqual(seen, [
      [null, 'tools/call'],
      ['session-1', 'tools/call'],
    ]);
    assert.equal((await serving(asked({ ...bearer(), 'mcp-session-id': outward }), here)).status, 404);
    assert.equal((await serving(asked({ ...good, 'mcp-session-id': 'session-1' }), here)).status, 404);
  });

  const endless = () => {
    let timer;
    const body = new ReadableStream({
      start: (controller) => {
        timer = setInterval(() => controller.enqueue(new Uint8Array(1)), 10);
      },
      cancel: () => {
        clearInterval(timer);
        cancelled = true;
      },
    });
    return body;
  };
  let cancelled = false;

  test('a stream ends with its token, and its handler is told', async () => {
    const serving = guarded(gate(), () => new Response(endless()));
    const began = performance.now();
    const headers = bearer({ exp: Date.now() / 1000 + 0.6 });
    const answer = await serving(new Request('http://localhost/mcp', { headers }), here);
    assert.ok((await answer.arrayBuffer()).byteLength > 5);
    const seconds = (performance.now() - began) / 1000;
    assert.ok(seconds > 0.3 && seconds < 2, `${seconds}`);
    assert.ok(cancelled);
  });

  test('a stream ends when its key is withdrawn; one that promised a length fails', async () => {
    const own = gate();
    const lengths = [undefined, '100000'];
    for (const length of lengths) {
      own.swapApiKeys(new ApiKeys([new ApiKey({ id: 'ci', key: KEY })]));
      const headers = length === undefined ? {} : { 'content-length': length };
      const serving = guarded(own, () => new Response(endless(), { headers }), { sweep: 0.05 });
      const answer = await serving(new Request('http://localhost/mcp', { headers: good }), here);
      setTimeout(
        () => own.swapApiKeys(new ApiKeys([new ApiKey({ id: 'other', key: 'some-other-key-altogether' })])),
        100,
      );
      if (length === undefined) assert.ok((await answer.arrayBuffer()).byteLength > 2);
      else await assert.rejects(answer.arrayBuffer());
    }
  });

  test('a reader who goes away ends the handler’s stream', async () => {
    cancelled = false;
    const serving = guarded(gate(), () => new Response(endless()));
    const answer = await serving(new Request('http://localhost/mcp', { headers: good }), here);
    await answer.body.cancel();
    assert.ok(cancelled);
  });

  test('what a handler throws does not leak', async () => {
    const told = [];
    const onError = (error) => told.push(error.message);
    const serving = guarded(gate(), () => Promise.reject(new Error('a secret')), { onError });
    const answer = await serving(asked(good), here);
    assert.deepEqual([answer.status, await answer.text(), told], [500, '', ['a secret']]);
  });
});

describe('Hono', () => {
  const application = (options = {}, own = gate()) => {
    const app = new Hono();
    app.use(cors({ origin: 'https://page.example' }));
    app.use(hono.guard(own, options));
    app.get('/health', (c) => c.text(String(c.var.principal)));
    app.get('/mcp', (c) => c.text(c.var.principal.id));
    app.post('/mcp', async (c) =>
      c.json({ id: c.var.principal.id, client: c.var.auth.clientId, body: await c.req.json() }),
    );
    app.post('/admin', hono.requires({ scopes: ['admin'] }), (c) => c.text('in'));
    app.get('/throws', () => {
      throw new Error('a secret');
    });
    app.onError((error, c) => c.text('failed', 500));
    return app;
  };
  const peer = () => here.peer;

  test('admits and refuses', async () => {
    const app = application({ peer, open: ['/health'], plain: ['/throws'] });
    const found = await app.request(asked(good));
    assert.deepEqual(await found.json(), { id: 'key:ci', client: 'key:ci', body: CALL });
    assert.equal(found.headers.get('x-ratelimit-limit'), '100');
    const origin = { origin: 'https://page.example' };
    const refused = await app.request(asked(origin));
    assert.equal(refused.headers.get('access-control-allow-origin'), 'https://page.example');
    assert.ok(refused.status === 401 || refused.status === 403);
    const preflight = new Request('http://localhost/mcp', { method: 'OPTIONS', headers: origin });
    assert.equal((await app.request(preflight)).status, 204);
    assert.equal((await app.request(asked(good, { ...CALL, params: { name: 'drop' } }))).status, 403);
    assert.equal(await (await app.request('http://localhost/health')).text(), 'undefined');
    assert.equal(await (await app.request('http://localhost/mcp', { headers: good })).text(), 'key:ci');
    assert.equal((await app.request('http://localhost/nowhere')).status, 401);
    const lacking = await app.request(asked(good, CALL, '/admin'));
    assert.match(lacking.headers.get('www-authenticate'), /scope="admin"/);
    const failed = await app.request('http://localhost/throws', { headers: good });
    assert.deepEqual([failed.status, await failed.text()], [500, 'failed']);
    assert.equal(failed.headers.get('x-ratelimit-limit'), '100');
  });

  test('after somebody has read the body through Hono', async () => {
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req.json();
      await next();
    });
    app.use(hono.guard(gate(), { peer }));
    app.post('/mcp', async (c) => c.json(await c.req.json()));
    assert.deepEqual(await (await app.request(asked(good))).json(), CALL);
    assert.equal((await app.request(asked(good, { ...CALL, params: { name: 'drop' } }))).status, 403);
  });

  test('without an address nobody is let in', async () => {
    assert.equal((await application().request(asked(good))).status, 503);
  });

  test('sessions are bound, over the network', async () => {
    const app = new Hono();
    app.use(hono.guard(gate({ sessionKey: 'a session key of at least 32 bytes' })));
    app.post('/mcp', (c) => {
      c.header('mcp-session-id', 'session-1');
      return c.json({ session: c.req.header('mcp-session-id') ?? null });
    });
    await new Promise((resolve, reject) => {
      const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, async ({ port }) => {
        const url = `http://127.0.0.1:${port}/mcp`;
        try {
          const opened = await post(url, good, PING);
          const outward = opened.headers.get('mcp-session-id');
          assert.match(outward, /^session-1\../);
          assert.deepEqual(await opened.json(), { session: null });
          const own = await post(url, { ...good, 'mcp-session-id': outward }, PING);
          assert.deepEqual(await own.json(), { session: 'session-1' });
          assert.equal((await post(url, { ...bearer(), 'mcp-session-id': outward }, PING)).status, 404);
          resolve();
        } catch (error) {
          reject(error);
        } finally {
          server.close();
          server.closeAllConnections();
        }
      });
    });
  });
});
