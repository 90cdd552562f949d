/** Tokens of this server's own: HS256 by `JWT_SECRET`, verified by the gate. */

import { randomUUID } from 'node:crypto';
import { sign } from 'doorward';
import type { Env } from './app.js';
import { ToolError } from './errors.js';

export const ROLES = ['user', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The longest user id, in bytes. */
const LONGEST_ID = 256;
const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

export interface Minted {
  token: string;
  /** Seconds since the epoch. */
  expiresAt: number;
  userId: string;
  role: Role;
}

/** Makes a token. Throws `ToolError`. */
export type Mint = (userId: string, role?: Role, expiresIn?: string) => Minted;

/** `generateToken("anna", "admin", "24h")`: a signed token, by the settings of the environment. Throws `ToolError`. */
export function generateToken(userId: string, role?: Role, expiresIn?: string, env: Env = process.env): string {
  const mint = minting(env);
  if (mint === undefined) throw new ToolError('no JWT_SECRET is configured');
  return mint(userId, role, expiresIn).token;
}

/** The function that mints, or nothing: without a secret there is nothing to sign with. */
export function minting(env: Env): Mint | undefined {
  const { JWT_SECRET: secret, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = env;
  if (secret === undefined) return undefined;
  const longest = seconds(env.MAX_TOKEN_LIFETIME ?? '7d');
  return (given, role = 'user', expiresIn = '24h') => {
    const userId = given.trim();
    if (userId === '' || Buffer.byteLength(userId) > LONGEST_ID || /\p{Cc}/u.test(userId)) {
      throw new ToolError('userId must be 1 to 256 bytes of text');
    }
    const life = seconds(expiresIn);
    if (life > longest) throw new ToolError("expiresIn is longer than this server's MAX_TOKEN_LIFETIME");
    const issuedAt = Math.floor(Date.now() / 1000);
    const claims = {
      sub: userId,
      role,
      iat: issuedAt,
      exp: issuedAt + life,
      jti: randomUUID(),
      ...(issuer === undefined ? {} : { iss: issuer }),
      ...(audience === undefined ? {} : { aud: audience }),
    };
    return { token: sign(claims, secret), expiresAt: claims.exp, userId, role };
  };
}

/** A span such as `90s`, `30m`, `24h` or `7d`, in seconds. */
export function seconds(text: string): number {
  const [, digits, unit] = /^([1-9]\d{0,7})([smhd])$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) {
    throw new ToolError('a span of time is written as 90s, 30m, 24h or 7d');
  }
  return Number(digits) * (UNITS[unit] ?? 0);
}
