// The official SDK's server, 1.x, in Express, behind the whole gate: credentials, policy, limits, sessions.
//
//   API_KEYS=a-key-nobody-guesses node express_server.mjs
//
// Settings are doorward's own: API_KEYS, ADMIN_API_KEYS, JWT_SECRET, RATE_LIMIT_MAX and so on.

import { randomBytes, randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import cors from 'cors';
import { Gate, Policy } from 'doorward';
import { corsOptions } from 'doorward/cors';
import { guard } from 'doorward/mcp';
import { authorizedTool, callerOf, showAllowed } from 'doorward/tools';
import express from 'express';

const policy = new Policy({ everybody: { tools: ['*'], methods: ['*'] } }).require('tool', 'export', {
  scopes: ['export'],
});
// By the key, a session is good for whoever opened it, and nobody else.
const gate = Gate.fromEnv({ SESSION_KEY: randomBytes(32).toString('hex'), ...process.env }, { policy });

function build() {
  const server = new McpServer({ name: 'guarded', version: '1.0.0' });
  showAllowed(server, policy);
  server.registerTool('whoami', { description: 'Who is calling.' }, (extra) => {
    const { id, scopes } = callerOf(extra);
    return text(`${id} with ${scopes.join(' ') || 'no scopes'}`);
  });
  // The policy says what it needs, and whoever lacks it gets 403.
  server.registerTool('export', { description: 'Needs the scope export.' }, () => text('exported'));
  // Whoever lacks the role gets a tool result that is an error.
  const admins = authorizedTool(server, { roles: ['admin'] });
  admins('shut_down', { description: 'Needs the role admin.' }, () => text('not really'));
  return server;
}

const text = (words) => ({ content: [{ type: 'text', text: words }] });

const app = express();
app.get('/health', (req, res) => res.send('ok'));
// Pages of CORS_ORIGINS may call, and read refusals as well.
app.use(cors(corsOptions(gate)));
app.use(guard(gate));

const transports = new Map();
app.all('/mcp', async (req, res) => {
  const session = req.headers['mcp-session-id'];
  if (session !== undefined && !transports.has(session)) return res.status(404).end();
  const transport = transports.get(session) ?? (await opened());
  return transport.handleRequest(req, res, req.body);
});

async function opened() {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => transports.set(id, transport),
  });
  transport.onclose = () => transports.delete(transport.sessionId);
  await build().connect(transport);
  return transport;
}

const listener = app.listen(process.env.PORT ?? 8000, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${listener.address().port}/mcp`);
});
