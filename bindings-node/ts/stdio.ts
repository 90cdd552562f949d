/**
 * For servers on stdin and stdout: the credential comes from the environment, once, when the server starts. stdout is the protocol's:
 * what is wrong is one line on stderr, and exit status 1. There are no limits and no policy here.
 */

import { writeSync } from 'node:fs';

import { type ApiKeys, type Claims, ConfigError, type Principal, type Verifier } from './index.js';

/** The usual name of the variable. */
export const MCP_API_KEY = 'MCP_API_KEY';

/** Who started the server. */
export interface Caller {
  /** The canonical id, as gates know them: `key:<name>`, `jwt:<issuer>:<subject>`. */
  readonly id: string;
  readonly method: 'api_key' | 'jwt';
  /** The token's subject. */
  readonly subject?: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** The token's claims; absent for a key. */
  readonly claims?: Claims;
}

/** What is authenticated by, and where it comes from. */
export interface Options {
  verifier?: Verifier | undefined;
  apiKeys?: ApiKeys | undefined;
  /** The name of the variable, if not `MCP_API_KEY`. */
  variable?: string | undefined;
  /** In place of `process.env`. */
  env?: Readonly<Record<string, string | undefined>>;
}

/**
 * The owner of the key or token in that variable. Where there is none, or a bad one, it says so on stderr, in one line without the
 * credential, and ends the process with status 1. Throws `ConfigError`: there is nothing to verify with.
 */
export function authenticate(options: Options): Caller {
  const { apiKeys, env = process.env, variable = MCP_API_KEY, verifier } = options;
  if (verifier === undefined && apiKeys === undefined) throw new ConfigError('name a verifier or a set of API keys');
  const credential = env[variable]?.trim() ?? '';
  if (credential === '') exit(`${variable} environment variable is required`);
  try {
    // By its shape, and never tried twice.
    if (verifier !== undefined && (apiKeys === undefined || credential.split('.', 4).length === 3)) {
      return callerOf(verifier.identify(credential));
    }
    if (apiKeys !== undefined) return callerOf(apiKeys.identify(credential));
  } catch (error) {
    exit(`${variable} environment variable is refused (${codeOf(error)})`);
  }
  return exit(`${variable} environment variable is refused (credentials_unsupported)`);
}

function callerOf({ id, method, subject, scopes, roles, claims }: Principal): Caller {
  return Object.freeze({
    id,
    method: method === 'jwt' ? method : 'api_key',
    ...(subject !== undefined && { subject }),
    scopes,
    roles,
    ...(claims !== undefined && { claims }),
  });
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  throw error;
}

function exit(why: string): never {
  // Not by `process.stderr`, which may be slower than the exit.
  writeSync(2, `${why}\n`);
  process.exit(1);
}
