/**
 * A drop-in for jsonwebtoken 9 on doorward's core: `import jwt from 'doorward/jsonwebtoken'`.
 *
 * `verify`, `decode` and `sign` take its arguments and options, give its results and throw its errors: its very classes, where
 * it is installed, which it need not be. Keys are made once (`forgetKeys` lets go of them), and HS*, RS*, PS*, ES256 and ES384
 * are verified by core; what core lacks, by Node's own crypto. Where a token or an option is refused that jsonwebtoken takes,
 * the package's README says so.
 *
 * @packageDocumentation
 */

import * as errors from './jsonwebtoken/errors.js';
import * as keys from './jsonwebtoken/keys.js';
import * as making from './jsonwebtoken/sign.js';
import type {
  DecodeOptions,
  GetPublicKeyOrSecret,
  Jwt,
  JwtPayload,
  PrivateKey,
  PublicKey,
  Secret,
  SignCallback,
  SignOptions,
  VerifyOptions,
} from './jsonwebtoken/types.js';
import * as verifying from './jsonwebtoken/verify.js';

export type {
  Algorithm,
  DecodeOptions,
  GetPublicKeyOrSecret,
  Jwt,
  JwtHeader,
  JwtPayload,
  PrivateKey,
  PublicKey,
  Secret,
  SignCallback,
  SigningKeyCallback,
  SignOptions,
  StringValue,
  VerifyOptions,
} from './jsonwebtoken/types.js';

/** The token is refused; also what the other errors are, each for its reason. */
export const JsonWebTokenError = errors.JsonWebTokenError;
export type JsonWebTokenError = errors.JsonWebTokenError;

/** `exp` is past, or the token older than `maxAge`: since `expiredAt`. */
export const TokenExpiredError = errors.TokenExpiredError;
export type TokenExpiredError = errors.TokenExpiredError;

/** `nbf` lies ahead: it is `date`. */
export const NotBeforeError = errors.NotBeforeError;
export type NotBeforeError = errors.NotBeforeError;

/** Why a token is refused. */
export type VerifyErrors = JsonWebTokenError | NotBeforeError | TokenExpiredError;

/** Is told what a token says, or why it is refused. */
export type VerifyCallback<T = Jwt | JwtPayload | string> = (
  error: VerifyErrors | null,
  decoded?: T | undefined,
) => void;

interface Verify {
  /** All of a token: `{ header, payload, signature }`. Throws why it is refused. */
  (token: string, secretOrPublicKey: Secret | PublicKey, options: VerifyOptions & { complete: true }): Jwt;
  /** What a token says. Throws why it is refused. */
  (
    token: string,
    secretOrPublicKey: Secret | PublicKey,
    options?: VerifyOptions & { complete?: false },
  ): JwtPayload | string;
  /** What a token says, or all of it. Throws why it is refused. */
  (token: string, secretOrPublicKey: Secret | PublicKey, options?: VerifyOptions): Jwt | JwtPayload | string;
  /** Tells the callback what a token says, or why it is refused; the key may be looked up by the token's header. */
  (
    token: string,
    secretOrPublicKey: Secret | PublicKey | GetPublicKeyOrSecret,
    callback?: VerifyCallback<JwtPayload | string>,
  ): void;
  /** The same of all of a token. */
  (
    token: string,
    secretOrPublicKey: Secret | PublicKey | GetPublicKeyOrSecret,
    options: VerifyOptions & { complete: true },
    callback?: VerifyCallback<Jwt>,
  ): void;
  /** The same, held to the options. */
  (
    token: string,
    secretOrPublicKey: Secret | PublicKey | GetPublicKeyOrSecret,
    options?: VerifyOptions & { complete?: false },
    callback?: VerifyCallback<JwtPayload | string>,
  ): void;
  /** The same, of either. */
  (
    token: string,
    secretOrPublicKey: Secret | PublicKey | GetPublicKeyOrSecret,
    options?: VerifyOptions,
    callback?: VerifyCallback,
  ): void;
}

interface Sign {
  /** A token. Throws where payload, key and options do not go together. */
  (payload: string | Buffer | object, secretOrPrivateKey: Secret | PrivateKey, options?: SignOptions): string;
  /** A token without signature. */
  (payload: string | Buffer | object, secretOrPrivateKey: null, options?: SignOptions & { algorithm: 'none' }): string;
  /** Tells the callback the token, or what is wrong. */
  (payload: string | Buffer | object, secretOrPrivateKey: Secret | PrivateKey, callback: SignCallback): void;
  /** The same, by options. */
  (
    payload: string | Buffer | object,
    secretOrPrivateKey: Secret | PrivateKey,
    options: SignOptions,
    callback: SignCallback,
  ): void;
  /** The same without signature. */
  (
    payload: string | Buffer | object,
    secretOrPrivateKey: null,
    options: SignOptions & { algorithm: 'none' },
    callback: SignCallback,
  ): void;
}

interface Decode {
  /** All of a token, not verified; `null` for what is no token. */
  (token: string, options: DecodeOptions & { complete: true }): null | Jwt;
  /** What a token says, not verified, read as JSON; `null` for what is no token. */
  (token: string, options: DecodeOptions & { json: true }): null | JwtPayload;
  /** What a token says, not verified; `null` for what is no token. */
  (token: string, options?: DecodeOptions): null | JwtPayload | string;
}

/** Verifies a token and holds it to the options. */
export const verify = verifying.verify as Verify;

/** Reads a token without verifying it: nothing it says is to be believed. */
export const decode = verifying.decode as Decode;

/** Makes a token. */
export const sign = making.sign as Sign;

/** Lets go of every key that was prepared, and of every token that was seen. */
export const forgetKeys: () => void = keys.forgetKeys;

export * as default from './jsonwebtoken.js';
