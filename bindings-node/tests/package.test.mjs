// What is in the package, and how it is loaded.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as esm from 'doorward';

const require = createRequire(import.meta.url);

test('both module systems give the same objects', () => {
  const cjs = require('doorward');
  for (const name of Object.keys(cjs)) assert.equal(esm[name], cjs[name], name);
});

test('the native module is of the version of the package', () => {
  assert.equal(esm.version, require('doorward/package.json').version);
});

test('nothing but the entry points can be loaded', () => {
  const dist = fileURLToPath(new URL('../dist/', import.meta.url));
  const modules = readdirSync(dist, { recursive: true }).filter((path) => path.endsWith('.js'));
  const inner = modules.filter((path) => /[\\/]|^_/.test(path));
  assert.ok(inner.length > 30 && modules.length - inner.length > 10);
  for (const path of inner) {
    const name = `doorward/${path.replaceAll('\\', '/').slice(0, -'.js'.length)}`;
    for (const load of [require, import.meta.resolve]) {
      assert.throws(() => load(name), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' }, name);
    }
  }
});

test('a runtime that makes no reports of itself is told apart by its files', () => {
  const platform = require('../native/platform.js');
  const { report } = process;
  const told = platform();
  Object.defineProperty(process, 'report', { value: undefined, configurable: true });
  try {
    assert.equal(platform(), told);
  } finally {
    Object.defineProperty(process, 'report', { value: report, configurable: true });
  }
});
