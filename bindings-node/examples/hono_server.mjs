// A Hono application behind the gate, with an MCP endpoint by the official SDK, 2.x.
//
//   API_KEYS=a-key-nobody-guesses node hono_server.mjs
//
// Settings are doorward's own: API_KEYS, ADMIN_API_KEYS, JWT_SECRET, RATE_LIMIT_MAX and so on.

import { serve } from '@hono/node-server';
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import { Gate, Policy } from 'doorward';
import { honoCorsOptions } from 'doorward/cors';
import { guard, requires } from 'doorward/hono';
import { authorizedTool, callerOf, showAllowed } from 'doorward/tools';
import { Hono } from 'hono';
import { cors } from 'hono/cors';

const policy = new Policy({ everybody: { tools: ['*'], methods: ['*'] } }).require('tool', 'export', {
  scopes: ['export'],
});
const gate = Gate.fromEnv(process.env, { policy });
const text = (words) => ({ content: [{ type: 'text', text: words }] });

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'guarded', version: '1.0.0' });
  showAllowed(server, policy);
  server.registerTool('whoami', { description: 'Who is calling.' }, (ctx) => {
    const { id, scopes } = callerOf(ctx);
    return text(`${id} with ${scopes.join(' ') || 'no scopes'}`);
  });
  server.registerTool('export', { description: 'Needs the scope export.' }, () => text('exported'));
  const admins = authorizedTool(server, { roles: ['admin'] });
  admins('shut_down', { description: 'Needs the role admin.' }, () => text('not really'));
  return server;
});

const app = new Hono();
// Pages of CORS_ORIGINS may call, and read refusals as well.
app.use('/mcp', cors(honoCorsOptions(gate)));
app.use(guard(gate, { open: ['/health'], plain: ['/me'] }));
app.get('/health', (c) => c.text('ok'));
app.get('/me', requires({ scopes: ['profile'] }), (c) => c.json({ id: c.var.principal.id }));
app.all('/mcp', (c) => handler.fetch(c.req.raw, { authInfo: c.var.auth }));

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 8000), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}/mcp`);
});
