// The guards' edges: headers taken away, callers who wait, answers nobody reads, two guards in a row.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import http2 from 'node:http2';
import { describe, test } from 'node:test';
import { ApiKey, ApiKeys, Door, Gate, Policy, Verifier } from 'doorward';
import { guard as expressGuard } from 'doorward/express';
import { guard as fastifyGuard } from 'doorward/fastify';
import { guarded as fetchGuarded } from 'doorward/fetch';
import { guard as honoGuard } from 'doorward/hono';
import { guard, guarded } from 'doorward/http';
import { tokenVerifier } from 'doorward/mcp';
import { guard as sseGuard } from 'doorward/sse';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { CALL, KEY, SECRET, bearer, post, raw, serving } from './helpers.mjs';

const gateOf = (options = {}) =>
  new Gate({
    apiKeys: new ApiKeys([new ApiKey({ id: 'ci', key: KEY, roles: ['user'] })]),
    verifiers: new Verifier({ secret: SECRET }),
    policy: Policy.allowAll(),
    ...options,
  });
const sessionKey = 'a session key of at least 32 bytes';
const good = { 'x-api-key': KEY };
const behind = (listener, options, ...rest) => createServer(guarded(gateOf(options), listener, ...rest));

test('a header that was taken away or changed is so for whoever looks, however', async () => {
  const seen = [];
  const listener = (req, res) => {
    seen.push([req.headers, req.headersDistinct].map((all) => [all['content-length'], all['mcp-session-id']]));
    res.setHeader('mcp-session-id', 'session-1').end();
  };
  await serving(behind(listener, { sessionKey }), async (url) => {
    const head = ['GET /mcp HTTP/1.1', 'host: localhost', `x-api-key: ${KEY}`, 'connection: close'];
    assert.match(await raw(url, [...head, 'content-length: 4', '', 'body']), /^HTTP\/1.1 200 /);
    const outward = (await post(url, good, CALL)).headers.get('mcp-session-id');
    assert.equal((await post(url, { ...good, 'mcp-session-id': outward }, CALL)).status, 200);
  });
  const length = String(JSON.stringify(CALL).length);
  assert.deepEqual(seen, [
    [
      [undefined, undefined],
      [undefined, undefined],
    ],
    [
      [length, undefined],
      [[length], undefined],
    ],
    [
      [length, 'session-1'],
      [[length], ['session-1']],
    ],
  ]);
});

test('HTTP/2: a body that nobody may read and that has no end is the end of its stream', async () => {
  const server = http2.createServer(guarded(gateOf(), () => assert.fail('it was let through')));
  await serving(server, async (url) => {
    const client = http2.connect(url);
    const stream = client.request({ ':method': 'GET', ':path': '/', ...good }, { endStream: false });
    stream.on('error', () => {});
    const ended = once(stream, 'aborted', { signal: AbortSignal.timeout(5000) });
    stream.write(Buffer.alloc(60_000));
    setTimeout(() => stream.write(Buffer.alloc(60_000)), 50);
    await ended.finally(() => client.destroy());
  });
});

test('an answer that is whole stays so, whatever its listener throws then', async () => {
  const errors = [];
  const listener = (req, res) => {
    res.end('x'.repeat(5_000_000));
    throw new Error('too late');
  };
  await serving(behind(listener, {}, { onError: (error) => errors.push(error.message) }), async (url) => {
    assert.equal((await (await fetch(url, { headers: good })).text()).length, 5_000_000);
  });
  assert.deepEqual(errors, ['too late']);
});

test('who writes to an answer that was cut is told so, and waits for nothing', async () => {
  let told;
  const listener = async (req, res) => {
    res.write('a');
    await once(res, 'close');
    told = await Promise.all([
      new Promise((resolve) => res.write('b', resolve)),
      new Promise((resolve) => res.write('b', 'utf8', resolve)),
      new Promise((resolve) => res.end('c', resolve)),
      new Promise((resolve) => res.end(resolve)),
    ]);
  };
  await serving(behind(listener), async (url) => {
    const answer = await fetch(url, { headers: bearer({ exp: Date.now() / 1000 + 0.4 }) });
    assert.equal(await answer.text(), 'a');
    for (let turn = 0; told === undefined && turn < 100; turn++) await new Promise((go) => setTimeout(go, 10));
  });
  assert.deepEqual(
    told?.map((error) => error instanceof Error),
    [true, true, true, true],
  );
});

describe('an answer that nobody reads is looked after by nobody', () => {
  /** How many timers of a guard's sweep were started and are still to come. */
  async function watched(body) {
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    const running = new Set();
    globalThis.setTimeout = (run, milliseconds, ...rest) => {
      const timer = set(run, milliseconds, ...rest);
      if (milliseconds > 12_000 && milliseconds <= 13_000) running.add(timer);
      return timer;
    };
    globalThis.clearTimeout = (timer) => {
      running.delete(timer);
      clear(timer);
    };
    try {
      await body();
      return running.size;
    } finally {
      Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    }
  }
  const from = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };

  test('Hono, to HEAD', async () => {
    const app = new Hono();
    app.use(honoGuard(gateOf(), { sweep: 13 }));
    app.get('/', (c) => c.text('hello'));
    const left = await watched(async () => {
      for (const method of ['GET', 'HEAD', 'HEAD', 'HEAD']) {
        const answer = await app.request('http://localhost/', { method, headers: good }, from);
        assert.equal(answer.status, 200);
        await answer.text();
      }
    });
    assert.equal(left, 0);
  });

  test('a fetch-style handler', async () => {
    const serve = fetchGuarded(gateOf(), () => new Response('hello'), { sweep: 13 });
    const left = await watched(async () => {
      await serve(new Request('http://localhost/', { headers: good }), { peer: '127.0.0.1' });
    });
    assert.equal(left, 0);
  });
});

describe('of two guards in a row of one gate, the second has nothing left to decide', () => {
  const body = JSON.stringify(CALL);
  const headers = { host: 'localhost', ...good, 'content-type': 'application/json' };
  const logged = () => {
    const lines = [];
    const door = new Door(gateOf({ sessionKey }), { log: ({ line }) => lines.push(line) });
    return { door, lines };
  };

  async function check(lines, call) {
    const first = await call({});
    assert.deepEqual([first.status, first.left, first.seen], [200, '99', null]);
    assert.match(first.session, /^session-1\.[^.]+$/, 'bound once');
    const next = await call({ 'mcp-session-id': first.session });
    assert.deepEqual([next.status, next.left, next.seen, next.session], [200, '98', 'session-1', first.session]);
    assert.equal((await call({ 'mcp-session-id': 'session-1' })).status, 404);
    assert.equal(lines.length, 3);
  }
  const over = (url) => async (more) => {
    const answer = await post(url, { ...good, ...more }, CALL);
    return read(answer);
  };
  const read = async (answer) => ({
    status: answer.status,
    left: answer.headers.get('x-ratelimit-remaining'),
    session: answer.headers.get('mcp-session-id'),
    seen: (await answer.json()).seen,
  });
  const answered = (req, res) => {
    res.setHeader('mcp-session-id', 'session-1');
    res.end(JSON.stringify({ seen: req.headers['mcp-session-id'] ?? null }));
  };

  test('node:http', async () => {
    const { door, lines } = logged();
    const inner = guard(door);
    const listener = async (req, res) => {
      if ((await inner(req, res)) !== undefined) answered(req, res);
    };
    await serving(createServer(guarded(door, listener)), (url) => check(lines, over(url)));
  });

  test('Express, and the older transport', async () => {
    for (const make of [expressGuard, sseGuard]) {
      const { door, lines } = logged();
      const app = express();
      app.use(make(door));
      app.use('/', make(door), answered);
      await serving(createServer(app), (url) => check(lines, over(url)));
    }
  });

  test('the older transport’s first event is bound once', async () => {
    const { door } = logged();
    const app = express();
    app.use(sseGuard(door), sseGuard(door));
    app.get('/sse', (req, res) => res.end('event: endpoint\ndata: /messages?sessionId=session-1\n\n'));
    await serving(createServer(app), async (url) => {
      const text = await (await fetch(`${url}/sse`, { headers: good })).text();
      assert.match(text, /\?sessionId=session-1\.[^.]+\n\n$/);
    });
  });

  test('Fastify', async () => {
    const { door, lines } = logged();
    const app = Fastify();
    app.register(fastifyGuard, { gate: door });
    app.register(async (scope) => {
      scope.register(fastifyGuard, { gate: door });
      scope.post('/', (request, reply) => {
        reply.header('mcp-session-id', 'session-1').send({ seen: request.headers['mcp-session-id'] ?? null });
      });
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    try {
      await check(lines, over(`http://127.0.0.1:${app.server.address().port}`));
    } finally {
      await app.close();
    }
  });

  test('Hono', async () => {
    const { door, lines } = logged();
    const app = new Hono();
    app.use(honoGuard(door));
    app.use(honoGuard(door));
    app.post('/', (c) => {
      c.header('mcp-session-id', 'session-1');
      return c.json({ seen: c.req.header('mcp-session-id') ?? null });
    });
    const env = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };
    await check(lines, async (more) =>
      read(await app.request('http://localhost/', { method: 'POST', headers: { ...headers, ...more }, body }, env)),
    );
  });

  test('fetch-style', async () => {
    const { door, lines } = logged();
    const handler = (request) =>
      Response.json({ seen: request.headers.get('mcp-session-id') }, { headers: { 'mcp-session-id': 'session-1' } });
    const inner = fetchGuarded(door, handler);
    const outer = fetchGuarded(door, (request) => inner(request, { peer: '127.0.0.1' }));
    await check(lines, async (more) => {
      const init = { method: 'POST', headers: { ...headers, ...more }, body };
      return read(await outer(new Request('http://localhost/', init), { peer: '127.0.0.1' }));
    });
  });

  test('of another gate, or of a body the first has not looked at, it has', async () => {
    const strict = gateOf({ policy: new Policy() });
    const app = express();
    app.use(expressGuard(gateOf()), expressGuard(strict), answered);
    await serving(createServer(app), async (url) => assert.equal((await post(url, good, CALL)).status, 403));
    const plain = express();
    plain.use(expressGuard(strict, { plain: ['/'] }), expressGuard(strict), answered);
    await serving(createServer(plain), async (url) => assert.equal((await post(url, good, CALL)).status, 403));
  });
});

test('a log that fails, at once or later, is nobody’s error', async () => {
  const warnings = [];
  const warn = ({ message }) => warnings.push(message);
  process.on('warning', warn);
  try {
    for (const log of [
      () => {
        throw new Error('the disk is full');
      },
      async () => {
        throw new Error('the disk is full');
      },
    ]) {
      await serving(createServer(guarded(gateOf(), (req, res) => res.end('in'), { log })), async (url) => {
        assert.equal(await (await fetch(url, { headers: good })).text(), 'in');
      });
    }
  } finally {
    await new Promise(setImmediate);
    process.off('warning', warn);
  }
  assert.deepEqual(warnings, Array(2).fill('the log of a door failed: Error: the disk is full'));
});

test('what introspection has frozen stays as it is', async () => {
  const info = Object.freeze({ token: 'opaque', clientId: 'anna', scopes: [] });
  const { expiresAt, ...rest } = await tokenVerifier({ introspect: async () => info }).verifyAccessToken('opaque');
  assert.deepEqual(rest, info);
  assert.ok(Math.abs(expiresAt - Date.now() / 1000 - 3600) < 5);
});
