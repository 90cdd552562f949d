// jsonwebtoken's own tests against the drop-in: all of them pass, with its error classes and with ours.
//
// Its package comes without them, so they run where JSONWEBTOKEN_SOURCE names a checkout of its repository, at the version that is
// installed. No test fetches one by itself.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { version } = require('jsonwebtoken/package.json');
const drop = require.resolve('doorward/jsonwebtoken');
const hide = fileURLToPath(new URL('jsonwebtoken/hide.cjs', import.meta.url));

// What they need, in versions that know Node 20.
const TOOLS = ['mocha@10.8.2', 'chai@4.5.0', 'sinon@6.3.5', 'atob@2.1.2', 'jws@4.0.1', 'ms@2.1.3', 'semver@7.7.3'];

const folder = mkdtempSync(join(tmpdir(), 'doorward-jsonwebtoken-'));
const source = process.env.JSONWEBTOKEN_SOURCE;

before(() => {
  if (!source) return;
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...TOOLS];
  execFileSync('npm', install, { cwd: folder, stdio: 'pipe', timeout: 300_000 });
  cpSync(join(source, 'test'), join(folder, 'test'), { recursive: true });
  // What they look at besides the interface: which Node this is, and how keys are looked at, which is the same here.
  cpSync(join(source, 'lib'), join(folder, 'lib'), { recursive: true });
  writeFileSync(join(folder, 'index.js'), `module.exports = require(${JSON.stringify(drop)});\n`);
  for (const name of ['JsonWebTokenError', 'TokenExpiredError', 'NotBeforeError']) {
    writeFileSync(join(folder, 'lib', `${name}.js`), `module.exports = require('..').${name};\n`);
  }
});

after(() => rmSync(folder, { recursive: true, force: true }));

for (const [classes, options] of [
  ['its classes', []],
  ['our classes', ['--require', hide]],
]) {
  test(`jsonwebtoken's own tests, by ${classes}`, (context) => {
    if (!source) return context.skip('JSONWEBTOKEN_SOURCE names no checkout of jsonwebtoken');
    const mocha = join(folder, 'node_modules/mocha/bin/mocha.js');
    const run = spawnSync(process.execPath, [mocha, '--use_strict', '--reporter', 'json', ...options], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '' },
    });
    const { stats, failures } = JSON.parse(run.stdout.slice(run.stdout.indexOf('{')));
    assert.deepEqual(
      failures.map((failure) => [failure.fullTitle, failure.err.message]),
      [],
    );
    assert.ok(stats.passes > 500 && stats.pending < 2, JSON.stringify(stats));
  });
}
