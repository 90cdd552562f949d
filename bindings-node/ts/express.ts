/**
 * The whole gate as Express middleware, 4 and 5.
 *
 * ```js
 * app.use(guard(gate, { open: ['/health'] }));
 * ```
 *
 * It stands before `express.json()` or after it. Before, it reads the body itself, within bounds and after the head was found
 * good, and leaves `req.body` parsed; whoever wants the stream finds all of it there. After, it goes by `req.rawBody`
 * where the parser's `verify` hook keeps the bytes, else by what the parser made of them: then a name given twice is not seen any
 * more, and bodies of strangers are parsed before they are refused. So put it before, and behind CORS.
 */

import { send } from './_answer.js';
import { resourceOf } from './_auth_info.js';
import type { Door, Gate, Principal } from './index.js';
import { type GuardOptions, NodeGuard, answersWellKnown } from './_guard.js';
import { type GuardMiddleware, type Middleware, middlewareOf } from './_middleware.js';
import { pathOf } from './_request.js';
import { type Needs, Requirement } from './_requires.js';

export type { AuthExtra, AuthInfo } from './_auth_info.js';
export type { GuardOptions } from './_guard.js';
export type { GuardMiddleware, Middleware } from './_middleware.js';
export type { Needs } from './_requires.js';

// `auth` is there, too, an `AuthInfo` as the MCP SDKs' transports hand it on to tools; its type is theirs to declare.
declare global {
  // The place for what middleware adds, by Express's own types.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      /** Who it is from; absent on open paths. */
      principal?: Principal;
      /** The body's bytes, where the guard has read it. */
      rawBody?: Buffer;
    }
  }
}

/**
 * Middleware that lets through what its gate admits: everything behind it is guarded, but for `open` paths, which are the
 * whole paths that were asked for, wherever it is mounted. The well-known addresses of OAuth are answered where it sees them: at
 * the root.
 */
export function guard(gate: Gate | Door, options: GuardOptions = {}): GuardMiddleware {
  const node = new NodeGuard(gate, options);
  return middlewareOf(node, (req, res) => node.enter(req, res));
}

/** Middleware that answers the well-known addresses of OAuth: for the root, where the guard is mounted further in. */
export function wellKnown(gate: Gate): Middleware {
  return (req, res, next) => {
    if (!answersWellKnown(gate, req, res, pathOf(req))) next();
  };
}

/**
 * Middleware for a route behind the guard: all of these scopes, and one of these roles, where any are named. Else 403; a
 * scope that is lacking is named in the challenge, so that the client can ask for it. The limits have counted the request by
 * then. Throws `ConfigError`: nothing is named.
 */
export function requires(needs: Needs, gate?: Gate): Middleware {
  const requirement = new Requirement(needs);
  const metadata = gate === undefined ? undefined : resourceOf(gate)?.metadata;
  return (req, res, next) => {
    const { principal } = req as { principal?: Principal };
    if (principal === undefined) {
      next(new Error("no guard of doorward's stands before this route"));
      return;
    }
    const lacking = requirement.lacking(principal);
    if (lacking === undefined) next();
    else send(req, res, requirement.refusal(lacking, metadata), false);
  };
}
