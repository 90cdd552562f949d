/** The MCP server behind the gate: `whoami` and, for admins, `generate-token`. */

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { Policy, Principal } from 'doorward';
import { z } from 'zod';
import { formatAuthError } from './errors.js';
import { type Mint, ROLES } from './tokens.js';

/**
 * A server with the tools that this caller may use: the list shows no others. The gate has refused calls of others before
 * this; here they are not even there, so that no other route leads past it.
 */
export function createServer(caller: Principal, policy: Policy, mint: Mint | undefined): McpServer {
  const server = new McpServer({ name: 'my-server', version: '0.1.0' });
  const may = (tool: string) => policy.isAllowed('tool', tool, { roles: caller.roles, scopes: caller.scopes });

  if (may('whoami')) {
    server.registerTool(
      'whoami',
      {
        title: 'Who am I',
        description: 'Tells who is calling, and by what kind of credential.',
        annotations: { readOnlyHint: true },
      },
      () =>
        answer({
          id: caller.id,
          subject: caller.subject ?? caller.client ?? keyOf(caller.id),
          method: caller.method,
          roles: caller.roles,
          scopes: caller.scopes,
        }),
    );
  }

  if (mint !== undefined && may('generate-token')) {
    server.registerTool(
      'generate-token',
      {
        title: 'Generate a token',
        description: 'Mints a signed token for a user. Admins only.',
        inputSchema: {
          userId: z.string().describe('Whom the token is for: its subject'),
          role: z.enum(ROLES).default('user').describe("The token's role"),
          expiresIn: z.string().default('24h').describe('How long it is good for, as 1h, 24h or 7d'),
        },
      },
      ({ userId, role, expiresIn }) => {
        try {
          return answer({ ...mint(userId, role, expiresIn) });
        } catch (error) {
          return { content: [{ type: 'text', text: formatAuthError(error) }], isError: true };
        }
      },
    );
  }
  return server;
}

/** Of a key, its id. */
function keyOf(id: string): string {
  return id.startsWith('key:') ? id.slice('key:'.length) : '';
}

function answer(value: Record<string, unknown>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value };
}
