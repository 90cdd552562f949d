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

export const version: string = native.version();
