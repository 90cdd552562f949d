// xmcp's middleware, row by row (X01 to X31), in Express; then a server that xmcp's own compiler has built.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ConfigError, Limiter, Policy, SigningKey } from 'doorward';
import * as doorward from 'doorward/xmcp';
import express from 'express';
import express4 from 'express4';
import theirs from 'xmcp';
import { folder, install, pack, run, started } from './packed.mjs';
import { KEY, SECRET, answer, forged, now, serve, token } from './surfaces.mjs';

const { apiKeyAuthMiddleware, auth0Config, auth0Provider, getAuthInfo, jwtAuthMiddleware, withRequest } = doorward;
const UNAUTHORIZED = { error: 'Unauthorized: Missing or invalid API key' };
const MALFORMED = { error: 'Unauthorized: Missing or malformed Authorization header' };
const MISSING = { error: 'Unauthorized: Missing access token' };
const INVALID = { error: 'Unauthorized: Invalid or expired token' };

/** An application that tells what middleware has left in the request. */
function behind(middleware, make = express) {
  const app = make();
  app.use(middleware);
  app.use((request, response) => {
    const { user, auth, principal } = request;
    response.json({
      user,
      auth,
      principal,
      keys: Object.keys(request).filter((name) => ['user', 'auth'].includes(name)),
    });
  });
  app.use((error, _request, response, _next) => response.status(500).json({ error: error.message }));
  return app;
}

const bearer = (of) => ({ authorization: `Bearer ${of}` });

test('X01 X11 both are exported from the root, and are handlers of three arguments as xmcp’s are', () => {
  for (const name of ['apiKeyAuthMiddleware', 'jwtAuthMiddleware']) {
    assert.equal(typeof doorward[name], 'function');
    assert.equal(typeof theirs[name], 'function');
  }
  assert.equal(apiKeyAuthMiddleware({ apiKey: KEY }).length, theirs.apiKeyAuthMiddleware({ apiKey: KEY }).length);
  assert.equal(jwtAuthMiddleware({ secret: SECRET }).length, theirs.jwtAuthMiddleware({ secret: SECRET }).length);
});

for (const [version, make] of [
  ['5', express],
  ['4', express4],
]) {
  test(`X03 X05 X06 X07 X09 X10 a static key, Express ${version}`, async (t) => {
    const url = await serve(t, behind(apiKeyAuthMiddleware({ apiKey: KEY }), make));
    const good = await answer(url, { 'X-API-Key': KEY });
    assert.deepEqual([good.status, good.body], [200, { keys: [] }]);
    for (const headers of [
      {},
      { 'x-api-key': '' },
      { 'x-api-key': 'a-guess' },
      { 'x-api-key': KEY.slice(0, -1) },
      { 'x-api-key': `${KEY}x` },
      { 'x-api-key': KEY.toUpperCase() },
      { 'x-api-key': `${KEY}, ${KEY}` },
      [
        ['x-api-key', KEY],
        ['x-api-key', KEY],
      ],
      [
        ['x-api-key', KEY],
        ['X-API-KEY', 'a-guess'],
      ],
      bearer(KEY),
    ]) {
      const { status, body } = await answer(url, headers);
      assert.deepEqual([status, body], [401, UNAUTHORIZED]);
    }
  });

  test(`X04 X08 a validator of one’s own, Express ${version}`, async (t) => {
    const asked = [];
    const validateApiKey = async (key) => {
      asked.push(key);
      if (key === 'broken') throw new Error('the database is down');
      return key === KEY ? true : key === 'truthy' ? 'yes' : false;
    };
    const url = await serve(t, behind(apiKeyAuthMiddleware({ validateApiKey, headerName: 'X-Key' }), make));
    assert.equal((await answer(url, { 'x-key': KEY })).status, 200);
    for (const headers of [
      { 'x-key': 'a-guess' },
      { 'x-key': 'truthy' },
      {},
      { 'x-api-key': KEY },
      { 'x-key': 'x'.repeat(513) },
    ]) {
      const { status, body } = await answer(url, headers);
      assert.deepEqual([status, body], [401, UNAUTHORIZED]);
    }
    // Not let in, and not told off as if the key were wrong.
    const { status, body } = await answer(url, { 'x-key': 'broken' });
    assert.deepEqual([status, body], [500, { error: 'the database is down' }]);
    assert.deepEqual(asked, [KEY, 'a-guess', 'truthy', 'broken']);
  });
}

test('X03 X04 one of the two, and not an empty one', () => {
  const both = { apiKey: KEY, validateApiKey: async () => true };
  for (const [config, message] of [
    [both, "'apiKey' and 'validateApiKey' are mutually exclusive - provide only one"],
    [{}, "Either 'apiKey' or 'validateApiKey' must be provided"],
  ]) {
    assert.throws(() => theirs.apiKeyAuthMiddleware(config), { message });
    assert.throws(() => apiKeyAuthMiddleware(config), { message });
    assert.throws(() => apiKeyAuthMiddleware(config), ConfigError);
  }
  for (const config of [
    { apiKey: undefined },
    { apiKey: '' },
    { apiKey: 7 },
    { validateApiKey: 7 },
    { apiKey: KEY, headerName: '' },
  ]) {
    assert.throws(() => apiKeyAuthMiddleware(config), ConfigError);
  }
});

// ---- tokens

const claims = { iss: 'https://i.example', aud: 'https://mcp.example', jti: 'j-1', nonce: 'n-1' };

test('X12–X18 every option of jsonwebtoken passes through, and answers as xmcp’s own do', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const rsa = SigningKey.fromPem(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'RS256');
  const rs256 = rsa.sign({ sub: 'anna', iat: now(), exp: now() + 600 });
  const good = token(claims);
  const late = token({ ...claims, exp: now() - 20 });
  const early = token({ ...claims, nbf: now() + 20 });
  const old = token({ ...claims, iat: now() - 100 });
  const endless = token({ ...claims, exp: undefined });
  for (const [options, presented, status] of [
    [{}, good, 200],
    [{}, endless, 200],
    [{}, late, 401],
    [{}, early, 401],
    [{}, forged(good), 401],
    [{}, token(claims, 'another secret of at least 32 bytes'), 401],
    [{}, rs256, 401],
    [{ secret: pem }, rs256, 200],
    [{ secret: pem, algorithms: ['RS256'] }, rs256, 200],
    [{ secret: pem, algorithms: ['HS256'] }, rs256, 401],
    [{ secret: pem, algorithms: ['HS256'] }, good, 401],
    [{ algorithms: ['HS256'] }, good, 200],
    [{ algorithms: ['HS512'] }, good, 401],
    [{ clockTolerance: 30 }, late, 200],
    [{ clockTolerance: 10 }, late, 401],
    [{ issuer: 'https://i.example' }, good, 200],
    [{ issuer: ['https://other.example', 'https://i.example'] }, good, 200],
    [{ issuer: 'https://other.example' }, good, 401],
    [{ audience: 'https://mcp.example' }, good, 200],
    [{ audience: /mcp/ }, good, 200],
    [{ audience: 'https://other.example' }, good, 401],
    [{ subject: 'anna' }, good, 200],
    [{ subject: 'bob' }, good, 401],
    [{ jwtid: 'j-1' }, good, 200],
    [{ jwtid: 'j-2' }, good, 401],
    [{ nonce: 'n-1' }, good, 200],
    [{ nonce: 'n-2' }, good, 401],
    [{ maxAge: '2m' }, old, 200],
    [{ maxAge: 50 }, old, 401],
    [{ ignoreExpiration: true }, late, 200],
    [{ ignoreNotBefore: true }, early, 200],
    [{ clockTimestamp: now() - 100 }, late, 200],
    [{ clockTimestamp: now() + 10_000 }, good, 401],
    [{ complete: true }, good, 200],
    [{ allowInvalidAsymmetricKeyTypes: true }, good, 200],
    [{ clockTimestamp: 'nonsense' }, good, 401],
  ]) {
    const config = { secret: SECRET, ...options };
    const answers = [];
    for (const make of [jwtAuthMiddleware, theirs.jwtAuthMiddleware]) {
      const { status, body } = await answer(await serve(t, behind(make(config))), bearer(presented));
      // What the SDK hands on is ours alone.
      delete body.auth;
      delete body.keys;
      answers.push({ status, body });
    }
    const of = JSON.stringify(options);
    assert.deepEqual(answers[0], answers[1], of);
    assert.deepEqual(
      [answers[0].status, answers[0].body.error],
      [status, status === 200 ? undefined : INVALID.error],
      of,
    );
  }
});

test('X19–X22 X28 the header, and the three sentences', async (t) => {
  const url = await serve(t, behind(jwtAuthMiddleware({ secret: SECRET })));
  const good = token();
  for (const authorization of [`Bearer ${good}`, `bearer ${good}`, `BEARER   ${good}`, `Bearer\t${good}`]) {
    assert.equal((await answer(url, { authorization })).status, 200, authorization);
  }
  for (const [headers, error] of [
    [{}, MALFORMED],
    [{ authorization: '' }, MALFORMED],
    [{ authorization: 'Basic abc' }, MALFORMED],
    [{ authorization: `Bearer${good}` }, MALFORMED],
    [{ authorization: `Bearers ${good}` }, MALFORMED],
    [{ authorization: good }, MALFORMED],
    [
      [
        ['authorization', `Bearer ${good}`],
        ['authorization', `Bearer ${good}`],
      ],
      MALFORMED,
    ],
    [{ authorization: 'Bearer' }, MISSING],
    [{ authorization: 'Bearer ' }, MISSING],
    [bearer(`Bearer ${good}`), INVALID],
    [bearer(`${good} `.repeat(2)), INVALID],
    [bearer('a.b.c'), INVALID],
    [bearer(token({ exp: 1 })), INVALID],
    [bearer(forged(good)), INVALID],
    [bearer(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`), INVALID],
  ]) {
    const { status, body } = await answer(url, headers);
    assert.deepEqual([status, body], [401, error], JSON.stringify(headers));
  }
});

test('X12 X29 without a secret the server does not start', () => {
  for (const secret of [undefined, null, '', new Uint8Array(0)]) {
    assert.throws(() => jwtAuthMiddleware({ secret }), ConfigError);
  }
});

test('X23 X24 X25 req.user, the request for tools, and getAuthInfo()', async (t) => {
  const said = [];
  const tool = withRequest(async (args, { req, signal }) => [args, req.user.sub, signal]);
  const app = express();
  app.use(jwtAuthMiddleware({ secret: SECRET }));
  app.use(async (request, response) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    const info = getAuthInfo();
    said.push(info);
    response.json({
      info,
      token: info.token,
      user: request.user,
      tool: await tool({ a: 1 }, { signal: 's' }),
      auth: request.auth,
    });
  });
  const url = await serve(t, app);
  const full = {
    azp: 'app',
    email: 'anna@example.com',
    name: 'Anna',
    scope: 'read write',
    permissions: ['tool:greet', 7],
  };
  const given = token(full);
  const { body } = await answer(url, bearer(given));
  assert.equal(body.token, given);
  assert.deepEqual(body.user, { sub: 'anna', ...full, iat: body.user.iat, exp: body.user.exp });
  assert.deepEqual(body.tool, [{ a: 1 }, 'anna', 's']);
  assert.deepEqual(body.info, {
    clientId: 'app',
    scopes: ['read', 'write', 'tool:greet'],
    permissions: ['tool:greet'],
    expiresAt: body.user.exp,
    user: { sub: 'anna', email: 'anna@example.com', name: 'Anna', azp: 'app' },
  });
  assert.deepEqual(body.auth, {
    clientId: 'app',
    scopes: body.info.scopes,
    expiresAt: body.user.exp,
    extra: { user: body.user },
  });
  // Many at a time, and each its own.
  const names = Array.from({ length: 30 }, (_, at) => `user-${at}`);
  const answers = await Promise.all(
    names.map(async (sub) => (await answer(url, bearer(token({ sub })))).body.info.user.sub),
  );
  assert.deepEqual(answers, names);
  // Claims of other types are none.
  const strange = (await answer(url, bearer(token({ client_id: 7, scope: ['a'], email: {}, permissions: 'x' })))).body
    .info;
  assert.deepEqual([strange.clientId, strange.scopes, strange.user], ['', [], { sub: 'anna' }]);
  assert.ok(said.every((info) => Object.isFrozen(info) && !JSON.stringify(info).includes('eyJ')));
  assert.throws(() => getAuthInfo(), /jwtAuthMiddleware/);
  assert.throws(() => tool({}, {}), /jwtAuthMiddleware/);
});

test('X30 arrays compose: logging, authentication, rate limit', async (t) => {
  const log = [];
  const limiter = new Limiter(2, 60);
  const app = express();
  app.use([
    (request, response, next) => {
      response.on('finish', () => log.push(`${request.method} ${response.statusCode}`));
      next();
    },
    jwtAuthMiddleware({ secret: SECRET }),
    (_request, response, next) => {
      if (limiter.check(getAuthInfo().user.sub).allowed) next();
      else response.status(429).end();
    },
  ]);
  app.use((_request, response) => response.end());
  const url = await serve(t, app);
  const statuses = [];
  for (const headers of [bearer(token()), {}, bearer(token()), bearer(token()), bearer(token({ sub: 'bob' }))]) {
    statuses.push((await answer(url, headers)).status);
  }
  assert.deepEqual(statuses, [200, 401, 200, 429, 200]);
  assert.deepEqual(
    log,
    statuses.map((status) => `GET ${status}`),
  );
});

// ---- the provider

test('X27 auth0Provider: the tenant’s keys, its claims, its metadata; everything else refused', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = SigningKey.fromPem(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'RS256', { kid: 'k1' });
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }] };
  const fetched = [];
  const tenant = async (address) => {
    fetched.push(String(address));
    const { pathname } = new URL(address);
    if (pathname.includes('jwks')) return Response.json(jwks);
    return Response.json({
      issuer: 'https://tenant.eu.auth0.test/',
      jwks_uri: 'https://tenant.eu.auth0.test/.well-known/jwks.json',
    });
  };
  const env = {
    DOMAIN: 'tenant.eu.auth0.test',
    AUDIENCE: 'https://api.example/',
    BASE_URL: 'http://127.0.0.1:3001',
    CLIENT_ID: 'client',
    CLIENT_SECRET: 'client-secret',
  };
  const policy = new Policy({ roles: { 'tool:greet': { tools: ['greet'] } }, everybody: { methods: ['tools/list'] } });
  const provider = auth0Provider({ ...auth0Config(env), scopesSupported: ['tool:greet'], policy, fetch: tenant });
  t.after(() => provider.door.stop());
  const app = express();
  app.use(express.json(), provider);
  app.use((request, response) => response.json({ info: getAuthInfo(), user: request.user.sub }));
  const url = await serve(t, app);
  const call = (headers, name = 'greet', path = '/mcp') =>
    answer(
      url + path,
      { 'content-type': 'application/json', ...headers },
      {
        method: 'POST',
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } }),
      },
    );
  const of = (more = {}) =>
    key.sign({
      iss: 'https://tenant.eu.auth0.test/',
      aud: ['https://api.example/', 'https://tenant.eu.auth0.test/userinfo'],
      sub: 'auth0|7',
      azp: 'app',
      scope: 'openid profile',
      permissions: ['tool:greet'],
      iat: now(),
      exp: now() + 600,
      ...more,
    });
  const { status, body } = await call(bearer(of({ email: 'anna@example.com' })));
  assert.equal(status, 200);
  assert.deepEqual(body.info, {
    clientId: 'app',
    scopes: ['openid', 'profile', 'tool:greet'],
    permissions: ['tool:greet'],
    expiresAt: body.info.expiresAt,
    user: { sub: 'auth0|7', email: 'anna@example.com', azp: 'app' },
  });
  assert.equal(body.user, 'auth0|7');

  const metadata = await answer(`${url}/.well-known/oauth-protected-resource`);
  assert.equal(metadata.status, 200);
  assert.deepEqual(metadata.body.authorization_servers, ['https://tenant.eu.auth0.test/']);
  assert.deepEqual(metadata.body.scopes_supported.toSorted(), ['email', 'openid', 'profile', 'tool:greet']);
  assert.match(metadata.body.resource, /^http:\/\/127\.0\.0\.1:3001/);

  for (const [headers, expected, path] of [
    [{}, 401],
    [{}, 401, '/MCP'],
    [{}, 401, '/mcp/'],
    [bearer(of({ exp: now() - 1 })), 401],
    [bearer(of({ aud: 'https://tenant.eu.auth0.test/userinfo' })), 401],
    [bearer(of({ iss: 'https://evil.auth0.test/' })), 401],
    [bearer(forged(of())), 401],
    [bearer(token()), 401],
    [bearer(of({ permissions: [] })), 403],
  ]) {
    const refused = await call(headers, 'greet', path);
    assert.equal(refused.status, expected);
    assert.equal(typeof refused.body.error, 'string');
    if (expected === 401) assert.match(refused.headers.get('www-authenticate'), /^Bearer .*resource_metadata="http/);
  }
  assert.equal((await call(bearer(of()), 'drop_all')).status, 403);
  assert.ok(fetched.length > 0 && fetched.every((address) => address.startsWith('https://tenant.eu.auth0.test/')));
});

test('X27 what the provider is not started with', () => {
  const good = { domain: 't.auth0.test', audience: 'a', baseURL: 'http://127.0.0.1:3001' };
  for (const name of Object.keys(good)) {
    assert.throws(() => auth0Provider({ ...good, [name]: '' }), {
      message: `[Auth0] Missing required config: ${name}`,
    });
  }
  for (const domain of ['https://t.auth0.test', 't.auth0.test/x', 'a b', 'evil@t.auth0.test']) {
    assert.throws(() => auth0Provider({ ...good, domain }), ConfigError);
  }
  for (const name of ['DOMAIN', 'AUDIENCE', 'BASE_URL']) {
    const env = { DOMAIN: 'a', AUDIENCE: 'b', BASE_URL: 'c', [name]: ' ' };
    assert.throws(() => auth0Config(env), { message: `${name} is not set`, setting: name });
  }
});

// ---- xmcp itself

test('X02 X24 X25 X26 X30 X31 a server built by xmcp’s own compiler, with the example’s middleware and tools', async (t) => {
  const cwd = folder(t);
  const { tarball } = await pack(cwd);
  const app = join(cwd, 'app');
  cpSync(fileURLToPath(new URL('../examples/xmcp', import.meta.url)), app, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
  manifest.dependencies.doorward = `file:${tarball}`;
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest));
  await install(app);
  const built = await run('npx', ['--no-install', 'xmcp', 'build'], { cwd: app, env: { PORT: '3497' } });
  assert.equal(built.status, 0, built.stdout + built.stderr);
  assert.doesNotMatch(built.stdout + built.stderr, /ERROR/);
  const { found, said } = await started(t, ['dist/http.js'], {
    cwd: app,
    env: {
      JWT_SECRET: SECRET,
      JWT_ISSUER: 'https://i.example',
      JWT_AUDIENCE: 'https://mcp.example',
      RATE_LIMIT_MAX: '8',
    },
    pattern: /running on (http:\S+?\/mcp)/,
  });
  const url = found[1];
  const exp = now() + 600;
  const headers = bearer(token({ ...claims, exp, email: 'anna@example.com', scope: 'read' }));
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  t.after(() => client.close());
  const text = async (name) => (await client.callTool({ name, arguments: {} })).content[0].text;
  assert.deepEqual(JSON.parse(await text('whoami')), {
    user: { id: 'anna', email: 'anna@example.com', name: 'N/A', clientId: 'N/A' },
    token: { scopes: ['read'], expiresAt: new Date(exp * 1000).toISOString() },
  });
  assert.equal(await text('subject'), 'anna');
  const post = (more) => answer(url, { 'content-type': 'application/json', ...more }, { method: 'POST', body: '{}' });
  for (const [more, body] of [
    [{}, MALFORMED],
    [bearer(token()), INVALID],
    [bearer(token({ ...claims, exp: 1 })), INVALID],
  ]) {
    const refused = await post(more);
    assert.deepEqual([refused.status, refused.body], [401, body]);
  }
  const statuses = new Set();
  for (let at = 0; at < 9; at += 1) statuses.add((await post(headers)).status);
  assert.ok(statuses.has(429));
  assert.match(said(), /POST \/mcp 401 \d+ ms/);
  // On stdio there is no request, and no middleware: the key is in the environment (A02).
});
