/**
 * The whole gate in front of fetch-style handlers: `(Request) => Response`.
 *
 * ```js
 * const serve = guarded(gate, (request, { auth }) => handler.fetch(request, { authInfo: auth }));
 * Deno.serve((request, info) => serve(request, { peer: info.remoteAddr.hostname }));
 * ```
 *
 * A `Request` knows no peer address: whoever has the connection must tell it, or every request is refused. The head is decided
 * before a byte of the body is read; the body then has 30 seconds to arrive, and is bounded. CORS is the host's: put it outside.
 *
 * Where the body was read, the handler of `guarded` gets a plain `Request` with the same bytes: what a framework's own class
 * adds, such as Next.js's, is not in it. `guard` leaves the request as it came.
 */

import { type AuthInfo, authInfoOf, bearerOf } from './_auth_info.js';
import { ConfigError, type Door, type Gate, type Principal } from './index.js';
import { FetchGuard } from './_fetch.js';
import type { CommonOptions } from './_guard.js';

export type { AuthExtra, AuthInfo } from './_auth_info.js';
export type { CommonOptions } from './_guard.js';

/** Where a request is from. */
export interface From {
  /** The other end of the connection: an IP address. */
  peer: string | undefined;
}

/** Lets a request in, and says who it is from; or has the answer to send. */
export interface Guard {
  (request: Request, from: From): Promise<AuthInfo | Response>;
  /** Who answers the gate's questions: for `door.stop()`. */
  readonly door: Door;
}

/**
 * A guard for requests of MCP endpoints, which leaves the request as it is, to be read by its handler. It does not touch the answer:
 * rate headers are on refusals alone, a stream does not end with its credential, and a gate that binds sessions can't
 * be used (`ConfigError`). `guarded` does all of that.
 */
export function guard(gate: Gate | Door, options: Omit<CommonOptions, 'open' | 'sweep'> = {}): Guard {
  const fetching = new FetchGuard(gate, options);
  if (fetching.door.gate.bindsSessions) {
    throw new ConfigError('this gate binds sessions, which takes the answer, too: use guarded');
  }
  const guard = async (request: Request, from: From): Promise<AuthInfo | Response> => {
    const decided = await fetching.decide(request, from.peer, { isKept: true });
    if (decided.kind === 'answered') return decided.response;
    if (decided.kind === 'open') throw new Error('no path is open here');
    return authInfoOf(decided.admitted.principal, bearerOf(request.headers.get('authorization')), fetching.resource);
  };
  return Object.assign(guard, { door: fetching.door });
}

/** Who a request is from; nothing on open paths. */
export interface Caller {
  readonly principal?: Principal;
  /** The same as the MCP SDKs know it. */
  readonly auth?: AuthInfo;
  /** The body's bytes, where the gate has read it. */
  readonly body?: Uint8Array;
}

/** A handler behind the gate. */
export interface Guarded {
  (request: Request, from: From): Promise<Response>;
  readonly door: Door;
}

/** What `guarded` takes besides. */
export interface GuardedOptions extends CommonOptions {
  /** Told what the handler throws; the caller is told 500, and no more. `console.error` by default. */
  onError?: (error: unknown) => void;
}

/** A handler behind the gate: it sees only what was admitted, and `open` paths. */
export function guarded(
  gate: Gate | Door,
  handler: (request: Request, caller: Caller) => Response | Promise<Response>,
  options: GuardedOptions = {},
): Guarded {
  const fetching = new FetchGuard(gate, options, ['onError']);
  const { onError = console.error } = options;
  const serve = async (request: Request, from: From): Promise<Response> => {
    try {
      const decided = await fetching.decide(request, from.peer);
      if (decided.kind === 'answered') return decided.response;
      if (decided.kind === 'open') return await handler(request, {});
      const { admitted, body } = decided;
      const { principal } = admitted;
      const auth = authInfoOf(principal, bearerOf(request.headers.get('authorization')), fetching.resource);
      const caller = { principal, auth, ...(body !== undefined && { body }) };
      if (decided.kind === 'again') return await handler(request, caller);
      return fetching.accompany(request, admitted, await handler(decided.request, caller));
    } catch (error) {
      onError(error);
      return new Response(null, { status: 500 });
    }
  };
  return Object.assign(serve, { door: fetching.door });
}
