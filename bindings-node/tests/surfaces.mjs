// What the tests of the surfaces share: servers on ports of their own, and tokens.

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { text as textOf } from 'node:stream/consumers';

export const SECRET = 'a secret of at least 32 bytes, kept well';
export const KEY = 'a-key-nobody-guesses';

/** Seconds since the epoch. */
export const now = () => Math.floor(Date.now() / 1000);

/** A token of `sub` anna, good for ten minutes; by Node's own crypto, for it signs whatever it is given. */
export function token(claims = {}, secret = SECRET) {
  const payload = { sub: 'anna', iat: now(), exp: now() + 600, ...claims };
  const input = [{ alg: 'HS256', typ: 'JWT' }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** With one of its last characters changed: nobody signed that. */
export function forged(of) {
  const at = of.length - 10;
  return of.slice(0, at) + (of[at] === 'A' ? 'B' : 'A') + of.slice(at + 1);
}

/** Serves a handler, an Express application as well, for as long as the test runs; gives its address. */
export async function serve(t, handler) {
  const server = createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** The status and the body of an answer, the latter parsed where it is JSON. Pairs of headers are sent as they are, line by line. */
export async function answer(url, headers = {}, options = {}) {
  if (Array.isArray(headers)) return byLines(url, headers);
  const response = await fetch(url, { headers, redirect: 'manual', ...options });
  return { status: response.status, body: bodyOf(response.headers, await response.text()), headers: response.headers };
}

async function byLines(url, lines) {
  const asked = request(url, { headers: ['host', new URL(url).host, ...lines.flat()] }).end();
  const [response] = await once(asked, 'response');
  const headers = new Headers(Object.entries(response.headers).filter(([, value]) => typeof value === 'string'));
  return { status: response.statusCode, body: bodyOf(headers, await textOf(response)), headers };
}

function bodyOf(headers, text) {
  return (headers.get('content-type') ?? '').startsWith('application/json') ? JSON.parse(text) : text;
}
