/** What the gate does to a Node answer: refusals, rate headers, session ids, an end. */

import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

import { watch } from './_ending.js';
import type { Admitted, Door } from './index.js';

/** The header of MCP's sessions. */
export const SESSION = 'mcp-session-id';

/** Headers on which the gate alone has a say. */
export const RATE = [
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'ratelimit',
  'ratelimit-policy',
] as const;

/** Whether a header is what CORS is made of, `vary` included. */
export function isCors(name: string): boolean {
  return name.startsWith('access-control-') || name === 'vary';
}

/** An answer that is finished. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | Uint8Array;
}

/** Sends an answer that is finished. `isUnread`: some of the request's body is left, which nobody will read. */
export function send(req: IncomingMessage, res: ServerResponse, answer: Answer, isUnread: boolean): void {
  setHeaders(res, answer.headers);
  // HTTP/1 can't go on behind a body that nobody reads (RFC 9112 §9.3); HTTP/2 knows no such header.
  if (isUnread && req.httpVersionMajor === 1) res.setHeader('connection', 'close');
  const { body, status } = answer;
  if (!res.hasHeader('content-length')) res.setHeader('content-length', Buffer.byteLength(body));
  res.statusCode = status;
  // Node itself leaves the body of an answer to HEAD out.
  res.end(body);
}

/** Adds headers to those that others, such as CORS, have set before. */
export function setHeaders(res: ServerResponse, headers: readonly (readonly [string, string])[]): void {
  const seen = new Set<string>();
  for (const [name, value] of headers) {
    if (seen.has(name)) res.appendHeader(name, value);
    else if (name === 'vary' && res.hasHeader(name)) res.appendHeader(name, value);
    else res.setHeader(name, value);
    seen.add(name);
  }
}

/** Node's `writeHead` in all of its forms. */
type WriteHead = (this: ServerResponse, status: number, ...rest: unknown[]) => ServerResponse;

/** Has the answer to an admitted request carry rate headers and a bound session id, and end with its credential. */
export function accompany(door: Door, res: ServerResponse, admitted: Admitted, token: string, sweep: number): void {
  const writeHead = res.writeHead as WriteHead;
  let isDone = false;
  res.writeHead = function (this: ServerResponse, status: number, ...rest: unknown[]): ServerResponse {
    if (isDone || res.headersSent) return writeHead.call(this, status, ...rest);
    isDone = true;
    const given = rest.find((one) => typeof one === 'object' && one !== null);
    if (given !== undefined) take(res, given as OutgoingHttpHeaders | OutgoingHttpHeader[]);
    for (const name of RATE) res.removeHeader(name);
    setHeaders(res, admitted.headers);
    if (door.gate.bindsSessions) bindSession(door, res, admitted);
    const stop = watch(door, admitted, token, sweep, () => cut(res));
    res.once('close', stop);
    return writeHead.call(this, status, ...rest.filter((one) => typeof one === 'string'));
  } as typeof res.writeHead;
}

/** Headers that were given to `writeHead`, as if they had been set before it. */
function take(res: ServerResponse, given: OutgoingHttpHeaders | OutgoingHttpHeader[]): void {
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given)) if (value !== undefined) res.setHeader(name, value);
    return;
  }
  // Pairs, or names and values by turns.
  const isPairs = Array.isArray(given[0]);
  const flat = isPairs ? (given as unknown as OutgoingHttpHeader[][]).flatMap((pair) => pair) : given;
  const seen = new Set<string>();
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const name = String(flat[at]);
    const value = flat[at + 1] as string | string[];
    if (seen.has(name.toLowerCase())) res.appendHeader(name, value);
    else res.setHeader(name, value);
    seen.add(name.toLowerCase());
  }
}

/** The session's id as its principal may tell it. One that can't be bound is kept from the client. */
function bindSession(door: Door, res: ServerResponse, admitted: Admitted): void {
  const inner = res.getHeader(SESSION);
  if (inner === undefined) return;
  const outward = outwardSession(door, admitted, inner);
  if (outward === undefined) res.removeHeader(SESSION);
  else res.setHeader(SESSION, outward);
}

/** The same of a value. */
export function outwardSession(door: Door, admitted: Admitted, inner: unknown): string | undefined {
  try {
    if (typeof inner === 'string') return door.gate.bindSession(admitted.principal, inner);
  } catch {
    // Not 1 to 256 bytes of visible ASCII.
  }
  const message = "the server's session id can't be bound, and was kept from the client";
  process.emitWarning(message, { type: 'DoorwardWarning', code: 'session_unbindable' });
  return undefined;
}

/** Ends an answer early: cleanly, or by its connection where it had promised a length. */
function cut(res: ServerResponse): void {
  if (res.writableEnded || res.destroyed) return;
  if (res.hasHeader('content-length')) res.destroy();
  else res.end();
  // Whoever still writes is told no error that nobody listens for: they see that the answer is closed, and who waits is told.
  const tell = (args: unknown[]): void => {
    const waiting = args.find((one) => typeof one === 'function') as ((error: Error) => void) | undefined;
    if (waiting !== undefined) process.nextTick(waiting, new Error('the credential of this answer is over'));
  };
  res.write = (...args: unknown[]) => {
    tell(args);
    return false;
  };
  res.end = (...args: unknown[]) => {
    tell(args);
    return res;
  };
}
