/** The routes, and what stands in front of each. */

import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import cors from 'cors';
import { Gate, type Log, Policy } from 'doorward';
import { corsOptions } from 'doorward/cors';
import { guard } from 'doorward/express';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { formatAuthError } from './errors.js';
import { minting } from './tokens.js';
import { createServer } from './tools.js';

/** Settings by their names, as in `.env.example`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Admins may do everything; users everything but mint tokens. */
const policy = new Policy({ roles: { admin: '*', user: { tools: ['whoami'] } } });

/** The application, and how to end what it does in the background. Throws `ConfigError`: a setting that can't be used. */
export function createApp(env: Env, log?: Log): { app: Express; gate: Gate; close: () => void } {
  const gate = Gate.fromEnv(env, { policy });
  const mint = minting(env);
  const guarded = guard(gate, log === undefined ? {} : { log });
  const app = express();
  app.disable('x-powered-by');
  // Pages of CORS_ORIGINS, with credentials; others get no CORS header, and 403 from the guard.
  app.use(cors(corsOptions(gate)));

  // Every request carries its credential: there are no sessions that somebody else could take over.
  const mcp: RequestHandler = async (request, response) => {
    const { principal } = request;
    if (principal === undefined) throw new Error('this server is not behind its gate');
    if (request.method !== 'POST') {
      // Without sessions there is no stream to listen on, and nothing to delete.
      response.status(405).setHeader('allow', 'POST').end();
      return;
    }
    const server = createServer(principal, policy, mint);
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.on('close', () => void server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response, request.body);
  };
  app.use('/mcp', guarded, mcp);

  // What asks for no credential tells an address how many failures it has left.
  app.use((request, response, next) => {
    for (const [name, value] of gate.addressHeaders(request.headers, request.socket.remoteAddress)) {
      response.setHeader(name, value);
    }
    next();
  });
  app.get('/health', (_request, response) => void response.json({ status: 'ok' }));
  app.use((_request, response) => void response.status(404).end());

  const failed: ErrorRequestHandler = (error, _request, response, next) => {
    console.error(error);
    if (response.headersSent) next(error);
    else response.status(500).json({ error: 'server_error', error_description: formatAuthError(error) });
  };
  app.use(failed);
  return { app, gate, close: () => guarded.door.stop() };
}
