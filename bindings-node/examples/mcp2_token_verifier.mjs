// The official SDK's own bearer check, 2.x, with doorward for a verifier: no limits, no policy, no keys but behind Bearer.
//
//   JWT_SECRET=a-secret-of-at-least-32-bytes-kept-well node mcp2_token_verifier.mjs

import { createMcpExpressApp, requireBearerAuth } from '@modelcontextprotocol/express';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import { Verifier } from 'doorward';
import { tokenVerifier } from 'doorward/mcp2';

const here = new URL('http://127.0.0.1:8000/mcp');
const verifier = tokenVerifier({
  verifier: new Verifier({ secret: process.env.JWT_SECRET, audience: here.href }),
  resource: here,
});

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'verified', version: '1.0.0' });
  server.registerTool('whoami', {}, ({ http }) => {
    const { claims, subject } = http.authInfo.extra;
    return { content: [{ type: 'text', text: `${subject} of ${claims.team}` }] };
  });
  return server;
});
const serve = toNodeHandler(handler);

const app = createMcpExpressApp();
app.use(requireBearerAuth({ verifier, requiredScopes: ['read'], expectedResource: here }));
app.all('/mcp', (req, res) => serve(req, res, req.body));

const listener = app.listen(process.env.PORT ?? 8000, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${listener.address().port}/mcp`);
});
