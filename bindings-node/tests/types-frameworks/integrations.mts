// How the integrations read beside their frameworks' own types: compiled, never run. What the frameworks' types are worth by
// themselves is not looked at: some want those of a browser.

import { createServer } from 'node:http';
import { serve } from '@hono/node-server';
import { requireBearerAuth as requireBearerAuth2 } from '@modelcontextprotocol/express';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import type { OAuthTokenVerifier } from '@modelcontextprotocol/sdk/server/auth/provider.js';
import type { AuthInfo as AuthInfo1 } from '@modelcontextprotocol/sdk/server/auth/types.js';
import { McpServer as McpServer1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  type AuthInfo as AuthInfo2,
  McpServer as McpServer2,
  type OAuthTokenVerifier as OAuthTokenVerifier2,
  createMcpHandler,
} from '@modelcontextprotocol/server';
import { type Admitted, Door, Gate, Policy, type Principal, Verifier } from 'doorward';
import * as forExpress from 'doorward/express';
import forFastify, { requires as requiresInFastify } from 'doorward/fastify';
import * as forFetch from 'doorward/fetch';
import * as forHono from 'doorward/hono';
import { type AuthInfo, guard, guarded, wellKnown } from 'doorward/http';
import * as forMcp from 'doorward/mcp';
import * as forMcp2 from 'doorward/mcp2';
import * as forSse from 'doorward/sse';
import { authenticate } from 'doorward/stdio';
import { authorizedTool, callerOf, isAllowed, requireRole, requireScope, showAllowed } from 'doorward/tools';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { z } from 'zod';

const gate: Gate = Gate.fromEnv();
const policy: Policy = Policy.allowAll();
const transport = new StreamableHTTPServerTransport();

// node:http
createServer(guarded(gate, (req, res) => transport.handleRequest(req, res), { open: ['/health'], onError: () => {} }));
const enter = guard(new Door(gate), { peer: (req) => req.socket.remoteAddress, sweep: 5 });
createServer(async (req, res) => {
  const admitted: Admitted | undefined = await enter(req, res);
  res.end(admitted?.principal.id);
});
// @ts-expect-error It is the host that routes.
guard(gate, { open: ['/health'] });
const isAnswered: boolean = wellKnown(gate)({} as never, {} as never);

// Express
const app = express();
app.use(forExpress.wellKnown(gate), forExpress.guard(gate, { open: ['/health'], plain: ['/me'] }));
app.get('/me', forExpress.requires({ scopes: ['profile'], roles: ['user'] }, gate), (req, res) => {
  const principal: Principal | undefined = req.principal;
  const { auth } = req;
  const bytes: Buffer | undefined = req.rawBody;
  res.json({ principal, auth, bytes });
});
app.all('/mcp', async (req, res) => transport.handleRequest(req, res, req.body));
app.use(forSse.guard(gate, { sse: '/sse', parameter: 'sessionId' }));
// @ts-expect-error A list of names.
forExpress.requires({ scopes: 'profile' });

// Fastify
const fastify = Fastify();
fastify.register(forFastify, { gate, open: ['/health'] });
// @ts-expect-error The gate is lacking.
fastify.register(forFastify, { open: ['/health'] });
fastify.get('/me', { preHandler: requiresInFastify({ roles: ['user'] }) }, async (request) => {
  const principal: Principal | undefined = request.principal;
  const auth: AuthInfo | undefined = request.auth;
  return { principal, auth, door: fastify.door.gate === gate };
});

// Hono
const handler = createMcpHandler(() => new McpServer2({ name: 'x', version: '1' }));
const hono = new Hono<forHono.Guarded>();
hono.use(forHono.guard(gate, { peer: (c) => c.req.header('x') }));
hono.get('/me', forHono.requires({ scopes: ['profile'] }), (c) => c.json({ id: c.get('principal')?.id }));
hono.all('/mcp', (c) => handler.fetch(c.req.raw, c.var.auth === undefined ? {} : { authInfo: c.var.auth }));
const chained = new Hono().use(forHono.guard(gate)).get('/me', (c) => c.text(c.var.principal?.id ?? ''));
serve({ fetch: chained.fetch });

// fetch
const asking = forFetch.guard(gate);
const answer: AuthInfo | Response = await asking(new Request('http://localhost'), { peer: '127.0.0.1' });
const behind: forFetch.Guarded = forFetch.guarded(gate, (request, { auth, principal, body }) =>
  Response.json([request.url, auth?.clientId, principal?.id, body?.length]),
);
const response: Response = await behind(new Request('http://localhost'), { peer: undefined });

// The official SDKs
const verifier = new Verifier({ secret: 'a secret of at least 32 bytes, kept well' });
const first: OAuthTokenVerifier = forMcp.tokenVerifier(verifier);
const second: OAuthTokenVerifier2 = forMcp2.tokenVerifier({
  verifier,
  resource: 'https://mcp.example/mcp',
  lifetime: 60,
});
app.use(requireBearerAuth({ verifier: first }), requireBearerAuth2({ verifier: second }));
const auth1: AuthInfo1 = answer as AuthInfo;
const auth2: AuthInfo2 = answer as AuthInfo;
// Its request's type is at odds with Node's under exactOptionalPropertyTypes.
const serving = toNodeHandler(handler);
createServer(guarded(gate, (req, res) => serving(req as never, res)));
const served: Promise<Response> = forMcp2.guardedHandler(gate, handler)(new Request('http://localhost'), {
  peer: '::1',
});

// Tools
const server1 = new McpServer1({ name: 'x', version: '1' });
showAllowed(server1, policy);
authorizedTool(server1, { roles: ['admin'] })('add', { inputSchema: { a: z.number() } }, ({ a }, extra) => {
  const sum: number = a + 1;
  requireScope(extra, 'read');
  return { content: [{ type: 'text', text: `${sum} ${callerOf(extra)?.id}` }] };
});
const server2 = new McpServer2({ name: 'x', version: '1' });
showAllowed(server2, (kind, name, caller) => kind === 'tool' && name !== 'x' && caller !== undefined);
authorizedTool(server2, { scopes: ['add'] })('add', { inputSchema: z.object({ a: z.number() }) }, ({ a }, ctx) => {
  const sum: number = a + 1;
  const id: string = requireRole(ctx, 'user').id;
  return { content: [{ type: 'text', text: `${sum} ${id} ${isAllowed(policy, ctx, 'tool', 'x')}` }] };
});
server2.registerTool('x', { scopeChallenge: forMcp2.scopeChallenge('a', 'b') }, () => ({ content: [] }));
server2.registerTool('y', {}, (ctx) => ({ content: [{ type: 'text', text: callerOf(ctx.http?.authInfo)?.id ?? '' }] }));
// @ts-expect-error At least one.
requireRole(undefined);

// stdio
const caller = authenticate({ verifier, variable: 'TOKEN', env: process.env });
authorizedTool(server1, { roles: ['admin'] }, caller)('z', {}, () => ({ content: [] }));

export { auth1, auth2, isAnswered, response, served };
