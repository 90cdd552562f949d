// Shared limits by node-redis and by ioredis, against a real server.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { ApiKey, ApiKeys, Door, Gate, Policy, Quota, SharedLimit } from 'doorward';
import { freePort, redisServer } from './servers.mjs';

const KEY = '0123456789abcdef';
const HEADERS = { host: 'localhost', 'x-api-key': KEY, 'content-type': 'application/json' };
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}';

/** A gate as another process would have it: nothing in common with others but the server. Time enough to answer, unless said. */
function shared({ fallback = 'local', deadline = 5 } = {}) {
  return new Gate({
    apiKeys: new ApiKeys([new ApiKey({ id: 'ci', key: KEY })]),
    policy: Policy.allowAll(),
    principalQuota: new Quota(5, 60),
    sharedLimit: new SharedLimit({ fallback, deadline }),
  });
}

async function admit(door) {
  let step = await door.answered(door.gate.begin('POST', HEADERS, '192.0.2.7'));
  if (step.kind === 'body') step = await door.answered(step.read(CALL));
  return step;
}

const CLIENTS = {
  'node-redis': async (t, url) => {
    const client = createClient({ url });
    client.on('error', () => {});
    await client.connect();
    t.after(() => client.destroy());
    return { client, run: (...args) => client.sendCommand(args) };
  },
  ioredis: async (t, url) => {
    const client = new Redis(url);
    client.on('error', () => {});
    t.after(() => client.disconnect());
    return { client, run: (command, ...args) => client.call(command, ...args) };
  },
};

for (const [name, connected] of Object.entries(CLIENTS)) {
  test(`two processes share one limit by ${name}`, async (t) => {
    const { url } = await redisServer(t);
    const { client, run } = await connected(t, url);
    const doors = [0, 1].map(() => new Door(shared(), { redis: client }));
    const decisions = [];
    for (let turn = 0; turn < 8; turn++) decisions.push(await admit(doors[turn % 2]));
    assert.deepEqual(
      decisions.map((decision) => decision.status ?? 200),
      [200, 200, 200, 200, 200, 429, 429, 429],
    );
    // A script that the server has forgotten is sent again.
    await run('SCRIPT', 'FLUSH');
    await run('FLUSHALL');
    const again = new Door(shared(), { redis: client });
    assert.equal((await admit(again)).kind, 'admitted');
    await run('SCRIPT', 'FLUSH');
    assert.equal((await admit(again)).kind, 'admitted');
    // Something else at our keys is a failure, and no crash.
    for (const key of await run('KEYS', '*')) {
      await run('DEL', key);
      await run('RPUSH', key, 'a list');
    }
    const denied = await admit(new Door(shared({ fallback: 'deny' }), { redis: client }));
    assert.deepEqual([denied.status, denied.kind], [503, 'denied']);
    assert.equal((await admit(new Door(shared(), { redis: client }))).kind, 'admitted', 'each by itself');
  });

  test(`a server that dies costs ${name} no more than the deadline`, async (t) => {
    const { url, server } = await redisServer(t);
    const { client } = await connected(t, url);
    const door = new Door(shared({ fallback: 'deny', deadline: 0.5 }), { redis: client });
    await admit(door);
    server.kill('SIGSTOP');
    const began = performance.now();
    assert.equal((await admit(door)).status, 503);
    assert.ok(performance.now() - began < 5000);
    server.kill('SIGCONT');
    server.kill('SIGKILL');
    assert.equal((await admit(door)).status, 503);
  });
}

test('a server that was never there is unavailable, and the limit kept by each process where that is said', async (t) => {
  const url = `redis://127.0.0.1:${await freePort()}`;
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  t.after(() => client.disconnect());
  assert.equal((await admit(new Door(shared({ fallback: 'deny' }), { redis: client }))).status, 503);
  assert.equal((await admit(new Door(shared(), { redis: client }))).kind, 'admitted');
  assert.equal((await admit(new Door(shared({ fallback: 'deny' })))).status, 503, 'nobody is asked');
});

test("a client's every kind of failure", async () => {
  const reply = new Error('WRONGTYPE Operation against a key holding the wrong kind of value');
  const system = Object.assign(new Error('ECONNREFUSED connect'), { code: 'ECONNREFUSED' });
  const gate = () => shared({ fallback: 'deny', deadline: 0.05 });
  for (const answer of [
    () => Promise.reject(reply),
    () => Promise.reject(system),
    () => Promise.reject(new Error('The client is closed')),
    () => Promise.reject('a string'),
    () => {
      throw new TypeError('mine');
    },
    () => new Promise(() => {}),
    () => null,
    () => 'OK',
    () => [1, 2],
    () => [1, 'many', 3, 4],
    () => [Number.NaN, 2, 3, 4],
    () => ({ length: 4 }),
  ]) {
    for (const client of [
      { evalSha: answer, eval: answer },
      { evalsha: answer, eval: answer },
    ]) {
      assert.equal((await admit(new Door(gate(), { redis: client }))).status, 503, String(answer));
    }
  }
  const good = () => [1n, 4n, 12_000_000n, 0n];
  assert.equal((await admit(new Door(gate(), { redis: { evalSha: good, eval: good } }))).kind, 'admitted');
});

test('a shared limit of a gate that is made by its settings', () => {
  const vars = { API_KEYS: KEY, REDIS_URL: 'redis://127.0.0.1:6379' };
  const ask = Gate.fromEnv(vars, { policy: Policy.allowAll() }).begin('GET', HEADERS, '127.0.0.1');
  assert.deepEqual([ask.question, ask.command.command], ['shared_limit', 'EVALSHA']);
  assert.equal(ask.returned([1, 99, 600_000, 0]).kind, 'admitted');
});

test('a shared limit of a gate that is made of its parts', async () => {
  const gate = new Gate({
    apiKeys: new ApiKeys([new ApiKey({ id: 'ci', key: KEY })]),
    policy: Policy.allowAll(),
    principalQuota: new Quota(5, 60),
    sharedLimit: new SharedLimit({ prefix: 'mine', fallback: 'deny', deadline: 1 }),
  });
  const ask = gate.begin('GET', HEADERS, '127.0.0.1');
  assert.deepEqual([ask.kind, ask.question], ['ask', 'shared_limit']);
  assert(ask.deadline > 0 && ask.deadline <= 1);
  const { command, script, key, args } = ask.command;
  assert.deepEqual(
    [command, script.length, key.toString(), args.length],
    ['EVALSHA', 40, 'mine:principal:{key:ci}', 4],
  );
  const again = ask.returned('NOSCRIPT No matching script');
  assert.equal(again.command.command, 'EVAL');
  const admitted = again.returned([1, 4, 600_000, 0]);
  assert.equal(Object.fromEntries(admitted.headers)['x-ratelimit-remaining'], '4');
  assert.throws(() => ask.unavailable(), { code: /used/ });
});
