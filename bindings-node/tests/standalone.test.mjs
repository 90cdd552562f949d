// Each entry stands alone: it loads, and its types compile, where none of the frameworks is installed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const entries = ['http', 'express', 'fastify', 'fetch', 'hono', 'mcp', 'mcp2', 'sse', 'stdio', 'tools'];
/** Whose types are their framework's too. */
const typedByFramework = ['fastify', 'hono'];

let project;
before(() => {
  project = mkdtempSync(join(tmpdir(), 'doorward-'));
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, '@types'), { recursive: true });
  symlinkSync(root, join(modules, 'doorward'));
  for (const name of ['@types/node', 'undici-types'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
});
after(() => rmSync(project, { recursive: true, force: true }));

const run = (...args) => execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' });

test('loaded by both module systems', () => {
  const names = JSON.stringify(entries);
  const flags = ['--preserve-symlinks', '--preserve-symlinks-main'];
  writeFileSync(
    join(project, 'all.mjs'),
    `import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    for (const name of ['express', 'fastify', 'hono', '@modelcontextprotocol/sdk', '@modelcontextprotocol/server']) {
      let found = true;
      try { require.resolve(name); } catch { found = false; }
      if (found) throw new Error(name + ' is installed here');
    }
    for (const name of ${names}) {
      const esm = await import('doorward/' + name);
      const cjs = require('doorward/' + name);
      for (const one of Object.keys(cjs)) if (one !== 'default' && esm[one] !== cjs[one]) throw new Error(name);
    }
    console.log('all');`,
  );
  assert.equal(run(...flags, 'all.mjs'), 'all\n');
});

test('compiled', () => {
  const typed = entries.filter((name) => !typedByFramework.includes(name));
  const lines = typed.map((name) => `import * as ${name} from 'doorward/${name}';`);
  writeFileSync(join(project, 'all.mts'), `${lines.join('\n')}\nexport { ${typed.join(', ')} };\n`);
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  const options =
    '--noEmit --strict --module nodenext --target es2023 --types node --preserveSymlinks --skipLibCheck false';
  assert.equal(run(compiler, ...options.split(' '), 'all.mts'), '');
});
