// `rates.json`: quotas that can be counted and that can't, and stories of buckets on a clock.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { ConfigError, Limiter, Quota } from 'doorward';
import { load, onlyKnown, report } from './shared.mjs';

const FILE = load('rates.json');

function quota({ max, window, ...options }) {
  onlyKnown(options, ['burst', 'strict']);
  return new Quota(max, window, options);
}

function limiter({ max, window, ...options }) {
  onlyKnown(options, ['burst', 'strict']);
  return new Limiter(max, window, { ...options, slots: 1 });
}

const micros = (seconds) => Math.round(seconds * 1e6);

function told({ allowed, limit, remaining, resetAfter, retryAfter }) {
  const retry = retryAfter === undefined ? null : micros(retryAfter);
  return { allowed, limit, remaining, reset: micros(resetAfter), retry };
}

/** What it is, or the code of the refusal. */
function orCode(make) {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { code: error.code };
  }
}

test('every quota is made or refused', () => {
  const failures = [];
  for (const { name, quota: said, own, expect, ...rest } of FILE.quotas) {
    onlyKnown(rest, []);
    const found = orCode(() => {
      const made = limiter(said);
      let told = made.quota;
      if (own !== undefined) {
        told = quota(own);
        assert.equal(made.check('a', 1, { quota: told }).limit, told.capacity);
      }
      const { max, window, strict = false } = own ?? said;
      assert.deepEqual([told.max, told.window, told.strict], [max, window, strict]);
      assert.ok(told.equals(quota(own ?? said)));
      return { capacity: told.capacity };
    });
    if (!isDeepStrictEqual(found, expect)) {
      failures.push(`${name}: ${JSON.stringify(found)}, expected ${JSON.stringify(expect)}`);
    }
  }
  report(failures, FILE.quotas.length);
  assert.ok(FILE.quotas.length >= 100);
});

/** What the first step to go wrong says, and what it was. */
function wrong({ quota: base, own: owns = {}, steps }) {
  const buckets = limiter(base);
  const own = Object.fromEntries(Object.entries(owns).map(([name, said]) => [name, quota(said)]));
  const decisions = [];
  for (const [number, step] of steps.entries()) {
    let { expect } = step;
    let found;
    if ('check' in step || 'peek' in step) {
      const kind = 'check' in step ? 'check' : 'peek';
      onlyKnown(step, [kind, 'at', 'cost', 'quota', 'expect']);
      const options = { now: step.at / 1e6, quota: step.quota === undefined ? undefined : own[step.quota] };
      if (step.quota !== undefined) assert.ok(options.quota instanceof Quota);
      found = orCode(() => {
        const decision = buckets[kind](step[kind], step.cost, options);
        if (kind === 'check') decisions.push(decision);
        return told(decision);
      });
    } else if ('give_back' in step) {
      onlyKnown(step, ['give_back', 'expect']);
      found = decisions[step.give_back].giveBack();
    } else if ('reset' in step) {
      onlyKnown(step, ['reset', 'expect']);
      found = buckets.reset(step.reset);
    } else {
      onlyKnown(step, ['stats']);
      const { evictionsWithDebt, busyDenials, ...rest } = buckets.stats();
      found = { evictions_with_debt: evictionsWithDebt, busy_denials: busyDenials, ...rest };
      expect = step.stats;
    }
    if (!isDeepStrictEqual(found, expect)) {
      return `step ${number}: ${JSON.stringify(found)}, expected ${JSON.stringify(expect)}`;
    }
  }
  return undefined;
}

test('every story holds', () => {
  const failures = [];
  for (const story of FILE.stories) {
    onlyKnown(story, ['name', 'class', 'quota', 'own', 'steps']);
    const what = wrong(story);
    if (what !== undefined) failures.push(`${story.name}: ${what}`);
  }
  report(failures, FILE.stories.length);
  assert.ok(FILE.stories.length >= 120);
});
