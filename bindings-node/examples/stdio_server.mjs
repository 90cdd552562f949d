// A server on stdin and stdout, started by its client with a key in the environment.
//
//   MCP_API_KEY=a-key-nobody-guesses node stdio_server.mjs

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { ApiKey, ApiKeys } from 'doorward';
import { authenticate } from 'doorward/stdio';
import { authorizedTool } from 'doorward/tools';

// In earnest: a file of digests, by ApiKeys.fromText.
const apiKeys = new ApiKeys([new ApiKey({ id: 'anna', key: 'a-key-nobody-guesses', roles: ['user'] })]);
const caller = authenticate({ apiKeys });

const server = new McpServer({ name: 'on stdio', version: '1.0.0' });
const text = (words) => ({ content: [{ type: 'text', text: words }] });
server.registerTool('whoami', { description: 'Who started this server.' }, () => text(caller.id));
authorizedTool(server, { roles: ['admin'] }, caller)('shut_down', {}, () => text('not really'));

await server.connect(new StdioServerTransport());
