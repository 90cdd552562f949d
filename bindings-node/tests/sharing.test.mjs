// Gates, limiters and sets of keys that worker threads share: never more admissions than the quota.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ApiKey, ApiKeys, ConfigError, Gate, Limiter, Policy, Quota, Verifier, sign } from 'doorward';
import { NOW, SECRET } from './shared.mjs';

const KEY = 'a-key-nobody-guesses';
const HOUR = 3600;
const THREADS = 6;
const QUOTA = 1000;

const keysOf = () => new ApiKeys([new ApiKey({ id: 'ci', key: KEY })]);

test('workers hammer one limiter and one gate', async () => {
  const limiter = new Limiter(QUOTA, HOUR);
  const keys = keysOf();
  const gate = new Gate({ apiKeys: keys, policy: Policy.allowAll(), principalQuota: new Quota(QUOTA, HOUR) });
  // Some is spent here, before anybody else begins.
  for (let turn = 0; turn < 100; turn++) limiter.check('anna');
  const start = new Int32Array(new SharedArrayBuffer(4));
  const began = performance.now();
  const workerData = {
    limiter: limiter.share(),
    gate: gate.share(),
    keys: keys.share(),
    turns: 500,
    headers: { host: 'localhost', 'x-api-key': KEY },
    token: KEY,
    start,
  };
  const workers = Array.from({ length: THREADS }, () => {
    return new Worker(new URL('sharing-worker.mjs', import.meta.url), { workerData });
  });
  for (const [ready] of await Promise.all(workers.map((worker) => once(worker, 'message'))))
    assert.equal(ready, 'ready');
  const done = workers.map((worker) => once(worker, 'message'));
  Atomics.store(start, 0, 1);
  Atomics.notify(start, 0);
  const told = (await Promise.all(done)).map(([one]) => one);
  const sum = (name) => told.reduce((all, one) => all + one[name], 0);
  // In the time it took, and no clock of a thread goes ahead of the others.
  const refilled = Math.ceil(((performance.now() - began) / 1000) * (QUOTA / HOUR)) + 1;
  assert.ok(sum('spent') + 100 >= QUOTA && sum('spent') + 100 <= QUOTA + refilled, String(sum('spent')));
  assert.ok(sum('admitted') >= QUOTA && sum('admitted') <= QUOTA + refilled, String(sum('admitted')));
  assert.equal(sum('found'), THREADS * 500);
  assert(!limiter.check('anna').allowed && limiter.check('ben').allowed);
});

test('what one thread does, the others see', () => {
  const gate = new Gate({ verifiers: new Verifier({ secret: SECRET }), policy: Policy.allowAll() });
  const other = Gate.shared(structuredClone(gate.share()));
  const token = sign({ sub: 'anna', iss: 'i', exp: NOW + 60 }, SECRET);
  const begin = (one) => one.begin('GET', { host: 'localhost', authorization: `Bearer ${token}` }, '::1', { now: NOW });
  const { principal } = begin(gate);
  assert.equal(begin(other).kind, 'admitted');
  assert.deepEqual(other.cacheStats(), { hits: 1, misses: 1, evictions: 0 });
  other.revokeToken(token, NOW + 60, { now: NOW });
  assert.equal(begin(gate).code, 'token_revoked');
  assert(!gate.stillGood(principal, token, { now: NOW }));
  other.swapApiKeys(keysOf());
  assert.equal(gate.begin('GET', { host: 'localhost', 'x-api-key': KEY }, '::1').kind, 'admitted');
});

test('a name is always the same, and of one thing alone', () => {
  const [limiter, keys] = [new Limiter(1, 1), keysOf()];
  assert.deepEqual(limiter.share(), limiter.share());
  assert.deepEqual(Limiter.shared(limiter.share()).share(), limiter.share());
  assert.notDeepEqual(new Limiter(1, 1).share(), limiter.share());
  const unknown = (error) => error instanceof ConfigError && error.code === 'shared_unknown';
  assert.throws(() => Gate.shared(limiter.share()), unknown);
  assert.throws(() => Gate.shared({ ...limiter.share(), doorward: 'gate' }), unknown);
  assert.throws(() => Limiter.shared({ doorward: 'limiter', id: '0'.repeat(32) }), unknown);
  assert.throws(() => ApiKeys.shared(limiter.share()), unknown);
  assert.equal(ApiKeys.shared(keys.share()).find(KEY).id, 'ci');
  for (const wrong of [undefined, null, 'id', { doorward: 'limiter' }, { doorward: 'limiter', id: 3 }]) {
    assert.throws(() => Limiter.shared(wrong), TypeError);
  }
});

test('a list that no other thread has lets nobody in there', () => {
  const revocationList = () => false;
  const gate = new Gate({ verifiers: new Verifier({ secret: SECRET }), policy: Policy.allowAll(), revocationList });
  assert(Gate.shared(gate.share(), { revocationList: () => true }) instanceof Gate);
  const token = sign({ sub: 'anna', exp: NOW + 60 }, SECRET);
  const headers = { host: 'localhost', authorization: `Bearer ${token}` };
  assert.equal(
    gate.begin('GET', headers, '::1', { now: NOW }).code,
    'token_revoked',
    "the thread's is the last one given",
  );
  const plain = new Gate({ apiKeys: keysOf() });
  assert.throws(() => Gate.shared(plain.share(), { revocationList }), ConfigError);
  assert.throws(() => Gate.shared(plain.share(), { revocationList: 3 }), TypeError);
  const script = `
    const { Gate } = require('doorward');
    const { parentPort, workerData } = require('node:worker_threads');
    const { handle, headers, now } = workerData;
    const none = Gate.shared(handle).begin('GET', headers, '::1', { now }).code;
    const own = Gate.shared(handle, { revocationList: () => false }).begin('GET', headers, '::1', { now }).kind;
    parentPort.postMessage([none, own]);
  `;
  const workerData = { handle: gate.share(), headers, now: NOW };
  const worker = new Worker(script, { eval: true, workerData });
  return once(worker, 'message').then(([told]) => assert.deepEqual(told, ['token_revoked', 'admitted']));
});

test('a name keeps nothing alive', () => {
  const script = `
    const { Limiter } = require('doorward');
    const turn = () => new Promise((resolve) => setTimeout(resolve, 10));
    const collect = async () => { for (let n = 0; n < 3; n++) { gc(); await turn(); } };
    const kept = {};
    function make() {
      const limiter = new Limiter(1, 1);
      kept.other = Limiter.shared(limiter.share());
      return limiter.share();
    }
    const lives = (handle) => { try { return !!Limiter.shared(handle); } catch (error) { return error.code; } };
    (async () => {
      const handle = make();
      await collect();
      console.log(lives(handle));
      delete kept.other;
      let last = true;
      for (let n = 0; n < 50 && last === true; n++) { await collect(); last = lives(handle); }
      console.log(last);
    })();
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '-e', script], { encoding: 'utf8' });
  assert.equal(stdout, 'true\nshared_unknown\n', stderr);
});

test('nothing that is left open keeps a process', () => {
  const script = `
    const { Door, Gate, Issuer, Policy } = require('doorward');
    const gate = new Gate({ issuers: new Issuer('https://192.0.2.1'), publicUrl: 'https://mcp.example/mcp' });
    // An issuer that never answers, asked in the background, by a fetch that keeps nothing open by itself.
    const door = new Door(gate, { fetch: () => new Promise(() => {}), log: () => {} });
    door.refresh();
    console.log('done');
  `;
  const { stdout, status, signal } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 20_000 });
  assert.deepEqual([stdout.trim(), status, signal], ['done', 0, null]);
});
