// The types of doorward/jsonwebtoken are those of @types/jsonwebtoken, as far as programs can tell: one program, compiled
// against both, as an ES module and as CommonJS.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

test('one program compiles against both', () => {
  const usage = readFileSync(join(root, 'tests/types/jsonwebtoken/usage.mts'), 'utf8');
  const drop = usage.replaceAll("from 'jsonwebtoken'", "from 'doorward/jsonwebtoken'");
  assert.notEqual(drop, usage);
  // In the package, where its own name is known.
  const folder = mkdtempSync(join(root, 'tests/types/generated-'));
  try {
    for (const [name, text] of [
      ['theirs', usage],
      ['ours', drop],
    ]) {
      writeFileSync(join(folder, `${name}.mts`), text);
      writeFileSync(join(folder, `${name}.cts`), text);
      const module = name === 'ours' ? 'doorward/jsonwebtoken' : 'jsonwebtoken';
      writeFileSync(
        join(folder, `${name}_required.cts`),
        `import jwt = require('${module}');\nexport const claims: string | jwt.JwtPayload = jwt.verify('', '');\n`,
      );
    }
    const config = { extends: '../../../tsconfig.json', include: ['.'] };
    const compilerOptions = { rootDir: '../../..', noEmit: true, declaration: false };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, compilerOptions }));
    const command = [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder];
    execFileSync(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  } catch (error) {
    assert.fail(error.stdout ?? error);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
