// The example on the real mcp-framework (A30, A31), installed beside the package as it is packed.

import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { folder, install, pack, started } from './packed.mjs';
import { KEY, SECRET, answer, forged, token } from './surfaces.mjs';

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return String(port);
}

test('A30 A31 mcp-framework', async (t) => {
  const cwd = folder(t);
  const { tarball } = await pack(cwd);
  const app = join(cwd, 'app');
  cpSync(fileURLToPath(new URL('../examples/mcp-framework', import.meta.url)), app, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
  manifest.dependencies.doorward = `file:${tarball}`;
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest));
  await install(app);

  await t.test('A30 the SSE transport, by X-API-Key; no key is ever sent by the server', async (t) => {
    const port = await freePort();
    const pattern = /SSE transport listening/;
    const { said } = await started(t, ['sse.mjs'], { cwd: app, env: { API_KEYS: KEY, PORT: port }, pattern });
    const url = `http://127.0.0.1:${port}`;
    const headers = { 'X-API-Key': KEY };
    const seen = [];
    const client = new Client({ name: 'test', version: '1.0.0' });
    const transport = new SSEClientTransport(new URL(`${url}/sse`), {
      fetch: async (to, init) => {
        const response = await fetch(to, {
          ...init,
          headers: { ...Object.fromEntries(new Headers(init?.headers)), ...headers },
        });
        seen.push(JSON.stringify([...response.headers]));
        return response;
      },
    });
    await client.connect(transport);
    t.after(() => client.close());
    const { content } = await client.callTool({ name: 'whoami', arguments: {} });
    assert.deepEqual(JSON.parse(content[0].text), { id: 'key:api-key-1', roles: [] });
    for (const [path, bad] of [
      ['/sse', []],
      ['/sse', [['x-api-key', 'a-guess']]],
      [
        '/sse',
        [
          ['x-api-key', KEY],
          ['x-api-key', KEY],
        ],
      ],
      [`/sse?apiKey=${KEY}`, []],
      [`/sse?api_key=${KEY}`, []],
    ]) {
      const { status, body } = await answer(url + path, bad);
      assert.equal(status, 401, path);
      assert.equal(JSON.parse(body).error, 'Unauthorized');
    }
    assert.equal((await answer(`${url}/messages?sessionId=x`, {}, { method: 'POST' })).status, 401);
    assert.equal((await answer(`${url}/messages?sessionId=x`, headers, { method: 'POST' })).status, 404);
    assert.equal((await answer(`${url}/sse`, { origin: 'https://evil.example' })).status, 403);
    assert.ok(seen.length > 1 && !seen.join().includes(KEY) && !said().includes(KEY));
  });

  await t.test('A31 behind Express middleware: {"error":"Token required"}, {"error":"Invalid token"}', async (t) => {
    const env = { JWT_SECRET: SECRET, JWT_ISSUER: 'https://i.example', PORT: '0' };
    const { found } = await started(t, ['http.mjs'], { cwd: app, env, pattern: /listening on (\S+)/ });
    const url = found[1];
    const good = token({ iss: 'https://i.example', roles: ['editor'] });
    const call = (headers) =>
      answer(
        url,
        { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        {
          method: 'POST',
          body: JSON.stringify({
            jsonrpc: '2.0',
            id: 1,
            method: 'tools/call',
            params: { name: 'whoami', arguments: {} },
          }),
        },
      );
    const { status, body } = await call({ authorization: `Bearer ${good}` });
    assert.equal(status, 200, JSON.stringify(body));
    const [{ text }] = (typeof body === 'string' ? JSON.parse(/^data: (.*)$/m.exec(body)[1]) : body).result.content;
    assert.deepEqual(JSON.parse(text), { id: 'anna', roles: ['editor'] });
    for (const [headers, error] of [
      [{}, 'Token required'],
      [{ authorization: 'Basic abc' }, 'Token required'],
      [{ authorization: 'Bearer a.b.c' }, 'Invalid token'],
      [{ authorization: `Bearer ${forged(good)}` }, 'Invalid token'],
      [{ authorization: `Bearer ${token()}` }, 'Invalid token'],
    ]) {
      const refused = await call(headers);
      assert.deepEqual([refused.status, refused.body], [401, { error }]);
    }
  });
});
