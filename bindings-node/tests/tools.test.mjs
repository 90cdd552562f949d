// Guards for single tools, by callers of every form, and servers of either SDK in memory.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ApiKey, ApiKeys, ConfigError, Gate, Policy } from 'doorward';
import {
  NotAllowed,
  authorizedTool,
  callerOf,
  isAllowed,
  requireRole,
  requireScope,
  showAllowed,
} from 'doorward/tools';
import { z } from 'zod';
import { KEY } from './helpers.mjs';

const info = {
  clientId: 'app',
  scopes: ['read'],
  token: '',
  extra: { id: 'jwt::anna', roles: ['user'], subject: 'anna' },
};
const anna = { id: 'jwt::anna', scopes: ['read'], roles: ['user'], subject: 'anna' };

test('callerOf', () => {
  for (const source of [{ authInfo: info }, { http: { authInfo: info } }, info, anna]) {
    assert.deepEqual(callerOf(source), anna);
  }
  for (const source of [undefined, null, {}, { authInfo: undefined }, { http: undefined }, { http: {} }, 'anna']) {
    assert.equal(callerOf(source), undefined);
  }
  const apiKeys = new ApiKeys([new ApiKey({ id: 'ci', key: KEY, roles: ['user'] })]);
  const gate = new Gate({ apiKeys, policy: Policy.allowAll() });
  const { principal } = gate.admit('GET', { host: 'localhost', 'x-api-key': KEY }, '127.0.0.1');
  assert.equal(callerOf(principal).id, 'key:ci');
  assert.equal(requireRole(principal, 'user').id, 'key:ci');
  // Other verifiers may have put anything into `extra`.
  for (const extra of [undefined, null, 'x', {}, { roles: 'admin' }, { roles: [1, 'user'] }, { roles: null }]) {
    const { roles } = callerOf({ authInfo: { clientId: 'app', scopes: [], extra } });
    assert.deepEqual(roles, Array.isArray(extra?.roles) ? ['user'] : []);
  }
});

test('requireRole, requireScope, isAllowed', () => {
  assert.equal(requireRole({ authInfo: info }, 'admin', 'user').id, 'jwt::anna');
  assert.equal(requireScope(info, 'read').id, 'jwt::anna');
  for (const [refused, code] of [
    [() => requireRole(anna, 'admin'), 'forbidden'],
    [() => requireScope(anna, 'read', 'write'), 'insufficient_scope'],
    [() => requireScope({}, 'read'), 'unauthorized'],
    [() => requireRole(undefined, 'user'), 'unauthorized'],
  ]) {
    assert.throws(refused, (error) => error instanceof NotAllowed && error.code === code);
  }
  for (const bad of [() => requireRole(anna), () => requireScope(anna, 'a b'), () => authorizedTool({}, {})]) {
    assert.throws(bad, ConfigError);
  }
  const policy = new Policy({ roles: { user: { tools: ['search_*'] } } });
  assert.equal(isAllowed(policy, { authInfo: info }, 'tool', 'search_docs'), true);
  assert.equal(isAllowed(policy, info, 'tool', 'drop'), false);
  assert.equal(isAllowed(Policy.allowAll(), undefined, 'tool', 'search_docs'), false);
});

/** A client of a server, whose every message is from that caller. */
async function connected(server, authInfo) {
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const send = theirs.send.bind(theirs);
  const client = new Client({ name: 'test', version: '1.0.0' });
  await server.connect(ours);
  const sent = ours.onmessage;
  ours.onmessage = (message, extra) => sent(message, { ...extra, authInfo });
  theirs.send = send;
  await client.connect(theirs);
  return client;
}

const text = (words) => ({ content: [{ type: 'text', text: words }] });
const word = async (client, name, args = {}) => (await client.callTool({ name, arguments: args })).content[0].text;

describe('a server of 1.x', () => {
  const built = () => {
    const server = new McpServer({ name: 'test', version: '1.0.0' });
    showAllowed(server, new Policy({ roles: { user: { tools: ['*'], resources: ['docs://*'] }, admin: '*' } }));
    server.registerTool('free', {}, () => text('free'));
    const admins = authorizedTool(server, { roles: ['admin'] });
    admins('shut_down', { inputSchema: { when: z.string() } }, ({ when }, extra) =>
      text(`${when} by ${callerOf(extra).id}`),
    );
    authorizedTool(server, { scopes: ['read'] })('read', {}, (extra) => text(`read by ${callerOf(extra).id}`));
    authorizedTool(server, { scopes: ['write'] })('write', {}, () => text('written'));
    server.registerResource('doc', 'docs://one', {}, () => ({ contents: [] }));
    server.registerResource('secret', 'secret://one', {}, () => ({ contents: [] }));
    server.registerPrompt('greet', {}, () => ({ messages: [] }));
    return server;
  };

  test('calls', async () => {
    const user = await connected(built(), info);
    assert.equal(await word(user, 'free'), 'free');
    assert.equal(await word(user, 'read'), 'read by jwt::anna');
    assert.equal(await word(user, 'shut_down', { when: 'now' }), 'forbidden: shut_down is not yours to call');
    assert.equal(await word(user, 'write'), 'insufficient_scope: write is not yours to call');
    const admin = await connected(built(), { ...info, scopes: ['write'], extra: { id: 'key:ben', roles: ['admin'] } });
    assert.equal(await word(admin, 'shut_down', { when: 'now' }), 'now by key:ben');
    const nobody = await connected(built(), undefined);
    assert.equal(await word(nobody, 'read'), 'authentication required');
    assert.equal(await word(nobody, 'free'), 'free', 'a tool that says nothing is not guarded');
  });

  test('lists', async () => {
    const names = async (authInfo) => {
      const client = await connected(built(), authInfo);
      return [
        (await client.listTools()).tools.map(({ name }) => name),
        (await client.listResources()).resources.map(({ uri }) => uri),
        (await client.listPrompts()).prompts.map(({ name }) => name),
      ];
    };
    assert.deepEqual(await names(info), [['free', 'read'], ['docs://one'], []]);
    const admin = { clientId: 'ben', scopes: ['write'], extra: { roles: ['admin'] } };
    assert.deepEqual(await names(admin), [['free', 'shut_down', 'write'], ['docs://one', 'secret://one'], ['greet']]);
    assert.deepEqual(await names(undefined), [[], [], []]);
  });

  test('a function says what is shown; too late is a configuration error', async () => {
    const server = new McpServer({ name: 'test', version: '1.0.0' });
    showAllowed(server, (kind, name, caller) => kind === 'tool' && name !== 'hidden' && caller?.id === 'jwt::anna');
    server.registerTool('shown', {}, () => text(''));
    server.registerTool('hidden', {}, () => text(''));
    const client = await connected(server, info);
    assert.deepEqual(
      (await client.listTools()).tools.map(({ name }) => name),
      ['shown'],
    );
    assert.throws(() => showAllowed(server, Policy.allowAll()), ConfigError);
  });

  test('on stdio the caller is known beforehand', async () => {
    const server = new McpServer({ name: 'test', version: '1.0.0' });
    authorizedTool(server, { roles: ['user'] }, anna)('mine', {}, () => text('in'));
    assert.equal(await word(await connected(server, undefined), 'mine'), 'in');
  });
});
