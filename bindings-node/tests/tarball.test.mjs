// The package as npm packs it, in an empty project: the README's example, pasted, in each kind of module.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PLATFORMS, manifestOf } from '../scripts/release.mjs';
import { folder, install, pack, run } from './packed.mjs';

const platform = createRequire(import.meta.url)('../native/platform.js');

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, '../README.md'), 'utf8');
const [, example] = /\n## Node\n+```js\n(.*?)```/s.exec(readme);

/** The licences' texts must be in what is handed out, and the same as here. */
function assertLicensed(folder) {
  for (const name of ['LICENSE', 'LICENSE-APACHE', 'LICENSE-MIT']) {
    assert.equal(readFileSync(join(folder, name), 'utf8'), readFileSync(join(root, '..', name), 'utf8'), name);
  }
}

test("the README's example works from the packed tarball", async (t) => {
  const project = folder(t);
  const { tarball, files } = await pack(project);
  assert.ok(files.some((path) => /^native\/doorward\..+\.node$/.test(path)));
  for (const path of files)
    assert.match(path, /^(dist|native|template)\/|^(package\.json|README\.md|LICENSE[^/]*)$/, path);
  for (const path of files) assert.doesNotMatch(path, /\.map$|\.new$|\.mts$(?<!\.d\.mts)/, path);
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const manifest = {
    name: 'pasted',
    private: true,
    dependencies: { doorward: `file:${tarball}` },
    devDependencies: { typescript: devDependencies.typescript, '@types/node': devDependencies['@types/node'] },
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  await install(project);
  assertLicensed(join(project, 'node_modules/doorward'));
  // Nothing came along.
  assert.ok(!existsSync(join(project, 'node_modules/doorward/node_modules')));
  assert.deepEqual(
    JSON.parse(readFileSync(join(project, 'node_modules/doorward/package.json'), 'utf8')).dependencies ?? {},
    {},
  );

  const required = example.replace(/^import (\{.*?\}) from '(.*?)';$/gms, "const $1 = require('$2');");
  assert.notEqual(required, example);
  writeFileSync(join(project, 'module.mjs'), example);
  writeFileSync(join(project, 'common.cjs'), required);
  writeFileSync(join(project, 'typed.mts'), example);
  writeFileSync(join(project, 'typed.cts'), example);
  const node = (...args) => run(process.execPath, args, { cwd: project });
  for (const file of ['module.mjs', 'common.cjs']) {
    const { status, stderr } = await node(file);
    assert.equal(status, 0, `${file}: ${stderr}`);
  }
  const options = '--strict --target es2022 --module node16 --types node --outDir out typed.mts typed.cts';
  const compiled = await node('node_modules/typescript/bin/tsc', ...options.split(' '));
  assert.equal(compiled.status, 0, compiled.stdout);
  for (const file of ['out/typed.mjs', 'out/typed.cjs']) {
    const { status, stderr } = await node(file);
    assert.equal(status, 0, `${file}: ${stderr}`);
  }
});

test('each platform has a package of its own, of this version', () => {
  for (const platform of Object.keys(PLATFORMS)) {
    assert.equal(readFileSync(join(root, 'npm', platform, 'package.json'), 'utf8'), manifestOf(platform), platform);
  }
  assert.ok(platform() in PLATFORMS);
});

test('as published, the native module comes from the package of the platform', async (t) => {
  const project = folder(t);
  const packed = await run(process.execPath, [join(root, 'scripts/release.mjs'), project]);
  assert.equal(packed.status, 0, packed.stderr);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const unpack = (tarball, into) => {
    mkdirSync(join(project, 'node_modules', into), { recursive: true });
    return run('tar', ['-xzf', tarball, '--strip-components=1', '-C', join('node_modules', into)], { cwd: project });
  };
  assert.equal((await unpack(`doorward-${version}.tgz`, 'doorward')).status, 0);
  const published = JSON.parse(readFileSync(join(project, 'node_modules/doorward/package.json'), 'utf8'));
  assert.deepEqual([published.scripts, published.devDependencies], [undefined, undefined]);
  assert.equal(published.optionalDependencies[`@doorward/native-${platform()}`], version);
  const asked = ['-e', "process.stdout.write(require('doorward').version)"];
  const without = await run(process.execPath, asked, { cwd: project });
  assert.match(without.stderr, /doorward has no native module for .*: install @doorward\/native-/);
  await unpack(`doorward-native-${platform()}-${version}.tgz`, `@doorward/native-${platform()}`);
  for (const name of ['doorward', `@doorward/native-${platform()}`])
    assertLicensed(join(project, 'node_modules', name));
  const whole = await run(process.execPath, asked, { cwd: project });
  assert.deepEqual([whole.status, whole.stdout], [0, version], whole.stderr);
});
