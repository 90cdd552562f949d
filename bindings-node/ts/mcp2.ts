/**
 * For the official MCP SDK, 2.x (`@modelcontextprotocol/server` and its packages for frameworks).
 *
 * The whole gate: `guardedHandler(gate, createMcpHandler(…))` for fetch-style servers; on Node `doorward/express`, `/fastify`, `/hono` or
 * `/http` in front of `toNodeHandler(handler)`, which hands `req.auth` on. `tokenVerifier` is for the SDK's own `requireBearerAuth`,
 * which verifies tokens and nothing else: no limits, no policy. In either case tools find their caller in
 * `ctx.http.authInfo`, with roles and claims in its `extra`; see `doorward/tools`.
 */

import type { AuthInfo } from './_auth_info.js';
import type { ApiKeys, Door, Gate, Verifier } from './index.js';
import { Requirement } from './_requires.js';
import { type TokenVerifier, type TokenVerifierOptions, verifierBy } from './_token_verifier.js';
import { type Guarded, type GuardedOptions, guarded } from './fetch.js';

export type { AuthExtra, AuthInfo } from './_auth_info.js';
export type { From, Guarded, GuardedOptions } from './fetch.js';
export type { TokenVerifier, TokenVerifierOptions } from './_token_verifier.js';

/** What `createMcpHandler` gives, as far as it is needed. */
export interface McpHandler {
  fetch(request: Request, options?: { authInfo?: AuthInfo; parsedBody?: unknown }): Promise<Response>;
}

/**
 * The SDK's handler behind the gate, for fetch-style servers: `(request, { peer }) => Response`. All that is said of
 * `doorward/fetch` holds.
 */
export function guardedHandler(gate: Gate | Door, handler: McpHandler, options: GuardedOptions = {}): Guarded {
  const serve = (request: Request, caller: { auth?: AuthInfo; body?: Uint8Array }): Promise<Response> => {
    const { auth, body } = caller;
    return handler.fetch(request, {
      ...(auth !== undefined && { authInfo: auth }),
      // The gate has admitted it, so it is JSON.
      ...(body !== undefined && { parsedBody: JSON.parse(Buffer.from(body).toString()) as unknown }),
    });
  };
  return guarded(gate, serve, options);
}

/**
 * The SDK's `OAuthTokenVerifier`: tokens by a `Verifier`, API keys behind `Bearer` by an `ApiKeys` set. It enforces no
 * limits and no policy. Throws `ConfigError`: there is nothing to verify with.
 */
export function tokenVerifier(of: Verifier | ApiKeys | TokenVerifierOptions): TokenVerifier {
  return verifierBy(of, async () => {
    // Its errors are known by a mark, whichever way the package was loaded.
    const { OAuthError, OAuthErrorCode } = await import('@modelcontextprotocol/server');
    return new OAuthError(OAuthErrorCode.InvalidToken, 'The credential is not valid.');
  });
}

/** The SDK's `ScopeChallengeHandler`. */
export interface ScopeChallenge {
  (context: { authInfo?: { scopes: string[] } }): { scopes: readonly [string, ...string[]] } | undefined;
}

/**
 * For a tool's, resource's or prompt's `scopeChallenge`: whoever lacks one of the scopes gets 403, and a challenge that names all of
 * them, so that the client can ask for them. The SDK puts the address of the metadata in. Throws `ConfigError`.
 */
export function scopeChallenge(...scopes: [string, ...string[]]): ScopeChallenge {
  const requirement = new Requirement({ scopes });
  return ({ authInfo }) => {
    const isLacking = requirement.lacking({ scopes: authInfo?.scopes ?? [], roles: [] }) !== undefined;
    return isLacking ? { scopes: requirement.scopes as [string, ...string[]] } : undefined;
  };
}
