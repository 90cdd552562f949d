/** API keys, from the environment for servers on stdio, and in a header over HTTP. */

import type { Request, RequestHandler } from 'express';
import { ApiKey, ApiKeys } from '../index.js';
import { type AuthInfo, authInfoOfKey } from '../_auth_info.js';
import { keyOf, requested } from '../_presented.js';
import { type AuthEvent, messages } from './messages.js';

/** The variable that holds the key of a server on stdio. */
export const MCP_API_KEY = 'MCP_API_KEY';

/**
 * The key in `MCP_API_KEY`, or in another variable. Where it is missing, or none of `keys`, one line goes to stderr and the
 * process ends with status 1: stdout is the protocol's.
 */
export function requireApiKey(
  options: { variable?: string; env?: Readonly<Record<string, string | undefined>>; keys?: ApiKeys } = {},
): string {
  const { variable = MCP_API_KEY, env = process.env, keys } = options;
  const key = env[variable]?.trim();
  if (!key) return end(messages.keyRequiredInEnvironment(variable));
  if (keys !== undefined && keys.find(key) === undefined) return end(`${variable} environment variable is refused`);
  return key;
}

function end(why: string): never {
  process.stderr.write(`${why}\n`);
  return process.exit(1);
}

/**
 * The set of the keys in a variable, separated by commas: while a key is rotated, the old and the new one are both there.
 * Throws `ConfigError` where there are none, or one of them can't be used.
 */
export function keysFromEnv(
  variable: string = MCP_API_KEY,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ApiKeys {
  return setOf((env[variable] ?? '').split(',').map((key) => key.trim()));
}

function setOf(keys: readonly string[]): ApiKeys {
  if (!Array.isArray(keys)) throw new TypeError('keys must be an ApiKeys, or an array of keys');
  return new ApiKeys(keys.map((key, at) => new ApiKey({ id: `api-key-${at + 1}`, key })));
}

export interface ApiKeyOptions {
  /** The keys that are good: a set of `ApiKey` entries with roles and ends of their own, or the plain texts. */
  keys: ApiKeys | readonly string[];
  /** `x-api-key` unless it is another. Keys in the query string are never read: they end up in logs. */
  header?: string;
  /** Gets one event a request. */
  log?: (event: AuthEvent) => void;
}

/** Express middleware that asks for an API key, for `/sse`, `/messages` and `/mcp` alike. */
export interface ApiKeyMiddleware extends RequestHandler {
  /** Other keys from now on: the next request sees them, and requests that run are not disturbed. */
  replace(keys: ApiKeys | readonly string[]): void;
}

/**
 * Answers 401 `{"error":"Unauthorized","message":"Valid API key required in X-API-Key header"}` to whoever has no good key.
 * Others go on, with `req.auth`, by which a tool knows the caller. Throws `ConfigError`: a key that can't be used.
 */
export function apiKeyMiddleware(options: ApiKeyOptions): ApiKeyMiddleware {
  const { header = 'x-api-key', log } = options;
  const of = (keys: ApiKeys | readonly string[]) => (keys instanceof ApiKeys ? keys : setOf(keys));
  let keys = of(options.keys);
  const check: RequestHandler = (request, response, next) => {
    const key = keyOf(requested(request, header));
    const entry = key === undefined ? undefined : keys.find(key);
    const address = request.socket?.remoteAddress;
    const whence = address === undefined ? {} : { address };
    if (entry === undefined) {
      log?.({
        outcome: 'refused',
        method: 'api_key',
        code: key === undefined ? 'credentials_missing' : 'api_key_unknown',
        ...whence,
      });
      response.status(401).json(messages.keyRequired);
      return;
    }
    log?.({ outcome: 'admitted', method: 'api_key', caller: `key:${entry.id}`, ...whence });
    // The key itself goes no further.
    (request as Request & { auth?: AuthInfo }).auth = authInfoOfKey(entry, '');
    next();
  };
  return Object.assign(check, { replace: (other: ApiKeys | readonly string[]) => void (keys = of(other)) });
}
