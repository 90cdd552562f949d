// A tool that tells who calls it: mcp-framework hands on what the provider, or the middleware, knew.

import { MCPTool, getRequestContext } from 'mcp-framework';
import { z } from 'zod';

export class WhoAmI extends MCPTool {
  name = 'whoami';
  description = 'Tells who is calling.';
  schema = z.object({});

  async execute() {
    const { id, roles } = getRequestContext() ?? {};
    return { id, roles };
  }
}
