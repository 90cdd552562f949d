/**
 * The errors: each has a `code` that is stable and the same in every language. Messages are lower case and never hold
 * anything of a token, a key or a setting.
 */

import { native } from './_native.js';

/** What doorward throws, wrong types aside: those are `TypeError`. */
export class DoorwardError extends Error {
  /** The stable code, as `token_expired`. */
  readonly code: string;

  constructor(message: string, code = 'error') {
    super(message);
    this.code = code;
  }
}

/** A key, a rule, a quota or a setting that can't be used as it is. Thrown when it is configured, not later. */
export class ConfigError extends DoorwardError {
  /** The name of the setting at fault, where it is one of `Gate.fromEnv`'s. */
  declare readonly setting?: string;

  constructor(message: string, code = 'config_invalid', setting?: string) {
    super(message, code);
    if (setting !== undefined) this.setting = setting;
  }
}

/** A list that can't be filtered: it must not be passed on. */
export class ListError extends DoorwardError {
  constructor(message: string, code = 'list_unreadable') {
    super(message, code);
  }
}

/** Claims that no verifier would take back: nothing was signed. */
export class SignError extends DoorwardError {
  constructor(message: string, code = 'sign_error') {
    super(message, code);
  }
}

/** A presented API key that is refused. The code is for the operator's log: tell the caller the same in every case. */
export class ApiKeyError extends DoorwardError {
  constructor(message: string, code = 'api_key_unknown') {
    super(message, code);
  }
}

/** A token that is refused. */
export class TokenError extends DoorwardError {
  constructor(message: string, code = 'token_invalid') {
    super(message, code);
  }
}

/** Not three base64url segments of readable JSON; encrypted, nested or detached; over a bound. */
export class MalformedToken extends TokenError {}

/** No key of that `kid`, algorithm or issuer. */
export class UnknownKey extends TokenError {}

/** The issuer's keys could not be fetched: try again later, for the token may be good. */
export class KeysUnavailable extends TokenError {}

/** The signature does not hold. */
export class BadSignature extends TokenError {}

/** The signature holds, and a claim is not what it must be. */
export class InvalidClaim extends TokenError {}

/** A required claim is not there. */
export class MissingClaim extends InvalidClaim {}

/** `iss` is none of the expected. */
export class WrongIssuer extends InvalidClaim {}

/** `aud` names none of the expected: the token was made for somebody else. */
export class WrongAudience extends InvalidClaim {}

/** `exp` is over, or the token is older than `maxAge`. */
export class ExpiredToken extends InvalidClaim {}

/** `nbf` has not come, or `iat` lies ahead. */
export class ImmatureToken extends InvalidClaim {}

/** Revoked before its time. */
export class RevokedToken extends InvalidClaim {}

type Thrower = new (message: string, code?: string, setting?: string) => DoorwardError;

const classes: Record<string, Thrower> = {
  DoorwardError,
  ConfigError,
  ListError,
  SignError,
  ApiKeyError,
  TokenError,
  MalformedToken,
  UnknownKey,
  KeysUnavailable,
  BadSignature,
  InvalidClaim,
  MissingClaim,
  WrongIssuer,
  WrongAudience,
  ExpiredToken,
  ImmatureToken,
  RevokedToken,
};

// By their classes' names in logs, without a property of its own on every instance.
for (const [name, of] of Object.entries(classes)) {
  Object.defineProperty(of.prototype, 'name', { value: name, writable: true, configurable: true });
}

const refusals = native.tokenErrors().map(({ class: name, code, message }) => {
  return { of: classes[name] ?? TokenError, code, message };
});

/**
 * The error of a token that the native module refused by this number: −1 less its place among all.
 *
 * @internal
 */
export function tokenError(refused: number): TokenError {
  const refusal = refusals[-1 - refused];
  if (refusal === undefined) return new TokenError('the token is refused');
  return new refusal.of(refusal.message, refusal.code);
}

/**
 * Runs something that calls the native module, and throws what that throws as an instance of the class it names. The
 * native module's errors have `Class code` or `Class code SETTING` for a `code`; what napi says of an argument it can't
 * convert is a `TypeError`; all else, as what a caller's own getter threw, stays what it is.
 *
 * @internal
 */
export function throwing<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw translated(error);
  }
}

function translated(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DoorwardError || !('code' in error)) return error;
  if (typeof error.code !== 'string') return error;
  const [name = '', code, setting] = error.code.split(' ');
  const of = Object.hasOwn(classes, name) ? classes[name] : undefined;
  if (of !== undefined) return new of(error.message, code, setting);
  return name === 'TypeError' || conversions.has(name) ? new TypeError(error.message) : error;
}

/** What napi calls an argument of another type than was asked for. */
const conversions = new Set([
  'InvalidArg',
  'ObjectExpected',
  'StringExpected',
  'NameExpected',
  'FunctionExpected',
  'NumberExpected',
  'BooleanExpected',
  'ArrayExpected',
  'BigintExpected',
  'DateExpected',
  'ArrayBufferExpected',
]);
