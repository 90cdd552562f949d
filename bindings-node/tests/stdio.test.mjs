// Servers on stdio: no credential, a bad one, a good one.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ApiKey, ApiKeys, ConfigError, Verifier } from 'doorward';
import { authenticate } from 'doorward/stdio';
import { KEY, SECRET, environment, exampleAt, token } from './helpers.mjs';

const example = exampleAt('stdio_server');

test('without a key, or with a bad one: one line on stderr, nothing on stdout, status 1', () => {
  for (const [env, line] of [
    [{}, 'MCP_API_KEY environment variable is required\n'],
    [{ MCP_API_KEY: ' ' }, 'MCP_API_KEY environment variable is required\n'],
    [{ MCP_API_KEY: 'a-guess' }, 'MCP_API_KEY environment variable is refused (api_key_unknown)\n'],
  ]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [example], {
      env: environment(env),
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout, stderr], [1, '', line]);
  }
});

test('with a good one', async () => {
  const env = environment({ MCP_API_KEY: KEY });
  const transport = new StdioClientTransport({ command: process.execPath, args: [example], env });
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(transport);
  const call = async (name) => {
    const { content, isError } = await client.callTool({ name, arguments: {} });
    return [content[0].text, isError === true];
  };
  assert.deepEqual(await call('whoami'), ['key:anna', false]);
  assert.deepEqual(await call('shut_down'), ['forbidden: shut_down is not yours to call', true]);
  await client.close();
});

test('tokens and keys, told apart by their shape', () => {
  const verifier = new Verifier({ secret: SECRET });
  const apiKeys = new ApiKeys([new ApiKey({ id: 'ci', key: KEY, roles: ['user'], scopes: ['read'] })]);
  const of = (credential, options) => authenticate({ ...options, variable: 'TOKEN', env: { TOKEN: credential } });
  const claims = { iss: 'https://issuer.example', scope: 'a b', role: 'user' };
  const anna = of(token(claims), { apiKeys, verifier });
  assert.deepEqual([anna.id, anna.method, anna.subject], ['jwt:https://issuer.example:anna', 'jwt', 'anna']);
  assert.deepEqual([[...anna.scopes], [...anna.roles], anna.claims.scope], [['a', 'b'], ['user'], 'a b']);
  const ci = of(KEY, { apiKeys, verifier });
  assert.deepEqual({ ...ci }, { id: 'key:ci', method: 'api_key', scopes: ['read'], roles: ['user'] });
  assert.ok(Object.isFrozen(ci));
  assert.throws(() => of(KEY, {}), ConfigError);
});

test('what is refused says why, and not what', () => {
  const script = `
    const { Verifier } = require('doorward');
    const { authenticate } = require('doorward/stdio');
    authenticate({ verifier: new Verifier({ secret: '${SECRET}' }) });
    console.log('in');
  `;
  const cwd = new URL('..', import.meta.url);
  for (const [credential, code] of [
    [token({ exp: 1 }), 'token_expired'],
    ['a-guess', 'token_malformed'],
    [`${token().slice(0, -4)}AAAA`, 'signature_invalid'],
  ]) {
    const env = environment({ MCP_API_KEY: credential });
    const run = spawnSync(process.execPath, ['-e', script], { cwd, env, encoding: 'utf8' });
    const line = `MCP_API_KEY environment variable is refused (${code})\n`;
    assert.deepEqual([run.status, run.stdout, run.stderr], [1, '', line]);
  }
});
