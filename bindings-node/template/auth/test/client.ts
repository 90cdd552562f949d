/** A server of its own for each test, and a client of the official SDK. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Log } from 'doorward';
import { onTestFinished } from 'vitest';
import { createApp, type Env } from '../src/app.js';

export const USER = 'a-user-key-of-some-length';
export const ADMIN = 'an-admin-key-of-some-length';
export const SECRET = 'a secret of at least 32 characters, kept well';

/** The address of a server with these settings besides keys and a secret. */
export async function start(env: Env = {}, log?: Log): Promise<string> {
  const { app, close } = createApp({ API_KEYS: USER, ADMIN_API_KEYS: ADMIN, JWT_SECRET: SECRET, ...env }, log);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    close();
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A client that sends these headers. */
export async function connect(url: string, headers: Record<string, string>): Promise<Client> {
  const client = new Client({ name: 'test', version: '0.1.0' });
  // The SDK's types are not made for `exactOptionalPropertyTypes`.
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers } });
  await client.connect(transport as Parameters<Client['connect']>[0]);
  onTestFinished(() => client.close());
  return client;
}

/** What a tool says. */
export async function call(client: Client, name: string, args: Record<string, unknown> = {}) {
  const result = await client.callTool({ name, arguments: args });
  const [first] = result.content as { text: string }[];
  return { isError: result.isError === true, text: first?.text ?? '', value: result.structuredContent as never };
}

/** One call without a client, to see the answer itself. */
export function post(url: string, headers: Record<string, string> = {}, tool = 'whoami'): Promise<Response> {
  return fetch(new URL('/mcp', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } }),
  });
}
