// The official SDK's handler, 2.x, on node:http, behind the whole gate: credentials, policy, limits.
//
//   API_KEYS=a-key-nobody-guesses node mcp2_server.mjs
//
// Settings are doorward's own: API_KEYS, ADMIN_API_KEYS, JWT_SECRET, RATE_LIMIT_MAX and so on.

import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import { Gate, Policy } from 'doorward';
import { guarded } from 'doorward/http';
import { authorizedTool, callerOf } from 'doorward/tools';

const gate = Gate.fromEnv(process.env, { policy: Policy.allowAll() });
const text = (words) => ({ content: [{ type: 'text', text: words }] });

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'guarded', version: '1.0.0' });
  server.registerTool('whoami', { description: 'Who is calling.' }, (ctx) => text(callerOf(ctx).id));
  authorizedTool(server, { scopes: ['export'] })('export', {}, () => text('exported'));
  return server;
});

const server = createServer(guarded(gate, toNodeHandler(handler)));
server.listen(process.env.PORT ?? 8000, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/mcp`);
});
