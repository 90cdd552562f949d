// A million verifications, and memory stays what it was.

import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { Key, KeySet, SigningKey, Verifier, scopesOf, sign } from 'doorward';
import { NOW, SECRET, forged } from './shared.mjs';

const ROUNDS = Number(process.env.DOORWARD_LEAK_ROUNDS ?? 1_000_000);
const AT = { now: NOW };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** Resident memory in bytes, all that is let go collected: what the native module had too, for that goes a turn later. */
async function resident() {
  for (let n = 0; n < 3; n += 1) {
    collect();
    await new Promise(setImmediate);
  }
  return process.memoryUsage.rss();
}

/** Fails if memory still grows after a fifth of the rounds: by two bytes a round and 6 MiB of V8's and the allocator's. */
async function flat(work, rounds, warmUp = rounds / 5) {
  for (let n = 0; n < warmUp; n += 1) work(n);
  const before = await resident();
  for (let n = 0; n < rounds; n += 1) work(n);
  const grown = (await resident()) - before;
  assert.ok(grown < 6 * 1024 * 1024 + 2 * rounds, `${grown} bytes in ${rounds} rounds`);
}

const TOKEN = sign({ sub: 'anna', exp: NOW + 60, scope: 'x y', o: { l: [1, 2.5, null] } }, SECRET);
const TOKENS = Array.from({ length: 1000 }, (_, n) => sign({ sub: String(n), exp: NOW + 60, o: { l: [n] } }, SECRET));
const FORGED = TOKENS.map(forged);

test('fresh tokens', async () => {
  const verifier = new Verifier({ secret: SECRET, cache: false });
  await flat(() => verifier.verify(TOKEN, AT), ROUNDS);
  const bytes = Buffer.from(TOKEN);
  await flat(() => verifier.verify(bytes, AT), ROUNDS / 10);
  await flat(() => verifier.verifyRaw(TOKEN, AT), ROUNDS / 10);
  // V8 takes a while to find out how much room a `WeakMap` of much that is let go is to have.
  await flat(() => scopesOf(verifier.verify(TOKEN, AT)), ROUNDS / 10, ROUNDS / 2);
});

test('seen tokens and evictions', async () => {
  const seen = new Verifier({ secret: SECRET });
  await flat(() => seen.verify(TOKEN, AT), ROUNDS);
  const small = new Verifier({ secret: SECRET, cacheSize: 64 });
  await flat((n) => small.verify(TOKENS[n % 1000], AT), ROUNDS / 5);
  assert.ok(small.cacheStats().evictions > 0);
  const cleared = new Verifier({ secret: SECRET });
  await flat((n) => {
    cleared.verify(TOKENS[n % 1000], AT);
    if (n % 1000 === 999) cleared.clearCache();
  }, ROUNDS / 10);
});

test('refusals', async () => {
  const verifier = new Verifier({ secret: SECRET });
  await flat((n) => {
    for (const token of [FORGED[n % 1000], 'x', '\ud800', 'é'.repeat(2000)]) assert.ok(verifier.tryVerify(token).error);
  }, ROUNDS / 20);
  await flat((n) => assert.throws(() => verifier.verify(FORGED[n % 1000])), ROUNDS / 100);
  await flat(() => assert.throws(() => new Verifier({ secret: 'short' })), ROUNDS / 200);
});

test('what is made and let go', async () => {
  const make = () => {
    const key = Key.fromSecret(SECRET);
    new Verifier({ keys: new KeySet([key]), cacheSize: 8 }).verify(TOKENS[0], AT);
    SigningKey.fromSecret(SECRET).sign({ exp: NOW });
  };
  // In turns, for what the native module has goes when the loop turns.
  const turns = async (count) => {
    for (let turn = 0; turn < count; turn += 1) {
      for (let n = 0; n < 100; n += 1) make();
      await resident();
    }
  };
  await turns(ROUNDS / 40_000);
  const before = await resident();
  await turns(ROUNDS / 20_000);
  const grown = (await resident()) - before;
  assert.ok(grown < 8 * 1024 * 1024, `${grown} bytes`);
});

test('verifiers made for one request each are collected in time', async () => {
  // By nobody's order: what their caches take is told to V8. It took 750 KB a verifier before that was so.
  const before = await resident();
  let most = 0;
  for (let n = 0; n < 1000; n += 1) {
    assert.equal(new Verifier({ secret: SECRET }).verify(TOKENS[0], AT).sub, '0');
    if (n % 10 === 0) {
      await new Promise(setImmediate);
      most = Math.max(most, process.memoryUsage.rss());
    }
  }
  assert.ok(most - before < 300 * 1024 * 1024, `${most - before} bytes`);
});
