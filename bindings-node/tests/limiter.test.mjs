// Limiters: what is told, and that it is what was asked for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, Limiter, Quota } from 'doorward';

const code = (wanted) => (error) => error instanceof ConfigError && error.code === wanted;

test('a bucket empties and fills', () => {
  const limiter = new Limiter(2, 10);
  const spend = [1, 2, 3].map(() => limiter.check('anna', 1, { now: 100 }));
  assert.deepEqual(
    spend.map((one) => one.allowed),
    [true, true, false],
  );
  assert.deepEqual(
    spend.map((one) => one.remaining),
    [1, 0, 0],
  );
  assert.equal(spend[0].limit, 2);
  assert.deepEqual([spend[0].retryAfter, spend[2].retryAfter, spend[1].resetAfter], [0, 5, 10]);
  assert(limiter.check('ben', 1, { now: 100 }).allowed, 'each has a bucket of their own');
  assert(!limiter.check('anna', 1, { now: 104.9 }).allowed && limiter.check('anna', 1, { now: 105 }).allowed);
  assert(limiter.check(Buffer.from('anna'), 1, { now: 110 }).allowed, 'bytes are the same key');
  assert(!limiter.check('anna', 1, { now: 110 }).allowed);
});

test('the clock is that of the process', (t) => {
  const limiter = new Limiter(1, 10);
  let now = 5000;
  t.mock.method(performance, 'now', () => now);
  assert(limiter.check('a').allowed && !limiter.check('a').allowed);
  now += 9999;
  assert(!limiter.check('a').allowed);
  now += 1;
  assert(limiter.check('a').allowed);
});

test('costs', () => {
  const limiter = new Limiter(10, 10);
  const at = { now: 0 };
  assert.equal(limiter.check('a', 7, at).remaining, 3);
  assert(!limiter.check('a', 4, at).allowed && limiter.check('a', 3, at).allowed);
  assert.equal(limiter.check('b', 11, at).retryAfter, undefined, 'it never fits');
  assert.equal(limiter.check('c', 0, at).remaining, 10);
  for (const cost of [-1, 2 ** 32, 1.5, '1', null, Number.NaN, Infinity, 1n, {}]) {
    assert.throws(() => limiter.check('a', cost), TypeError);
    assert.throws(() => limiter.peek('a', cost), TypeError);
  }
});

test('a peek spends nothing', () => {
  const limiter = new Limiter(1, 10);
  const at = { now: 0 };
  for (let turn = 0; turn < 3; turn++) assert(limiter.peek('a', 1, at).allowed);
  assert(limiter.check('a', 1, at).allowed && !limiter.peek('a', 1, at).allowed);
  assert.equal(limiter.peek('a', undefined, at).remaining, 0);
  assert(!limiter.peek('b', 1, at).giveBack(), 'nothing was spent');
});

test('what was spent is given back once', () => {
  const limiter = new Limiter(1, 10);
  const at = { now: 0 };
  const spent = limiter.check('a', 1, at);
  assert(spent.giveBack() && !spent.giveBack());
  assert(limiter.check('a', 1, at).allowed);
  assert(!limiter.check('a', 1, at).giveBack());
  assert(limiter.reset('a') && limiter.check('a', 1, at).allowed && !limiter.reset('nobody'));
  const own = limiter.check('b', 1, { now: 0, quota: new Quota(2, 10) });
  assert(own.giveBack() && !own.giveBack());
  const old = limiter.check('c', 1, at);
  for (let n = 0; n < 4096; n++) limiter.check(`other-${n}`, 1, at);
  assert(!old.giveBack(), 'so many receipts are kept, and no more');
  assert(new Limiter(1, 10).check('a').giveBack(), 'a decision outlives its limiter');
});

test('a key with a quota of its own', () => {
  const limiter = new Limiter(1, 10);
  const quota = new Quota(3, 10);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => limiter.check('a', 1, { quota, now: 0 }).allowed),
    [true, true, true, false],
  );
  assert.throws(() => limiter.check('a', 1, { quota: new Quota(1, 1000) }), code('quota_windows_too_far_apart'));
  for (const wrong of [3, null, {}, Object.create(Quota.prototype)]) {
    assert.throws(() => limiter.check('a', 1, { quota: wrong }), TypeError);
  }
});

test('quotas', () => {
  assert(new Quota(10, 60).equals(new Quota(10, 60)) && !new Quota(10, 60).equals(new Quota(10, 61)));
  const quota = new Quota(10, 60, { strict: true });
  assert.deepEqual([quota.max, quota.window, quota.capacity], [10, 60, 5]);
  assert.equal(new Limiter(10, 60, { burst: 3 }).quota.capacity, 3);
  assert.throws(() => (quota.max = 3), TypeError);
  // The refill differs, though the bucket is as large.
  assert(quota.strict && quota.equals(new Limiter(10, 60, { strict: true }).quota));
  assert(!quota.equals(new Quota(10, 60, { burst: 5 })));
});

test('who comes back when told is let in', () => {
  const limiter = new Limiter(1, 10);
  for (let n = 0; n < 2000; n++) {
    // Each a number that is not quite the microsecond it stands for.
    const now = n * 12.779_607;
    assert(limiter.check(`${n}`, 1, { now }).allowed);
    const denied = limiter.check(`${n}`, 1, { now });
    assert(denied.retryAfter <= 10);
    assert(limiter.check(`${n}`, 1, { now: now + denied.retryAfter }).allowed, n);
  }
});

test('a quota that can not be kept', () => {
  for (const [max, window, wanted] of [
    [0, 1, 'quota_zero_amount'],
    [1, 0, 'quota_zero_period'],
    [1, -1, 'argument_invalid'],
    [1, Number.NaN, 'argument_invalid'],
    [1, Infinity, 'argument_invalid'],
    [1, 1e300, 'argument_invalid'],
    [1, 1e15, 'quota_window_too_long'],
  ]) {
    assert.throws(() => new Limiter(max, window), code(wanted), `${max} per ${window}`);
  }
  for (const [max, window, options] of [
    ['1', 1],
    [1, '1'],
    [1],
    [],
    [1.5, 1],
    [-1, 1],
    [2 ** 32, 1],
    [{}, 1],
    [1, 1, 3],
    [1, 1, null],
    [1, 1, { burst: '3' }],
    [1, 1, { strict: 1 }],
    [1, 1, { slots: 2 ** 40 }],
    [1, 1, { slot: 3 }],
  ]) {
    assert.throws(() => new Limiter(max, window, options), TypeError, JSON.stringify([max, window, options]));
  }
  assert.throws(() => new Quota(1, 1, { slots: 3 }), TypeError);
});

test('memory is not asked for without end', () => {
  assert.throws(() => new Limiter(1, 1, { slots: 2 ** 32 - 1 }), code('limiter_too_many_slots'));
  assert(new Limiter(1, 1, { slots: 1 }).stats().slots >= 1);
});

test('keys of any kind', () => {
  const limiter = new Limiter(1, 10);
  for (const key of ['', '\0', '\ud800', '\u0165', 'e', 'é', 'x'.repeat(1 << 20)]) {
    assert(limiter.check(key, 1, { now: 0 }).allowed, 'each is its own');
  }
  for (const key of [undefined, null, 3, {}, ['a'], Symbol('a'), 'x'.repeat((1 << 20) + 1)]) {
    assert.throws(() => limiter.check(key), TypeError);
  }
  assert.throws(() => limiter.reset(3), TypeError);
  assert.throws(() => limiter.check('a', 1, { now: 'x' }), TypeError);
  for (const now of [Number.NaN, -1, Infinity]) limiter.check('z', 1, { now });
});
