/** Who calls, for tools: they are called deep inside of xmcp, which hands them no request. */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Request } from 'express';

/** What the token says of its user; what it does not say is not there. */
export interface UserClaims {
  readonly sub: string;
  readonly email?: string;
  readonly name?: string;
  readonly client_id?: string;
  readonly azp?: string;
}

/** What is known of the caller. */
export interface AuthInfo {
  /** The token itself: it is no enumerable member, so that it is not printed with the others. */
  readonly token: string;
  /** The token's `client_id` or `azp`; empty where it names no client. */
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Auth0's `permissions`, where the token has them. */
  readonly permissions?: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt?: number;
  readonly user: UserClaims;
}

interface Context {
  readonly request: Request;
  readonly info: AuthInfo;
}

const context = new AsyncLocalStorage<Context>();

/** The caller of the tool that is running. Throws where nothing in front of it has authenticated anybody by a token. */
export function getAuthInfo(): AuthInfo {
  const found = context.getStore();
  if (found === undefined) {
    throw new Error('no caller was authenticated: getAuthInfo is for tools behind jwtAuthMiddleware or auth0Provider');
  }
  return found.info;
}

/** What a tool gets beside its arguments, with the request. */
export type WithRequest<E> = E & { readonly req: Request };

/**
 * A tool that finds the request in its second argument, and the token's payload at `req.user`, as xmcp's guide has it; xmcp
 * itself hands on no request.
 *
 * ```ts
 * export default withRequest(async (_args, { req }) => `you are ${req.user?.sub}`);
 * ```
 */
export function withRequest<A, E extends object, R>(
  tool: (args: A, extra: WithRequest<E>) => R,
): (args: A, extra?: E) => R {
  return (args, extra) => {
    const found = context.getStore();
    if (found === undefined)
      throw new Error(
        'no caller was authenticated: withRequest is for tools behind jwtAuthMiddleware or auth0Provider',
      );
    return tool(args, { ...(extra as E), req: found.request });
  };
}

/** Runs what follows with that caller. */
export function runWith<R>(request: Request, info: AuthInfo, next: () => R): R {
  return context.run({ request, info }, next);
}

/** What is known by a token's payload. */
export function infoOf(token: string, payload: Readonly<Record<string, unknown>>): AuthInfo {
  const text = (name: string): string | undefined => {
    const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const some = (member: string, value: unknown) => (value === undefined ? {} : { [member]: value });
  const permissions = strings(payload.permissions);
  const info = {
    clientId: text('client_id') ?? text('azp') ?? '',
    scopes: Object.freeze((text('scope') ?? '').split(' ').filter(Boolean).concat(permissions)),
    ...(permissions.length === 0 ? {} : { permissions: Object.freeze(permissions) }),
    ...some('expiresAt', typeof payload.exp === 'number' ? Math.floor(payload.exp) : undefined),
    user: Object.freeze({
      sub: text('sub') ?? '',
      ...some('email', text('email')),
      ...some('name', text('name')),
      ...some('client_id', text('client_id')),
      ...some('azp', text('azp')),
    }),
  };
  return Object.freeze(Object.defineProperty(info, 'token', { value: token, enumerable: false })) as AuthInfo;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string' && item !== '') : [];
}

/** What the SDK inside of xmcp hands on to tools, as `extra.authInfo`. */
export function sdkAuthInfo(info: AuthInfo, payload: unknown): object {
  const auth = {
    clientId: info.clientId === '' ? info.user.sub : info.clientId,
    scopes: [...info.scopes],
    ...(info.expiresAt === undefined ? {} : { expiresAt: info.expiresAt }),
    extra: { user: payload },
  };
  return Object.defineProperty(auth, 'token', { value: info.token, enumerable: false });
}
