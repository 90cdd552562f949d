// A bare node:http server behind the gate: it answers every MCP request with who asked, and streams on GET.
//
//   API_KEYS=a-key-nobody-guesses node http_server.mjs
//
// Settings are doorward's own: API_KEYS, ADMIN_API_KEYS, JWT_SECRET, RATE_LIMIT_MAX and so on.

import { createServer } from 'node:http';
import { Gate, Policy } from 'doorward';
import { guarded } from 'doorward/http';

const gate = Gate.fromEnv(process.env, { policy: Policy.allowAll() });

const server = createServer(
  guarded(
    gate,
    async (req, res) => {
      if (req.url === '/health') return res.end('ok');
      if (req.method === 'GET') {
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        const timer = setInterval(() => res.write(': still there\n\n'), 200);
        return res.on('close', () => clearInterval(timer));
      }
      const { id } = JSON.parse(req.rawBody);
      res.setHeader('content-type', 'application/json');
      return res.end(JSON.stringify({ jsonrpc: '2.0', id, result: { caller: req.principal.id } }));
    },
    { open: ['/health'] },
  ),
);
server.listen(process.env.PORT ?? 8000, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/mcp`);
});
