// Worker threads, each with a module and a verifier of its own, of one configuration.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { sign } from 'doorward';
import { NOW, SECRET, forged } from './shared.mjs';

const TOKENS = Array.from({ length: 200 }, (_, n) => sign({ sub: String(n), exp: NOW + 60, list: [n] }, SECRET));
const WRONG = TOKENS.map(forged);

function start(turns) {
  const shared = new Uint8Array(new SharedArrayBuffer(TOKENS[0].length));
  shared.set(Buffer.from(TOKENS[0]));
  const workerData = {
    tokens: TOKENS,
    wrong: WRONG,
    options: { secret: SECRET, cacheSize: 64 },
    now: NOW,
    shared,
    turns,
  };
  return { worker: new Worker(new URL('worker.mjs', import.meta.url), { workerData }), shared };
}

test('eight threads hammer one configuration', async () => {
  const all = Array.from({ length: 8 }, () => start(30));
  const tokens = TOKENS.slice(0, 2).map((token) => Buffer.from(token));
  assert.equal(tokens[0].length, tokens[1].length);
  let turn = 0;
  const writing = setInterval(() => {
    turn += 1;
    for (const { shared } of all) shared.set(tokens[turn % 2]);
  }, 0);
  const good = await Promise.all(all.map(async ({ worker }) => (await once(worker, 'message'))[0]));
  clearInterval(writing);
  assert.deepEqual(good, Array(8).fill(30 * TOKENS.length));
});

test('threads come and go, some in the middle of their work', async () => {
  for (let n = 0; n < 12; n += 1) {
    const { worker } = start(n % 2 === 0 ? 1 : 100_000);
    if (n % 2 === 0) {
      const ended = once(worker, 'exit');
      assert.deepEqual(await once(worker, 'message'), [TOKENS.length]);
      assert.deepEqual(await ended, [0]);
    } else {
      await once(worker, 'online');
      await new Promise((resolve) => setTimeout(resolve, 30 * n));
      await worker.terminate();
    }
  }
});

test('where the stack is full, a revocation list refuses, and nothing crashes', async () => {
  // In a process of its own: it was the end of one.
  const script = `
    const { Gate, Policy, Verifier, sign } = require('doorward');
    const secret = 'a secret of at least 32 bytes, kept well';
    const list = () => false;
    const gate = new Gate({ verifiers: new Verifier({ secret }), policy: Policy.allowAll(), revocationList: list });
    const headers = ['host', 'localhost', 'authorization', 'Bearer ' + sign({ sub: 'anna', exp: 4102444800 }, secret)];
    const deeper = () => {
      gate.begin('GET', headers, '::1');
      deeper();
    };
    for (let turn = 0; turn < 5; turn++) {
      try { deeper(); } catch (error) { if (!(error instanceof RangeError)) throw error; }
    }
    // By now there is nothing left for that caller, and that address, to spend.
    headers[3] = 'Bearer ' + sign({ sub: 'berta', exp: 4102444800 }, secret);
    process.stdout.write(gate.begin('GET', headers, '127.0.0.1').kind);`;
  const { status, stdout } = spawnSync(process.execPath, ['-e', script], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  assert.deepEqual([status, stdout], [0, 'admitted']);
});
