// What is in the package, and how it is loaded.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import * as esm from 'doorward';

const require = createRequire(import.meta.url);

test('both module systems give the same objects', () => {
  const cjs = require('doorward');
  for (const name of Object.keys(cjs)) assert.equal(esm[name], cjs[name], name);
});

test('the native module is of the version of the package', () => {
  assert.equal(esm.version, require('doorward/package.json').version);
});
