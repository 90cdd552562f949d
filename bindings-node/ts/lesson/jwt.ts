/** Tokens of an authorization service that shares a secret, with `sub`, `roles`, `exp` and `iss`. */

import type { Request, RequestHandler } from 'express';
import { type Claims, TokenError, Verifier, rolesOf } from '../index.js';
import { type AuthInfo, authInfoOfClaims } from '../_auth_info.js';
import { bearer, requested } from '../_presented.js';
import { warnOfShortSecret } from '../_short.js';
import { type AuthEvent, AuthenticationError, messages } from './messages.js';

/** The issuer where `JWT_ISSUER` names none. */
export const DEFAULT_ISSUER = 'mcp-auth-service';

export interface JwtOptions {
  /** The secret: `JWT_SECRET` of the environment unless it is given. */
  secret?: string | Uint8Array;
  /** Who tokens must be from: `JWT_ISSUER` of the environment, else `mcp-auth-service`. */
  issuer?: string | string[];
  /** What tokens must be for, where they name it. */
  audience?: string | string[];
  /** `HS256` unless others are named. A secret is for `HS…` only: one key for both kinds lets anybody forge tokens. */
  algorithms?: ('HS256' | 'HS384' | 'HS512')[];
  /** By how many seconds the issuer's clock may differ: 0. */
  clockTolerance?: number;
  /** The longest life of a token, from `iat` to `exp`, in seconds: 3600 is good practice. Any, unless it is given. */
  maxLifetime?: number;
  /** Tell all who are refused for their token the same, `Invalid credentials`, and not that it expired. */
  hideReasons?: boolean;
  /** Gets one event a request. */
  log?: (event: AuthEvent) => void;
  /** In place of the process's environment. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** Who calls: the claims of their token. */
export type User = Claims & { readonly sub: string; readonly roles: readonly string[] };

export interface JwtAuth {
  /** The token's claims. Throws `AuthenticationError`, with a message that may be told. */
  verifyToken(token: string): User;
  /** Express middleware: 401 with the message, or `req.user` and `req.auth`. */
  readonly middleware: RequestHandler;
}

/** The helper of one secret. Throws `ConfigError`: there is no secret, or it can't be used. */
export function jwtAuth(options: JwtOptions = {}): JwtAuth {
  const { env = process.env, log, hideReasons = false } = options;
  const { algorithms = ['HS256'] } = options;
  const secret = options.secret ?? env.JWT_SECRET ?? '';
  const verifier = new Verifier({
    secret,
    algorithms,
    issuer: options.issuer ?? env.JWT_ISSUER ?? DEFAULT_ISSUER,
    ...(options.audience === undefined ? {} : { audience: options.audience }),
    ...(options.maxLifetime === undefined ? {} : { maxLifetime: options.maxLifetime }),
    clockTolerance: options.clockTolerance ?? 0,
    requiredClaims: ['exp', 'sub'],
    allowShortSecret: true,
  });
  warnOfShortSecret(secret, algorithms);

  function claimsOf(token: string): Claims {
    try {
      return verifier.verify(token);
    } catch (error) {
      if (!(error instanceof TokenError)) {
        throw new AuthenticationError(messages.tokenNotValidated, 'token_not_validated', { cause: error });
      }
      if (hideReasons) throw new AuthenticationError(messages.credentialsInvalid, error.code);
      const message = error.code === 'token_expired' ? messages.tokenExpired : messages.tokenInvalid;
      throw new AuthenticationError(message, error.code);
    }
  }

  const middleware: RequestHandler = (request, response, next) => {
    const token = bearer(requested(request, 'authorization'));
    const address = request.socket?.remoteAddress;
    const whence = address === undefined ? {} : { address };
    if (token === undefined || token === '') {
      log?.({ outcome: 'refused', method: 'jwt', code: 'credentials_missing', ...whence });
      response.status(401).json({ error: messages.headerMalformed });
      return;
    }
    let claims: Claims;
    try {
      claims = claimsOf(token);
    } catch (error) {
      const known = error instanceof AuthenticationError && error.code !== 'token_not_validated';
      log?.({ outcome: 'refused', method: 'jwt', code: known ? error.code : 'token_not_validated', ...whence });
      response.status(401).json({ error: known ? error.message : messages.authenticationFailed });
      return;
    }
    const user = userOf(claims);
    log?.({ outcome: 'admitted', method: 'jwt', caller: user.sub, ...whence });
    Object.assign(request as Request & { user?: User; auth?: AuthInfo }, {
      user,
      auth: authInfoOfClaims(claims, token),
    });
    next();
  };
  return Object.freeze({ verifyToken: (token: string) => userOf(claimsOf(token)), middleware });
}

/** Roles as they are read everywhere here: `roles` or `role`, strings and nothing else. */
function userOf(claims: Claims): User {
  return Object.freeze({ ...claims, sub: claims.sub as string, roles: Object.freeze([...rolesOf(claims)]) });
}
