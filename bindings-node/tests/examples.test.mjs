// Every example in the package's documentation runs: what stands between "```ts" and "```" in a comment of `ts/`.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import module from 'node:module';
import { test } from 'node:test';
import * as doorward from 'doorward';

const folder = new URL('../ts/', import.meta.url);
const AsyncFunction = (async () => {}).constructor;
const names = Object.keys(doorward).filter((name) => name !== 'default');

let count = 0;
for (const file of readdirSync(folder).filter((name) => /^_.*\.ts$/.test(name))) {
  const source = readFileSync(new URL(file, folder), 'utf8');
  for (const [, block] of source.matchAll(/^ *\* ```ts\n((?: *\*.*\n)*?) *\* ```$/gm)) {
    const code = block.replace(/^ *\* ?/gm, '');
    count += 1;
    test(`${file}: ${code.trim().split('\n')[0]}`, async () => {
      // They are plain JavaScript; where they are not, types can be stripped.
      const plain = module.stripTypeScriptTypes?.(code) ?? code;
      await new AsyncFunction('assert', ...names, plain)(assert, ...names.map((name) => doorward[name]));
    });
  }
}

test('there are examples', () => assert.ok(count >= 6, String(count)));
