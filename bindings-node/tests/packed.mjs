// The package as npm packs it, for the tests that install it somewhere.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

// What a command says is read here, so it says it without colours: where `CI` or `FORCE_COLOR` is set, many would colour it
// though nobody looks. (With `FORCE_COLOR` set, even to nothing, `NO_COLOR` is not heard.)
const { FORCE_COLOR: _, ...plain } = { ...process.env, NO_COLOR: '1' };

/** Runs a command to its end; gives its status and what it said. */
export async function run(command, args, { cwd = root, env = {} } = {}) {
  try {
    const options = { cwd, env: { ...plain, ...env }, maxBuffer: 1 << 24 };
    const { stdout, stderr } = await execute(command, args, options);
    return { status: 0, stdout, stderr };
  } catch (error) {
    return { status: error.code, stdout: error.stdout ?? '', stderr: error.stderr ?? String(error) };
  }
}

/** A folder that is gone after the test. */
export function folder(t) {
  const made = mkdtempSync(join(tmpdir(), 'doorward-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Packs the package into that folder; gives the tarball's path. */
export async function pack(into) {
  const { status, stdout, stderr } = await run('npm', [
    'pack',
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    into,
  ]);
  if (status !== 0) throw new Error(stderr);
  const [{ filename, files }] = JSON.parse(stdout);
  return { tarball: join(into, filename), files: files.map(({ path }) => path) };
}

/** Installs what that folder's package wants. */
export async function install(cwd) {
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'];
  const { status, stderr } = await run('npm', args, { cwd });
  if (status !== 0) throw new Error(stderr);
}

/** Starts a server that says where it listens, by `pattern`; it is stopped after the test. */
export async function started(t, args, { cwd, env = {}, pattern }) {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  let said = '';
  const found = await new Promise((resolve, reject) => {
    const read = (chunk) => {
      said += chunk;
      const match = pattern.exec(said);
      if (match !== null) resolve(match);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`exit ${code}: ${said}`)));
    setTimeout(() => reject(new Error(`nothing in 30 s: ${said}`)), 30_000).unref();
  });
  return { child, found, said: () => said };
}
