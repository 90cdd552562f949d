/**
 * The whole gate as Hono middleware.
 *
 * ```js
 * app.use(guard(gate, { open: ['/health'] }));
 * app.all('/mcp', (c) => handler.fetch(c.req.raw, { authInfo: c.var.auth }));
 * ```
 *
 * The peer's address is that of the socket under `@hono/node-server`; other servers' is told by `peer`, or every request is
 * refused. Put `cors()` before it: Hono's sets its headers on refusals, too.
 */

import type { Context, MiddlewareHandler } from 'hono';

import { type AuthInfo, authInfoOf, bearerOf, resourceOf } from './_auth_info.js';
import type { Door, Gate, Principal } from './index.js';
import { FetchGuard, responseOf } from './_fetch.js';
import type { CommonOptions } from './_guard.js';
import { type Needs, Requirement } from './_requires.js';

export type { AuthExtra, AuthInfo } from './_auth_info.js';
export type { CommonOptions } from './_guard.js';
export type { Needs } from './_requires.js';

/** What the guard puts into the context: `c.var.principal`, `c.var.auth`. */
export interface Guarded {
  Variables: {
    /** Who it is from; absent on open paths. */
    principal?: Principal;
    /** The same as the MCP SDKs know it. */
    auth?: AuthInfo;
  };
}

/** How requests are guarded. */
export interface GuardOptions extends CommonOptions {
  /** A request's peer address, where it is not in `c.env.incoming.socket`. Not the place for `X-Forwarded-For`. */
  peer?: (c: Context) => string | undefined;
}

/** Middleware that lets through what its gate admits. */
export type GuardMiddleware = MiddlewareHandler<Guarded> & {
  /** Who answers the gate's questions: for `door.stop()`. */
  readonly door: Door;
};

/** The address of the other end, as `@hono/node-server` has it. */
function peerOf(c: Context): string | undefined {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
  return incoming?.socket?.remoteAddress;
}

/** Middleware that lets through what its gate admits: everything behind it is guarded, but for `open` paths. */
export function guard(gate: Gate | Door, options: GuardOptions = {}): GuardMiddleware {
  const fetching = new FetchGuard(gate, options, ['peer']);
  const { peer = peerOf } = options;
  const middleware: MiddlewareHandler<Guarded> = async (c, next) => {
    const { raw } = c.req;
    // Read before, through Hono, which keeps what it read.
    const source = raw.bodyUsed ? { bytes: async () => new Uint8Array(await c.req.arrayBuffer()) } : {};
    const decided = await fetching.decide(raw, peer(c), source);
    if (decided.kind === 'answered') return decided.response;
    if (decided.kind === 'open' || decided.kind === 'again') return next();
    const { admitted, request } = decided;
    c.req.raw = request;
    c.set('principal', admitted.principal);
    c.set('auth', authInfoOf(admitted.principal, bearerOf(c.req.header('authorization')), fetching.resource));
    await next();
    const response = fetching.accompany(request, admitted, c.res);
    // Else Hono puts the headers of the one before over those of this one.
    c.res = undefined;
    c.res = response;
    return undefined;
  };
  return Object.assign(middleware, { door: fetching.door });
}

/**
 * Middleware for a route behind the guard: all of these scopes, and one of these roles, where any are named. Else 403; a scope
 * that is lacking is named in the challenge. Throws `ConfigError`: nothing is named.
 */
export function requires(needs: Needs, gate?: Gate): MiddlewareHandler<Guarded> {
  const requirement = new Requirement(needs);
  const metadata = gate === undefined ? undefined : resourceOf(gate)?.metadata;
  return async (c, next) => {
    const principal = c.get('principal');
    if (principal === undefined) throw new Error("no guard of doorward's stands before this route");
    const lacking = requirement.lacking(principal);
    if (lacking === undefined) return next();
    return responseOf(requirement.refusal(lacking, metadata), c.req.method);
  };
}
