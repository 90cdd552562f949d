// The official SDK's handler, 2.x, behind the gate, as a fetch-style server: Deno, Bun and others serve it the same way.
//
//   API_KEYS=a-key-nobody-guesses node fetch_server.mjs
//
// Settings are doorward's own: API_KEYS, ADMIN_API_KEYS, JWT_SECRET, RATE_LIMIT_MAX and so on.

import { serve } from '@hono/node-server';
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import { Gate, Policy } from 'doorward';
import { guardedHandler, scopeChallenge } from 'doorward/mcp2';
import { callerOf } from 'doorward/tools';

const gate = Gate.fromEnv(process.env, { policy: Policy.allowAll() });
const text = (words) => ({ content: [{ type: 'text', text: words }] });

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'guarded', version: '1.0.0' });
  server.registerTool('whoami', { description: 'Who is calling.' }, (ctx) => text(callerOf(ctx).id));
  // In place of a policy: whoever lacks the scope gets 403.
  server.registerTool('export', { scopeChallenge: scopeChallenge('export') }, () => text('exported'));
  return server;
});

const guarded = guardedHandler(gate, handler);

serve(
  {
    // A Request knows no peer: whoever has the connection tells it.
    fetch: (request, { incoming }) => guarded(request, { peer: incoming.socket.remoteAddress }),
    port: Number(process.env.PORT ?? 8000),
    hostname: '127.0.0.1',
  },
  ({ port }) => console.log(`http://127.0.0.1:${port}/mcp`),
);
