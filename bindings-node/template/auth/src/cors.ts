/**
 * Pages of listed origins may call, with credentials. A request of any other origin passes as if this were not here, and
 * gets no CORS header; the guard behind it then refuses it.
 */

import type { Gate } from 'doorward';
import type { RequestHandler } from 'express';

const METHODS = 'GET,POST,DELETE';
/** What a page may send beyond the simple headers, the API key's aside. */
const SENT = 'authorization,content-type,accept,mcp-protocol-version,mcp-session-id,mcp-method,mcp-name,last-event-id';
/** What a page may read of the answer. */
const READ =
  'www-authenticate,retry-after,mcp-session-id,x-ratelimit-limit,x-ratelimit-remaining,x-ratelimit-reset,ratelimit,ratelimit-policy';

export function cors(gate: Gate): RequestHandler {
  return (request, response, next) => {
    // No cache mixes up what one origin gets and another does not.
    response.vary('Origin');
    const { origin } = request.headers;
    if (origin === undefined || !gate.isListedOrigin(origin)) {
      next();
      return;
    }
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-allow-credentials', 'true');
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      response.setHeader('access-control-allow-methods', METHODS);
      response.setHeader('access-control-allow-headers', `${SENT},${gate.apiKeyHeader}`);
      response.setHeader('access-control-max-age', '600');
      response.status(204).end();
      return;
    }
    response.setHeader('access-control-expose-headers', READ);
    next();
  };
}
