import { withRequest } from 'doorward/xmcp';
import type { ToolMetadata } from 'xmcp';

export const metadata: ToolMetadata = {
  name: 'subject',
  description: 'Tells the subject of the token, by the request.',
};

export default withRequest(async (_args: unknown, { req }) => String((req as { user?: { sub?: string } }).user?.sub));
