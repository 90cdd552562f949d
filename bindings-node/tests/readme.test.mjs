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

for (const [place, code] of blocks.entries()) {
  test(`example ${place + 1}`, () => {
    const options = { cwd: new URL('..', import.meta.url), env: environment({ API_KEYS: KEY }), encoding: 'utf8' };
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], options);
    assert.deepEqual([status, stderr], [0, '']);
  });
}

test('the table names every entry', () => {
  const entries = ['node:http', 'Express', 'Fastify', 'Hono', 'stdio'];
  for (const name of ['fetch', 'mcp', 'mcp2', 'sse', 'tools', 'stdio']) entries.push(`\`doorward/${name}\``);
  for (const name of entries) assert.ok(section.includes(name), name);
});
