/**
 * The whole gate in front of a `node:http` (or `node:http2`) server.
 *
 * ```js
 * createServer(guarded(gate, (req, res) => transport.handleRequest(req, res)))
 * ```
 *
 * The head is decided before a byte of the body is read; the body then has 30 seconds to arrive, is bounded, and stays to be
 * read. Every answer carries rate headers; one that streams ends when its credential does, and within 15 seconds of its
 * revocation. The peer's address is the socket's. CORS is the host's: answer preflights before the guard, which has them
 * refused like any request without a credential.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { isCors } from './_answer.js';
import type { AuthInfo } from './_auth_info.js';
import type { Admitted, Door, Gate, Principal } from './index.js';
import { type GuardOptions, NodeGuard, answersWellKnown, settle } from './_guard.js';
import { pathOf } from './_request.js';

export type { AuthExtra, AuthInfo } from './_auth_info.js';
export type { GuardOptions } from './_guard.js';

/** A request that was let in. */
export interface GuardedRequest extends IncomingMessage {
  /** Who it is from. */
  principal: Principal;
  /** The same as the MCP SDKs know it: their transports hand it on to tools. */
  auth: AuthInfo;
  /** The body's bytes, where the gate has read it. They are still in the stream, too. */
  rawBody?: Buffer;
}

/** Lets a request in, or answers it: then there is nothing. */
export interface Guard {
  (req: IncomingMessage, res: ServerResponse): Promise<Admitted | undefined>;
  /** Who answers the gate's questions: for `door.stop()`. */
  readonly door: Door;
}

/**
 * A guard for requests of MCP endpoints. Where it admits one, `principal` and `auth` are in the request; where it does not,
 * the answer is sent. The well-known addresses of OAuth are answered, too.
 */
export function guard(gate: Gate | Door, options: Omit<GuardOptions, 'open'> = {}): Guard {
  const node = new NodeGuard(gate, options);
  const guard = async (req: IncomingMessage, res: ServerResponse): Promise<Admitted | undefined> => {
    const entered = await node.enter(req, res);
    return settle(node, req, res, entered) ? (entered as Admitted) : undefined;
  };
  return Object.assign(guard, { door: node.door });
}

/** A listener for `createServer`. */
export interface Guarded {
  (req: IncomingMessage, res: ServerResponse): void;
  readonly door: Door;
}

/** What `guarded` takes besides. */
export interface GuardedOptions extends GuardOptions {
  /** Told what the listener throws; the caller is told 500, and no more. `console.error` by default. */
  onError?: (error: unknown) => void;
}

/** A listener behind the gate: it sees only what was admitted, and `open` paths. */
export function guarded(
  gate: Gate | Door,
  listener: (req: GuardedRequest, res: ServerResponse) => unknown,
  options: GuardedOptions = {},
): Guarded {
  const node = new NodeGuard(gate, options, ['onError']);
  const { onError = console.error } = options;
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    try {
      const entered = await node.enter(req, res);
      if (settle(node, req, res, entered)) await listener(req as GuardedRequest, res);
    } catch (error) {
      fail(res);
      onError(error);
    }
  };
  return Object.assign((req: IncomingMessage, res: ServerResponse) => void serve(req, res), { door: node.door });
}

/** Answers the well-known addresses of OAuth: for hosts whose guard stands further in. Whether it was one of them. */
export function wellKnown(gate: Gate): (req: IncomingMessage, res: ServerResponse) => boolean {
  return (req, res) => answersWellKnown(gate, req, res, pathOf(req));
}

/** 500, and nothing of the reason. */
function fail(res: ServerResponse): void {
  if (res.headersSent) {
    // One that is whole may still be on its way.
    if (!res.writableEnded) res.destroy();
    return;
  }
  // Pages of listed origins may know that much.
  for (const name of res.getHeaderNames()) if (!isCors(name)) res.removeHeader(name);
  res.statusCode = 500;
  res.end();
}
