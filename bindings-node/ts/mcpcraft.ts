/**
 * `authenticate(headers)` hooks for servers that hand a hook the headers and nothing else, as mcpcraft-sdk's `createServer`
 * does: what a hook throws rejects the caller, and what it gives is the tools' context.
 *
 * ```ts
 * createServer({ name: 'mine', authenticate: apiKeyAuth() }); // x-api-key, against API_KEY
 * ```
 *
 * A hook knows no address and no body: there are no limits and no policy here, and nobody is kept from guessing. Put the gate
 * in front where you can. Messages are for the caller; `code` is for your log.
 */

import { ApiKey, ApiKeys, type Claims, DoorwardError, TokenError, Verifier, rolesOf, scopesOf } from './index.js';
import { type HeaderMap, bearer, keyOf, presented } from './_presented.js';
import { warnOfShortSecret } from './_short.js';

/** A hook that gives the tools' context, or throws `Rejected`. It is called with the headers of every request. */
export type Authenticate<C> = (headers: HeaderMap) => Promise<C>;

/** The caller is not let in. */
export class Rejected extends Error {
  override readonly name = 'Rejected';

  constructor(
    message: string,
    /** The exact reason, as `token_expired`: for the operator's log, and never for the caller. */
    readonly code: string,
  ) {
    super(message);
  }
}

/** Who calls. */
export interface User {
  /** `key:<id>` for an API key, else the token's subject. */
  readonly id: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** The token's claims. */
  readonly claims?: Claims;
  /** The token itself, where `exposeToken` asked for it. */
  readonly token?: string;
}

/** What tools get of a user. */
export interface UserContext {
  readonly user: User;
}

/** Told of every attempt, good or bad: never a key and never a token. */
export type Log = (event: {
  readonly outcome: 'admitted' | 'refused';
  readonly code?: string;
  readonly caller?: string;
}) => void;

type Env = Readonly<Record<string, string | undefined>>;

const MESSAGES = Object.freeze({
  key: 'Invalid API key',
  missing: 'Missing token',
  token: 'Invalid token',
  admin: 'Admin access required',
});

export interface ApiKeyAuthOptions {
  /** The keys that are good; the one in `API_KEY` unless they are given (several there, by commas, while one is rotated). */
  keys?: ApiKeys | readonly string[];
  /** `x-api-key` */
  header?: string;
  log?: Log;
  /** In place of the process's environment. */
  env?: Env;
}

/** By an API key; throws `Invalid API key`. Throws `ConfigError` at once where there is no key to compare with. */
export function apiKeyAuth(options: ApiKeyAuthOptions = {}): Authenticate<UserContext> {
  const { header = 'x-api-key', env = process.env, log } = options;
  const given = options.keys ?? (env.API_KEY ?? '').split(',').map((key) => key.trim());
  if (!(given instanceof ApiKeys) && !Array.isArray(given))
    throw new TypeError('keys must be an ApiKeys, or an array of keys');
  const keys =
    given instanceof ApiKeys
      ? given
      : new ApiKeys(given.map((key, at) => new ApiKey({ id: `api-key-${at + 1}`, key })));
  return async (headers) => {
    const key = keyOf(presented(headers, header));
    if (key === undefined) throw refused(MESSAGES.key, 'credentials_missing', log);
    const entry = keys.find(key);
    if (entry === undefined) throw refused(MESSAGES.key, 'api_key_unknown', log);
    const id = `key:${entry.name}`;
    log?.({ outcome: 'admitted', caller: id });
    return { user: { id, roles: entry.roles, scopes: entry.scopes } };
  };
}

export interface BearerAuthOptions {
  /** Give tools the token itself, as `context.user.token`. A token that was made for this server is not for others: ask for one of theirs. */
  exposeToken?: boolean;
  log?: Log;
}

/** The token in `authorization`, without its scheme. Throws `Missing token`. */
export function bearerToken(headers: HeaderMap): string {
  const token = bearer(presented(headers, 'authorization'));
  if (token === undefined || token === '') throw new Rejected(MESSAGES.missing, 'credentials_missing');
  return token;
}

/**
 * By a bearer token that somebody else knows: `verifyOAuthToken` gives the user, or nothing, or throws. Throws
 * `Missing token`, `Invalid token`. What it throws itself stays behind: it is in the error's `cause`.
 */
export function oauthAuth<U extends object>(
  verifyOAuthToken: (token: string) => Promise<U | null | undefined> | U | null | undefined,
  options: BearerAuthOptions = {},
): Authenticate<{ readonly user: U & { readonly token?: string } }> {
  const { log, exposeToken = false } = options;
  return async (headers) => {
    const token = taken(headers, log);
    const user = await Promise.resolve()
      .then(() => verifyOAuthToken(token))
      .catch((cause: unknown) => {
        const code = cause instanceof DoorwardError ? cause.code : 'token_not_verified';
        // As Node does it: not among what is written of an error as JSON.
        throw Object.defineProperty(refused(MESSAGES.token, code, log), 'cause', { value: cause });
      });
    if (typeof user !== 'object' || user === null) throw refused(MESSAGES.token, 'token_unknown', log);
    log?.({ outcome: 'admitted' });
    return { user: exposeToken ? { ...user, token } : user };
  };
}

/** By a JWT of a user's; throws `Missing token`, `Invalid token`. */
export function jwtAuth(verifier: Verifier, options: BearerAuthOptions = {}): Authenticate<UserContext> {
  const { log, exposeToken = false } = options;
  return async (headers) => {
    const token = taken(headers, log);
    const claims = verified(verifier, token, log);
    const id = claims.sub;
    if (typeof id !== 'string') throw refused(MESSAGES.token, 'subject_missing', log);
    log?.({ outcome: 'admitted', caller: id });
    const user: User = { id, roles: rolesOf(claims), scopes: scopesOf(claims), claims };
    return { user: exposeToken ? { ...user, token } : user };
  };
}

export interface ServiceAuthOptions {
  /** The secret that the services share: `JWT_SECRET` of the environment unless it is given. */
  secret?: string | Uint8Array;
  issuer?: string | string[];
  audience?: string | string[];
  /** The longest life of a token, from `iat` to `exp`, in seconds: 3600. */
  maxLifetime?: number;
  /** By how many seconds the other service's clock may differ: 0. */
  clockTolerance?: number;
  log?: Log;
  /** In place of the process's environment. */
  env?: Env;
}

/**
 * Service to service, by a short-lived HS256 token of a shared secret: gives `{ service }`, the token's subject. Throws
 * `Missing token`, `Invalid token`; a token without `iat`, `exp` and `sub` is no good one. Throws `ConfigError` at once where
 * there is no secret.
 */
export function serviceAuth(options: ServiceAuthOptions = {}): Authenticate<{ readonly service: string }> {
  const { env = process.env, log, maxLifetime = 3600, clockTolerance = 0, issuer, audience } = options;
  const secret = options.secret ?? env.JWT_SECRET ?? '';
  const verifier = new Verifier({
    secret,
    algorithms: ['HS256'],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    maxLifetime,
    clockTolerance,
    requiredClaims: ['exp', 'iat', 'sub'],
    allowShortSecret: true,
  });
  warnOfShortSecret(secret, ['HS256']);
  return async (headers) => {
    const { sub } = verified(verifier, taken(headers, log), log);
    if (typeof sub !== 'string') throw refused(MESSAGES.token, 'subject_missing', log);
    log?.({ outcome: 'admitted', caller: sub });
    return { service: sub };
  };
}

/** Whether the context's user has the role `admin`. Throws `Admin access required`. */
export function requireAdmin(context: { readonly user?: { readonly roles?: unknown } } | undefined): void {
  const roles = context?.user?.roles;
  if (!Array.isArray(roles) || !roles.includes('admin')) throw new Rejected(MESSAGES.admin, 'forbidden');
}

/** For a set of names of tools: the check to make with each call, which throws `Admin access required` for these tools alone. */
export function adminTools(
  names: Iterable<string>,
): (tool: string, context: { readonly user?: { readonly roles?: unknown } } | undefined) => void {
  const set: ReadonlySet<string> = new Set(names);
  return (tool, context) => {
    if (set.has(tool)) requireAdmin(context);
  };
}

function taken(headers: HeaderMap, log: Log | undefined): string {
  try {
    return bearerToken(headers);
  } catch (error) {
    if (error instanceof Rejected) log?.({ outcome: 'refused', code: error.code });
    throw error;
  }
}

function verified(verifier: Verifier, token: string, log: Log | undefined): Claims {
  const { claims, error } = verifier.tryVerify(token);
  if (error instanceof TokenError) throw refused(MESSAGES.token, error.code, log);
  return claims as Claims;
}

function refused(message: string, code: string, log: Log | undefined): Rejected {
  log?.({ outcome: 'refused', code });
  return new Rejected(message, code);
}
