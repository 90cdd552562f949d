// The guard in front of node:http, by raw connections and fetch; its example as its users start it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import http2 from 'node:http2';
import { describe, test } from 'node:test';
import { ApiKey, ApiKeys, ConfigError, Door, Gate, Policy, Quota, Verifier } from 'doorward';
import { guard, guarded, wellKnown } from 'doorward/http';
import { CALL, KEY, SECRET, bearer, environment, post, raw, serving, token, withRunning } from './helpers.mjs';

const keyed = () => new ApiKeys([new ApiKey({ id: 'ci', key: KEY, roles: ['user'] })]);
const gate = (options = {}) =>
  new Gate({
    apiKeys: keyed(),
    verifiers: new Verifier({ secret: SECRET }),
    policy: Policy.allowAll(),
    ...options,
  });
const good = { 'x-api-key': KEY };

/** Answers with its caller and the body that is in the stream. */
async function echo(req, res) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  res.writeHead(200, { 'x-ratelimit-limit': '9', RateLimit: 'forged', 'x-own': '1' });
  res.end(`${req.principal?.id} ${Buffer.concat(chunks)}`);
}

const never = () => assert.fail('it was let through');
const behind = (listener, options, ...rest) => createServer(guarded(gate(options), listener, ...rest));
const quiet = { onError: () => {} };

test('an admitted request has its caller, its body, and rate headers that are the gate’s own', async () => {
  await serving(behind(echo), async (url) => {
    const answer = await post(url, good, CALL);
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), `key:ci ${JSON.stringify(CALL)}`);
    assert.equal(answer.headers.get('x-ratelimit-limit'), '100');
    assert.equal(answer.headers.get('x-ratelimit-remaining'), '99');
    assert.notEqual(answer.headers.get('ratelimit'), 'forged');
    assert.equal(answer.headers.get('x-own'), '1');
  });
});

test('headers in every form that writeHead takes', async () => {
  const forms = [
    (res) => res.writeHead(200, 'Fine', { 'X-RateLimit-Limit': '9', 'x-own': '1' }),
    (res) => res.writeHead(200, ['x-own', '1', 'X-RateLimit-Limit', '9']),
    (res) => res.writeHead(200, [['x-own', '1'], ['X-RateLimit-Limit', '9']]), // prettier-ignore
    (res) => res.setHeader('x-own', '1').setHeader('x-ratelimit-limit', '9'),
    (res) => res.setHeader('x-own', '1').flushHeaders(),
    (res) => res.writeHead(200, ['x-own', '1', 'set-cookie', 'a=1', 'Set-Cookie', 'b=2']),
  ];
  for (const form of forms) {
    const listener = (req, res) => {
      form(res);
      res.end('done');
    };
    await serving(behind(listener), async (url) => {
      const answer = await fetch(url, { headers: good });
      assert.equal(await answer.text(), 'done');
      assert.equal(answer.headers.get('x-ratelimit-limit'), '100');
      assert.equal(answer.headers.get('x-own'), '1');
      if (form === forms.at(-1)) assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2']);
    });
  }
});

describe('refused', () => {
  const json = JSON.stringify(CALL);
  const cases = [
    ['nobody', {}, json, 401, 'unauthorized'],
    ['a bad key', { 'x-api-key': 'a-guess' }, json, 401, 'invalid_token'],
    ['an expired token', bearer({ exp: 1 }), json, 401, 'invalid_token'],
    ['two credentials', { ...good, ...bearer() }, json, 400, 'invalid_request'],
    ['a foreign origin', { ...good, origin: 'https://evil.example' }, json, 403, 'origin_not_allowed'],
    ['no JSON', good, 'not json', 400, 'invalid_request'],
    ['a body that is too long', good, 'x'.repeat(2_000_000), 413, 'too_large'],
  ];
  for (const [name, headers, body, status, error] of cases) {
    test(name, async () => {
      await serving(behind(never), async (url) => {
        const answer = await sent(url, { 'content-type': 'application/json', ...headers }, body);
        assert.deepEqual([answer.status, JSON.parse(answer.body).error], [status, error]);
        assert.equal(answer.headers['cache-control'], 'no-store');
        assert.equal('www-authenticate' in answer.headers, status === 401);
        assert.equal(Number(answer.headers['content-length']), answer.body.length);
      });
    });
  }
});

/** Posts, and hears the answer even where the connection is closed before all was sent. */
function sent(url, headers, body) {
  return new Promise((resolve, reject) => {
    const req = request(url, { method: 'POST', headers }, async (res) => {
      let text = '';
      for await (const chunk of res) text += chunk;
      resolve({ status: res.statusCode, headers: res.headers, body: text });
    });
    req.on('error', reject);
    req.end(body);
  });
}

test('another host’s name is refused, in the header or the target', async () => {
  await serving(behind(never), async (url) => {
    const lines = (target, host) => [
      `GET ${target} HTTP/1.1`,
      `host: ${host}`,
      `x-api-key: ${KEY}`,
      'connection: close',
      '',
      '',
    ];
    for (const [target, host] of [
      ['/mcp', 'evil.example'],
      ['http://evil.example/mcp', 'localhost'],
      ['http://localhost/mcp', 'evil.example'],
    ]) {
      assert.match(await raw(url, lines(target, host)), /^HTTP\/1.1 40[03] /, `${target} ${host}`);
    }
  });
});

test('policy and step-up', async () => {
  const policy = new Policy({ everybody: { tools: ['*'] } }).require('tool', 'whoami', { scopes: ['read'] });
  await serving(behind(echo, { policy }), async (url) => {
    const refused = await post(url, bearer({ scope: 'write' }), CALL);
    assert.equal(refused.status, 403);
    assert.equal((await refused.json()).error, 'insufficient_scope');
    assert.match(refused.headers.get('www-authenticate'), /scope="read"/);
    assert.equal((await post(url, bearer({ scope: 'read' }), CALL)).status, 200);
  });
});

test('limits of principals and of addresses', async () => {
  const options = { principalQuota: new Quota(2, 60), addressQuota: new Quota(3, 60) };
  let peer = '192.0.2.7';
  await serving(behind(echo, options, { peer: () => peer }), async (url) => {
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await post(url, good, CALL)).status);
    assert.deepEqual(statuses, [200, 200, 429, 429]);
    const failures = [];
    let last;
    for (let n = 0; n < 5; n += 1) failures.push((last = await post(url, { 'x-api-key': `guess-${n}` }, CALL)).status);
    assert.deepEqual(failures, [401, 401, 401, 429, 429]);
    assert.ok(Number(last.headers.get('retry-after')) >= 1);
    peer = '192.0.2.8';
    assert.equal((await post(url, { 'x-api-key': 'a-guess' }, CALL)).status, 401, 'a bucket of its own');
  });
});

test('without an address nobody is let in, and the log says so', async () => {
  const told = [];
  const log = (event) => told.push(JSON.stringify(event));
  await serving(behind(never, {}, { peer: () => undefined, log }), async (url) => {
    assert.equal((await post(url, good, CALL)).status, 503);
  });
  assert.match(told.join(), /address/);
});

test('a header is no address, but where the gate knows the proxy', async () => {
  const options = { addressQuota: new Quota(1, 60) };
  const from = (address) => ({ 'x-api-key': 'a-guess', 'x-forwarded-for': address });
  await serving(behind(echo, options), async (url) => {
    assert.equal((await post(url, from('192.0.2.1'), CALL)).status, 401);
    assert.equal((await post(url, from('192.0.2.2'), CALL)).status, 429);
  });
  await serving(behind(echo, { ...options, trustedProxies: ['127.0.0.0/8'] }), async (url) => {
    assert.equal((await post(url, from('192.0.2.1'), CALL)).status, 401);
    assert.equal((await post(url, from('192.0.2.2'), CALL)).status, 401);
    assert.equal((await post(url, from('192.0.2.1'), CALL)).status, 429);
  });
});

test('paths that are no MCP endpoints', async () => {
  const paths = { open: ['/health'], plain: ['/upload/'] };
  await serving(behind(echo, {}, paths), async (url) => {
    const at = async (path, headers = {}) => {
      const answer = await fetch(url + path, { method: 'POST', body: 'anything', headers });
      return [answer.status, answer.status === 200 ? await answer.text() : ''];
    };
    assert.deepEqual(await at('/health'), [200, 'undefined anything']);
    assert.deepEqual(await at('/health/deep?x'), [200, 'undefined anything']);
    assert.equal((await at('/healthy'))[0], 401);
    assert.equal((await at('/upload'))[0], 401);
    assert.deepEqual(await at('/upload/it', good), [200, 'key:ci anything']);
    assert.equal((await at('/uploads', good))[0], 400);
    // What a router might take for another path is not open.
    const asked = (target) => raw(url, [`GET ${target} HTTP/1.1`, 'host: localhost', 'connection: close', '', '']);
    for (const path of [
      '/health/../mcp',
      '/health/%2e%2e/mcp',
      '/health//mcp',
      '/health/..',
      'http://localhost/health',
      'http://localhost\\..\\mcp/health',
      '/health\\..\\mcp',
    ]) {
      assert.match(await asked(path), /^HTTP\/1.1 40[01] /, path);
    }
  });
  for (const bad of [{ open: '/health' }, { open: ['health'] }, { sweep: 31 }, { bodyTime: Number.NaN }]) {
    assert.throws(() => guarded(gate(), echo, bad), ConfigError);
  }
  for (const bad of [{ opened: ['/health'] }, { peer: '127.0.0.1' }, { fetch: 1 }, { onErrors: () => {} }]) {
    assert.throws(() => guarded(gate(), echo, bad), TypeError);
  }
  assert.throws(() => guarded({}, echo), TypeError);
  assert.throws(() => guarded(new Door(gate()), echo, { log: () => {} }), ConfigError);
});

test('well-known addresses', async () => {
  const root = '/.well-known/oauth-protected-resource';
  await serving(behind(never), async (url) => {
    assert.equal((await fetch(url + root)).status, 404);
  });
  const publicUrl = 'https://mcp.example/mcp';
  const oauth = { publicUrl, authorizationServers: ['https://issuer.example'] };
  await serving(behind(never, oauth), async (url) => {
    for (const path of [root, `${root}/mcp`]) {
      const found = await fetch(url + path);
      assert.equal((await found.json()).resource, publicUrl);
      assert.equal(found.headers.get('access-control-allow-origin'), '*');
      const head = await fetch(url + path, { method: 'HEAD' });
      assert.deepEqual([head.status, await head.text()], [200, '']);
      assert.equal(head.headers.get('content-length'), found.headers.get('content-length'));
    }
    assert.equal((await fetch(`${url}/.well-known/oauth-authorization-server`)).status, 404);
    const lines = ['POST /mcp HTTP/1.1', 'host: mcp.example', 'content-length: 0', 'connection: close', '', ''];
    assert.match(await raw(url, lines), /www-authenticate: Bearer .*resource_metadata="https:\/\/mcp\.example\//i);
  });
  const alone = wellKnown(gate(oauth));
  await serving(
    createServer((req, res) => alone(req, res) || res.end('other')),
    async (url) => {
      assert.equal((await (await fetch(url + root)).json()).resource, publicUrl);
      assert.equal(await (await fetch(url)).text(), 'other');
    },
  );
});

test('a caller as the SDKs know it', async () => {
  let seen;
  const listener = (req, res) => {
    seen = req.auth;
    assert.equal(req.auth, seen, 'made once');
    res.end();
  };
  const oauth = { publicUrl: 'http://127.0.0.1/mcp', authorizationServers: ['https://issuer.example'] };
  await serving(behind(listener, { ...oauth, allowedHosts: ['127.0.0.1'] }), async (url) => {
    const claims = { scope: 'a b', client_id: 'app', roles: ['user'], custom: [1] };
    const { status } = await post(url, bearer(claims), CALL);
    assert.equal(status, 200);
    assert.deepEqual([seen.clientId, seen.scopes, seen.expiresAt], ['app', ['a', 'b'], 4102444800]);
    assert.equal(seen.token, token(claims));
    assert.equal(seen.resource.href, 'http://127.0.0.1/mcp');
    assert.equal(seen.resourceMetadataUrl, 'http://127.0.0.1/.well-known/oauth-protected-resource/mcp');
    assert.deepEqual(seen.extra.claims.custom, [1]);
    assert.deepEqual([seen.extra.id, seen.extra.subject, seen.extra.method], ['jwt::anna', 'anna', 'jwt']);
    assert.deepEqual([...seen.extra.roles], ['user']);
    assert.equal(seen.extra.principal.id, 'jwt::anna');
    await post(url, good, CALL);
    assert.deepEqual(
      [seen.clientId, seen.token, seen.expiresAt, seen.extra.claims],
      ['key:ci', '', undefined, undefined],
    );
  });
});

test('sessions are bound to their principals', async () => {
  const seen = [];
  const listener = (req, res) => {
    seen.push([
      req.headers['mcp-session-id'],
      req.rawHeaders.filter((_, at) => req.rawHeaders[at - 1]?.toLowerCase() === 'mcp-session-id'),
    ]);
    res.writeHead(200, { 'Mcp-Session-Id': 'session-1' }).end();
  };
  const options = { sessionKey: 'a session key of at least 32 bytes' };
  await serving(behind(listener, options), async (url) => {
    const outward = (await post(url, good, CALL)).headers.get('mcp-session-id');
    assert.match(outward, /^session-1\../);
    assert.deepEqual(seen, [[undefined, []]]);
    const own = await post(url, { ...good, 'Mcp-Session-Id': outward }, CALL);
    assert.deepEqual([own.status, own.headers.get('mcp-session-id')], [200, outward]);
    assert.deepEqual(seen[1], ['session-1', ['session-1']]);
    for (const headers of [
      { ...bearer(), 'mcp-session-id': outward },
      { ...good, 'mcp-session-id': 'session-1' },
    ]) {
      const answer = await post(url, headers, CALL);
      assert.deepEqual([answer.status, (await answer.json()).error], [404, 'session_not_found']);
    }
    assert.equal(seen.length, 2);
  });
  const unbindable = (req, res) => res.writeHead(200, { 'mcp-session-id': 'x'.repeat(300) }).end();
  const warned = once(process, 'warning');
  await serving(behind(unbindable, options), async (url) => {
    assert.equal((await post(url, good, CALL)).headers.get('mcp-session-id'), null);
  });
  assert.match((await warned)[0].message, /session id can't be bound/);
});

test('a body is not read before its head is good, nor beyond its bound', async () => {
  await serving(behind(never, { bodyLimit: 200_000 }), async (url) => {
    const head = (...more) => [
      'POST /mcp HTTP/1.1',
      'host: localhost',
      'content-type: application/json',
      ...more,
      '',
      '',
    ];
    // None of the body is sent, and all are answered.
    const refused = await raw(url, head('content-length: 10'));
    assert.match(refused, /^HTTP\/1.1 401 /);
    assert.match(refused, /connection: close/i);
    const credential = `x-api-key: ${KEY}`;
    const long = await raw(url, head(credential, 'content-length: 9000000'));
    assert.match(long, /^HTTP\/1.1 413 /);
    assert.match(long, /connection: close/i);
    const chunk = `20000\r\n${'x'.repeat(0x20000)}\r\n`;
    const endless = await raw(url, [...head(credential, 'transfer-encoding: chunked').slice(0, -1), chunk + chunk]);
    assert.match(endless, /^HTTP\/1.1 413 /);
  });
});

test('a body that trickles or breaks off', async () => {
  await serving(behind(never, {}, { bodyTime: 0.2 }), async (url) => {
    const lines = [
      'POST /mcp HTTP/1.1',
      'host: localhost',
      `x-api-key: ${KEY}`,
      'content-type: application/json',
      'content-length: 10',
      '',
      '{',
    ];
    const began = performance.now();
    const answer = await raw(url, lines);
    assert.match(answer, /^HTTP\/1.1 400 /);
    assert.match(answer, /connection: close/i);
    assert.ok(performance.now() - began < 5000);
    // Whoever hangs up in the middle harms nobody.
    await raw(url, [...lines, ''], () => true);
    const { hostname, port } = new URL(url);
    const { connect } = await import('node:net');
    const socket = connect(Number(port), hostname, () => socket.write(lines.join('\r\n'), () => socket.destroy()));
    await once(socket, 'close');
    assert.equal((await post(url, { 'x-api-key': 'a-guess' }, CALL)).status, 401);
  });
});

test('a body is there for whoever reads the stream, however', async () => {
  const ways = {
    events: (req) =>
      new Promise((resolve) => {
        const chunks = [];
        req.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
      }),
    later: async (req) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return ways.events(req);
    },
    loop: async (req) => Buffer.concat((await Array.fromAsync?.(req)) ?? (await req.toArray())),
    web: async (req) => {
      const { Readable } = await import('node:stream');
      return Buffer.from(await new Response(Readable.toWeb(req)).arrayBuffer());
    },
    bytes: (req) => req.rawBody,
    nobody: () => Buffer.alloc(0),
  };
  const listener = async (req, res) => res.end(String((await ways[req.url.slice(1)](req)).length));
  await serving(behind(listener), async (url) => {
    for (const way of Object.keys(ways)) {
      for (const length of [1, 70_000, 900_000]) {
        const message = { ...CALL, params: { name: 'whoami', arguments: { text: 'x'.repeat(length) } } };
        const answer = await post(`${url}/${way}`, good, message);
        const expected = way === 'nobody' ? 0 : JSON.stringify(message).length;
        assert.equal(Number(await answer.text()), expected, `${way} ${length}`);
      }
    }
  });
});

test('what the gate has not read nobody gets', async () => {
  await serving(behind(echo), async (url) => {
    const lines = (...more) => ['GET /mcp HTTP/1.1', 'host: localhost', `x-api-key: ${KEY}`, ...more];
    const small = await raw(url, lines('connection: close', 'content-length: 4', '', 'body'));
    assert.match(small, /^HTTP\/1.1 200 [^]*\r\n7\r\nkey:ci \r\n0\r\n/);
    const large = await raw(url, lines('content-length: 900000', '', 'x'.repeat(900_000)));
    assert.equal(large, '');
  });
});

describe('a streaming answer', () => {
  const endlessly = (req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    // It goes on when the answer is cut, as hosts do that look at nothing.
    const timer = setInterval(() => res.write('x'), 10);
    setTimeout(() => clearInterval(timer), 3000).unref();
    timer.unref();
  };
  const streamed = async (url, headers) => {
    const began = performance.now();
    const answer = await fetch(url, { headers });
    const text = await answer.text();
    return [(performance.now() - began) / 1000, text];
  };

  test('ends with its token', async () => {
    await serving(behind(endlessly), async (url) => {
      const [seconds, text] = await streamed(url, bearer({ exp: Date.now() / 1000 + 0.6 }));
      assert.ok(seconds > 0.3 && seconds < 2, `${seconds}`);
      assert.ok(text.length > 10);
    });
  });

  test('ends when its key is withdrawn', async () => {
    const own = gate();
    await serving(createServer(guarded(own, endlessly, { sweep: 0.05 })), async (url) => {
      setTimeout(
        () => own.swapApiKeys(new ApiKeys([new ApiKey({ id: 'other', key: 'some-other-key-altogether' })])),
        200,
      );
      const [seconds] = await streamed(url, good);
      assert.ok(seconds > 0.15 && seconds < 2, `${seconds}`);
    });
  });

  test('ends when its token is revoked', async () => {
    const own = gate();
    await serving(createServer(guarded(own, endlessly, { sweep: 0.05 })), async (url) => {
      const text = token({ jti: 'one' });
      setTimeout(() => own.revokeToken(text, 4102444800), 200);
      const [seconds] = await streamed(url, { authorization: `Bearer ${text}` });
      assert.ok(seconds > 0.15 && seconds < 2, `${seconds}`);
    });
  });

  test('that promised a length does not look whole', async () => {
    const promising = (req, res) => {
      res.writeHead(200, { 'content-length': '1000' });
      res.write('x');
    };
    await serving(behind(promising), async (url) => {
      await assert.rejects(streamed(url, bearer({ exp: Date.now() / 1000 + 0.4 })));
    });
  });

  test('that goes on is left alone', async () => {
    const briefly = (req, res) => {
      res.write('a');
      setTimeout(() => res.end('b'), 300);
    };
    await serving(behind(briefly, {}, { sweep: 0.05 }), async (url) => {
      assert.equal((await streamed(url, good))[1], 'ab');
    });
  });
});

test('what a listener throws does not leak', async () => {
  const told = [];
  const onError = (error) => told.push(error.message);
  const listener = async (req, res) => {
    if (req.url === '/late') res.write('a');
    res.setHeader('content-type', 'text/secret');
    throw new Error('a secret');
  };
  const failing = (req, res) =>
    req.url === '/late' ? (res.write('a'), Promise.reject(new Error('late'))) : listener(req, res);
  await serving(behind(failing, {}, { onError }), async (url) => {
    const answer = await fetch(url, { headers: good });
    assert.deepEqual([answer.status, await answer.text(), answer.headers.get('content-type')], [500, '', null]);
    await assert.rejects(async () => (await fetch(`${url}/late`, { headers: good })).text());
  });
  assert.deepEqual(told, ['a secret', 'late']);
});

test('HEAD', async () => {
  await serving(behind(echo), async (url) => {
    const answer = await fetch(url, { method: 'HEAD', headers: good });
    assert.deepEqual([answer.status, await answer.text()], [200, '']);
    assert.equal(answer.headers.get('x-ratelimit-limit'), '100');
    const refused = await fetch(url, { method: 'HEAD' });
    assert.deepEqual([refused.status, await refused.text()], [401, '']);
  });
});

test('HTTP/2, whose host is in :authority', async () => {
  const server = http2.createServer(guarded(gate(), echo, quiet));
  await serving(server, async (url) => {
    const port = new URL(url).port;
    const ask = async (headers, body) => {
      const client = http2.connect(url);
      try {
        const stream = client.request({
          ':method': 'POST',
          ':path': '/mcp',
          'content-type': 'application/json',
          ...headers,
        });
        stream.end(body);
        const [answer] = await once(stream, 'response');
        let text = '';
        for await (const chunk of stream.setEncoding('utf8')) text += chunk;
        return [answer[':status'], text, answer];
      } finally {
        client.destroy();
      }
    };
    const [status, text, headers] = await ask(good, JSON.stringify(CALL));
    assert.deepEqual([status, text], [200, `key:ci ${JSON.stringify(CALL)}`]);
    assert.equal(headers['x-ratelimit-limit'], '100');
    assert.equal((await ask({}, JSON.stringify(CALL)))[0], 401);
    assert.equal((await ask({ ...good, ':authority': 'evil.example' }, JSON.stringify(CALL)))[0], 403);
    assert.equal((await ask({ ...good, ':authority': `localhost:${port}`, host: 'evil.example' }, ''))[0] >= 400, true);
    const [got, none] = await ask({ ...good, ':method': 'GET' });
    assert.deepEqual([got, none], [200, 'key:ci ']);
  });
});

test('a guard by itself, and a door that is the host’s', async () => {
  const door = new Door(gate());
  const enter = guard(door);
  assert.equal(enter.door, door);
  const server = createServer(async (req, res) => {
    const admitted = await enter(req, res);
    if (admitted === undefined) return;
    assert.deepEqual(admitted.target, { kind: 'tool', name: 'whoami' });
    res.end(admitted.principal.id);
  });
  await serving(server, async (url) => {
    assert.equal(await (await post(url, good, CALL)).text(), 'key:ci');
    assert.equal((await post(url, {}, CALL)).status, 401);
  });
});

test('a guard keeps no process alive', async () => {
  const script = `
    import { createServer, get } from 'node:http';
    import { ApiKey, ApiKeys, Gate, Policy } from 'doorward';
    import { guarded } from 'doorward/http';
    const apiKeys = new ApiKeys([new ApiKey({ id: 'ci', key: '${KEY}' })]);
    const server = createServer(guarded(new Gate({ apiKeys, policy: Policy.allowAll() }), (req, res) => res.write('x')));
    server.listen(0, '127.0.0.1', () => {
      const options = { port: server.address().port, host: '127.0.0.1', headers: { 'x-api-key': '${KEY}' } };
      const req = get(options, (res) => res.once('data', () => {
        // While the answer streams, and its credential is looked after.
        if (process.getActiveResourcesInfo().includes('Timeout')) process.exitCode = 3;
        server.close();
        req.destroy();
      }).on('error', () => {}));
    });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: new URL('..', import.meta.url),
    env: environment({}),
    stdio: 'inherit',
  });
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  const [code] = await once(child, 'exit');
  clearTimeout(late);
  assert.equal(code, 0);
});

test('the example', async () => {
  await withRunning('http_server', { API_KEYS: KEY, RATE_LIMIT_MAX: '4' }, async ({ url, base }) => {
    assert.equal(await (await fetch(`${base}/health`)).text(), 'ok');
    assert.equal((await post(url, {}, CALL)).status, 401);
    const answer = await post(url, good, CALL);
    assert.match((await answer.json()).result.caller, /^key:/);
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await post(url, good, CALL)).status);
    assert.equal(statuses.at(-1), 429);
  });
});
