// `tests/vectors/jwks.json`: fetched key sets, as stories on a clock.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, Jwks } from 'doorward';
import { load, onlyKnown, text } from './shared.mjs';

const FILE = load('jwks.json');

function replied(fetch, reply, now) {
  if (reply === 'too_large') return fetch.tooLarge({ now });
  if (reply === 'unreachable') return fetch.unreachable({ now });
  if (reply === 'forgotten') return fetch.drop();
  onlyKnown(reply, ['status', 'body']);
  return fetch.replied(reply.status, text(reply.body), { now });
}

const standing = ({ keys, age, usable, error }) => ({ keys, age: age ?? null, usable, error: error ?? null });

function step(jwks, underWay, { at: now, ...told }) {
  if ('fetch' in told || 'refresh' in told) {
    onlyKnown(told, ['fetch', 'refresh']);
    const fetch = 'fetch' in told ? jwks.fetch({ now }) : jwks.refresh({ now });
    assert.equal(fetch?.url ?? null, told.fetch ?? told.refresh ?? null);
    if (fetch !== undefined) underWay.push(fetch);
  } else if ('waits' in told) {
    assert.deepEqual(told, { waits: jwks.isFetching({ now }) });
  } else if ('standing' in told) {
    assert.deepEqual({ standing: standing(jwks.standing({ now })) }, told);
  } else {
    const { reply, ...expected } = told;
    const fetch = underWay.pop();
    const fetched = replied(fetch, reply, now);
    if (fetched === undefined) {
      assert.deepEqual(expected, { failed: jwks.standing({ now }).error });
      return;
    }
    assert.throws(() => fetch.unreachable({ now }), { code: 'used_already' });
    if (fetched.next !== undefined) {
      assert.deepEqual(expected, { next: fetched.next.url });
      underWay.push(fetched.next);
    } else if (fetched.error !== undefined) {
      assert.deepEqual(expected, { failed: fetched.error });
      assert.ok(fetched.message);
    } else {
      const left_out = fetched.leftOut.map(({ place, code }) => [place, code]);
      assert.deepEqual({ loaded: fetched.keys, left_out, changed: fetched.changed }, expected);
    }
  }
}

for (const story of FILE.vectors) {
  test(story.name, () => {
    onlyKnown(story, ['name', 'class', 'url', 'issuer', 'steps', 'config_error', 'cooldown', 'fresh', 'stale']);
    const make = () =>
      new Jwks({
        url: story.url ?? undefined,
        issuer: story.issuer ?? undefined,
        cooldown: story.cooldown,
        freshFor: story.fresh,
        staleFor: story.stale,
      });
    if (story.config_error !== undefined) {
      assert.throws(make, (error) => error instanceof ConfigError && error.code === story.config_error);
      return;
    }
    const jwks = make();
    const underWay = [];
    for (const told of story.steps) step(jwks, underWay, told);
  });
}

test('there are all of them', () => assert.ok(FILE.vectors.length >= 130));
