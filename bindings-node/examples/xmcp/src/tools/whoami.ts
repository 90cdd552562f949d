import { getAuthInfo } from 'doorward/xmcp';
import type { ToolMetadata } from 'xmcp';

export const metadata: ToolMetadata = {
  name: 'whoami',
  description: 'Tells who is calling, by their token.',
};

export default async function whoami(): Promise<string> {
  const { user, clientId, scopes, expiresAt } = getAuthInfo();
  return JSON.stringify({
    user: { id: user.sub, email: user.email ?? 'N/A', name: user.name ?? 'N/A', clientId: clientId || 'N/A' },
    token: { scopes, expiresAt: expiresAt === undefined ? 'N/A' : new Date(expiresAt * 1000).toISOString() },
  });
}
