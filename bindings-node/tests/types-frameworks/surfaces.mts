// The surfaces' types, beside the real frameworks': compiled, never run.

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { apiKeyAuth, serviceAuth } from 'doorward/mcpcraft';
import { authorizedTool, jwtAuth, rbac } from 'doorward/lesson';
import {
  apiKeyAuthMiddleware,
  auth0Config,
  auth0Provider,
  getAuthInfo,
  jwtAuthMiddleware,
  withRequest,
} from 'doorward/xmcp';
import type { RequestHandler } from 'express';
import type { Middleware } from 'xmcp';
import type * as theirs from 'xmcp';
import { z } from 'zod';

// What xmcp takes as the default export of `src/middleware.ts`, and what its own give.
const one: Middleware = jwtAuthMiddleware({ secret: 's', algorithms: ['HS256'], clockTolerance: 5, subject: 'a' });
const another: RequestHandler = apiKeyAuthMiddleware({ apiKey: 'k', headerName: 'x-key' });
const third: Middleware = apiKeyAuthMiddleware({ validateApiKey: async (key) => key === 'k' });
const provided: Middleware = auth0Provider(auth0Config({}));
export const all: Middleware[] = [one, another, third, provided];

// @ts-expect-error one of the two, not both
apiKeyAuthMiddleware({ apiKey: 'k', validateApiKey: async () => true });
// @ts-expect-error one of the two, not neither
apiKeyAuthMiddleware({});
// @ts-expect-error a secret is needed
jwtAuthMiddleware({ algorithms: ['HS256'] });

// What is written for xmcp's own middleware compiles with ours.
type Options = Parameters<typeof theirs.jwtAuthMiddleware>[0];
export const same = (options: Options): RequestHandler => jwtAuthMiddleware(options);
export const key = (options: Parameters<typeof theirs.apiKeyAuthMiddleware>[0]): RequestHandler =>
  apiKeyAuthMiddleware(options);

export const tool = withRequest(async (args: { a: number }, { req }) => `${args.a} ${req.headers.host}`);
export const seconds: number | undefined = getAuthInfo().expiresAt;
export const email: string | undefined = getAuthInfo().user.email;

const server = new McpServer({ name: 'n', version: '1' });
authorizedTool(server, 'delete', 'Deletes', { id: z.string(), n: z.number().default(1) }, ['admin'], (args, caller) => {
  const id: string = args.id;
  const n: number = args.n;
  // @ts-expect-error no argument of that name
  args.other;
  return { content: [{ type: 'text', text: `${id} ${n} ${caller.roles.join()}` }] };
});

export const allowed: boolean = rbac({ viewer: { tools: ['*'] } })('viewer', 'tools', 'x');
export const subject: string = jwtAuth().verifyToken('t').sub;
export const context: Promise<{ readonly service: string }> = serviceAuth()({ authorization: 'Bearer t' });
export const roles = async (): Promise<readonly string[]> => (await apiKeyAuth()(new Headers())).user.roles;
