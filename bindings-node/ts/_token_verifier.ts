/** Bare credentials to `AuthInfo`, for the SDKs' own bearer checks: what `doorward/mcp` and `/mcp2` share. */

import { type AuthInfo, authInfoOfIdentified } from './_auth_info.js';
import { KeyFetcher } from './_fetcher.js';
import { warner } from './_log.js';
import {
  ApiKeys,
  ConfigError,
  type FetchLike,
  type Jwks,
  type Log,
  type Principal,
  type Verdict,
  Verifier,
} from './index.js';
import { principalOf } from './_verifier.js';

/** What a token verifier verifies with. */
export interface TokenVerifierOptions {
  /** Verifies tokens. */
  verifier?: Verifier | undefined;
  /** Finds API keys that come behind `Bearer`. */
  apiKeys?: ApiKeys | undefined;
  /** What the verifier was made with, where its keys are fetched. */
  jwks?: Jwks | undefined;
  /** Fetches keys, in place of the global one. */
  fetch?: FetchLike | undefined;
  /** Told of keys that can't be fetched; without it, that is a warning of the process. */
  log?: Log | undefined;
  /** Asked for whatever is neither. */
  introspect?: ((token: string) => Promise<AuthInfo | undefined>) | undefined;
  /** What `AuthInfo.resource` says, for the SDK's `expectedResource`: name the audience that the verifier demands. */
  resource?: string | URL | undefined;
  /** The SDKs demand that all credentials end. One that does not is told to end in so many seconds: 3600. */
  lifetime?: number | undefined;
}

/** The SDKs' `OAuthTokenVerifier`. */
export interface TokenVerifier {
  /** The token's `AuthInfo`. Throws the SDK's own error for one that is refused. */
  verifyAccessToken(token: string): Promise<AuthInfo>;
}

/** A token verifier that throws what `refused` makes. */
export function verifierBy(
  of: Verifier | ApiKeys | TokenVerifierOptions,
  refused: () => Promise<Error>,
): TokenVerifier {
  const options = of instanceof Verifier ? { verifier: of } : of instanceof ApiKeys ? { apiKeys: of } : of;
  const { apiKeys, introspect, lifetime = 3600, resource, verifier } = options;
  if (verifier === undefined && apiKeys === undefined && introspect === undefined) {
    throw new ConfigError('name a verifier, a set of API keys or an introspect function');
  }
  const url = resource === undefined ? undefined : new URL(resource);
  const verify = verifier === undefined ? undefined : verifying(verifier, options);
  const find = async (token: string): Promise<AuthInfo | undefined> => {
    // By its shape, and never tried twice.
    if (verify !== undefined && token.split('.', 4).length === 3) {
      const principal = await verify(token);
      return principal && authInfoOfIdentified(principal, token, url);
    }
    if (apiKeys?.find(token) !== undefined) return authInfoOfIdentified(apiKeys.identify(token), token, url);
    return introspect?.(token);
  };
  return {
    async verifyAccessToken(token) {
      const found = await find(token);
      if (found === undefined) throw await refused();
      return found.expiresAt === undefined ? { ...found, expiresAt: Math.floor(Date.now() / 1000) + lifetime } : found;
    },
  };
}

/** Whose a token is, its keys fetched where they are lacking. Throws where they can't be: the token may be good. */
function verifying(
  verifier: Verifier,
  options: TokenVerifierOptions,
): (token: string) => Promise<Principal | undefined> {
  const { jwks } = options;
  const whose = (claims: Verdict['claims']) => claims && principalOf(verifier, claims);
  if (jwks === undefined) return async (token) => whose(verifier.tryVerify(token).claims);
  const fetcher = new KeyFetcher(options.fetch, warner(options.log));
  return async (token) => {
    fetcher.refresh(jwks);
    let { claims, error } = verifier.tryVerify(token);
    if (error?.code === 'key_not_found' || error?.code === 'keys_unavailable') {
      await fetcher.refreshed({ refresh: () => jwks.fetch() });
      ({ claims, error } = verifier.tryVerify(token));
    }
    if (error?.code === 'keys_unavailable') throw error;
    return whose(claims);
  };
}
