// The official SDK's own bearer check, 1.x, with doorward for a verifier: no limits, no policy, no keys but behind Bearer.
//
//   JWT_SECRET=a-secret-of-at-least-32-bytes-kept-well node express_token_verifier.mjs

import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { Verifier } from 'doorward';
import { tokenVerifier } from 'doorward/mcp';
import express from 'express';

const here = new URL('http://127.0.0.1:8000/mcp');
const verifier = tokenVerifier({
  verifier: new Verifier({ secret: process.env.JWT_SECRET, audience: here.href }),
  resource: here,
});

const app = express();
app.use(express.json());
app.use(requireBearerAuth({ verifier, requiredScopes: ['read'], expectedResource: here }));
app.post('/mcp', async (req, res) => {
  const server = new McpServer({ name: 'verified', version: '1.0.0' });
  server.registerTool('whoami', {}, ({ authInfo }) => {
    const { claims, subject } = authInfo.extra;
    return { content: [{ type: 'text', text: `${subject} of ${claims.team}` }] };
  });
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await server.connect(transport);
  await transport.handleRequest(req, res, req.body);
});

const listener = app.listen(process.env.PORT ?? 8000, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${listener.address().port}/mcp`);
});
