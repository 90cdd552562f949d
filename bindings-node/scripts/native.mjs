// Builds the native module, puts it where the loader looks first, and writes down its types.
//
//   node scripts/native.mjs [--profile NAME]    the profile is `release` unless another is named
//
// The types are what `napi-derive` tells of each function while it compiles; where nothing had to be compiled, they stay.

import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const platform = createRequire(import.meta.url)('../native/platform.js');
const { profile } = parseArgs({ options: { profile: { type: 'string', default: 'release' } } }).values;

const metadata = execFileSync('cargo', ['metadata', '--format-version=1', '--no-deps'], {
  cwd: root,
  maxBuffer: 1 << 26,
});
const target = JSON.parse(metadata).target_directory;
const told = join(target, 'napi-types');
rmSync(told, { recursive: true, force: true });
mkdirSync(told, { recursive: true });

const lines = execFileSync(
  'cargo',
  ['build', '--locked', '-p', 'doorward-node', '--profile', profile, '--message-format=json-render-diagnostics'],
  {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
    env: { ...process.env, NAPI_TYPE_DEF_TMP_FOLDER: told },
  },
);
const library = lines
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .filter((message) => message.reason === 'compiler-artifact' && message.target.kind.includes('cdylib'))
  .flatMap((message) => message.filenames)
  .find((name) => /\.(so|dylib|dll)$/.test(name));

// Under another name first: overwriting a module that is loaded would crash whoever has it.
const native = join(root, 'native');
const place = join(native, `doorward.${platform()}.node`);
mkdirSync(native, { recursive: true });
copyFileSync(library, `${place}.new`);
renameSync(`${place}.new`, place);

const declarations = readdirSync(told)
  .flatMap((file) => readFileSync(join(told, file), 'utf8').trim().split('\n'))
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line))
  .map(declaration)
  .sort();
// Values that JavaScript can hold and hand back, and nothing else.
const handles = new Set(declarations.join('\n').match(/(?<=ExternalObject<)\w+/g));
if (handles.size > 0) {
  declarations.unshift(
    '/** A value of the native module, for it alone to look into. */\nexport declare class ExternalObject<T> {\n  private readonly of: T\n}',
  );
}
for (const handle of [...handles].sort())
  declarations.push(`declare class ${handle} {\n  private readonly is: '${handle}'\n}`);
const types = join(native, 'index.d.ts');
if (declarations.length > 0 || !existsSync(types)) {
  writeFileSync(
    types,
    `// Written by scripts/native.mjs from what the native module says of itself.\n\n${declarations.join('\n\n')}\n`,
  );
}

function declaration({ kind, name, js_doc: doc, def }) {
  const before = doc.replace(/\\n/g, '\n').trim();
  const prefix = before === '' ? '' : `${before}\n`;
  // Where no other type was said: napi has the name of the Rust type.
  if (kind === 'fn') return `${prefix}export declare ${def.replace(/\bOctets\b/g, 'string | Uint8Array')}`;
  if (kind === 'interface') {
    const members = def.replace(/\\n/g, '\n').replace(/^(\w+\?: .*)$/gm, '$1 | undefined');
    return `${prefix}export interface ${name} {\n${members}\n}`;
  }
  throw new Error(`native.mjs: say here how a ${kind} is declared`);
}
