// mcpcraft-sdk's hooks, row by row (C01 to C10), called as its `createServer` calls them: with the map of headers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiKey, ApiKeys, ConfigError, Verifier } from 'doorward';
import { adminTools, apiKeyAuth, bearerToken, jwtAuth, oauthAuth, requireAdmin, serviceAuth } from 'doorward/mcpcraft';
import { KEY, SECRET, forged, now, token } from './surfaces.mjs';

/** A server as the SDK documents it: the hook's object is the tools' context, and what the hook throws is the answer. */
function createServer({ authenticate, tools = {} }) {
  return async (headers, tool, args) => {
    const context = await authenticate(headers);
    return tools[tool].run(args, context);
  };
}

const rejects = (promise, message, code) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof Error);
    assert.equal(error.message, message);
    if (code !== undefined) assert.equal(error.code, code);
    return true;
  });

test('C01 C02 C07 the hook gets the headers; what it gives is the context of run(args, context), what it throws rejects', async () => {
  const call = createServer({
    authenticate: apiKeyAuth({
      keys: new ApiKeys([new ApiKey({ id: 'ci', key: KEY, roles: ['admin'], scopes: ['read'] })]),
    }),
    tools: { whoami: { run: (args, context) => ({ args, user: context.user }) } },
  });
  assert.deepEqual(await call({ 'x-api-key': KEY }, 'whoami', { a: 1 }), {
    args: { a: 1 },
    user: { id: 'key:ci', roles: ['admin'], scopes: ['read'] },
  });
  await rejects(call({}, 'whoami', {}), 'Invalid API key', 'credentials_missing');
});

test('C03 C04 an API key against API_KEY of the environment: Error("Invalid API key")', async () => {
  const authenticate = apiKeyAuth({ env: { API_KEY: KEY } });
  for (const headers of [
    { 'x-api-key': KEY },
    { 'X-API-Key': KEY },
    new Headers({ 'x-api-key': KEY }),
    [['x-api-key', KEY]],
  ]) {
    assert.equal((await authenticate(headers)).user.id, 'key:api-key-1');
  }
  for (const headers of [
    {},
    { 'x-api-key': 'a-key-nobody-guesseS' },
    { 'x-api-key': '' },
    { 'x-api-key': [KEY, KEY] },
    { 'x-api-key': `${KEY}, ${KEY}` },
    { 'x-api-key': KEY, 'X-Api-Key': KEY },
    { 'x-api-key': 'ä'.repeat(20) },
    // Its low byte is the right one.
    { 'x-api-key': KEY.replace('k', String.fromCharCode('k'.charCodeAt(0) + 0x100)) },
    { 'x-api-key': `${KEY}\ud800` },
    { 'x-api-key': `${KEY}\0` },
    { 'x-api-key': 'a'.repeat(10_000_000) },
    { authorization: `Bearer ${KEY}` },
    { __proto__: { 'x-api-key': KEY } },
  ]) {
    await rejects(authenticate(headers), 'Invalid API key');
  }
  await assert.rejects(authenticate(undefined), TypeError);
  await assert.rejects(authenticate({ 'x-api-key': 7 }), TypeError);
});

test('C03 without a key to compare with, the server does not start', () => {
  for (const env of [{}, { API_KEY: '' }, { API_KEY: ' , ' }]) assert.throws(() => apiKeyAuth({ env }), ConfigError);
});

test('C05 the bearer token, without its scheme: Error("Missing token")', async () => {
  assert.equal(bearerToken({ authorization: 'Bearer a.b.c' }), 'a.b.c');
  assert.equal(bearerToken({ Authorization: 'bEARER  a.b.c ' }), 'a.b.c');
  for (const headers of [
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer ' },
    { authorization: 'Bearera.b.c' },
    { authorization: 'Basic abc' },
    { authorization: ['Bearer a', 'Bearer b'] },
  ]) {
    assert.throws(() => bearerToken(headers), { message: 'Missing token', code: 'credentials_missing' });
    await rejects(oauthAuth(async () => ({ id: 1 }))(headers), 'Missing token');
    await rejects(serviceAuth({ secret: SECRET })(headers), 'Missing token');
  }
});

test('C06 delegated verification: the user, or Error("Invalid token")', async () => {
  const asked = [];
  const users = { good: { id: 'anna', roles: ['admin'] } };
  const authenticate = oauthAuth(async (given) => {
    asked.push(given);
    if (given === 'broken') throw new Error('the database says: password is hunter2');
    return users[given];
  });
  assert.deepEqual(await authenticate({ authorization: 'Bearer good' }), { user: users.good });
  await rejects(authenticate({ authorization: 'Bearer bad' }), 'Invalid token', 'token_unknown');
  await assert.rejects(authenticate({ authorization: 'Bearer broken' }), (error) => {
    assert.equal(error.message, 'Invalid token');
    assert.match(error.cause.message, /hunter2/);
    assert.deepEqual(Object.keys(error).sort(), ['code', 'name']);
    return true;
  });
  assert.deepEqual(asked, ['good', 'bad', 'broken']);
  // Whatever is no object is no user.
  for (const value of [null, undefined, true, 'anna', 7]) {
    await rejects(oauthAuth(() => value)({ authorization: 'Bearer x' }), 'Invalid token');
  }
});

test('C07 the token itself is in the context for who asks for it, and for nobody else', async () => {
  const given = token({ iss: 'https://i.example', roles: ['admin'], scope: 'read' });
  const headers = { authorization: `Bearer ${given}` };
  const verifier = new Verifier({ secret: SECRET, issuer: 'https://i.example' });
  const { user } = await jwtAuth(verifier)(headers);
  assert.deepEqual(
    [user.id, user.roles, user.scopes, user.claims.iss],
    ['anna', ['admin'], ['read'], 'https://i.example'],
  );
  assert.ok(!JSON.stringify(user).includes(given));
  assert.equal((await jwtAuth(verifier, { exposeToken: true })(headers)).user.token, given);
  assert.deepEqual((await oauthAuth(() => ({ id: 1 }), { exposeToken: true })(headers)).user, { id: 1, token: given });
  await rejects(jwtAuth(verifier)({ authorization: `Bearer ${forged(given)}` }), 'Invalid token', 'signature_invalid');
  const nobody = token({ iss: 'https://i.example', sub: undefined });
  await rejects(jwtAuth(verifier)({ authorization: `Bearer ${nobody}` }), 'Invalid token', 'subject_missing');
});

test('C08 service to service: a shared JWT_SECRET, short-lived, gives {service}', async () => {
  const authenticate = serviceAuth({ env: { JWT_SECRET: SECRET } });
  const of = (claims, secret) => ({ authorization: `Bearer ${token({ sub: 'billing', ...claims }, secret)}` });
  assert.deepEqual(await authenticate(of()), { service: 'billing' });
  for (const [claims, code] of [
    [{ exp: now() - 1 }, 'token_expired'],
    [{ exp: now() + 3601 }, 'token_lifetime_too_long'],
    [{ iat: undefined }, undefined],
    [{ sub: undefined }, undefined],
    [{ sub: 7 }, undefined],
  ]) {
    await rejects(authenticate(of(claims)), 'Invalid token', code);
  }
  await rejects(authenticate(of({}, 'another secret of at least 32 bytes')), 'Invalid token', 'signature_invalid');
  assert.deepEqual(await serviceAuth({ secret: SECRET, maxLifetime: 86_400 })(of({ exp: now() + 7200 })), {
    service: 'billing',
  });
  for (const env of [{}, { JWT_SECRET: '' }]) assert.throws(() => serviceAuth({ env }), ConfigError);
});

test('C09 tools for admins alone: Error("Admin access required")', () => {
  const check = adminTools(['delete-user']);
  const admin = { user: { roles: ['admin'] } };
  requireAdmin(admin);
  check('delete-user', admin);
  check('search', { user: { roles: ['user'] } });
  for (const context of [
    undefined,
    {},
    { user: {} },
    { user: { roles: ['user'] } },
    { user: { roles: 'admin' } },
    { user: { roles: { includes: () => true } } },
  ]) {
    assert.throws(() => requireAdmin(context), { message: 'Admin access required', code: 'forbidden' });
    assert.throws(() => check('delete-user', context), { message: 'Admin access required' });
  }
});

test('C10 keys rotate, every request is validated, and every attempt is logged without the credential', async (t) => {
  const log = [];
  const authenticate = apiKeyAuth({ env: { API_KEY: `${KEY},the-next-key-to-come` }, log: (event) => log.push(event) });
  await authenticate({ 'x-api-key': KEY });
  await authenticate({ 'x-api-key': 'the-next-key-to-come' });
  await rejects(authenticate({ 'x-api-key': 'a-guess' }), 'Invalid API key', 'api_key_unknown');
  assert.deepEqual(log, [
    { outcome: 'admitted', caller: 'key:api-key-1' },
    { outcome: 'admitted', caller: 'key:api-key-2' },
    { outcome: 'refused', code: 'api_key_unknown' },
  ]);
  // The same token, good a moment ago, is looked at anew.
  const service = serviceAuth({ secret: SECRET });
  const headers = { authorization: `Bearer ${token()}` };
  await service(headers);
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 600_000 });
  await rejects(service(headers), 'Invalid token', 'token_expired');
});
