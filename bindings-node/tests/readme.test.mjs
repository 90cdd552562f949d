// The README's examples of integrations, as they stand there.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { KEY, environment } from './helpers.mjs';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const section = readme.slice(readme.indexOf('## In your framework')).split(/\n## /)[0];
const blocks = [...section.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code);

test('there are some', () => assert.ok(blocks.length >= 2));

// Past the guard there is no route yet.
const CALLED = `
const listener = app.listen(0, '127.0.0.1', async () => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami' } });
  const ask = (headers) => fetch('http://127.0.0.1:' + listener.address().port, { method: 'POST', headers, body });
  const kind = { 'content-type': 'application/json' };
  const told = [await ask(kind), await ask({ ...kind, 'x-api-key': process.env.API_KEYS })].map(({ status }) => status);
  listener.close();
  listener.closeAllConnections();
  if (told.join() !== '401,404') throw new Error(told.join());
});`;

for (const [place, code] of blocks.entries()) {
  test(`example ${place + 1} lets in who has a key, to the tool whoami`, () => {
    const options = { cwd: new URL('..', import.meta.url), env: environment({ API_KEYS: KEY }), encoding: 'utf8' };
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code + CALLED], options);
    assert.deepEqual([status, stderr], [0, '']);
  });
}

test('the table names every entry', () => {
  const entries = ['node:http', 'Express', 'Fastify', 'Hono', 'stdio'];
  for (const name of ['fetch', 'mcp', 'mcp2', 'sse', 'tools', 'stdio']) entries.push(`\`doorward/${name}\``);
  for (const name of entries) assert.ok(section.includes(name), name);
});
