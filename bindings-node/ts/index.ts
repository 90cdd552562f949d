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
  ListError,
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

export { ApiKey, type ApiKeyOptions, ApiKeys, type ApiKeysOptions, NewKey, generateKey } from './_api_keys.js';
export type { Moment } from './_clock.js';
export { type Answered, type ApiKeyLookUp, Door, type DoorOptions, type Introspect } from './_door.js';
export type { FetchLike } from './_fetcher.js';
export { type BeginOptions, Gate, type GateOptions, type Vars, type WellKnown } from './_gate.js';
export type { HeadersLike } from './_headers.js';
export type { IntrospectionAnswer, IntrospectionClient, IntrospectionQuestion } from './_introspector.js';
export { type CheckOptions, Decision, Limiter, type LimiterStats, Quota, type QuotaOptions } from './_limiter.js';
export type { Log, LogEvent } from './_log.js';
export {
  type ClaimMapping,
  type ClaimPath,
  Introspection,
  type IntrospectionOptions,
  Issuer,
  type IssuerOptions,
  Limit,
  type LimitOptions,
  type Per,
  type Preset,
  SharedLimit,
  type SharedLimitOptions,
} from './_parts.js';
export { type Grants, type Held, type Kind, type ListMethod, Policy, type PolicyOptions } from './_policy.js';
export { type AuthMethod, Principal } from './_principal.js';
export type { IoRedis, NodeRedis, RedisLike } from './_redis.js';
export type { Revocable, RevocationList } from './_revocation.js';
export type { SharedHandle } from './_share.js';
export {
  Admitted,
  Ask,
  Denial,
  NeedBody,
  type Now,
  type Question,
  type RedisCommand,
  type Step,
  type Target,
} from './_steps.js';

export const version: string = native.version();
