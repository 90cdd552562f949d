/** Callers as the MCP SDKs know them: `AuthInfo`, which is `req.auth` and `extra.authInfo`. */

import type { IncomingMessage } from 'node:http';

import type { ApiKey, Claims, Gate, Principal } from './index.js';
import { rolesOf, scopesOf } from './index.js';

/** What is known of a caller besides. */
export type AuthExtra = {
  /** The canonical id, as the gate's buckets and logs have it; absent where only claims are known. */
  readonly id?: string;
  /** Who they are; absent where only claims are known. */
  readonly principal?: Principal;
  /** How they authenticated. */
  readonly method: Principal['method'];
  /** The token's subject. */
  readonly subject?: string;
  /** The roles they were given. */
  readonly roles: readonly string[];
  /** The token's claims, frozen; absent for a key. */
  readonly claims?: Claims;
};

/** The SDKs' own `AuthInfo`, 1.x and 2.x, with what doorward knows in `extra`. */
export interface AuthInfo {
  /** What stood behind `Bearer`; empty where the credential came in a header of its own. */
  token: string;
  /** The token's `client_id` or `azp`, else the canonical id. */
  clientId: string;
  scopes: string[];
  /** Seconds since the epoch. */
  expiresAt?: number;
  /** This server, by its public URL: what tokens must name (RFC 8707). */
  resource?: URL;
  /** Where this server's metadata is (RFC 9728): for challenges made later on. */
  resourceMetadataUrl?: string;
  extra: AuthExtra;
}

/** What a gate's metadata (RFC 9728) says of the server. */
export interface Resource {
  readonly url: URL;
  readonly metadata: string;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** The server's public URL and its metadata's, by the gate's own document; nothing without OAuth. */
export function resourceOf(gate: Gate): Resource | undefined {
  const found = gate.wellKnown('GET', WELL_KNOWN);
  if (found?.status !== 200) return undefined;
  const url = new URL((JSON.parse(found.body.toString()) as { resource: string }).resource);
  const path = url.pathname === '/' ? '' : url.pathname;
  return { url, metadata: `${url.origin}${WELL_KNOWN}${path}${url.search}` };
}

/** The `AuthInfo` of somebody the gate admitted. */
export function authInfoOf(principal: Principal, token = '', resource?: Resource): AuthInfo {
  const { claims, expires, id, method, roles, scopes, subject } = principal;
  const info: AuthInfo = {
    token,
    clientId: clientOf(claims) ?? id,
    scopes: [...scopes],
    extra: {
      id,
      principal,
      method,
      roles,
      ...(subject !== undefined && { subject }),
      ...(claims !== undefined && { claims }),
    },
  };
  if (expires !== undefined) info.expiresAt = Math.floor(expires);
  if (resource !== undefined) {
    info.resource = new URL(resource.url);
    info.resourceMetadataUrl = resource.metadata;
  }
  return info;
}

/** The `AuthInfo` of whoever a verifier or a set of keys alone has identified. */
export function authInfoOfIdentified(principal: Principal, token: string, resource?: URL): AuthInfo {
  const info = authInfoOf(principal, token);
  if (resource !== undefined) info.resource = new URL(resource);
  return info;
}

/** The `AuthInfo` of claims, without their verifier's word on whose they are. */
export function authInfoOfClaims(claims: Claims, token: string, resource?: URL): AuthInfo {
  const [exp, sub] = [own(claims, 'exp'), own(claims, 'sub')];
  const info: AuthInfo = {
    token,
    clientId: clientOf(claims) ?? (typeof sub === 'string' ? sub : ''),
    scopes: [...scopesOf(claims)],
    extra: { method: 'jwt', roles: rolesOf(claims), claims, ...(typeof sub === 'string' && { subject: sub }) },
  };
  if (typeof exp === 'number') info.expiresAt = Math.floor(exp);
  if (resource !== undefined) info.resource = new URL(resource);
  return info;
}

/** The `AuthInfo` of an API key that a set of them knows. */
export function authInfoOfKey(key: ApiKey, token: string, resource?: URL): AuthInfo {
  const id = `key:${key.name}`;
  const info: AuthInfo = {
    token,
    clientId: id,
    scopes: [...key.scopes],
    extra: { id, method: 'api_key', roles: [...key.roles] },
  };
  if (key.expires !== undefined) info.expiresAt = Math.floor(key.expires);
  if (resource !== undefined) info.resource = new URL(resource);
  return info;
}

/** A claim. What is inherited was never signed. */
export function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function clientOf(claims: Claims | undefined): string | undefined {
  if (claims === undefined) return undefined;
  for (const name of ['client_id', 'azp']) {
    const client = own(claims, name);
    if (typeof client === 'string' && client !== '') return client;
  }
  return undefined;
}

/** What a request's `AuthInfo` is made of. */
const SOURCE = Symbol('doorward.source');

interface Guarded extends IncomingMessage {
  [SOURCE]?: { readonly principal: Principal; readonly resource: Resource | undefined };
}

function keep(req: Guarded, value: unknown): void {
  Object.defineProperty(req, 'auth', { value, writable: true, enumerable: true, configurable: true });
}

/** One for all requests: with functions of its own, each would have a shape of its own, too. */
const LAZY: PropertyDescriptor & ThisType<Guarded> = {
  get() {
    const source = this[SOURCE];
    if (source === undefined) return undefined;
    const auth = authInfoOf(source.principal, bearerOf(this.headers.authorization), source.resource);
    keep(this, auth);
    return auth;
  },
  set(value: unknown) {
    keep(this, value);
  },
  enumerable: true,
  configurable: true,
};

/** Puts an `AuthInfo` into a request, as `auth`, to be made when somebody asks for it. */
export function putAuth(req: Guarded, principal: Principal, resource: Resource | undefined): void {
  req[SOURCE] = { principal, resource };
  Object.defineProperty(req, 'auth', LAZY);
}

/** What stands behind `Bearer`; empty without one. */
export function bearerOf(authorization: string | null | undefined): string {
  const found = /^bearer +(.*)$/is.exec(authorization ?? '');
  return found?.[1]?.trim() ?? '';
}
