/**
 * A provider shaped like `@xmcp-dev/auth0`'s: the whole gate as the resource server of an Auth0 tenant. It serves the
 * metadata (RFC 9728), verifies tokens by the tenant's keys, counts, and answers as the gate does.
 */

import type { RequestHandler } from 'express';
import { bearerOf } from '../_auth_info.js';
import { type GuardMiddleware, type GuardOptions, guard } from '../express.js';
import { ConfigError, Gate, type GateOptions, Issuer, Policy, type Principal } from '../index.js';
import { infoOf, runWith } from './context.js';

/** What clients are told to ask for besides. */
const DEFAULT_SCOPES = ['openid', 'profile', 'email'];

export interface Auth0Config extends GuardOptions {
  /** The tenant's, as `tenant.eu.auth0.com`. */
  domain: string;
  /** The API's identifier at Auth0: what tokens must name. */
  audience: string;
  /** Where clients reach this server. */
  baseURL: string;
  /** Taken for likeness' sake, and not used: who verifies tokens by the tenant's public keys needs no credentials there. */
  clientId?: string;
  /** As `clientId`. */
  clientSecret?: string;
  /** Scopes that clients may ask for, beside `openid`, `profile` and `email`. */
  scopesSupported?: readonly string[];
  /**
   * What scopes and permissions reach: permissions are roles to it, and so `{ roles: { 'tool:greet': { tools: ['greet'] } } }`
   * is Auth0's way. Without it, whoever has a good token reaches everything.
   */
  policy?: Policy;
  /** Further settings of the gate: quotas, limits, API keys, proxies. */
  gate?: Omit<GateOptions, 'issuers' | 'publicUrl' | 'scopesSupported' | 'policy'>;
}

/** The options in `DOMAIN`, `AUDIENCE`, `BASE_URL`, `CLIENT_ID` and `CLIENT_SECRET`. Throws `ConfigError`: one of the first three is not set. */
export function auth0Config(env: Readonly<Record<string, string | undefined>> = process.env): Auth0Config {
  const of = (name: string): string => {
    const value = env[name]?.trim();
    if (!value) throw new ConfigError(`${name} is not set`, 'config_invalid', name);
    return value;
  };
  return {
    domain: of('DOMAIN'),
    audience: of('AUDIENCE'),
    baseURL: of('BASE_URL'),
    ...(env.CLIENT_ID === undefined ? {} : { clientId: env.CLIENT_ID }),
    ...(env.CLIENT_SECRET === undefined ? {} : { clientSecret: env.CLIENT_SECRET }),
  };
}

/** Middleware for `src/middleware.ts`, and for any Express application at its root. */
export interface Auth0Middleware extends RequestHandler {
  /** Who fetches the keys: for `door.stop()`. */
  readonly door: GuardMiddleware['door'];
}

/**
 * The provider. Everything behind it is guarded, whatever its path, but for paths in `open`; `getAuthInfo()` knows the
 * caller. Throws `ConfigError`.
 */
export function auth0Provider(config: Auth0Config): Auth0Middleware {
  const {
    domain,
    audience,
    baseURL,
    clientId,
    clientSecret,
    scopesSupported = [],
    policy,
    gate: further,
    ...options
  } = config;
  void [clientId, clientSecret];
  for (const [name, value] of Object.entries({ domain, audience, baseURL })) {
    if (typeof value !== 'string' || value === '') throw new ConfigError(`[Auth0] Missing required config: ${name}`);
  }
  if (!/^[a-z0-9.-]+(:\d{1,5})?$/i.test(domain)) throw new ConfigError('domain is a host name, without https://');
  const gate = new Gate({
    ...further,
    issuers: new Issuer(`https://${domain}/`, { preset: 'auth0', audience }),
    publicUrl: baseURL.replace(/\/$/, ''),
    scopesSupported: [...new Set([...DEFAULT_SCOPES, ...scopesSupported])],
    policy: policy ?? Policy.allowAll(),
  });
  const guarded = guard(gate, options);
  const middleware: RequestHandler = (request, response, next) => {
    guarded(request, response, (error) => {
      const claims = (request as { principal?: Principal }).principal?.claims;
      if (error !== undefined || claims === undefined) return next(error);
      Object.assign(request, { user: claims });
      runWith(request, infoOf(bearerOf(request.headers.authorization), claims), next);
    });
  };
  return Object.assign(middleware, { door: guarded.door });
}
