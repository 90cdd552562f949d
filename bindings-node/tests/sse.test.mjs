// The older transport of two addresses, by the official client and by hand.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { ServerResponse, createServer } from 'node:http';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport, SseError } from '@modelcontextprotocol/sdk/client/sse.js';
import { ApiKey, ApiKeys, ConfigError, Gate, Policy } from 'doorward';
import { guard } from 'doorward/sse';
import express from 'express';
import express4 from 'express4';
import { ADMIN_KEY, KEY, PING, SECRET, bearer, post, running, serving } from './helpers.mjs';

/** The official client's word on a tool. */
async function called(url, headers, name) {
  const fetching = (to, init) => {
    const sent = new Headers(init?.headers);
    for (const [key, value] of Object.entries(headers)) sent.set(key, value);
    return fetch(to, { ...init, headers: sent });
  };
  const transport = new SSEClientTransport(new URL(url), { fetch: fetching, eventSourceInit: { fetch: fetching } });
  const client = new Client({ name: 'test', version: '1.0.0' });
  try {
    await client.connect(transport);
    return (await client.callTool({ name, arguments: {} })).content[0].text;
  } catch (error) {
    return error;
  } finally {
    await client.close();
  }
}

/** Opens a stream by hand: where it says that messages go, and what ends it. */
async function opened(url, headers) {
  const controller = new AbortController();
  const { signal } = controller;
  const answer = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal });
  assert.equal(answer.status, 200);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('\n\n')) text += (await reader.read()).value;
  const [, path] = /^event: endpoint\ndata: (\S+)\n\n/.exec(text);
  return { endpoint: new URL(path, url).href, reader, close: () => controller.abort() };
}

describe('the example', () => {
  let server;
  before(async () => {
    const settings = { API_KEYS: KEY, ADMIN_API_KEYS: ADMIN_KEY, JWT_SECRET: SECRET, RATE_LIMIT_MAX: '30' };
    server = await running('sse_server', settings);
  });
  after(() => server.stop());

  test('good, bad, expired', async () => {
    assert.match(await called(server.url, { 'x-api-key': KEY }, 'whoami'), /^key:/);
    assert.equal(await called(server.url, bearer(), 'whoami'), 'jwt::anna');
    for (const headers of [{}, { 'x-api-key': 'a-guess' }, bearer({ exp: 1 })]) {
      const error = await called(server.url, headers, 'whoami');
      assert.ok(error instanceof SseError);
      assert.equal(error.code, 401);
    }
  });

  test('a session is its opener’s own', async () => {
    const { endpoint, close } = await opened(server.url, { 'x-api-key': KEY });
    const url = new URL(endpoint);
    const outward = url.searchParams.get('sessionId');
    assert.match(outward, /^[0-9a-f-]{36}\.[\w-]{22}$/);
    assert.equal((await post(endpoint, { 'x-api-key': KEY })).status, 202);
    assert.equal((await post(endpoint, {})).status, 401);
    assert.equal((await post(endpoint, { 'x-api-key': ADMIN_KEY })).status, 404);
    assert.equal((await post(endpoint, bearer())).status, 404);
    for (const sessionId of [outward.split('.')[0], `${outward.slice(0, -1)}A`, 'invented', '']) {
      url.searchParams.set('sessionId', sessionId);
      const { status } = await post(url.href, { 'x-api-key': KEY });
      assert.ok(status === 404 || (sessionId.endsWith('A') && outward.endsWith('A')), `${sessionId} ${status}`);
    }
    // The same route under other names of Express's, and the same parameter under other names of its parser's.
    const inner = outward.split('.')[0];
    for (const [path, query] of [
      ['/Messages', `sessionId=${inner}`],
      ['/messages/', `sessionId=${inner}`],
      ['/messages', `SessionId=${inner}`],
      ['/messages', `session%49d=${inner}`],
    ]) {
      const { status } = await post(`${url.origin}${path}?${query}`, { 'x-api-key': KEY });
      assert.ok(status === 404 || status === 400, `${path}?${query} ${status}`);
      const other = await post(`${url.origin}${path}?${query}`, { 'x-api-key': ADMIN_KEY });
      assert.ok(other.status === 404 || other.status === 400, `${path}?${query} ${other.status}`);
    }
    const twice = await post(`${endpoint}&sessionId=other`, { 'x-api-key': KEY });
    assert.ok(twice.status >= 400 && twice.status < 500);
    close();
  });

  test('the stream ends with its token', async () => {
    const began = performance.now();
    const { reader } = await opened(server.url, bearer({ exp: Date.now() / 1000 + 1 }));
    while (!(await reader.read()).done);
    assert.ok(performance.now() - began < 4000);
  });

  test('limited', async () => {
    const own = bearer({ sub: 'ben' });
    const { endpoint, close } = await opened(server.url, own);
    let last;
    for (let n = 0; n < 31; n += 1) last = await post(endpoint, own);
    assert.equal(last.status, 429);
    close();
  });
});

const gate = () =>
  new Gate({
    apiKeys: new ApiKeys([new ApiKey({ id: 'ci', key: KEY })]),
    policy: Policy.allowAll(),
    sessionKey: 'a session key of at least 32 bytes',
  });
const good = { 'x-api-key': KEY };

test('an event that comes in pieces; other events are left alone; Express 4; names of one’s own', async () => {
  const app = express4();
  app.use(guard(gate(), { sse: '/events', parameter: 'the.session' }));
  app.get('/events', (req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write(Buffer.from('event: endpoint\r\ndata: /to?a=1&the.ses'));
    res.write('sion=inner-1\r');
    res.write('\n\r\nevent: message\r\ndata: /to?the.session=inner-1\r\n\r\n');
    setTimeout(() => res.end('event: message\ndata: ?the.session=inner-1\n\n'), 20);
  });
  app.post('/to', (req, res) => res.json([req.query['the.session'], req.url]));
  await serving(createServer(app), async (url) => {
    const text = await (await fetch(`${url}/events`, { headers: good })).text();
    const [, outward] = /^event: endpoint\r\ndata: \/to\?a=1&the\.session=(inner-1\.[\w-]+)\r\n\r\n/.exec(text);
    assert.equal(text.split('the.session=inner-1\r\n').length, 2);
    assert.match(text, /\?the\.session=inner-1\n\n$/);
    const answer = await post(`${url}/to?b=2&the.session=${outward}&c=%20`, good, PING);
    assert.deepEqual(await answer.json(), ['inner-1', '/to?b=2&the.session=inner-1&c=%20']);
    // The name of the parameter is that, and no pattern.
    assert.equal(
      (await (await post(`${url}/to?theXsession=inner-1`, good, PING)).json())[1],
      '/to?theXsession=inner-1',
    );
  });
});

for (const [parser, make] of [
  ['Express 4', express4],
  ['Express 5, extended', () => express().set('query parser', 'extended')],
  ['Express 5, simple', express],
]) {
  test(`no parser of queries makes a session id of what was not checked: ${parser}`, () => unchecked(make()));
}

async function unchecked(app) {
  app.use(guard(gate()));
  app.post('/messages', (req, res) => res.json([req.query, req.url]));
  await serving(createServer(app), async (url) => {
    for (const name of [
      'sessionId[]',
      'sessionId[0]',
      'sessionId[a]',
      '[sessionId]',
      'sessionId%5B%5D',
      '%5BsessionId%5D',
      'sessionId.x',
      // Bad escapes, which some parsers pass over, and go on.
      '%5BsessionId%5D%E0',
      '%5BsessionId%5D%',
      'sessionId%5B%5D%FF',
      '%73essionId[%E0]',
    ]) {
      const answer = await post(`${url}/messages?a=1&${name}=inner-1&mySessionId=2`, good, PING);
      if (answer.status === 200) {
        assert.deepEqual(await answer.json(), [{ a: '1', mySessionId: '2' }, '/messages?a=1&mySessionId=2'], name);
      } else {
        assert.ok(answer.status === 400 || answer.status === 404, `${name} ${answer.status}`);
      }
    }
  });
}

test('without Express', async () => {
  const enter = guard(gate());
  const listener = (req, res) => {
    if (req.url.startsWith('/messages')) return res.end(req.url);
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    return res.end('event: endpoint\ndata: /messages?sessionId=inner-1\n\n');
  };
  const server = createServer((req, res) => enter(req, res, (error) => (error ? res.destroy() : listener(req, res))));
  await serving(server, async (url) => {
    const text = await (await fetch(`${url}/sse`, { headers: good })).text();
    const [, path] = /data: (\S+)/.exec(text);
    assert.match(path, /sessionId=inner-1\.[\w-]+$/);
    assert.equal(await (await post(url + path, good, PING)).text(), '/messages?sessionId=inner-1');
    assert.equal((await fetch(`${url}/sse`)).status, 401);
  });
});

test('an error is told once, and no answer is taken for one that lets in', async () => {
  const calls = [];
  const failing = guard(gate(), {
    peer: () => {
      throw new Error('no address today');
    },
  });
  const open = guard(gate());
  const next = (res) => (error) => {
    calls.push(error?.message);
    res.end(error === undefined ? 'let in' : 'refused');
  };
  const server = createServer((req, res) => (req.url === '/failing' ? failing : open)(req, res, next(res)));
  await serving(server, async (url) => {
    assert.equal(await (await post(`${url}/failing`, good, PING)).text(), 'refused');
    assert.equal(await (await post(`${url}/messages`, good, PING)).text(), 'let in');
  });
  assert.deepEqual(calls, ['no address today', undefined]);
  for (const path of ['/open', '/messages']) {
    let turns = 0;
    const enter = guard(gate(), { open: ['/open'] });
    const throwing = () => {
      turns += 1;
      throw new Error('of the listener');
    };
    const request = Object.assign(new PassThrough(), {
      method: 'GET',
      url: path,
      headers: { host: 'localhost', ...good },
      rawHeaders: [],
      socket: { remoteAddress: '127.0.0.1' },
    });
    assert.throws(() => enter(request, new ServerResponse(request), throwing), /of the listener/);
    assert.equal(turns, 1);
  }
});

test('an id that can not be bound is told to nobody', async () => {
  const app = express();
  app.use(guard(gate()));
  app.get('/sse', (req, res) => res.end(`event: endpoint\ndata: /messages?sessionId=${'x'.repeat(300)}&a=1\n\n`));
  const warned = once(process, 'warning');
  await serving(createServer(app), async (url) => {
    const text = await (await fetch(`${url}/sse`, { headers: good })).text();
    assert.equal(text, 'event: endpoint\ndata: /messages?sessionId=&a=1\n\n');
  });
  assert.match((await warned)[0].message, /session id can't be bound/);
});

test('a gate that can bind nothing is a configuration error', () => {
  const none = new Gate({ apiKeys: new ApiKeys([new ApiKey({ id: 'ci', key: KEY })]), policy: Policy.allowAll() });
  assert.throws(() => guard(none), ConfigError);
});
