#!/usr/bin/env node
/** `npx doorward create my-server`: writes an example server into a new folder, from files of this package alone. */

import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(__dirname, '..');
const TEMPLATES = join(ROOT, 'template');
/** What npm would not pack, or would take for its own, under its own name. */
const RENAMED = new Map([['_gitignore', '.gitignore']]);

const USAGE = `doorward: auth verification for MCP servers

  doorward create <folder> [--template auth] [--doorward <version>]

Writes an example server into a new folder.

  --template   what to write: auth, an MCP server behind the gate, by API keys and JWTs (the default)
  --doorward   what to depend on, as a version or a path to a package; this version unless it is given
  --version    the version of this package
  --help       this text
`;

/** What the command was given can't be done: told in one line. */
class Refusal extends Error {}

/** Runs the command; gives the exit code. */
export function main(args: readonly string[], out: (text: string) => void, err: (text: string) => void): number {
  try {
    out(run(args));
    return 0;
  } catch (error) {
    // What the file system says is worth telling; a fault of ours keeps its stack.
    if (!(error instanceof Refusal) && typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
    err(`doorward: ${(error as Error).message}\n`);
    return 1;
  }
}

function run(args: readonly string[]): string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      template: { type: 'string', default: 'auth' },
      doorward: { type: 'string' },
      version: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help || (positionals.length === 0 && !values.version)) return USAGE;
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  if (values.version) return `${version}\n`;
  const [command, folder, ...rest] = positionals;
  if (command !== 'create') throw new Refusal(`there is no command of that name: see --help`);
  if (folder === undefined || rest.length > 0) throw new Refusal('name one folder: doorward create my-server');
  return create(folder, values.template, values.doorward ?? `^${version}`);
}

function create(folder: string, template: string, doorward: string): string {
  const names = readdirSync(TEMPLATES);
  if (!names.includes(template)) throw new Refusal(`there is no template of that name, only: ${names.join(', ')}`);
  const target = resolve(folder);
  const name = packageName(basename(target));
  if (!isFree(target)) throw new Refusal(`${folder} is there already, and not empty: nothing was written`);
  copy(join(TEMPLATES, template), target);
  const path = join(target, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { name: string; dependencies: Record<string, string> };
  manifest.name = name;
  manifest.dependencies.doorward = doorward;
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
  const there = relative(process.cwd(), target);
  return `${name} is in ${target}. Next:

${there === '' ? '' : `  cd ${quoted(there)}\n`}  npm install
  npm test
  npm run dev            # keys for this run only; to keep some: cp .env.example .env
`;
}

/** A name that npm takes for a package. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._~-]+/g, '-')
    .replace(/^[._~-]+|-+$/g, '')
    .slice(0, 214);
  if (name === '' || name === 'node_modules')
    throw new Refusal("a package can't be called by that folder's name: name another folder");
  return name;
}

/** Whether nothing is there, or an empty folder. */
function isFree(target: string): boolean {
  try {
    return statSync(target).isDirectory() && readdirSync(target).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}

function copy(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, RENAMED.get(entry.name) ?? entry.name)];
    if (entry.isDirectory()) copy(source, target);
    else copyFileSync(source, target);
  }
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

if (require.main === module) {
  process.exitCode = main(
    process.argv.slice(2),
    (text) => process.stdout.write(text),
    (text) => process.stderr.write(text),
  );
}
