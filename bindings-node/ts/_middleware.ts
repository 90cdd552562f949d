/** Middleware of the form `(req, res, next)`: what `doorward/express` and `/sse` share. */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { READ, type Received } from './_body.js';
import type { Door } from './index.js';
import { type Entered, type NodeGuard, settle } from './_guard.js';

/** Middleware, for Express, Connect and whatever else calls `(req, res, next)`. */
export interface Middleware {
  (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void;
}

/** Middleware that lets through what its gate admits. */
export interface GuardMiddleware extends Middleware {
  /** Who answers the gate's questions: for `door.stop()`. */
  readonly door: Door;
}

/** Middleware by a guard; `enter` lets requests in, and `admitted` is told of those it let in. */
export function middlewareOf(
  node: NodeGuard,
  enter: (req: Received, res: ServerResponse) => Entered | Promise<Entered>,
  admitted: (req: Received, res: ServerResponse, entered: Entered) => void = () => {},
): GuardMiddleware {
  const middleware: Middleware = (req, res, next) => {
    const goOn = (entered: Entered): void => {
      try {
        if (!settle(node, req, res, entered)) return;
        admitted(req, res, entered);
        parse(req);
      } catch (error) {
        next(error);
        return;
      }
      // Once, whatever it throws.
      next();
    };
    let entered: Entered | Promise<Entered>;
    try {
      entered = enter(req, res);
    } catch (error) {
      next(error);
      return;
    }
    if (entered instanceof Promise) void entered.then(goOn, next);
    else goOn(entered);
  };
  return Object.assign(middleware, { door: node.door });
}

/** Leaves the body that the gate has read where `express.json()` would. */
function parse(req: Received): void {
  if (req[READ] !== true || req._body === true) return;
  // The gate has admitted it, so it is JSON.
  req.body = JSON.parse((req.rawBody as Buffer).toString());
  req._body = true;
}
