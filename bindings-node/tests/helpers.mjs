// The examples, each started as its users start it, on a port of its own; and the official clients.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client as Client2, StreamableHTTPClientTransport as Transport2 } from '@modelcontextprotocol/client';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { sign } from 'doorward';

export const KEY = 'a-key-nobody-guesses';
export const ADMIN_KEY = 'a-key-only-admins-have';
export const SECRET = 'a-secret-of-at-least-32-bytes-kept-well';
export const LATER = 4102444800;

/** A token of the example servers' secret. */
export const token = (claims = {}) => sign({ sub: 'anna', exp: LATER, ...claims }, SECRET);
export const bearer = (claims = {}) => ({ authorization: `Bearer ${token(claims)}` });

export const exampleAt = (name) => fileURLToPath(new URL(`../examples/${name}.mjs`, import.meta.url));

export function environment(settings) {
  const { HOME, PATH } = process.env;
  return { HOME, PATH, ...settings };
}

/** Starts an example, and gives its address and what ends it. */
export async function running(name, settings = {}) {
  const child = spawn(process.execPath, [exampleAt(name)], {
    env: environment({ PORT: '0', ...settings }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const told = once(createInterface({ input: child.stdout }), 'line');
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended: ${stderr}`)));
  const [url] = await Promise.race([told, ended]);
  ended.catch(() => {});
  return {
    url,
    base: new URL('/', url).href.slice(0, -1),
    stderr: () => stderr,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Runs `body` with an example's address while it runs. */
export async function withRunning(name, settings, body) {
  const server = await running(name, settings);
  try {
    return await body(server);
  } finally {
    await server.stop();
  }
}

/** A `fetch` with headers of its own, which remembers the statuses it saw. */
function watching(headers, statuses) {
  return async (url, init = {}) => {
    const sent = new Headers(init.headers);
    for (const [name, value] of Object.entries(headers)) sent.set(name, value);
    const response = await fetch(url, { ...init, headers: sent });
    statuses.push(response.status);
    return response;
  };
}

async function results(client, tools) {
  const found = [];
  for (const name of tools) {
    try {
      const { content, isError } = await client.callTool({ name, arguments: {} });
      found.push(`${isError ? 'error: ' : ''}${content.map(({ text }) => text).join('')}`);
    } catch (error) {
      found.push(error);
    }
  }
  return found;
}

async function called(client, transport, tools, statuses) {
  try {
    await client.connect(transport);
    const found = await results(client, tools);
    const listed = tools.length > 0 ? (await client.listTools().catch(() => ({ tools: [] }))).tools : [];
    return { results: found, statuses, listed: listed.map(({ name }) => name) };
  } catch (error) {
    return { results: [error], statuses, listed: [] };
  } finally {
    await client.close();
  }
}

/** What the official client, 1.x, got of each tool: text or an error; and the statuses it saw. */
export function called1(url, headers, ...tools) {
  const statuses = [];
  const transport = new Transport1(new URL(url), { fetch: watching(headers, statuses) });
  return called(new Client1({ name: 'test', version: '1.0.0' }), transport, tools, statuses);
}

/** The same of 2.x, in the protocol of 2026-07-28 where the server speaks it (`auto`), or the older ones (`legacy`). */
export function called2(mode, url, headers, ...tools) {
  const statuses = [];
  const transport = new Transport2(new URL(url), { fetch: watching(headers, statuses) });
  const client = new Client2({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
  return called(client, transport, tools, statuses);
}

export const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
export const ACCEPT = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

/** Posts a JSON-RPC message. */
export function post(url, headers = {}, message = PING) {
  return fetch(url, { method: 'POST', headers: { ...ACCEPT, ...headers }, body: JSON.stringify(message) });
}

/** Serves with a listener on a port of its own while `body` runs, with its address. */
export async function serving(server, body) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await body(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections?.();
    server.close();
  }
}

/** What a raw connection is answered: all of it, until it is closed or `enough` says so. */
export function raw(url, lines, enough = () => false) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    const done = () => {
      socket.destroy();
      resolve(text);
    };
    socket.on('data', (chunk) => {
      text += chunk;
      if (enough(text)) done();
    });
    socket.on('close', done).on('error', done);
    socket.write(lines.join('\r\n'));
  });
}

export const CALL = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami' } };
