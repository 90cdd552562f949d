// A Fastify application behind the gate: an MCP endpoint by the official SDK, 1.x, and a route of its own.
//
//   API_KEYS=a-key-nobody-guesses node fastify_server.mjs
//
// Settings are doorward's own: API_KEYS, ADMIN_API_KEYS, JWT_SECRET, RATE_LIMIT_MAX and so on.

import cors from '@fastify/cors';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { Gate, Policy } from 'doorward';
import { corsOptions } from 'doorward/cors';
import { guard, requires } from 'doorward/fastify';
import { callerOf } from 'doorward/tools';
import Fastify from 'fastify';

const policy = new Policy({ everybody: { tools: ['*'], methods: ['*'] } }).require('tool', 'export', {
  scopes: ['export'],
});
const gate = Gate.fromEnv(process.env, { policy });

const app = Fastify();
// Pages of CORS_ORIGINS may call, and read refusals as well.
app.register(cors, corsOptions(gate));
app.register(guard, { gate, open: ['/health'], plain: ['/me', '/reports'] });

app.get('/health', async () => 'ok');
app.get('/me', async ({ principal }) => ({ id: principal.id, scopes: principal.scopes }));
app.post('/reports', { preHandler: requires({ scopes: ['reports:write'] }) }, async ({ body, principal }) => {
  return { title: body.title, by: principal.id };
});
app.post('/mcp', async (request, reply) => {
  const server = new McpServer({ name: 'guarded', version: '1.0.0' });
  const text = (words) => ({ content: [{ type: 'text', text: words }] });
  server.registerTool('whoami', {}, (extra) => text(callerOf(extra).id));
  server.registerTool('export', {}, () => text('exported'));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await server.connect(transport);
  // The transport answers in the place of Fastify.
  reply.hijack();
  await transport.handleRequest(request.raw, reply.raw, request.body);
});
// There are no sessions here, so no stream to open.
app.get('/mcp', async (request, reply) => reply.code(405).send());

await app.listen({ port: Number(process.env.PORT ?? 8000), host: '127.0.0.1' });
console.log(`http://127.0.0.1:${app.server.address().port}/mcp`);
