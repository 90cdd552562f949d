// `api_keys.json`: keys presented to sets, sets that can't be, and keys that are minted.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { ApiKey, ApiKeyError, ApiKeys, ConfigError, Quota, generateKey } from 'doorward';
import { hex, load, onlyKnown, report, text } from './shared.mjs';

const FILE = load('api_keys.json');

/** A text, or bytes that are none. */
const octets = (made) => (Object.hasOwn(Object(made), 'hex') ? hex(made.hex) : text(made));

function entry(said) {
  const { not_before: notBefore, quota: own, key, ...rest } = said;
  onlyKnown(rest, ['id', 'digest', 'name', 'roles', 'scopes', 'expires', 'disabled', 'strong', 'metadata']);
  let quota;
  if (own !== undefined) {
    const { max, window, ...options } = own;
    quota = new Quota(max, window, options);
  }
  return new ApiKey({ ...rest, key: key === undefined ? undefined : octets(key), notBefore, quota });
}

function made(said) {
  const { keys = [], numbered, file, prefix, pepper, max_presented: maxPresented, size: _, ...rest } = said;
  onlyKnown(rest, []);
  if (file !== undefined) {
    onlyKnown(said, ['file', 'prefix', 'pepper', 'size']);
    return ApiKeys.fromText(octets(file), { prefix, pepper });
  }
  const entries = keys.map(entry);
  if (numbered !== undefined) {
    onlyKnown(numbered, ['count', 'id', 'key']);
    for (let n = 0; n < numbered.count; n++) {
      entries.push(new ApiKey({ id: `${numbered.id}${n}`, key: `${numbered.key}${n}` }));
    }
  }
  return new ApiKeys(entries, { prefix, pepper, maxPresented });
}

function told(keys, presented, found, now) {
  const principal = keys.identify(presented, { now });
  assert.deepEqual([[...principal.roles], [...principal.scopes]], [[...found.roles], [...found.scopes]]);
  const { id, name, roles, scopes, notBefore = null, expires = null, strong, metadata, quota } = found;
  const { max, window, capacity, strict } = quota ?? {};
  return {
    ...{ id, name, principal: principal.id, roles: [...roles], scopes: [...scopes], expires, strong },
    not_before: notBefore,
    metadata: Object.fromEntries(Object.entries(metadata)),
    quota: quota === undefined ? null : { max, window, capacity, strict },
  };
}

function answer(keys, presented, now, expect) {
  const found = keys.find(presented, { now });
  try {
    assert.equal(keys.verify(presented, { now }), found);
  } catch (error) {
    if (!(error instanceof ApiKeyError)) throw error;
    assert.equal(found, undefined);
    return { code: error.code };
  }
  const all = told(keys, presented, found, now);
  return Object.fromEntries(Object.keys(expect).map((name) => [name, all[name]]));
}

test('every presented key gets its answer', () => {
  const sets = {};
  for (const [name, said] of Object.entries(FILE.sets)) {
    const [keys, ids] = [made(said), (said.keys ?? []).map((one) => one.id)];
    assert.equal(keys.size, said.size, name);
    assert.deepEqual(
      [...keys].slice(0, ids.length).map((key) => key.id),
      said.file === undefined ? ids : [],
    );
    sets[name] = keys;
  }
  const failures = [];
  for (const vector of FILE.finds) {
    onlyKnown(vector, ['name', 'class', 'set', 'presented', 'now', 'expect']);
    const { name, set, now, expect } = vector;
    const presented = octets(vector.presented);
    for (const one of typeof presented === 'string' ? [presented, Buffer.from(presented)] : [presented]) {
      const found = answer(sets[set], one, now, expect);
      if (!isDeepStrictEqual(found, expect)) {
        failures.push(`${name}: ${JSON.stringify(found)}, expected ${JSON.stringify(expect)}`);
      }
    }
  }
  report(failures, FILE.finds.length);
  assert.ok(FILE.finds.length >= 350);
});

test('every set that can not be is refused', () => {
  const failures = [];
  for (const { name, class: _, set, expect, ...rest } of FILE.refused) {
    onlyKnown(rest, []);
    onlyKnown(expect, ['code', 'at', 'line']);
    let error;
    try {
      made(set);
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown;
      error = thrown;
    }
    const { code, message = '' } = error ?? {};
    const good =
      code === expect.code &&
      (expect.at === undefined || `${message} `.includes(` at position ${expect.at} `)) &&
      (expect.line === undefined || message.startsWith(`line ${expect.line} `)) &&
      (set.keys ?? []).every(({ key = '' }) => text(key).length < 8 || !message.includes(text(key)));
    if (!good) failures.push(`${name}: ${code}: ${message}, expected ${JSON.stringify(expect)}`);
  }
  report(failures, FILE.refused.length);
  assert.ok(FILE.refused.length >= 200);
});

test('every minted key is of the form', () => {
  const failures = [];
  for (const { name, env, prefix, expect, ...rest } of FILE.mints) {
    onlyKnown(rest, []);
    let found;
    try {
      const { key, digest } = generateKey(env, { prefix });
      found = { starts: key.slice(0, expect.starts?.length ?? 0), length: key.length };
      assert.ok(new ApiKeys([new ApiKey({ id: 'new', key })], { prefix }).find(key).strong);
      assert.equal(digest, createHash('sha256').update(key).digest('hex'));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      found = { code: error.code };
    }
    if (!isDeepStrictEqual(found, expect)) failures.push(`${name}: ${JSON.stringify(found)}`);
  }
  report(failures, FILE.mints.length);
  assert.ok(FILE.mints.length >= 15);
});
