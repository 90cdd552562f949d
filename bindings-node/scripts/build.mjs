// From `ts/` to `dist/`: CommonJS by the TypeScript compiler, and beside each entry point an ES module that hands on the
// very same objects, so that a `TokenError` is one class however the package was loaded.

import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const dist = join(root, 'dist');

// The licences' texts, for npm packs nothing from above.
const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
for (const name of files.filter((one) => one.startsWith('LICENSE')))
  copyFileSync(join(root, '..', name), join(root, name));

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root], { stdio: 'inherit' });

// What lies in a folder of its own is no entry point but that folder's `index`.
for (const file of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!file.isFile() || !file.name.endsWith('.js')) continue;
  const path = join(file.parentPath, file.name);
  const isEntry = file.parentPath === dist && !file.name.startsWith('_');
  if (!isEntry) continue;
  const module = `./${basename(relative(dist, path))}`;
  const exported = require(path);
  const names = Object.keys(exported).filter(
    (name) => name !== 'default' && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name),
  );
  const lines = [`import all from '${module}';`];
  if (names.length > 0) lines.push(`export const { ${names.join(', ')} } = all;`);
  lines.push(`export default all${'default' in exported ? '.default' : ''};`);
  const stem = path.slice(0, -'.js'.length);
  writeFileSync(`${stem}.mjs`, `${lines.join('\n')}\n`);
  const types = [`export * from '${module}';`];
  if ('default' in exported) types.push(`import all from '${module}';`, 'export default all.default;');
  writeFileSync(`${stem}.d.mts`, `${types.join('\n')}\n`);
}
