// Rows `node/express/overhead` of the report: an MCP call through Express behind our guard, beside none and the official SDK's
// bearer middleware over jose.
//
// Usage: node express.mjs [--quick] REPORT     REPORT is a file to add the rows to; rows of an earlier run are replaced
//
// The same Express application in a process of its own each: it parses the body's JSON and answers with JSON. Ours has the whole
// gate before it, with HS256 tokens that were seen before, its policy and its buckets; theirs nothing, or the SDK's
// `requireBearerAuth` with jose's `jwtVerify`, and nothing else. One client on loopback calls them by turns over the same number of
// connections; what is told is the server process's own time a request, system calls included.

import { fork } from 'node:child_process';
import { createSecretKey } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import express from 'express';
import { jwtVerify } from 'jose';
import { guard } from '../../bindings-node/dist/express.mjs';
import { Gate, Policy, Quota, SigningKey, Verifier } from '../../bindings-node/dist/index.mjs';
import { AUDIENCE, ISSUER, SECRET, claims, report, row } from './shared.mjs';

const { dependencies } = createRequire(import.meta.url)('./package.json');
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"query":"doors"}}}';
const CONNECTIONS = 16;
/** Requests of one turn. */
const TURN = 512;

function ours() {
  const gate = new Gate({
    verifiers: new Verifier({ secret: SECRET, issuer: ISSUER, audience: AUDIENCE }),
    policy: new Policy({ roles: { user: { tools: ['search'] } } }),
    principalQuota: new Quota(1_000_000, 1),
  });
  return guard(gate);
}

function bySdk() {
  const key = createSecretKey(Buffer.from(SECRET));
  const rules = { algorithms: ['HS256'], issuer: ISSUER, audience: AUDIENCE };
  const verifyAccessToken = async (token) => {
    const { payload } = await jwtVerify(token, key, rules).catch(() => {
      throw new InvalidTokenError('invalid token');
    });
    return { token, clientId: payload.sub, scopes: payload.scope.split(' '), expiresAt: payload.exp };
  };
  return requireBearerAuth({ verifier: { verifyAccessToken } });
}

const express_ = `express ${dependencies.express}`;
const sdk = `${express_} with the SDK ${dependencies['@modelcontextprotocol/sdk']}'s requireBearerAuth over jose ${dependencies.jose}`;
const SERVERS = { ours, [`${express_} with no auth`]: undefined, [sdk]: bySdk };

/** One server: says its port, and its time so far whenever it is asked. */
function serve(name) {
  const app = express();
  const auth = SERVERS[name]?.();
  if (auth !== undefined) app.use(auth);
  app.use(express.json());
  app.post('/mcp', (req, res) => res.json({ jsonrpc: '2.0', id: req.body.id, result: { content: [] } }));
  const listener = app.listen(0, '127.0.0.1', () => process.send(listener.address().port));
  process.on('message', () => process.send(process.cpuUsage()));
  process.on('disconnect', () => process.exit());
}

/** A server, and the client's connections to it. */
class Server {
  static async of(name) {
    const server = new Server();
    server.child = fork(fileURLToPath(import.meta.url), ['--serve', name]);
    [server.port] = await once(server.child, 'message');
    server.agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    return server;
  }

  async #spent() {
    this.child.send('time');
    const [{ user, system }] = await once(this.child, 'message');
    return (user + system) * 1000;
  }

  call(token) {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': CALL.length,
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-06-18',
    };
    return new Promise((resolve, reject) => {
      const options = { port: this.port, host: '127.0.0.1', agent: this.agent, method: 'POST', path: '/mcp', headers };
      const sent = request(options, (response) => {
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
        response.on('data', () => {}).on('end', resolve);
      });
      sent.on('error', reject).end(CALL);
    });
  }

  /** The server's time of one turn, in ns a request. */
  async turn(tokens) {
    const before = await this.#spent();
    let next = 0;
    const one = async () => {
      while (next < TURN) await this.call(tokens[next++ % tokens.length]);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, one));
    return ((await this.#spent()) - before) / TURN;
  }

  stop() {
    this.agent.destroy();
    this.child.disconnect();
  }
}

async function* rows(quick) {
  const signing = SigningKey.fromSecret(SECRET);
  const tokens = Array.from({ length: 100 }, (_, n) => signing.sign(claims(n)));
  const servers = await Promise.all(Object.keys(SERVERS).map(Server.of));
  const times = servers.map(() => []);
  // The first turns open the connections and have everything compiled.
  const [warming, count] = quick ? [8, 20] : [20, 100];
  for (let n = -warming; n < count; n += 1) {
    for (const [place, server] of servers.entries()) {
      const time = await server.turn(tokens);
      if (n >= 0) times[place].push(time);
    }
  }
  for (const server of servers) server.stop();
  const [mine, ...others] = times;
  for (const [place, theirs] of others.entries()) {
    yield row('node/express/overhead', Object.keys(SERVERS)[place + 1], mine, theirs, 'server process');
  }
}

if (process.argv[2] === '--serve') serve(process.argv[3]);
else await report('node/express/', rows);
