// The guard in Express, 5 and 4, before express.json() and after it.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { ApiKey, ApiKeys, ConfigError, Gate, Policy, Verifier } from 'doorward';
import { guard, requires, wellKnown } from 'doorward/express';
import cors from 'cors';
import express from 'express';
import express4 from 'express4';
import { CALL, KEY, SECRET, bearer, post, serving } from './helpers.mjs';

const gate = (options = {}) =>
  new Gate({
    apiKeys: new ApiKeys([new ApiKey({ id: 'ci', key: KEY, roles: ['user'] })]),
    verifiers: new Verifier({ secret: SECRET }),
    policy: new Policy({ everybody: { tools: ['whoami'], methods: ['*'] } }),
    ...options,
  });
const good = { 'x-api-key': KEY };
const answer = (req, res) => res.json({ id: req.principal?.id, client: req.auth?.clientId, body: req.body });
const admitted = { id: 'key:ci', client: 'key:ci', body: CALL };
const keeping = { verify: (req, res, bytes) => (req.rawBody = bytes) };

for (const [name, framework] of [
  ['Express 5', express],
  ['Express 4', express4],
]) {
  describe(name, () => {
    const places = {
      'without express.json()': (app) => app.use(guard(gate())),
      'before express.json()': (app) => app.use(guard(gate()), framework.json()),
      'after express.json()': (app) => app.use(framework.json(), guard(gate())),
      'after express.json() that keeps the bytes': (app) => app.use(framework.json(keeping), guard(gate())),
      'after express.text()': (app) => app.use(framework.text({ type: '*/*' }), guard(gate()), parsed),
      'after express.raw()': (app) => app.use(framework.raw({ type: '*/*' }), guard(gate()), parsed),
    };
    const parsed = (req, res, next) => {
      req.body = JSON.parse(req.body);
      next();
    };
    for (const [place, use] of Object.entries(places)) {
      test(place, async () => {
        const app = framework();
        use(app);
        app.post('/mcp', answer);
        await serving(createServer(app), async (url) => {
          const found = await post(`${url}/mcp`, good, CALL);
          assert.deepEqual(await found.json(), admitted);
          assert.equal(found.headers.get('x-ratelimit-limit'), '100');
          for (const [headers, message, status] of [
            [{}, CALL, 401],
            [good, { ...CALL, params: { name: 'drop' } }, 403],
            [good, [CALL, { ...CALL, params: { name: 'drop' } }], 403],
            [bearer({ exp: 1 }), CALL, 401],
          ]) {
            assert.equal((await post(`${url}/mcp`, headers, message)).status, status);
          }
        });
      });
    }

    test('what is executed is what was admitted, also where the bytes are gone', async () => {
      const twice =
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"},"params":{"name":"drop"}}';
      const headers = { ...good, 'content-type': 'application/json' };
      for (const [use, status] of [
        [(app) => app.use(guard(gate())), 400],
        [(app) => app.use(framework.json(keeping), guard(gate())), 400],
        // The parser takes the last of the two, and so does whoever executes it.
        [(app) => app.use(framework.json(), guard(gate())), 403],
      ]) {
        const app = framework();
        use(app);
        app.post('/mcp', answer);
        await serving(createServer(app), async (url) => {
          const found = await fetch(`${url}/mcp`, { method: 'POST', headers, body: twice });
          assert.equal(found.status, status);
        });
      }
    });

    test('a parser that read nothing has left nothing to admit', async () => {
      const app = framework();
      // For another type: Express 4 leaves an empty object behind.
      app.use(framework.json({ type: 'application/other' }), guard(gate()));
      app.post('/mcp', answer);
      await serving(createServer(app), async (url) => {
        assert.deepEqual(await (await post(`${url}/mcp`, good, CALL)).json(), admitted);
      });
      const eaten = framework();
      eaten.use((req, res, next) => req.resume().on('end', next));
      eaten.use(guard(gate()));
      eaten.post('/mcp', answer);
      await serving(createServer(eaten), async (url) => {
        assert.equal((await post(`${url}/mcp`, good, CALL)).status, 400);
      });
    });

    test('a body of a GET reaches nobody', async () => {
      for (const use of [
        (app) => app.use(framework.json({ strict: false }), guard(gate())),
        (app) => app.use(guard(gate()), framework.json()),
      ]) {
        const app = framework();
        use(app);
        app.delete('/mcp', (req, res) => res.json({ body: req.body ?? null }));
        await serving(createServer(app), async (url) => {
          const init = { method: 'DELETE', headers: { ...good, 'content-type': 'application/json' }, body: '{"a":1}' };
          const { body } = await (await fetch(`${url}/mcp`, init)).json();
          assert.notDeepEqual(body, { a: 1 });
        });
      }
    });

    test('mounted further in, with open paths, routes that require, and CORS outside', async () => {
      const app = framework();
      const oauth = { publicUrl: 'http://127.0.0.1/mcp', authorizationServers: ['https://issuer.example'] };
      const own = gate({ ...oauth, allowedHosts: ['127.0.0.1'], origins: ['https://page.example'] });
      app.use((req, res, next) => {
        res.setHeader('access-control-allow-origin', 'https://page.example');
        res.setHeader('vary', 'Origin');
        if (req.method === 'OPTIONS') return res.status(204).end();
        return next();
      });
      app.use(wellKnown(own));
      app.use('/api', guard(own, { open: ['/api/health'], plain: ['/api/me'] }));
      app.get('/api/health', (req, res) => res.send('ok'));
      app.get('/api/me', requires({ scopes: ['profile'] }, own), answer);
      app.get('/free', requires({ roles: ['user'] }), answer);
      app.use((error, req, res, next) => res.status(500).send(error.message) && next);
      await serving(createServer(app), async (url) => {
        const metadata = await fetch(`${url}/.well-known/oauth-protected-resource`);
        assert.equal((await metadata.json()).resource, oauth.publicUrl);
        assert.equal(await (await fetch(`${url}/api/health`)).text(), 'ok');
        assert.equal((await fetch(`${url}/api/mcp`, { method: 'OPTIONS' })).status, 204);
        const origin = { origin: 'https://page.example' };
        const refused = await fetch(`${url}/api/me`, { headers: origin });
        assert.equal(refused.status, 401);
        assert.equal(refused.headers.get('access-control-allow-origin'), 'https://page.example');
        assert.match(refused.headers.get('vary'), /Origin/);
        const lacking = await fetch(`${url}/api/me`, { headers: good });
        assert.equal(lacking.status, 403);
        assert.equal((await lacking.json()).error, 'insufficient_scope');
        const challenge = /^Bearer error="insufficient_scope", scope="profile", resource_metadata="http:\/\/127/;
        assert.match(lacking.headers.get('www-authenticate'), challenge);
        const scoped = await fetch(`${url}/api/me`, { headers: bearer({ scope: 'profile', azp: 'app' }) });
        assert.deepEqual(await scoped.json(), { id: 'jwt::anna', client: 'app' });
        assert.match(await (await fetch(`${url}/free`)).text(), /no guard/);
      });
    });
  });
}

test('CORS outside, by the gate’s own list', async () => {
  const own = gate({ origins: ['https://page.example'] });
  const app = express();
  const origin = (from, done) => done(null, from !== undefined && own.isListedOrigin(from));
  app.use(cors({ origin, credentials: true, exposedHeaders: ['WWW-Authenticate'] }));
  app.use(guard(own));
  app.post('/mcp', answer);
  await serving(createServer(app), async (url) => {
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-api-key' };
    const preflight = (from) => fetch(`${url}/mcp`, { method: 'OPTIONS', headers: { ...asked, origin: from } });
    const allowed = await preflight('https://page.example');
    assert.deepEqual(
      [allowed.status, allowed.headers.get('access-control-allow-origin')],
      [204, 'https://page.example'],
    );
    assert.equal((await preflight('https://evil.example')).headers.get('access-control-allow-origin'), null);
    const refused = await post(`${url}/mcp`, { origin: 'https://page.example' }, CALL);
    assert.deepEqual(
      [refused.status, refused.headers.get('access-control-allow-origin')],
      [401, 'https://page.example'],
    );
    assert.equal(refused.headers.get('access-control-expose-headers'), 'WWW-Authenticate');
    assert.match(refused.headers.get('vary'), /Origin/i);
    assert.equal((await post(`${url}/mcp`, { ...good, origin: 'https://page.example' }, CALL)).status, 200);
    assert.equal((await post(`${url}/mcp`, { ...good, origin: 'https://evil.example' }, CALL)).status, 403);
  });
});

test('what requires nothing, or the impossible, is a configuration error', () => {
  for (const bad of [{}, { scopes: [] }, { scopes: 'read' }, { scopes: ['a"b'] }, { roles: [1] }]) {
    assert.throws(() => requires(bad), ConfigError);
  }
});
