/** `jwtAuthMiddleware`, with xmcp's options, those of jsonwebtoken among them, and xmcp's answers. */

import type { Request, RequestHandler } from 'express';
import { ConfigError } from '../index.js';
import { bearer, requested } from '../_presented.js';
import { type Secret, type VerifyOptions, verify } from '../jsonwebtoken.js';
import { infoOf, runWith, sdkAuthInfo } from './context.js';

const MALFORMED = Object.freeze({ error: 'Unauthorized: Missing or malformed Authorization header' });
const MISSING = Object.freeze({ error: 'Unauthorized: Missing access token' });
const INVALID = Object.freeze({ error: 'Unauthorized: Invalid or expired token' });

/** The key, and whatever `verify` of jsonwebtoken takes. Times are in seconds. */
export interface JWTAuthMiddlewareConfig extends VerifyOptions {
  /** The secret of HMAC algorithms, or a public key in PEM. */
  secret: Secret;
}

/**
 * Verifies the bearer token. Its payload goes to `req.user` (all of the token with `complete`), what the SDK's tools get of it to
 * `req.auth`, and `getAuthInfo()` knows the caller.
 *
 * Answers 401, with one of three sentences as `{"error":…}`. As in jsonwebtoken, a token without `exp` never expires, and without
 * `algorithms` the key decides. Throws `ConfigError`: no secret.
 */
export function jwtAuthMiddleware(config: JWTAuthMiddlewareConfig): RequestHandler {
  const { secret, ...options } = config;
  if (secret === undefined || secret === null || secret === '' || (secret as { length?: number }).length === 0) {
    throw new ConfigError('secret must be provided');
  }
  return (request, response, next) => {
    const authorization = requested(request, 'authorization');
    const token = bearer(authorization);
    if (token === undefined) return void response.status(401).json(MALFORMED);
    if (token === '') return void response.status(401).json(MISSING);
    let user: unknown;
    try {
      user = verify(token, secret, options);
    } catch {
      return void response.status(401).json(INVALID);
    }
    const info = infoOf(token, payloadOf(user, options.complete === true));
    Object.assign(request as Request & { user?: unknown }, { user, auth: sdkAuthInfo(info, user) });
    runWith(request, info, next);
  };
}

function payloadOf(verified: unknown, complete: boolean): Readonly<Record<string, unknown>> {
  const payload = complete ? (verified as { payload: unknown }).payload : verified;
  return typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {};
}
