/** Credentials for this run only, where none are configured: nobody has to make some before a first try. */

import { randomBytes } from 'node:crypto';
import { generateKey } from 'doorward';
import type { Env } from './app.js';

const CREDENTIALS = ['API_KEYS', 'ADMIN_API_KEYS', 'API_KEYS_FILE', 'JWT_SECRET', 'JWT_PUBLIC_KEY', 'OAUTH_ISSUER'];

/**
 * The settings, with credentials: those that are there or, on loopback, some that were made for this run, and then the text
 * that shows them. Off loopback, the gate refuses settings without credentials.
 */
export function withCredentials(env: Env): { env: Env; made?: (url: string) => string } {
  const onLoopback = ['127.0.0.1', '::1', 'localhost'].includes(env.HOST ?? '127.0.0.1');
  if (!onLoopback || CREDENTIALS.some((name) => env[name] !== undefined)) return { env };
  const [user, admin] = [generateKey('local').key, generateKey('local').key];
  const secret = randomBytes(32).toString('hex');
  return {
    env: { ...env, API_KEYS: user, ADMIN_API_KEYS: admin, JWT_SECRET: secret },
    made: (url) => `
No credentials are configured, so these were made for this run only. They are gone when it ends.

  admin key  ${admin}
  user key   ${user}

Ask who you are:

  curl -s ${url} \\
    -H 'x-api-key: ${admin}' \\
    -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \\
    -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}}}'

To keep credentials between runs, copy .env.example to .env and fill it in.
`,
  };
}
