// The examples as MCP Inspector's command line meets them: what it prints, and how it ends. See tests/clients/README.md.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ADMIN_KEY, KEY, LATER, SECRET, bearer, withRunning } from './helpers.mjs';

const CLIENTS = new URL('../../tests/clients/typescript/node_modules/', import.meta.url);
const INSPECTOR = fileURLToPath(new URL('@modelcontextprotocol/inspector-cli/build', CLIENTS));
const SETTINGS = { API_KEYS: KEY, ADMIN_API_KEYS: ADMIN_KEY, JWT_SECRET: SECRET };
const NOT_CONNECTED = 'Failed to connect to MCP server';

/** Calls a tool, or lists them where none is named; what it printed and its exit code. */
function inspect(url, headers, tool) {
  assert.ok(existsSync(INSPECTOR), 'the Inspector is not installed: run make deps');
  const method = tool === undefined ? ['tools/list'] : ['tools/call', '--tool-name', tool];
  const args = ['cli.js', '--cli', url, '--transport', 'http', '--method', ...method];
  for (const [name, value] of Object.entries(headers)) args.push('--header', `${name}: ${value}`);
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: INSPECTOR, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

function answered(run) {
  assert.equal(run.code, 0, run.stderr);
  return JSON.parse(run.stdout);
}

/** It printed nothing, and ended with 1, these words and the body of the refusal. */
function refused(run, words, error) {
  assert.deepEqual([run.code, run.stdout], [1, ''], run.stderr);
  assert.ok(run.stderr.includes(words) && run.stderr.includes(`{"error":"${error}",`), run.stderr);
}

const textOf = ({ content }) => content.map(({ text }) => text).join('');

for (const name of ['express_server', 'hono_server']) {
  test(`${name}: good, bad, expired and under-scoped`, async () => {
    await withRunning(name, SETTINGS, async ({ url }) => {
      const called = answered(await inspect(url, bearer({ scope: 'export' }), 'whoami'));
      assert.match(textOf(called), /anna with export$/);
      assert.equal(textOf(answered(await inspect(url, bearer({ scope: 'export' }), 'export'))), 'exported');

      refused(await inspect(url, { 'x-api-key': 'a-key-somebody-guessed' }, 'whoami'), NOT_CONNECTED, 'invalid_token');
      refused(await inspect(url, bearer({ exp: 1_700_000_000 }), 'whoami'), NOT_CONNECTED, 'invalid_token');
      const lacking = await inspect(url, bearer({ scope: 'import' }), 'export');
      refused(lacking, 'Failed to call tool export', 'insufficient_scope');
    });
  });
}

test('a key lists the tools, nobody does not', async () => {
  await withRunning('express_server', SETTINGS, async ({ url }) => {
    const { tools } = answered(await inspect(url, { 'x-api-key': KEY }));
    assert.ok(tools.some((tool) => tool.name === 'whoami'));
    refused(await inspect(url, {}), NOT_CONNECTED, 'unauthorized');
  });
});

test('who calls too often is told so', async () => {
  await withRunning(
    'express_server',
    { ...SETTINGS, RATE_LIMIT_MAX: '5', RATE_LIMIT_WINDOW_MS: '3600000' },
    async ({ url }) => {
      const first = await inspect(url, { 'x-api-key': KEY }, 'whoami');
      assert.match(textOf(answered(first)), /^key:/);
      refused(await inspect(url, { 'x-api-key': KEY }, 'whoami'), 'Failed to', 'rate_limited');
      refused(await inspect(url, { 'x-api-key': KEY }, 'whoami'), NOT_CONNECTED, 'rate_limited');
      // Another's units are another's.
      assert.match(textOf(answered(await inspect(url, { 'x-api-key': ADMIN_KEY }, 'whoami'))), /^key:/);
    },
  );
});

for (const name of ['fastify_server', 'fetch_server', 'mcp2_server']) {
  test(`${name}: good and bad`, async () => {
    await withRunning(name, SETTINGS, async ({ url }) => {
      assert.match(textOf(answered(await inspect(url, bearer({ exp: LATER }), 'whoami'))), /anna$/);
      refused(await inspect(url, { 'x-api-key': 'a-key-somebody-guessed' }, 'whoami'), NOT_CONNECTED, 'invalid_token');
    });
  });
}
