// Sets of API keys: found or not, and held to the same rules as in the core.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { ApiKey, ApiKeyError, ApiKeys, ConfigError, Gate, NewKey, Quota, generateKey } from 'doorward';
import { NOW } from './shared.mjs';

const KEY = 'a-key-nobody-guesses';
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const refused = (code) => (error) =>
  error instanceof ConfigError && error.code === code && !error.message.includes(KEY);

test('a key is found by its text or its digest', () => {
  const minted = generateKey();
  assert(minted instanceof NewKey);
  const keys = new ApiKeys([
    new ApiKey({ id: 'ci', key: KEY }),
    new ApiKey({ id: 'minted', key: minted.key }),
    new ApiKey({ id: 'stored', digest: sha256('by digest') }),
  ]);
  assert.equal(keys.find(KEY).id, 'ci');
  assert.equal(keys.find(minted.key).id, 'minted');
  // A key with a space has a digest, and can't come in a header.
  assert.equal(keys.find('by digest'), undefined);
  assert.equal(keys.size, 3);
  assert.deepEqual(
    [...keys].map((key) => key.id),
    ['ci', 'minted', 'stored'],
  );
  assert.equal(keys.find(KEY), keys.find(Buffer.from(KEY)));
  assert.equal(keys.find(KEY), [...keys][0]);
  assert.equal(minted.digest, sha256(minted.key));
  assert(minted.key.startsWith(minted.public) && minted.public.startsWith('dw_live_'));
  assert(!inspect(minted).includes(minted.key) && !JSON.stringify(minted).includes(minted.key));
});

test('whose a key is', () => {
  const keys = new ApiKeys([new ApiKey({ id: 'ci', name: 'builds', key: KEY, roles: ['user'], scopes: ['read'] })]);
  const owner = keys.identify(KEY);
  assert.deepEqual([owner.id, owner.method, owner.claims], ['key:builds', 'api_key', undefined]);
  assert.deepEqual([[...owner.scopes], [...owner.roles]], [['read'], ['user']]);
  assert.throws(() => keys.identify('a-guess'), ApiKeyError);
});

test('an entry says what was said', () => {
  const quota = new Quota(10, 60, { burst: 5 });
  const entry = new ApiKey({
    id: 'ci',
    key: KEY,
    name: 'build',
    roles: ['user', 'deploy'],
    scopes: 'read',
    quota,
    notBefore: NOW,
    expires: NOW + 60.5,
    disabled: true,
    metadata: { team: 'tools', __proto__: null },
  });
  for (const one of [entry, [...new ApiKeys([entry])][0]]) {
    assert.deepEqual([one.id, one.name, one.roles, one.scopes], ['ci', 'build', ['user', 'deploy'], ['read']]);
    assert.deepEqual([one.notBefore, one.expires, one.disabled], [NOW, NOW + 60.5, true]);
    assert(one.quota.equals(quota));
    one.metadata.team = 'leak';
    assert.equal(one.metadata.team, 'tools');
    assert.throws(() => one.roles.push('admin'), TypeError);
    assert(!inspect(one, { showHidden: true }).includes(KEY));
  }
  const plain = new ApiKey({ id: 'ci', key: KEY });
  assert.deepEqual([plain.name, plain.roles, plain.scopes], ['ci', [], []]);
  assert.deepEqual(
    [plain.quota, plain.expires, plain.notBefore, plain.disabled],
    [undefined, undefined, undefined, false],
  );
});

test('a key is good in its time', () => {
  for (const [entry, now, code] of [
    [{ expires: NOW }, NOW, 'api_key_expired'],
    [{ expires: NOW }, NOW + 1, 'api_key_expired'],
    [{ notBefore: NOW }, NOW - 1, 'api_key_not_yet_valid'],
    [{ disabled: true }, NOW, 'api_key_disabled'],
    [{ expires: NOW }, NOW - 1, undefined],
    [{ notBefore: NOW }, NOW, undefined],
    [{ expires: NOW }, Number.NaN, 'api_key_expired'],
  ]) {
    const keys = new ApiKeys([new ApiKey({ id: 'ci', key: KEY, ...entry })]);
    assert.equal(keys.find(KEY, { now }) === undefined, code !== undefined, code);
    if (code === undefined) assert.equal(keys.verify(KEY, { now }).id, 'ci');
    else {
      assert.throws(
        () => keys.verify(KEY, { now }),
        (error) => error instanceof ApiKeyError && error.code === code && !error.message.includes(KEY),
      );
    }
  }
});

test('the clock is that of the process, faked or not', (t) => {
  const keys = new ApiKeys([new ApiKey({ id: 'ci', key: KEY, expires: NOW })]);
  t.mock.timers.enable({ apis: ['Date'], now: (NOW - 1) * 1000 });
  assert.equal(keys.find(KEY)?.id, 'ci');
  t.mock.timers.tick(1000);
  assert.equal(keys.find(KEY), undefined);
});

test('what is not in the set is refused', () => {
  const minted = generateKey('test', { prefix: 'acme' });
  const keys = new ApiKeys([new ApiKey({ id: 'own', key: minted.key })], { prefix: 'acme' });
  assert(minted.public.startsWith('acme_test_') && keys.find(minted.key) !== undefined);
  const other = generateKey('test', { prefix: 'acme' }).key;
  for (const [presented, code] of [
    [other, 'api_key_unknown'],
    [KEY, 'api_key_malformed'],
    ['', 'api_key_malformed'],
    ['x'.repeat(10_000_000), 'api_key_malformed'],
    [new Uint8Array(10_000_000), 'api_key_malformed'],
    ['\ud800', 'api_key_malformed'],
  ]) {
    assert.throws(() => keys.verify(presented), { code });
  }
  for (let at = 0; at < minted.key.length; at++) {
    const unit = minted.key.charCodeAt(at);
    for (const wrong of [unit ^ 1, unit + 0x100]) {
      const changed = minted.key.slice(0, at) + String.fromCharCode(wrong) + minted.key.slice(at + 1);
      assert.equal(keys.find(changed), undefined);
    }
  }
});

test("a file's keys, and a pepper", () => {
  const line = { id: 'ci', digest: `sha256:${sha256(KEY)}`, roles: ['user'] };
  const text = `{"doorward_keys":1}\n${JSON.stringify(line)}\n`;
  const pepper = 'a pepper of at least 32 bytes, kept apart';
  for (const keys of [ApiKeys.fromText(text), ApiKeys.fromText(Buffer.from(text), { pepper })]) {
    assert.deepEqual(keys.find(KEY).roles, ['user']);
  }
  assert(new ApiKeys([new ApiKey({ id: 'ci', key: KEY })], { pepper }).find(KEY));
  for (const wrong of ['', text.slice(0, -2), text.replace('roles', 'rolls'), '{"doorward_keys":2}\n']) {
    assert.throws(
      () => ApiKeys.fromText(wrong),
      (error) => error instanceof ConfigError && error.code.startsWith('key_file_'),
    );
  }
});

test('a set that can not be is refused', () => {
  for (const [keys, code] of [
    [[['a', '']], 'api_key_empty'],
    [[['a', 'x'.repeat(513)]], 'api_key_too_long'],
    [[['a', 'a b']], 'api_key_not_visible_ascii'],
    [[['a', '\ud800']], 'api_key_not_visible_ascii'],
    [[['a', 'dw_live_0123']], 'api_key_damaged'],
    [[['a', KEY], ['b', KEY]], 'api_key_duplicate'], // prettier-ignore
    [[['a', KEY], ['a', 'x']], 'api_key_id_duplicate'], // prettier-ignore
    [[['', KEY]], 'api_key_id_invalid'],
    [[[KEY, KEY]], 'api_key_id_is_key'],
  ]) {
    assert.throws(() => new ApiKeys(keys.map(([id, key]) => new ApiKey({ id, key }))), refused(code));
  }
});

test('entries and sets of the wrong kind', () => {
  assert.throws(() => new ApiKey({ id: 'a', key: KEY, digest: '0'.repeat(64) }), /not both/);
  assert.throws(() => new ApiKey({ id: 'a' }), /not both/);
  assert.throws(() => new ApiKey({ id: 'a', digest: 'nope' }), /hexadecimal/);
  assert.throws(() => generateKey('live', { prefix: 'UP' }), /prefix/);
  assert.throws(() => new ApiKeys([], { pepper: 'short' }), /pepper/);
  assert.throws(() => new ApiKeys([...new ApiKeys([new ApiKey({ id: 'a', key: KEY })])]), /has no key/);
  for (const keys of [3, null, undefined, [KEY], KEY, [null], {}, Buffer.from(KEY)]) {
    assert.throws(() => new ApiKeys(keys), TypeError);
  }
  for (const opts of [
    undefined,
    null,
    'ci',
    { id: 3, key: KEY },
    { id: 'a', key: 3 },
    { id: 'a', key: KEY, roles: 3 },
    { id: 'a', key: KEY, roles: [3] },
    { id: 'a', key: KEY, quota: {} },
    { id: 'a', key: KEY, expires: '2030' },
    { id: 'a', key: KEY, expires: null },
    { id: 'a', key: KEY, disabled: 1 },
    { id: 'a', key: KEY, metadata: { a: 1 } },
    { id: 'a', key: KEY, rolse: 'user' },
  ]) {
    assert.throws(() => new ApiKey(opts), TypeError, JSON.stringify(opts));
  }
  assert.throws(() => new ApiKey({ id: 'a', key: KEY, roles: ['\udc00'] }), refused('text_invalid'));
  assert.throws(() => new ApiKeys([], { pepper: '\udc00'.repeat(32) }), refused('text_invalid'));
  assert.throws(() => new Gate({ apiKeys: new ApiKeys([]), sessionKey: '\udc00'.repeat(32) }), refused('text_invalid'));
  const keys = new ApiKeys([]);
  assert.equal(keys.size, 0);
  assert.equal(keys.find(KEY), undefined);
  for (const presented of [undefined, null, 3, {}, [KEY], { toString: () => KEY }]) {
    assert.throws(() => keys.find(presented), TypeError);
    assert.throws(() => keys.verify(presented), TypeError);
  }
  assert.throws(() => keys.find(KEY, { now: '3' }), TypeError);
  assert.throws(() => keys.find(KEY, { nwo: 3 }), TypeError);
  const thrower = {
    get id() {
      throw new RangeError('mine');
    },
  };
  assert.throws(() => new ApiKey(thrower), RangeError);
  // What failed to be made leaves nothing behind for the next.
  assert.equal(new ApiKey({ id: 'next', key: KEY }).id, 'next');
});
