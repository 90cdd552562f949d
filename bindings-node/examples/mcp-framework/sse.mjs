// mcp-framework's SSE transport, behind API keys: API_KEYS=a-key-nobody-guesses node sse.mjs
//
// The key is asked for by `options.auth`, of the stream and of every message. `options.headers` is not the place for it: what is
// there, the transport *sends*, with every stream, to whoever connects.

import { keysFromEnv } from 'doorward/lesson';
import { MCPServer } from 'mcp-framework';
import { WhoAmI } from './whoami.mjs';

/** What mcp-framework asks: its own `APIKeyAuthProvider` takes keys from the query string, too, and logs headers. */
class KeyProvider {
  #keys;

  /** By a set of keys. */
  constructor(keys) {
    this.#keys = keys;
  }

  async authenticate(request) {
    const [key, ...others] = request.headersDistinct['x-api-key'] ?? [];
    const entry = key === undefined || others.length > 0 ? undefined : this.#keys.find(key);
    return entry !== undefined && { data: { id: `key:${entry.id}`, roles: entry.roles } };
  }

  getAuthError() {
    return { status: 401, message: 'Unauthorized' };
  }
}

const port = Number(process.env.PORT ?? 3001);
const own = `http://127.0.0.1:${port}`;
const server = new MCPServer({
  name: 'behind-keys',
  version: '1.0.0',
  transport: {
    type: 'sse',
    options: {
      port,
      auth: { provider: new KeyProvider(keysFromEnv('API_KEYS')), endpoints: { sse: true, messages: true } },
      // Pages of its own, of which there are none; the transport's own default is all there are.
      cors: { allowOrigin: own, allowedOrigins: [own] },
    },
  },
});
server.addTool(WhoAmI);
await server.start();
