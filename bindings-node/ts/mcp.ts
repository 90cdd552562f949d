/**
 * For the official MCP SDK, 1.x (`@modelcontextprotocol/sdk`).
 *
 * `guard` (Express) and `guarded` (`node:http`) put the whole gate in front of `StreamableHTTPServerTransport`; `tokenVerifier` is for
 * the SDK's own `requireBearerAuth`, which verifies tokens and nothing else: no limits, no policy, no API keys in a header of
 * their own. In either case tools find their caller in `extra.authInfo`, with roles and claims in its `extra`; see
 * `doorward/tools`. For servers on stdio see `doorward/stdio`, for the older transport `doorward/sse`.
 */

import type { ApiKeys, Verifier } from './index.js';
import { type TokenVerifier, type TokenVerifierOptions, verifierBy } from './_token_verifier.js';

export { guard, requires, wellKnown } from './express.js';
export { guarded } from './http.js';
export type { AuthExtra, AuthInfo } from './_auth_info.js';
export type { GuardOptions } from './_guard.js';
export type { TokenVerifier, TokenVerifierOptions } from './_token_verifier.js';

/** What a bad token is told by: the SDK's `InvalidTokenError`. */
type ErrorClass = new (message: string) => Error;

/** What a token verifier for this SDK takes. */
export interface Options extends TokenVerifierOptions {
  /**
   * The SDK's `InvalidTokenError`, by which its middleware knows what to answer with 401. Found by itself, but where the SDK is
   * loaded as CommonJS and as an ES module in one process, or is bundled.
   */
  InvalidTokenError?: ErrorClass;
}

/**
 * The SDK's `OAuthTokenVerifier`: tokens by a `Verifier`, API keys behind `Bearer` by an `ApiKeys` set. It enforces no
 * limits and no policy: see `guard`. Throws `ConfigError`: there is nothing to verify with.
 */
export function tokenVerifier(of: Verifier | ApiKeys | Options): TokenVerifier {
  const given = 'InvalidTokenError' in of ? of.InvalidTokenError : undefined;
  let found: Promise<ErrorClass> | undefined;
  return verifierBy(of, async () => {
    const Invalid = given ?? (await (found ??= invalidTokenError()));
    return new Invalid('The credential is not valid.');
  });
}

const ERRORS = '@modelcontextprotocol/sdk/server/auth/errors.js';

/** The SDK has a class for each module system, and its middleware knows its own alone. */
async function invalidTokenError(): Promise<ErrorClass> {
  try {
    if (require.cache[require.resolve(ERRORS)] !== undefined) return (require(ERRORS) as Errors).InvalidTokenError;
  } catch {
    // Not by CommonJS, then.
  }
  return ((await import('@modelcontextprotocol/sdk/server/auth/errors.js')) as Errors).InvalidTokenError;
}

interface Errors {
  InvalidTokenError: ErrorClass;
}
