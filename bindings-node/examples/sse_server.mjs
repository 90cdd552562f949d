// The older transport of two addresses, /sse and /messages, behind the gate: sessions are their openers' own.
//
//   API_KEYS=a-key-nobody-guesses node sse_server.mjs
//
// Settings are doorward's own: API_KEYS, ADMIN_API_KEYS, JWT_SECRET, RATE_LIMIT_MAX and so on.

import { randomBytes } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { Gate, Policy } from 'doorward';
import { guard } from 'doorward/sse';
import { callerOf } from 'doorward/tools';
import express from 'express';

const env = { SESSION_KEY: randomBytes(32).toString('hex'), ...process.env };
const gate = Gate.fromEnv(env, { policy: Policy.allowAll() });

const app = express();
app.use(guard(gate, { sse: '/sse' }));

const transports = new Map();
app.get('/sse', async (req, res) => {
  const server = new McpServer({ name: 'guarded', version: '1.0.0' });
  server.registerTool('whoami', {}, (extra) => ({ content: [{ type: 'text', text: callerOf(extra).id }] }));
  const transport = new SSEServerTransport('/messages', res);
  transports.set(transport.sessionId, transport);
  res.on('close', () => transports.delete(transport.sessionId));
  await server.connect(transport);
});
app.post('/messages', async (req, res) => {
  const transport = transports.get(req.query.sessionId);
  if (transport === undefined) return res.status(404).end();
  return transport.handlePostMessage(req, res, req.body);
});

const listener = app.listen(process.env.PORT ?? 8000, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${listener.address().port}/sse`);
});
