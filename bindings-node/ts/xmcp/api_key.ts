/** `apiKeyAuthMiddleware`, with xmcp's options and answers. */

import type { RequestHandler } from 'express';
import { ApiKey, ApiKeys, ConfigError } from '../index.js';
import { keyOf, requested } from '../_presented.js';

const UNAUTHORIZED = Object.freeze({ error: 'Unauthorized: Missing or invalid API key' });

/** One of the two, and where the key is sent. */
export type ApiKeyConfig = {
  /** The name of the header, `x-api-key` unless it is another. */
  headerName?: string;
} & (
  | {
      /** The key. */
      apiKey: string;
      validateApiKey?: never;
    }
  | {
      /** Whether a key is good, as by a look into a database. Anything but `true` is no. */
      validateApiKey: (key: string) => Promise<boolean>;
      apiKey?: never;
    }
);

/**
 * Lets go on whoever sends the key, and answers 401 `{"error":"Unauthorized: Missing or invalid API key"}` to all others. Nothing is
 * attached to the request.
 *
 * What `validateApiKey` throws goes to Express's error handler: nobody is let in by it. Throws `ConfigError` where there is no
 * key to compare with, or both of the options.
 */
export function apiKeyAuthMiddleware(config: ApiKeyConfig): RequestHandler {
  const { apiKey, validateApiKey, headerName = 'x-api-key' } = config;
  if ('apiKey' in config && 'validateApiKey' in config && apiKey !== undefined && validateApiKey !== undefined) {
    throw new ConfigError("'apiKey' and 'validateApiKey' are mutually exclusive - provide only one");
  }
  if (apiKey === undefined && validateApiKey === undefined) {
    throw new ConfigError("Either 'apiKey' or 'validateApiKey' must be provided");
  }
  if (typeof headerName !== 'string' || headerName === '') throw new ConfigError('Invalid configuration: headerName');
  const isGood = apiKey === undefined ? asking(validateApiKey) : comparing(apiKey);

  return async (request, response, next) => {
    const key = keyOf(requested(request, headerName));
    let good = false;
    try {
      good = key !== undefined && (await isGood(key)) === true;
    } catch (error) {
      next(error);
      return;
    }
    if (good) next();
    else response.status(401).json(UNAUTHORIZED);
  };
}

/** Against one key, in time that tells nothing of it. */
function comparing(apiKey: unknown): (key: string) => boolean {
  if (typeof apiKey !== 'string') throw new ConfigError('Invalid configuration: apiKey must be a string');
  const keys = new ApiKeys([new ApiKey({ id: 'static', key: apiKey })]);
  return (key) => keys.find(key) !== undefined;
}

function asking(validate: unknown): (key: string) => Promise<boolean> {
  if (typeof validate !== 'function') throw new ConfigError('Invalid configuration: validateApiKey must be a function');
  return async (key) => validate(key) as Promise<boolean>;
}
