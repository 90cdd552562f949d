// Who answers a gate's questions: keys by `fetch`, API keys and opaque tokens by the host, each within its time.

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import {
  ApiKey,
  ApiKeys,
  ConfigError,
  Door,
  Gate,
  Introspection,
  Jwks,
  Policy,
  SigningKey,
  Verifier,
  sign,
} from 'doorward';
import { SECRET } from './shared.mjs';
import { bodyOf, freePort, json, serve } from './servers.mjs';

const KEY = 'a-key-nobody-guesses';
const EXP = 4_102_444_800;
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}';
const ALL = Policy.allowAll();

function signer(kid) {
  const { privateKey } = generateKeyPairSync('ed25519');
  return SigningKey.fromPrivate(privateKey.export({ type: 'pkcs8', format: 'pem' }), undefined, { kid });
}

const bearer = (token) => ({ host: 'localhost', 'content-type': 'application/json', authorization: `Bearer ${token}` });
const tokenOf = (key, more) => key.sign({ sub: 'anna', exp: EXP, ...more });

/** A clock that never steps, but for when it is told to: by so many seconds. */
function stepping(t) {
  const real = performance.now.bind(performance);
  let ahead = 0;
  t.mock.method(performance, 'now', () => real() + ahead);
  return (seconds) => (ahead += seconds * 1000);
}

/** What a door comes to in the end. */
async function admitted(door, headers, body = CALL) {
  let step = await door.answered(door.gate.begin('POST', headers, '192.0.2.7'));
  if (step.kind === 'body') step = await door.answered(step.read(body));
  return step;
}

/** A gate of keys at that address, and its door, whose events are kept. */
function guarded(t, url, options = {}, jwks = {}) {
  const gate = new Gate({
    verifiers: new Verifier({ jwks: new Jwks({ url, ...jwks }), anyAudience: true }),
    policy: ALL,
  });
  const events = [];
  const door = new Door(gate, { log: (event) => events.push(event), ...options });
  t.after(() => door.stop());
  return { door, events };
}

test('nothing is awaited where nothing is asked', () => {
  const gate = new Gate({ apiKeys: new ApiKeys([new ApiKey({ id: 'ci', key: KEY })]), policy: ALL });
  const door = new Door(gate);
  const step = door.answered(
    gate.begin('POST', { host: 'localhost', 'x-api-key': KEY, 'content-type': 'application/json' }, '::1'),
  );
  assert.equal(step.kind, 'body');
  assert.equal(door.answered(step.read(CALL)).kind, 'admitted');
});

test('keys are fetched once for all who wait, and again when they change', async (t) => {
  const later = stepping(t);
  let keys = [signer('one')];
  const { url, asked } = await serve(t, (request, response) => {
    assert.equal(request.headers.cookie ?? request.headers.authorization, undefined);
    setTimeout(() => json(response, { keys: keys.map((key) => key.publicJwk()) }), 30);
  });
  const { door, events } = guarded(t, `${url}/keys`);
  const first = await Promise.all(Array.from({ length: 20 }, () => admitted(door, bearer(tokenOf(keys[0])))));
  assert.deepEqual(new Set(first.map((step) => step.kind)), new Set(['admitted']));
  assert.equal(first[0].principal.subject, 'anna');
  assert.equal(asked.length, 1);
  keys = [signer('two')];
  assert.equal((await admitted(door, bearer(tokenOf(keys[0])))).code, 'key_not_found', 'it was fetched just now');
  later(31);
  assert.equal((await admitted(door, bearer(tokenOf(keys[0])))).kind, 'admitted');
  assert.equal(asked.length, 2);
  assert.equal((await admitted(door, bearer(tokenOf(signer('nobody'))))).code, 'key_not_found');
  assert.deepEqual(events, []);
});

test('the first caller need not wait', async (t) => {
  const key = signer('one');
  const { url, asked } = await serve(t, (_, response) => json(response, { keys: [key.publicJwk()] }));
  const { door } = guarded(t, url);
  await door.start();
  assert.equal(asked.length, 1);
  assert.equal(door.answered(door.gate.begin('GET', bearer(tokenOf(key)), '::1')).kind, 'admitted', 'at once');
  door.refresh();
  assert.equal(asked.length, 1, 'nothing is due');
});

test('an issuer is found by its metadata', async (t) => {
  const key = signer('one');
  const { url } = await serve(t, (request, response) => {
    const base = `http://${request.headers.host}`;
    if (request.url === '/.well-known/oauth-authorization-server')
      json(response, { issuer: base, jwks_uri: `${base}/keys` });
    else if (request.url === '/keys') json(response, { keys: [key.publicJwk(), { kty: 'oct' }] });
    else json(response, {}, 404);
  });
  const gate = new Gate({
    verifiers: new Verifier({ jwks: new Jwks({ issuer: url }), audience: 'here' }),
    policy: ALL,
  });
  const events = [];
  const door = new Door(gate, { log: (event) => events.push(event) });
  const decided = await admitted(door, bearer(tokenOf(key, { iss: url, aud: 'here' })));
  assert.equal(decided.principal.id, `jwt:${url}:anna`);
  assert.equal(events.length, 1, 'a key was left out');
  assert.match(events[0].message, /left out: number 1/);
});

test('what is no key set is none, and is told', async (t) => {
  const key = signer('one');
  const good = { keys: [key.publicJwk()] };
  const cases = {
    'another status': (response) => json(response, good, 500),
    'a redirect': (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    'no JSON': (response) => response.end('<html>'),
    'too large': (response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(65_536, 0x20);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    },
    'cut off': (response) => {
      response.writeHead(200, { 'content-length': '10000' });
      response.write('{"keys":', () => response.destroy());
    },
  };
  for (const [name, answer] of Object.entries(cases)) {
    const { url, asked } = await serve(t, (request, response) => {
      if (request.url === '/elsewhere') json(response, good);
      else answer(response);
    });
    const { door, events } = guarded(t, url);
    const denied = await admitted(door, bearer(tokenOf(key)));
    assert.deepEqual([denied.status, denied.code], [503, 'keys_unavailable'], name);
    assert.equal(asked.length, 1, `${name}: no redirect is followed`);
    assert.equal(events[0]?.type, 'warning', name);
    assert.match(events[0].message, /^no key set fetched from http/);
  }
});

test('an outage after a good set refuses nobody whose key is known', async (t) => {
  const key = signer('one');
  const later = stepping(t);
  let up = true;
  const { url, asked } = await serve(t, (_, response) => {
    if (up) json(response, { keys: [key.publicJwk()] });
    else response.destroy();
  });
  const { door, events } = guarded(t, url);
  assert.equal((await admitted(door, bearer(tokenOf(key)))).kind, 'admitted');
  up = false;
  later(3600);
  await door.start();
  assert.ok(asked.length >= 2);
  assert.equal((await admitted(door, bearer(tokenOf(key, { jti: 'new' })))).kind, 'admitted');
  assert.match(events[0].message, /the last one is kept/);
});

test('a slow issuer is waited for no longer than is said', async (t) => {
  const { url } = await serve(t, () => {});
  const { door } = guarded(t, url, {}, { timeout: 0.2 });
  const began = performance.now();
  const denied = await admitted(door, bearer(tokenOf(signer('one'))));
  assert.equal(denied.status, 503);
  assert.ok(performance.now() - began < 5000);
});

test('an issuer that trickles is waited for no longer, nor one whose fetch heeds no signal', async (t) => {
  const { url } = await serve(t, (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  });
  for (const fetch of [undefined, () => new Promise(() => {}), () => Promise.reject(new Error('mine')), () => 3]) {
    const { door } = guarded(t, url, { fetch }, { timeout: 0.2 });
    assert.equal((await admitted(door, bearer(tokenOf(signer('one'))))).status, 503);
  }
});

test('a door that is stopped gives up what is under way', async (t) => {
  const { url, asked } = await serve(t, () => {});
  const { door } = guarded(t, url);
  const waiting = admitted(door, bearer(tokenOf(signer('one'))));
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await door.stop();
  assert.equal((await waiting).status, 503);
});

test('API keys of the host', async () => {
  const gate = new Gate({ apiKeyLookup: true, verifiers: new Verifier({ secret: SECRET }), policy: ALL });
  const headers = { host: 'localhost', 'x-api-key': KEY, 'content-type': 'application/json' };
  const digest = createHash('sha256').update(KEY).digest('hex');
  const asked = [];
  const look = async (found) => {
    asked.push(found);
    return found === digest ? new ApiKey({ id: 'customer-7', digest: found }) : undefined;
  };
  const door = new Door(gate, { apiKeyLookUp: look });
  assert.equal((await admitted(door, headers)).principal.id, 'key:customer-7');
  assert.equal((await admitted(door, headers)).principal.id, 'key:customer-7');
  assert.deepEqual(asked, [digest], 'it is remembered');
  gate.forgetApiKeys();
  await admitted(door, headers);
  assert.equal(asked.length, 2);
  assert.equal((await admitted(door, { ...headers, 'x-api-key': 'another' })).status, 401);
  const large = await admitted(door, headers, ' '.repeat(2_000_000));
  assert.deepEqual([large.status, large.kind], [413, 'denied']);
});

test('a host that fails refuses nobody for good', async (t) => {
  const headers = { host: 'localhost', 'x-api-key': KEY, 'content-type': 'application/json' };
  const wrong = [
    () => {
      throw new Error('down');
    },
    () => Promise.reject(new Error('down')),
    () => Promise.reject('not even an error'),
    () => 3,
    () => ({ id: 'ci' }),
    () => new Promise(() => {}),
    undefined,
  ];
  for (const apiKeyLookUp of wrong) {
    const gate = new Gate({ apiKeyLookup: true, policy: ALL });
    const events = [];
    const door = new Door(gate, { apiKeyLookUp, log: (event) => events.push(event) });
    const denied = await admitted(door, headers);
    assert.deepEqual([denied.status, denied.code], [503, 'api_key_unavailable']);
    assert.equal(events.length, apiKeyLookUp === undefined ? 0 : 1);
    assert(!JSON.stringify(events).includes(KEY));
  }
  // Nobody is told the log by default but the process.
  const warned = new Promise((resolve) => process.once('warning', resolve));
  const door = new Door(new Gate({ apiKeyLookup: true, policy: ALL }), { apiKeyLookUp: () => 3 });
  await admitted(door, headers);
  assert.equal((await warned).name, 'DoorwardWarning');
});

test('opaque tokens are asked of their issuer', async (t) => {
  let asked = 0;
  const { url } = await serve(t, async (request, response) => {
    asked += 1;
    const { authorization, 'content-type': type } = request.headers;
    assert.equal(Buffer.from(authorization.split(' ')[1], 'base64').toString(), 'mcp+server:s%26cret');
    assert.equal(type, 'application/x-www-form-urlencoded');
    const form = new URLSearchParams(await bodyOf(request));
    const token = form.get('token');
    if (token === 'long') return json(response, { active: true, pad: 'x'.repeat(100_000) });
    if (token === 'moved') return response.writeHead(307, { location: '/' }).end();
    if (token === 'hangs') return undefined;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return json(
      response,
      token === 'good' ? { active: true, sub: 'ben', aud: 'here', exp: EXP, scope: 'a b' } : { active: false },
    );
  });
  const introspection = new Introspection(`${url}/introspect`, 'https://issuer.example', {
    audience: 'here',
    deadline: 0.3,
  });
  const events = [];
  const door = new Door(new Gate({ introspection, policy: ALL }), {
    introspect: { clientId: 'mcp server', clientSecret: 's&cret' },
    log: (event) => events.push(event),
  });
  const all = await Promise.all(Array.from({ length: 10 }, () => admitted(door, bearer('good'))));
  for (const one of all) {
    assert.equal(one.principal.id, 'opaque:https://issuer.example:ben');
    assert.deepEqual([one.principal.method, one.principal.scopes], ['opaque', ['a', 'b']]);
  }
  assert.equal(asked, 1, 'one POST for all of them');
  assert.equal((await admitted(door, bearer('bad'))).status, 401);
  for (const token of ['long', 'moved', 'hangs'])
    assert.equal((await admitted(door, bearer(token))).status, 503, token);
  const told = JSON.stringify(events);
  for (const secret of ['s&cret', 's%26cret', 'hangs', 'moved']) assert(!told.includes(secret));
});

test('opaque tokens by a function of the host', async () => {
  const introspection = new Introspection('https://issuer.example/introspect', 'https://issuer.example', {
    audience: 'here',
  });
  const door = new Door(new Gate({ introspection, policy: ALL }), {
    introspect: ({ url, body, digest, limit, deadline, signal }) => {
      assert.equal(url, 'https://issuer.example/introspect');
      assert(digest.length === 64 && limit === 65_536 && deadline > 0 && !signal.aborted);
      if (body.includes('token=broken')) throw new Error('down');
      return {
        status: 200,
        body: Buffer.from(JSON.stringify({ active: body.includes('token=good'), sub: 'ben', aud: 'here', exp: EXP })),
      };
    },
    log: () => {},
  });
  assert.equal((await admitted(door, bearer('good'))).principal.subject, 'ben');
  assert.equal((await admitted(door, bearer('bad'))).status, 401);
  assert.equal((await admitted(door, bearer('broken'))).status, 503);
});

test("a log that throws is nobody's error", async (t) => {
  const { url } = await serve(t, (_, response) => json(response, {}, 500));
  const log = () => {
    throw new Error('mine');
  };
  const { door } = guarded(t, url, { log });
  const denied = await admitted(door, bearer(tokenOf(signer('one'))));
  assert.equal(denied.status, 503);
  door.tell(denied, 1);
});

test('an issuer whose metadata is nowhere is given up when the door is stopped', async (t) => {
  const { url, asked } = await serve(t, () => {});
  const door = new Door(new Gate({ verifiers: new Verifier({ jwks: new Jwks({ issuer: url }), audience: 'a' }) }), {
    log: () => {},
  });
  door.refresh();
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await door.stop();
  assert.equal(asked.length, 1, 'no other address is tried');
});

test('what is decided is told', async () => {
  const gate = new Gate({ apiKeys: new ApiKeys([new ApiKey({ id: 'ci', key: KEY })]), policy: ALL });
  const events = [];
  const door = new Door(gate, { log: (event) => events.push(event) });
  const headers = { host: 'localhost', 'x-api-key': KEY, 'x-forwarded-for': '10.0.0.1' };
  for (let turn = 0; turn < 2; turn++) door.tell(gate.admit('GET', headers, '127.0.0.1'), 12);
  assert.deepEqual(
    events.map((event) => event.type),
    ['audit', 'warning', 'audit'],
  );
  assert.equal(JSON.parse(events[0].line).micros, 12);
  assert.equal(events[1].code, 'forwarding_header_ignored');
});

test('doors of the wrong kind', () => {
  const gate = new Gate({ apiKeyLookup: true, policy: ALL });
  for (const [of, options] of [
    [undefined],
    [null],
    [{}],
    [gate, 3],
    [gate, { fetch: 3 }],
    [gate, { redis: {} }],
    [gate, { redis: 3 }],
    [gate, { apiKeyLookUp: {} }],
    [gate, { introspect: 3 }],
    [gate, { log: {} }],
    [gate, { lgo: () => {} }],
  ]) {
    assert.throws(() => new Door(of, options), TypeError);
  }
  for (const introspect of [
    {},
    { clientId: 'a' },
    { clientId: 'a', clientSecret: 'b', bearer: 'c' },
    { bearer: 'a\nb' },
  ]) {
    assert.throws(() => new Door(gate, { introspect }), ConfigError);
  }
});

test('nowhere is unavailable, and soon', async (t) => {
  const { door } = guarded(t, `http://127.0.0.1:${await freePort()}`);
  assert.equal((await admitted(door, bearer(tokenOf(signer('one'))))).status, 503);
  assert.equal((await admitted(door, bearer(sign({ sub: 'anna', exp: EXP }, SECRET)))).kind, 'denied');
});
