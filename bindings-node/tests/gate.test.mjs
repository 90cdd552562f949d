// The gate's parts that vectors don't reach: questions, sessions, configuration, what it is asked besides.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import {
  ApiKey,
  ApiKeys,
  ConfigError,
  DoorwardError,
  Gate,
  Introspection,
  Issuer,
  Jwks,
  Limit,
  Policy,
  Quota,
  SharedLimit,
  SigningKey,
  Verifier,
  sign,
} from 'doorward';
import { NOW, SECRET, forged } from './shared.mjs';

const KEY = 'a-key-nobody-guesses';
const KEYS = new ApiKeys([new ApiKey({ id: 'ci', key: KEY, roles: 'user' })]);
const POLICY = new Policy({ roles: { user: { tools: ['whoami'] } } });
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}';
const ED25519 = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----`;

const headers = (more) => ({ host: 'localhost', 'content-type': 'application/json', ...more });
const get = (gate, more, now = NOW) => gate.begin('GET', headers(more), '127.0.0.1', { now });
const bearer = (token) => ({ authorization: `Bearer ${token}` });

test('a request is admitted or denied', () => {
  const gate = new Gate({ apiKeys: KEYS, policy: POLICY });
  const admitted = gate.admit('POST', headers({ 'x-api-key': KEY }), '127.0.0.1', CALL);
  assert.equal(admitted.kind, 'admitted');
  assert.deepEqual(admitted.target, { kind: 'tool', name: 'whoami' });
  assert.deepEqual([admitted.address, admitted.validUntil, admitted.session], ['127.0.0.1', undefined, undefined]);
  const who = admitted.principal;
  assert.deepEqual([who.id, who.method, who.roles, who.scopes], ['key:ci', 'api_key', ['user'], []]);
  assert.deepEqual([who.subject, who.client, who.claims, who.expires], [undefined, undefined, undefined, undefined]);
  assert.equal(admitted.principal, who);
  assert(who.equals(gate.admit('GET', headers({ 'x-api-key': KEY }), '127.0.0.1').principal));
  const denied = gate.admit(
    'POST',
    headers({ 'x-api-key': KEY }),
    '127.0.0.1',
    Buffer.from(CALL.replace('whoami', 'drop')),
  );
  assert.deepEqual([denied.kind, denied.status, denied.code], ['denied', 403, 'policy_forbidden']);
  assert(denied.principal.equals(who));
  assert.equal(JSON.parse(denied.body).error, 'forbidden');
  const nobody = gate.admit('POST', headers(), '127.0.0.1', CALL);
  assert.equal(nobody.status, 401);
  assert.equal(Object.fromEntries(nobody.headers)['www-authenticate'], 'Bearer');
  assert.equal(nobody.principal, undefined);
  assert.equal(JSON.parse(nobody.audit(5, { now: NOW })).code, 'credential_missing');
});

test('nothing of an answer can be changed, and nothing secret is shown', () => {
  const token = sign({ sub: 'anna', exp: NOW + 60, address: { street: 'x' } }, SECRET);
  const gate = new Gate({ verifiers: new Verifier({ secret: SECRET }), policy: POLICY });
  const { principal, ...rest } = get(gate, bearer(token));
  assert.deepEqual(rest, { validUntil: NOW + 60 });
  const step = get(gate, bearer(token));
  for (const change of [
    () => (step.kind = 'denied'),
    () => (step.principal = undefined),
    () => (step.principal.id = 'root'),
    () => (step.principal.extra = 1),
    () => step.principal.roles.push('admin'),
    () => (step.principal.claims.sub = 'root'),
    () => (step.principal.claims.address.street = 'y'),
  ]) {
    assert.throws(change, TypeError);
  }
  const shown = inspect([gate, step, step.principal], { showHidden: true, depth: 9 }) + JSON.stringify(step.principal);
  assert(shown.includes('jwt::anna') && !shown.includes(token) && !shown.includes('street') && !shown.includes(SECRET));
});

test("a token's principal has its claims", () => {
  const made = { sub: 'anna', iss: 'https://i.example', exp: NOW + 60, scope: 'a b', role: 'user' };
  const token = sign(made, SECRET);
  const gate = new Gate({ verifiers: new Verifier({ secret: SECRET }), policy: POLICY });
  let who;
  for (let turn = 0; turn < 2; turn++) {
    const step = gate.begin('POST', headers(bearer(token)), '127.0.0.1', { now: NOW });
    assert.deepEqual([step.kind, step.limit], ['body', 1024 * 1024]);
    assert.equal(step.principal.id, 'jwt:https://i.example:anna');
    const admitted = step.read(CALL, { now: NOW });
    assert.equal(admitted.validUntil, NOW + 60);
    for (const again of [() => step.read(CALL), () => step.tooLarge(), () => step.broken()]) {
      assert.throws(again, (error) => error instanceof DoorwardError && error.code === 'used');
    }
    assert.equal(step.principal.id, 'jwt:https://i.example:anna', 'still known');
    who = admitted.principal;
  }
  assert.deepEqual(who.claims, made);
  assert.equal(who.claims, who.claims);
  assert.deepEqual([who.scopes, who.roles, who.subject, who.expires], [['a', 'b'], ['user'], 'anna', NOW + 60]);
  assert.deepEqual(gate.cacheStats(), { hits: 1, misses: 1, evictions: 0 });
  assert(gate.stillGood(who, token, { now: NOW }) && !gate.stillGood(who, token, { now: NOW + 60 }));
  gate.revokeToken(token, NOW + 60, { now: NOW });
  assert(!gate.stillGood(who, token, { now: NOW }));
  assert.equal(get(gate, bearer(token)).code, 'token_revoked');
  assert.equal(get(gate, bearer(forged(token))).code, 'signature_invalid');
});

test('time is that of the process, faked or not', (t) => {
  const token = sign({ sub: 'anna', exp: NOW + 60 }, SECRET);
  const gate = new Gate({
    verifiers: [new Verifier({ secret: SECRET })],
    policy: POLICY,
    principalQuota: new Quota(1, 60),
  });
  const begin = () => gate.begin('GET', headers(bearer(token)), '127.0.0.1');
  t.mock.timers.enable({ apis: ['Date'], now: NOW * 1000 });
  let mono = 1000;
  t.mock.method(performance, 'now', () => mono);
  assert.equal(begin().kind, 'admitted');
  assert.equal(begin().status, 429);
  mono += 60_000;
  assert.equal(begin().kind, 'admitted');
  mono += 60_000;
  t.mock.timers.tick(60_000);
  assert.equal(begin().code, 'token_expired');
});

test('revocation by id, by subject, by client', () => {
  const gate = new Gate({ verifiers: [new Verifier({ secret: SECRET })], policy: POLICY });
  const made = { sub: 'anna', iss: 'i', jti: '7', iat: NOW - 10, exp: NOW + 60 };
  const [byId, other] = [sign(made, SECRET), sign({ ...made, jti: '8' }, SECRET)];
  gate.revokeId('i', '7', NOW + 60, { now: NOW });
  assert.equal(get(gate, bearer(byId)).code, 'token_revoked');
  gate.revokeClient('i', 'anna', NOW, NOW + 60, { now: NOW });
  assert.equal(get(gate, bearer(other)).principal.subject, 'anna', 'a client is no user of the same name');
  gate.revokeSubject('i', 'anna', NOW, NOW + 60, { now: NOW });
  assert.equal(get(gate, bearer(other)).code, 'token_revoked');
  const full = new Gate({ verifiers: new Verifier({ secret: SECRET }), revocations: 1 });
  assert.throws(() => {
    for (let n = 0; n < 100; n++) full.revokeId('i', String(n), NOW + 60, { now: NOW });
  }, ConfigError);
});

test("a revocation list of one's own", () => {
  const asked = [];
  let answer = () => false;
  const revocationList = (token) => {
    asked.push(token);
    return answer(token);
  };
  const gate = new Gate({ verifiers: new Verifier({ secret: SECRET }), policy: POLICY, revocationList });
  const token = sign({ sub: 'anna', iss: 'i', jti: '7', iat: NOW - 10, exp: NOW + 60 }, SECRET);
  const begin = (mono) => gate.begin('GET', headers(bearer(token)), '127.0.0.1', { now: { unix: NOW, mono } });
  assert.equal(begin(1).kind, 'admitted');
  assert.deepEqual(asked, [{ token, issuer: 'i', subject: 'anna', isClient: false, id: '7', issuedAt: NOW - 10 }]);
  answer = () => ({ goodFor: 10 });
  assert.equal(begin(2).kind, 'admitted');
  assert.equal(begin(11).kind, 'admitted');
  assert.equal(asked.length, 2, 'not asked again for so long');
  answer = () => true;
  assert.equal(begin(13).code, 'token_revoked');
  // Another gate is made and asked meanwhile, and this one too.
  answer = () => {
    answer = () => false;
    const other = new Gate({ apiKeys: KEYS }).begin('GET', { host: 'localhost' }, '::1');
    return other.kind !== 'denied' || begin(14).kind !== 'admitted';
  };
  assert.equal(begin(13.5).kind, 'admitted');
  const warnings = [];
  // Another is of the test runner's own, for its timers.
  const warn = (warning) => warning.name === 'ExperimentalWarning' || warnings.push(warning);
  process.on('warning', warn);
  for (const wrong of [
    1,
    0,
    undefined,
    null,
    'no',
    {},
    { goodFor: '3' },
    { goodFor: -1 },
    { goodFor: Infinity },
    Promise.resolve(false),
  ]) {
    answer = () => wrong;
    assert.equal(begin(15).code, 'token_revoked', String(wrong));
  }
  answer = () => {
    throw new Error('down');
  };
  assert.equal(begin(16).code, 'token_revoked');
  return new Promise((resolve) => setImmediate(resolve)).then(() => {
    process.off('warning', warn);
    assert.deepEqual(new Set(warnings.map((warning) => warning.name)), new Set(['DoorwardWarning']));
    assert(!warnings.some((warning) => warning.message.includes(token)));
  });
});

test('keys that are fetched are asked for', () => {
  const key = SigningKey.fromPrivate(ED25519, undefined, { kid: 'a' });
  const jwks = new Jwks({ url: 'https://issuer.example/jwks.json' });
  const gate = new Gate({ verifiers: new Verifier({ jwks, anyAudience: true }), policy: POLICY });
  const token = key.sign({ sub: 'anna', exp: NOW + 60 });
  const begin = (mono) => gate.begin('GET', headers(bearer(token)), '127.0.0.1', { now: { unix: NOW, mono } });
  const [first, second] = [begin(100), begin(100)];
  assert.deepEqual([first.question, second.question], ['keys', 'keys']);
  const fetch = first.takeFetch();
  assert.equal(fetch.url, 'https://issuer.example/jwks.json');
  assert.deepEqual([first.takeFetch(), second.takeFetch()], [undefined, undefined]);
  assert(second.isWaiting({ now: { unix: NOW, mono: 100 } }) && first.deadline > 0);
  const fetched = fetch.replied(200, JSON.stringify({ keys: [key.publicJwk()] }), { now: 100.5 });
  assert.deepEqual([fetched.keys, fetched.changed], [1, true]);
  const now = { unix: NOW, mono: 101 };
  assert(!second.isWaiting({ now }));
  for (const ask of [first, second]) {
    assert.equal(ask.ready({ now }).principal.subject, 'anna');
    for (const again of ['ready', 'unreachable', 'unavailable']) {
      assert.throws(
        () => ask[again]({ now }),
        (error) => error instanceof DoorwardError && error.code === 'used',
      );
    }
    assert.deepEqual([ask.deadline, ask.isWaiting(), ask.takeFetch()], [0, false, undefined]);
  }
  assert.equal(begin(101).kind, 'admitted');
  assert.equal(jwks.standing({ now: 101 }).keys, 1);
  assert.equal(gate.refresh({ now }), undefined);
});

test('keys that never come are unavailable', () => {
  const jwks = new Jwks({ issuer: 'https://issuer.example' });
  const gate = new Gate({ verifiers: new Verifier({ jwks, anyAudience: true }), policy: POLICY });
  const token = SigningKey.fromPrivate(ED25519).sign({ iss: 'https://issuer.example', sub: 'anna', exp: NOW + 60 });
  const denied = gate.admit('GET', headers(bearer(token)), '127.0.0.1', '', { now: NOW });
  assert.deepEqual([denied.status, denied.code], [503, 'keys_unavailable']);
});

test('API keys of the host', () => {
  const gate = new Gate({ apiKeyLookup: true, policy: POLICY });
  const ask = get(gate, { 'x-api-key': KEY });
  assert.deepEqual([ask.kind, ask.question], ['ask', 'api_key']);
  assert.equal(ask.digest, createHash('sha256').update(KEY).digest('hex'));
  assert.throws(() => ask.found({ id: 'ci' }), TypeError);
  assert.throws(() => ask.found(null), TypeError);
  assert.equal(ask.found(new ApiKey({ id: 'db', key: KEY, roles: 'user' }), { now: NOW }).principal.id, 'key:db');
  assert.equal(get(gate, { 'x-api-key': KEY }).kind, 'admitted', 'it is remembered');
  gate.forgetApiKeys();
  assert.equal(get(gate, { 'x-api-key': KEY }).found(undefined, { now: NOW }).code, 'api_key_unknown');
  const late = get(gate, { 'x-api-key': 'another' });
  assert.deepEqual([late.url, late.body, late.limit, late.command, late.takeFetch()], Array(5).fill(undefined));
  assert.equal(late.unavailable({ now: NOW }).status, 503);
});

test('opaque tokens are asked of their issuer', () => {
  const introspection = new Introspection('https://i.example/introspect', 'https://i.example', {
    audience: 'https://mcp.example',
    mapping: { roles: ['realm', 'roles'] },
  });
  const gate = new Gate({ introspection, policy: POLICY });
  const ask = get(gate, bearer('opaque-token'));
  assert.deepEqual([ask.question, ask.url, ask.limit], ['introspection', 'https://i.example/introspect', 65_536]);
  assert(ask.body.includes('token=opaque-token'));
  const answer = {
    active: true,
    sub: 'anna',
    aud: 'https://mcp.example',
    exp: NOW + 60,
    scope: 'a',
    realm: { roles: ['user'] },
  };
  const admitted = ask.replied(200, JSON.stringify(answer), { now: NOW });
  assert.equal(admitted.principal.id, 'opaque:https://i.example:anna');
  assert.deepEqual(
    [admitted.principal.method, admitted.principal.scopes, admitted.principal.roles],
    ['opaque', ['a'], ['user']],
  );
  const other = get(gate, bearer('other'));
  assert.throws(() => other.replied('200', '{}'), TypeError);
  assert.throws(() => other.replied(200, {}), TypeError);
  assert.throws(() => other.replied(70_000, ''), TypeError);
  assert.equal(other.replied(200, Buffer.from('{"active":false}'), { now: NOW }).code, 'token_inactive');
});

test('sessions are bound to their principals', () => {
  const keys = new ApiKeys([new ApiKey({ id: 'a', key: 'key-of-a' }), new ApiKey({ id: 'b', key: 'key-of-b' })]);
  const gate = new Gate({ apiKeys: keys, policy: POLICY, sessionKey: SECRET });
  assert(gate.bindsSessions && !new Gate({ apiKeys: keys }).bindsSessions);
  const anna = get(gate, { 'x-api-key': 'key-of-a' }).principal;
  const outward = gate.bindSession(anna, 'inner');
  assert(outward.startsWith('inner.'));
  assert.equal(get(gate, { 'x-api-key': 'key-of-a', 'mcp-session-id': outward }).session, 'inner');
  assert.equal(get(gate, { 'x-api-key': 'key-of-b', 'mcp-session-id': outward }).status, 404);
  const task = gate.bind('task', anna, '7');
  assert.deepEqual([gate.unbind('task', anna, task), gate.unbind('other', anna, task)], ['7', undefined]);
  const query = `sessionId=${outward}&x=1`;
  const older = gate.begin('GET', headers({ 'x-api-key': 'key-of-a' }), '127.0.0.1', {
    sessionInQuery: ['sessionId', query],
  });
  assert.equal(older.session, 'inner');
  assert.equal(older.queryWithSession('sessionId', query), 'sessionId=inner&x=1');
  assert.throws(() => new Gate({ apiKeys: keys, sessionKey: 'short' }), ConfigError);
  assert.throws(() => new Gate({ apiKeys: keys }).bind('task', anna, '7'), ConfigError);
  for (const inner of ['', 'a b', 'é', '\n']) assert.throws(() => gate.bindSession(anna, inner), ConfigError);
  for (const wrong of [undefined, null, {}, 'anna', Object.create(Object.getPrototypeOf(anna))]) {
    assert.throws(() => gate.bindSession(wrong, 'inner'), TypeError);
    assert.throws(() => gate.stillGood(wrong), TypeError);
  }
});

test('limits, policy and quotas', () => {
  const minute = new Quota(100, 60);
  const limits = [new Limit('calls', new Quota(1, 60), 'principal-tool', { tools: 'who*' })];
  const gate = new Gate({ apiKeys: KEYS, policy: POLICY, principalQuota: minute, limits });
  const now = { unix: NOW, mono: 5 };
  const call = () => gate.admit('POST', headers({ 'x-api-key': KEY }), '127.0.0.1', CALL, { now });
  assert.equal(call().kind, 'admitted');
  const denied = call();
  assert.deepEqual([denied.code, Object.fromEntries(denied.headers)['retry-after']], ['limit_exceeded', '60']);
  const few = new Gate({ apiKeys: KEYS, addressQuota: new Quota(2, 60) });
  const codes = [1, 2, 3].map(() => few.admit('GET', headers({ 'x-api-key': 'x' }), '127.0.0.1', '', { now }).status);
  assert.deepEqual(codes, [401, 401, 429]);
  assert.throws(() => new Limit('a', minute, 'nobody'), ConfigError);
  const anonymous = new Gate({
    apiKeys: KEYS,
    anonymous: { methods: ['initialize'] },
    anonymousQuota: new Quota(1, 60),
  });
  const hello = () =>
    anonymous.admit('POST', headers(), '127.0.0.1', '{"jsonrpc":"2.0","id":1,"method":"initialize"}', { now });
  assert.equal(hello().principal.method, 'anonymous');
  assert.equal(hello().status, 429);
});

test('lists show each what is theirs', () => {
  const gate = new Gate({ apiKeys: KEYS, policy: POLICY });
  const { principal } = get(gate, { 'x-api-key': KEY });
  assert(gate.shows(principal, 'tools/list', 'whoami') && !gate.shows(principal, 'tools/list', 'drop'));
  const tools = [{ name: 'drop' }, { name: 'whoami' }];
  assert.deepEqual(
    gate.filter(principal, 'tools/list', tools, (tool) => tool.name),
    [{ name: 'whoami' }],
  );
  const result = gate.filterResult(principal, 'tools/list', JSON.stringify({ tools }));
  assert.deepEqual(JSON.parse(result), { tools: [{ name: 'whoami' }], cacheScope: 'private' });
  assert.throws(() => gate.filterResult(principal, 'tools/list', '{'), { name: 'ListError', code: 'list_unreadable' });
  assert.throws(() => gate.filter(principal, 'tools/call', []), ConfigError);
  assert.throws(() => gate.filter(principal, 'tools/list', tools), TypeError);
  assert.throws(() => gate.filter(principal, 'tools/list', 'whoami'), TypeError);
});

test("OAuth's addresses, and CORS", () => {
  const gate = new Gate({
    apiKeys: KEYS,
    host: '0.0.0.0',
    publicUrl: 'https://mcp.example/mcp',
    authorizationServers: 'https://issuer.example',
    scopesSupported: ['files:read'],
    defaultScopes: 'files:read',
    resourceName: 'Files',
    origins: 'https://app.example',
  });
  const answer = gate.wellKnown('GET', '/.well-known/oauth-protected-resource/mcp');
  assert.equal(answer.status, 200);
  const told = JSON.parse(answer.body);
  assert.deepEqual([told.authorization_servers, told.resource_name], [['https://issuer.example'], 'Files']);
  assert(answer.headers.some(([name]) => name === 'content-type'));
  assert.equal(gate.wellKnown('GET', '/.well-known/oauth-authorization-server').status, 404);
  for (const path of ['/mcp', '', '\ud800', '/.well-known/\0']) gate.wellKnown('GET', path);
  assert.equal(gate.wellKnown('GET', '/mcp'), undefined);
  const denied = gate.admit('GET', { host: 'mcp.example' }, '203.0.113.7');
  assert(Object.fromEntries(denied.headers)['www-authenticate'].includes('resource_metadata='));
  assert(gate.isListedOrigin('https://app.example') && !gate.isListedOrigin(Buffer.from('https://evil.example')));
  assert(gate.addressHeaders({ host: 'mcp.example' }, '203.0.113.7').length > 0);
  assert.deepEqual(gate.addressHeaders({}, undefined), []);
  assert(gate.addressHeaders({ host: 'a\nb' }, '203.0.113.7').length > 0);
  assert.deepEqual([gate.refresh(), gate.apiKeyHeader], [undefined, 'x-api-key']);
});

test('a gate from the environment and a file', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'doorward-'));
  t.after(() => rmSync(folder, { recursive: true }));
  process.env.API_KEYS = '0123456789abcdef';
  t.after(() => delete process.env.API_KEYS);
  assert.equal(get(Gate.fromEnv(undefined, { policy: POLICY }), { 'x-api-key': '0123456789abcdef' }).kind, 'admitted');
  delete process.env.API_KEYS;
  const keys = join(folder, 'keys.jsonl');
  const write = (key) => {
    const digest = `sha256:${createHash('sha256').update(key).digest('hex')}`;
    writeFileSync(keys, `{"doorward_keys":1}\n${JSON.stringify({ id: 'ci', digest, roles: ['user'] })}\n`);
  };
  write('of-may');
  const config = join(folder, 'doorward.toml');
  writeFileSync(config, `api_keys_file = ${JSON.stringify(keys)}\n\n[roles.user]\ntools = ["whoami"]\n`);
  for (const path of [config, pathToFileURL(config)]) assert(Gate.fromConfig(path, {}) instanceof Gate);
  const gate = Gate.fromConfig(config, {});
  assert.equal(gate.admit('POST', headers({ 'x-api-key': 'of-may' }), '127.0.0.1', CALL).kind, 'admitted');
  write('of-june');
  assert(gate.reloadApiKeys());
  assert.equal(get(gate, { 'x-api-key': 'of-may' }).kind, 'denied');
  assert.equal(get(gate, { 'x-api-key': 'of-june' }).kind, 'admitted');
  writeFileSync(keys, 'broken');
  assert.throws(() => gate.reloadApiKeys(), ConfigError);
  unlinkSync(keys);
  assert.throws(() => gate.reloadApiKeys(), { code: 'ENOENT' });
  assert.equal(get(gate, { 'x-api-key': 'of-june' }).kind, 'admitted', 'the last good ones stay');
  gate.swapApiKeys(KEYS);
  assert.equal(get(gate, { 'x-api-key': KEY }).kind, 'admitted');
  assert(!new Gate({ apiKeys: KEYS }).reloadApiKeys());
  assert.throws(
    () => Gate.fromEnv({ API_KEYS: '0123456789abcdef', PORT: 'many' }),
    (error) => error instanceof ConfigError && error.setting === 'PORT' && error.code === 'config_invalid',
  );
  assert.throws(() => Gate.fromEnv({}), { code: 'no_credentials', message: /API_KEYS, API_KEYS_FILE, JWT_SECRET/ });
  assert.throws(() => Gate.fromConfig(join(folder, 'nowhere.toml'), {}), { code: 'ENOENT' });
  assert.throws(() => Gate.fromConfig(folder, {}), { code: 'EISDIR' });
  assert.throws(() => Gate.fromConfig(config, { RATE_LIMIT_MAX: '\udcff' }), { code: 'text_invalid' });
  for (const [env, options] of [
    [3],
    [null],
    ['API_KEYS=x'],
    [{ API_KEYS: 3 }],
    [{}, { policy: {} }],
    [{}, { polciy: POLICY }],
    [{}, 3],
  ]) {
    assert.throws(() => Gate.fromEnv(env, options), TypeError);
    assert.throws(() => Gate.fromConfig(config, env, options), TypeError);
  }
  for (const path of [undefined, null, 3, {}, ['a']]) assert.throws(() => Gate.fromConfig(path, {}), TypeError);
});

test('a gate that can not be', () => {
  const verifier = () => new Verifier({ secret: SECRET });
  for (const options of [
    {},
    { apiKeys: KEYS, host: 'localhost' },
    { apiKeys: KEYS, host: '0.0.0.0' },
    { apiKeys: KEYS, publicUrl: 'not a url' },
    { apiKeys: KEYS, origins: '*' },
    { apiKeys: KEYS, trustedProxies: '0.0.0.0/0' },
    { apiKeys: KEYS, ipv6Prefix: 300 },
    { apiKeys: KEYS, apiKeyHeader: 'host' },
    { apiKeys: KEYS, authorizationServers: 'https://i.example' },
    { apiKeys: KEYS, scopesSupported: ['a'] },
    { issuers: new Issuer('https://i.example') },
    { verifiers: [verifier(), verifier()] },
    { apiKeys: KEYS, anonymous: 'everything' },
    { apiKeys: KEYS, origins: ['\ud800'] },
  ]) {
    assert.throws(() => new Gate(options), ConfigError, inspect(options));
  }
  for (const options of [
    null,
    3,
    [KEYS],
    { apiKeys: [] },
    { apiKeys: null },
    { apikeys: KEYS },
    { verifiers: {} },
    { verifiers: [null] },
    { issuers: 'https://i.example' },
    { policy: {} },
    { introspection: {} },
    { limits: {} },
    { limits: [3] },
    { sharedLimit: {} },
    { addressQuota: 30 },
    { bodyLimit: '1' },
    { bodyLimit: -1 },
    { cachedTokens: 1.5 },
    { sessionKey: 3 },
    { anonymous: 3 },
    { anonymous: { tools: 3 } },
    { apiKeyLookup: 'yes' },
    { host: 3 },
    { revocationList: true },
    { origins: 3 },
    { origins: [3] },
  ]) {
    const whole = typeof options === 'object' && options !== null && !Array.isArray(options);
    assert.throws(() => new Gate(whole ? { apiKeys: KEYS, ...options } : options), TypeError, inspect(options));
  }
  assert.throws(
    () =>
      new Gate({
        get apiKeys() {
          throw new RangeError('mine');
        },
      }),
    RangeError,
  );
  for (const wrong of [
    () => new Introspection('http://i.example', 'i'),
    () => new SharedLimit({ fallback: 'maybe' }),
    () => new Issuer('i', { preset: 'okta' }),
    () => new Issuer('i', { preset: { product: 'entra' } }),
  ]) {
    assert.throws(wrong, ConfigError, String(wrong));
  }
  for (const wrong of [
    () => new Introspection(3, 'i'),
    () => new Introspection('https://i.example', 'i', { audence: 'a' }),
    () => new Issuer(3),
    () => new Issuer('i', { mapping: { roles: 3 } }),
    () => new Issuer('i', { mapping: { role: 'a' } }),
    () => new Issuer('i', { preset: null }),
    () => new Issuer('i', { preset: { product: 'auth0', client: 'x' } }),
    () => new Limit('a', 3),
    () => new Limit(3, new Quota(1, 1)),
    () => new Limit('a', new Quota(1, 1), 'principal', { tool: 'x' }),
    () => new SharedLimit({ lease: '1' }),
    () => Gate.prototype.begin.call({}, 'GET', {}, '::1'),
    () => Gate({ apiKeys: KEYS }),
  ]) {
    assert.throws(wrong, TypeError, String(wrong));
  }
});

test('headers of the wrong type', () => {
  const gate = new Gate({ apiKeys: KEYS });
  for (const bad of [
    undefined,
    null,
    3,
    'host: x',
    Buffer.from('host'),
    [3],
    [['a']],
    [['a', 3]],
    [[3, 'a']],
    [['a', 'b', 'c']],
    { a: 3 },
    { a: [3] },
    { a: null },
    ['host'],
    ['host', 'localhost', 'x'],
    ['host', 3],
    new Map([['a', 3]]),
  ]) {
    assert.throws(() => gate.begin('GET', bad, '127.0.0.1'), TypeError, inspect(bad));
    assert.throws(() => gate.addressHeaders(bad, '127.0.0.1'), TypeError, inspect(bad));
  }
  for (const method of [undefined, null, 3, {}]) assert.throws(() => gate.begin(method, {}, '::1'), TypeError);
  for (const peer of [null, 3, {}]) assert.throws(() => gate.begin('GET', {}, peer), TypeError);
  for (const body of [null, 3, {}, []]) assert.throws(() => gate.admit('GET', {}, '::1', body), TypeError);
  for (const now of ['1', {}, { unix: 1 }, null, { unix: '1', mono: 2 }]) {
    assert.throws(() => gate.begin('GET', {}, '::1', { now }), TypeError, inspect(now));
  }
  for (const sessionInQuery of [3, 'a', [], ['a'], ['', 'a'], [3, 'a']]) {
    assert.throws(() => gate.begin('GET', {}, '::1', { sessionInQuery }), TypeError);
  }
  assert.equal(gate.begin('GET', { host: undefined }, '::1').kind, 'denied');
});

test('hostile headers are denied, and throw nothing', () => {
  const gate = new Gate({ apiKeys: KEYS, verifiers: new Verifier({ secret: SECRET }) });
  for (const value of [
    '\ud800',
    'é',
    '€',
    '\0',
    '',
    'a'.repeat(10_000_000),
    '\r\nhost: evil',
    '\n',
    '\n\n',
    '\nx-api-key\n' + KEY,
    '\u010a',
  ]) /* prettier-ignore */ {
    for (const name of ['x-api-key', 'authorization', 'host', 'mcp-session-id', 'content-type', value]) {
      for (const one of [value, `Bearer ${value}`]) {
        const found = gate.begin('POST', [['host', 'localhost'], [name, one]], '127.0.0.1'); // prettier-ignore
        assert.equal(found.kind, 'denied', `${name.slice(0, 20)}: ${one.slice(0, 20)}`);
        void [found.headers, found.body, found.code, found.detail, found.audit(), found.notes];
      }
    }
    for (const peer of [value, undefined]) assert.equal(gate.begin('GET', ['host', 'localhost'], peer).code, 'address_unknown');
    gate.begin(value, headers({ 'x-api-key': KEY }), '127.0.0.1');
    gate.begin('GET', headers(), '127.0.0.1', { sessionInQuery: ['sessionId', value] });
  }
});

test('a smuggled line makes no header', () => {
  const gate = new Gate({ apiKeys: KEYS, policy: POLICY });
  const smuggled = [
    [['host', 'localhost'], ['x', `y\nx-api-key\n${KEY}`]],
    [['host', `localhost\nx-api-key\n${KEY}`]],
    [['host\nlocalhost\nx-api-key', KEY]],
    [[`x\nx-api-key`, KEY], ['host', 'localhost'], ['y', 'a\nb']],
  ]; // prettier-ignore
  for (const one of smuggled) assert.equal(gate.begin('GET', one, '127.0.0.1').kind, 'denied', inspect(one));
  assert.equal(gate.begin(`GET\n127.0.0.1\n\n\nx-api-key\n${KEY}`, ['host', 'localhost'], '127.0.0.1').kind, 'denied');
  assert.equal(gate.begin('GET', ['host', 'localhost', 'x', 'a\nb', 'x-api-key', KEY], '127.0.0.1').kind, 'admitted');
  const wide = [...KEY].map((letter) => String.fromCharCode(letter.charCodeAt(0) + 0x100)).join('');
  assert.equal(get(gate, { 'x-api-key': wide }).kind, 'denied');
  assert.equal(get(gate, { 'x-api-key': KEY, unrelated: wide }).kind, 'admitted');
});

test('HTTP/2 has the host elsewhere', () => {
  const gate = new Gate({ apiKeys: KEYS, policy: POLICY });
  const begin = (...more) => gate.begin('GET', ['x-api-key', KEY, ...more], '127.0.0.1');
  assert.equal(begin(':authority', 'localhost:3000').kind, 'admitted');
  assert.equal(begin(':authority', 'localhost', 'host', 'LOCALHOST').kind, 'admitted');
  assert.equal(begin(':authority', 'evil.example').code, 'host_not_allowed');
  assert.equal(begin(':authority', 'localhost', 'host', 'evil.example').code, 'host_not_allowed');
  assert.equal(begin(':authority', 'evil.example', 'host', 'localhost').code, 'host_not_allowed');
});

test('headers of fetch', () => {
  const gate = new Gate({ apiKeys: KEYS, policy: POLICY });
  const given = new Headers(headers({ 'X-API-Key': KEY }));
  assert.equal(gate.admit('POST', given, '::1', CALL).kind, 'admitted');
  given.append('x-api-key', KEY);
  assert.equal(gate.admit('POST', given, '::1', CALL).kind, 'denied', 'twice');
});

test('bodies of every kind', () => {
  const gate = new Gate({ apiKeys: KEYS, policy: POLICY, bodyLimit: 1000 });
  const read = (body) => gate.begin('POST', headers({ 'x-api-key': KEY }), '::1').read(body);
  const shared = new Uint8Array(new SharedArrayBuffer(CALL.length));
  shared.set(Buffer.from(CALL));
  for (const body of [CALL, Buffer.from(CALL), new Uint8Array(Buffer.from(CALL)), shared]) {
    assert.equal(read(body).kind, 'admitted');
  }
  for (const [body, status] of [
    ['', 400],
    ['\ud800', 400],
    [Buffer.from([0xff]), 400],
    [' '.repeat(1001), 413],
    [new Uint8Array(10_000_000), 413],
    ['x'.repeat(10_000_000), 413],
    ['é'.repeat(600), 413],
    [CALL + CALL, 400],
  ]) {
    assert.equal(read(body).status, status, inspect(body).slice(0, 40));
  }
  for (const body of [undefined, null, 3, {}, [], new ArrayBuffer(3), new Uint16Array(3)]) {
    const need = gate.begin('POST', headers({ 'x-api-key': KEY }), '::1');
    assert.throws(() => need.read(body), TypeError);
    assert.equal(need.read(CALL).kind, 'admitted', 'what was wrong was not read');
  }
  const need = () => gate.begin('POST', headers({ 'x-api-key': KEY }), '::1');
  assert.deepEqual([need().tooLarge().status, need().broken().status], [413, 400]);
});
