/** The types of jsonwebtoken's interface, by the names its users have for them. */

import type { createPrivateKey, createPublicKey, KeyObject } from 'node:crypto';

type Unit =
  | ('Years' | 'Year' | 'Yrs' | 'Yr' | 'Y')
  | ('Weeks' | 'Week' | 'W')
  | ('Days' | 'Day' | 'D')
  | ('Hours' | 'Hour' | 'Hrs' | 'Hr' | 'H')
  | ('Minutes' | 'Minute' | 'Mins' | 'Min' | 'M')
  | ('Seconds' | 'Second' | 'Secs' | 'Sec' | 's')
  | ('Milliseconds' | 'Millisecond' | 'Msecs' | 'Msec' | 'Ms');

type UnitInAnyCase = Unit | Uppercase<Unit> | Lowercase<Unit>;

/** A span of time: `'2 days'`, `'10h'`; without a unit, milliseconds. */
export type StringValue = `${number}` | `${number}${UnitInAnyCase}` | `${number} ${UnitInAnyCase}`;

/** What tokens are signed with; `none` is no signature at all. */
export type Algorithm =
  | ('HS256' | 'HS384' | 'HS512')
  | ('RS256' | 'RS384' | 'RS512')
  | ('ES256' | 'ES384' | 'ES512')
  | ('PS256' | 'PS384' | 'PS512')
  | 'none';

/** How a token is made. */
export interface SignOptions {
  /** `HS256` by default. */
  algorithm?: Algorithm | undefined;
  /** The header's `kid`. */
  keyid?: string | undefined;
  /** `exp`, from `iat` on: seconds, or a span as text. */
  expiresIn?: StringValue | number;
  /** `nbf`, from `iat` on: seconds, or a span as text. */
  notBefore?: StringValue | number | undefined;
  /** `aud` */
  audience?: string | string[] | undefined;
  /** `sub` */
  subject?: string | undefined;
  /** `iss` */
  issuer?: string | undefined;
  /** `jti` */
  jwtid?: string | undefined;
  /** Puts the claims into the very payload that was given, too. */
  mutatePayload?: boolean | undefined;
  /** Leaves `iat` out. */
  noTimestamp?: boolean | undefined;
  /** More for the header, or in place of what is in it. */
  header?: JwtHeader | undefined;
  /** Of the payload's text; UTF-8 by default. */
  encoding?: string | undefined;
  /** Takes RSA keys under 2048 bits. */
  allowInsecureKeySizes?: boolean | undefined;
  /** Takes keys that do not go with the algorithm. */
  allowInvalidAsymmetricKeyTypes?: boolean | undefined;
}

/** What a token is held to. */
export interface VerifyOptions {
  /** By default those that go with the key: name yours. */
  algorithms?: Algorithm[] | undefined;
  /** One of these must be `aud`, or in it. */
  audience?: string | RegExp | [string | RegExp, ...(string | RegExp)[]] | undefined;
  /** The time that counts as now, in seconds since the epoch. */
  clockTimestamp?: number | undefined;
  /** Seconds by which clocks may differ. */
  clockTolerance?: number | undefined;
  /** Gives `{ header, payload, signature }` rather than the payload alone. */
  complete?: boolean | undefined;
  /** One of these must be `iss`. */
  issuer?: string | [string, ...string[]] | undefined;
  /** Takes tokens whose `exp` is past. */
  ignoreExpiration?: boolean | undefined;
  /** Takes tokens whose `nbf` lies ahead. */
  ignoreNotBefore?: boolean | undefined;
  /** What `jti` must be. */
  jwtid?: string | undefined;
  /** What `nonce` must be. */
  nonce?: string | undefined;
  /** What `sub` must be. */
  subject?: string | undefined;
  /** How long a token is good from its `iat` on: seconds, or a span as text. */
  maxAge?: string | number | undefined;
  /** Takes keys that do not go with the algorithm. */
  allowInvalidAsymmetricKeyTypes?: boolean | undefined;
}

/** What is made of a token that is not verified. */
export interface DecodeOptions {
  /** Gives `{ header, payload, signature }` rather than the payload alone. */
  complete?: boolean | undefined;
  /** Reads the payload as JSON, whatever the header's `typ`. */
  json?: boolean | undefined;
}

/** A token's header (RFC 7515 §4.1). */
export interface JwtHeader {
  alg: string | Algorithm;
  typ?: string | undefined;
  cty?: string | undefined;
  crit?: (string | Exclude<keyof JwtHeader, 'crit'>)[] | undefined;
  kid?: string | undefined;
  jku?: string | undefined;
  x5u?: string | string[] | undefined;
  'x5t#S256'?: string | undefined;
  x5t?: string | undefined;
  x5c?: string | string[] | undefined;
}

/** A token's claims (RFC 7519 §4.1). */
export interface JwtPayload {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as existing code has it
  [key: string]: any;
  iss?: string | undefined;
  sub?: string | undefined;
  aud?: string | string[] | undefined;
  exp?: number | undefined;
  nbf?: number | undefined;
  iat?: number | undefined;
  jti?: string | undefined;
}

/** A token, taken apart. */
export interface Jwt {
  header: JwtHeader;
  payload: JwtPayload | string;
  signature: string;
}

/** What a public key may be given as. */
export type PublicKey = Parameters<typeof createPublicKey>[0];

/** What a private key may be given as. */
export type PrivateKey = Parameters<typeof createPrivateKey>[0];

/** What a secret or a key may be given as. */
export type Secret = string | Buffer | KeyObject | { key: string | Buffer; passphrase: string };

/** Looks up the key for a token, by its header. */
export type GetPublicKeyOrSecret = (header: JwtHeader, callback: SigningKeyCallback) => void;

/** Is told the key. */
export type SigningKeyCallback = (error: Error | null, signingKey?: Secret | PublicKey) => void;

/** Is told the token that was made. */
export type SignCallback = (error: Error | null, encoded?: string | undefined) => void;
