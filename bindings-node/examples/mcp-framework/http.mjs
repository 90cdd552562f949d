// mcp-framework behind Express middleware, by JWTs: JWT_SECRET=… JWT_ISSUER=… node http.mjs
//
// Its transports take no middleware, so that Express stands in front and hands on what it lets through.

import { AsyncLocalStorage } from 'node:async_hooks';
import { jwtAuth } from 'doorward/lesson';
import express from 'express';
import { MCPServer } from 'mcp-framework';
import { WhoAmI } from './whoami.mjs';

const { verifyToken } = jwtAuth();
const users = new AsyncLocalStorage();

/** Tells mcp-framework whom the middleware let through; nobody is 401. */
const provider = {
  async authenticate() {
    const user = users.getStore();
    return user !== undefined && { data: { id: user.sub, roles: user.roles } };
  },
};
const server = new MCPServer({ name: 'behind-tokens', version: '1.0.0', auth: { provider } });
server.addTool(WhoAmI);

/** 401 `{"error":"Token required"}` or `{"error":"Invalid token"}`, or `req.user`. */
function tokenRequired(request, response, next) {
  const [authorization, ...others] = request.headersDistinct.authorization ?? [];
  const [, token] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  if (token === undefined || others.length > 0) {
    response.status(401).json({ error: 'Token required' });
    return;
  }
  try {
    request.user = verifyToken(token);
  } catch {
    response.status(401).json({ error: 'Invalid token' });
    return;
  }
  next();
}

const app = express();
app.post('/mcp', tokenRequired, express.json({ limit: '1mb' }), async (request, response) => {
  const asked = new Request(new URL(request.originalUrl, 'http://localhost'), {
    method: 'POST',
    headers: Object.entries(request.headers).filter(([name]) => !['host', 'content-length'].includes(name)),
    body: JSON.stringify(request.body),
  });
  const answer = await users.run(request.user, () => server.handleRequest(asked));
  response.status(answer.status);
  // It lets pages of all origins read its answers; here, none.
  for (const [name, value] of answer.headers) if (!name.startsWith('access-control-')) response.setHeader(name, value);
  response.send(Buffer.from(await answer.arrayBuffer()));
});
const listening = app.listen(Number(process.env.PORT ?? 3001), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${listening.address().port}/mcp`);
});
