/**
 * The whole gate in front of the older transport of two addresses: `GET /sse` streams, `POST /messages?sessionId=` calls.
 *
 * ```js
 * app.use(guard(gate, { sse: '/sse' }));
 * ```
 *
 * A session id in a query is no secret, so it must not be enough: the stream's first event tells the client an id that is bound to its
 * principal, and the server behind sees its own again: in the query of a request for whatever path. Another's id, or an invented one,
 * is 404. All else is as with `doorward/express`. For Express; and for `node:http`, where what it is told as an error must let nobody in:
 * `guard(req, res, (error) => (error ? res.destroy(error) : listener(req, res)))`.
 */

import type { ServerResponse } from 'node:http';

import { outwardSession } from './_answer.js';
import { type Admitted, ConfigError, type Door, type Gate } from './index.js';
import { type GuardOptions, NodeGuard } from './_guard.js';
import { type GuardMiddleware, middlewareOf } from './_middleware.js';
import { pathOf } from './_request.js';

export type { GuardMiddleware, Middleware } from './_middleware.js';

/** How requests are guarded, and where the transport is. */
export interface SseOptions extends GuardOptions {
  /** Where the stream is: `/sse`. */
  sse?: string | undefined;
  /** The query's parameter that names the session: `sessionId`. */
  parameter?: string | undefined;
}

/** The most that is looked through for the first event, in characters. */
const FIRST_EVENT = 8192;

/** Middleware that lets through what its gate admits. Throws `ConfigError`: the gate has no `sessionKey` to bind sessions by. */
export function guard(gate: Gate | Door, options: SseOptions = {}): GuardMiddleware {
  const { parameter = 'sessionId', sse = '/sse' } = options;
  const node = new NodeGuard(gate, options, ['sse', 'parameter'], parameter);
  if (!node.door.gate.bindsSessions) throw new ConfigError('give the gate a sessionKey: sessions are bound by it');
  const stream = route(sse);
  return middlewareOf(
    node,
    (req, res) => node.enter(req, res),
    (req, res, entered) => {
      if (typeof entered !== 'object' || entered.kind !== 'admitted' || route(pathOf(req)) !== stream) return;
      bindEndpoint(node.door, res, entered, parameter);
    },
  );
}

/** A path as Express takes it: in any case, with a slash at its end or without. */
function route(path: string): string {
  return path.toLowerCase().replace(/\/+$/, '');
}

/** Answers whose first event is seen to: another guard of the same gate need not. */
const bound = new WeakMap<ServerResponse, Admitted>();

/** Has the stream's first event name an id that is good for this principal alone. */
function bindEndpoint(door: Door, res: ServerResponse, admitted: Admitted, parameter: string): void {
  if (bound.get(res) === admitted) return;
  bound.set(res, admitted);
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
    const told = event.replace(named, (_, before: string, inner: string) => {
      return before + encodeURIComponent(outwardSession(door, admitted, decoded(inner)) ?? '');
    });
    return told + held.slice(event.length);
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
