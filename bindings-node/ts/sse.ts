/**
 * The whole gate in front of the older transport of two addresses: `GET /sse` streams, `POST /messages?sessionId=` calls.
 *
 * ```js
 * app.use(guard(gate, { sse: '/sse', messages: '/messages' }));
 * ```
 *
 * A session id in a query is no secret, so it must not be enough: the stream's first event tells the client an id that is bound to its
 * principal, and the server behind sees its own again. Another's id, or an invented one, is 404. All other paths are guarded
 * as `doorward/express` guards them. For Express, and for `node:http` by `guard(req, res, () => listener(req, res))`.
 */

import type { ServerResponse } from 'node:http';

import { outwardSession } from './_answer.js';
import type { Received } from './_body.js';
import { type Admitted, ConfigError, type Door, type Gate } from './index.js';
import { type GuardOptions, NodeGuard } from './_guard.js';
import { type GuardMiddleware, middlewareOf } from './_middleware.js';
import { pathOf } from './_request.js';

export type { GuardMiddleware, Middleware } from './_middleware.js';

/** How requests are guarded, and where the transport is. */
export interface SseOptions extends GuardOptions {
  /** Where the stream is: `/sse`. */
  sse?: string;
  /** Where messages go: `/messages`. */
  messages?: string;
  /** The query's parameter that names the session: `sessionId`. */
  parameter?: string;
}

/** The most that is looked through for the first event, in characters. */
const FIRST_EVENT = 8192;

/** Middleware that lets through what its gate admits. Throws `ConfigError`: the gate has no `sessionKey` to bind sessions by. */
export function guard(gate: Gate | Door, options: SseOptions = {}): GuardMiddleware {
  const { messages = '/messages', parameter = 'sessionId', sse = '/sse' } = options;
  const node = new NodeGuard(gate, options, ['sse', 'messages', 'parameter']);
  if (!node.door.gate.bindsSessions) throw new ConfigError('give the gate a sessionKey: sessions are bound by it');
  return middlewareOf(
    node,
    (req, res) => {
      if (pathOf(req) !== messages) return node.enter(req, res);
      return node.decide(req, res, { began: performance.now(), sessionIn: parameter });
    },
    (req, res, entered) => {
      if (typeof entered !== 'object' || entered.kind !== 'admitted') return;
      const path = pathOf(req);
      if (path === sse) bindEndpoint(node.door, res, entered, parameter);
      if (path === messages) putSession(req, entered, parameter);
    },
  );
}

/** Puts the server's own id in the place of the one that came. */
function putSession(req: Received, admitted: Admitted, parameter: string): void {
  const { url = '' } = req;
  const at = url.indexOf('?');
  const query = at < 0 ? undefined : admitted.queryWithSession(parameter, url.slice(at + 1));
  if (query === undefined) return;
  req.url = `${url.slice(0, at)}?${query}`;
  // Express 4 has read the query already.
  const { query: read } = req as { query?: Record<string, unknown> };
  if (Object.hasOwn(req, 'query') && read !== undefined) read[parameter] = admitted.session;
}

/** Has the stream's first event name an id that is good for this principal alone. */
function bindEndpoint(door: Door, res: ServerResponse, admitted: Admitted, parameter: string): void {
  const write = res.write as (this: ServerResponse, ...args: unknown[]) => boolean;
  const end = res.end as (this: ServerResponse, ...args: unknown[]) => ServerResponse;
  const named = new RegExp(`([?&]${parameter.replaceAll(/[^\w]/g, '\\$&')}=)([^&#\\s]*)`);
  let held = '';
  /** What can be sent by now: nothing before all of the first event is there. */
  const sendable = (chunk: unknown, isLast: boolean): string | undefined => {
    held += typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString();
    const at = held.search(/\r?\n\r?\n/);
    if (at < 0 && held.length < FIRST_EVENT && !isLast) return undefined;
    res.write = write as typeof res.write;
    res.end = end as typeof res.end;
    const event = at < 0 ? held : held.slice(0, at);
    const bound = event.replace(named, (all: string, before: string, inner: string) => {
      const outward = outwardSession(door, admitted, decoded(inner));
      return outward === undefined ? all : `${before}${encodeURIComponent(outward)}`;
    });
    return bound + held.slice(event.length);
  };
  res.write = function (this: ServerResponse, chunk: unknown, ...rest: unknown[]): boolean {
    const text = sendable(chunk, false);
    const done = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
    if (text !== undefined) return write.call(this, text, ...(done === undefined ? [] : [done]));
    if (done !== undefined) process.nextTick(done);
    return true;
  } as typeof res.write;
  res.end = function (this: ServerResponse, ...args: unknown[]): ServerResponse {
    const [chunk = ''] = args.filter((one) => typeof one !== 'function' && one !== null && one !== undefined);
    const done = args.filter((one) => typeof one === 'function');
    return end.call(this, sendable(chunk, true), ...done);
  } as typeof res.end;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
