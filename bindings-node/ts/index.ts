/**
 * Auth verification for MCP servers: JWT, API keys, rate limits and one gate, on a Rust core.
 *
 * @packageDocumentation
 */

import { native } from './_native.js';

export {
  ApiKeyError,
  BadSignature,
  ConfigError,
  DoorwardError,
  ExpiredToken,
  ImmatureToken,
  InvalidClaim,
  KeysUnavailable,
  MalformedToken,
  MissingClaim,
  RevokedToken,
  SignError,
  TokenError,
  UnknownKey,
  WrongAudience,
  WrongIssuer,
} from './_errors.js';

export { type Claims, type Json, rolesOf, scopesOf } from './_claims.js';
export { type AtMono, Fetch, type Fetched, Jwks, type JwksOptions, type Standing } from './_jwks.js';
export { type Algorithm, Key, KeySet } from './_keys.js';
export { SigningKey, type SigningOptions, sign } from './_sign.js';
export { type AtUnix, type CacheStats, type Verdict, Verifier, type VerifierOptions } from './_verifier.js';

export const version: string = native.version();
