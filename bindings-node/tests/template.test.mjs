// `doorward create`, and the server it writes (N01 to N23). Which row each of the server's own tests shows is in the README; they
// run here, in a folder of their own, against the package as it is packed.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { folder, install, pack, run, started } from './packed.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const CLI = join(root, 'dist/_cli.js');
const doorward = (args, cwd) => run(process.execPath, [CLI, ...args], { cwd });

test('N22 create: usage, version, and what it refuses', async (t) => {
  const cwd = folder(t);
  assert.match((await doorward([], cwd)).stdout, /doorward create <folder>/);
  assert.match((await doorward(['--help'], cwd)).stdout, /--template/);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.equal((await doorward(['--version'], cwd)).stdout, `${version}\n`);
  mkdirSync(join(cwd, 'full'));
  writeFileSync(join(cwd, 'full/file'), 'mine');
  writeFileSync(join(cwd, 'file'), 'mine');
  for (const args of [
    ['destroy', 'x'],
    ['create'],
    ['create', 'a', 'b'],
    ['create', 'a', '--template', 'none'],
    ['create', 'a', '--template', '../..'],
    ['create', 'a', '--nonsense'],
    ['create', 'full'],
    ['create', 'file'],
    ['create', '???'],
  ]) {
    const { status, stdout, stderr } = await doorward(args, cwd);
    assert.deepEqual([status, stdout], [1, ''], args.join(' '));
    assert.match(stderr, /^doorward: [^\n]+\n$/, args.join(' '));
  }
  assert.deepEqual(readdirSync(cwd).sort(), ['file', 'full']);
  assert.deepEqual(readdirSync(join(cwd, 'full')), ['file']);
});

test('N22 N20 what is written: the settings, the scripts, the name of the folder', async (t) => {
  const cwd = folder(t);
  const { status, stdout } = await doorward(['create', 'nested/My Server', '--template', 'auth'], cwd);
  assert.equal(status, 0);
  assert.match(stdout, /my-server is in .*\n\n {2}cd 'nested\/My Server'\n {2}npm install\n/);
  const server = join(cwd, 'nested/My Server');
  const manifest = JSON.parse(readFileSync(join(server, 'package.json'), 'utf8'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.deepEqual([manifest.name, manifest.dependencies.doorward], ['my-server', `^${version}`]);
  assert.deepEqual(Object.keys(manifest.scripts), ['dev', 'build', 'start', 'test', 'test:watch']);
  assert.match(readFileSync(join(server, '.gitignore'), 'utf8'), /^\.env$/m);
  // Every setting of the rows, and none that the gate does not know.
  const settings = readFileSync(join(server, '.env.example'), 'utf8')
    .match(/^#[A-Z_]+(?==)/gm)
    .map((name) => name.slice(1));
  for (const name of [
    'API_KEYS',
    'JWT_SECRET',
    'PREAUTH_RATE_LIMIT_MAX',
    'PREAUTH_RATE_LIMIT_WINDOW_MS',
    'RATE_LIMIT_MAX',
    'RATE_LIMIT_WINDOW_MS',
    'CORS_ORIGINS',
    'PORT',
    'BODY_LIMIT',
  ]) {
    assert.ok(settings.includes(name), name);
  }
  const all = readFileSync(join(root, '../.env.example'), 'utf8');
  for (const name of settings) assert.match(all, new RegExp(`^#${name}=`, 'm'), name);
  // An empty folder will do, the one we are in as well.
  mkdirSync(join(cwd, 'empty'));
  assert.equal((await doorward(['create', '.'], join(cwd, 'empty'))).status, 0);
  assert.ok(existsSync(join(cwd, 'empty/src/app.ts')));
});

test('N01–N20 packed, created, installed, tested, built, started, and called by the official client', async (t) => {
  const cwd = folder(t);
  const { tarball, files } = await pack(cwd);
  assert.ok(files.includes('template/auth/.env.example') && files.includes('template/auth/_gitignore'));
  assert.equal((await doorward(['create', 'my-server', '--doorward', `file:${tarball}`], cwd)).status, 0);
  const server = join(cwd, 'my-server');
  await install(server);
  // The command is the package's own.
  const shown = await run('npx', ['--no-install', 'doorward', '--version'], { cwd: server });
  assert.equal(shown.status, 0, shown.stderr);

  const checked = await run('npx', ['tsc', '-p', '.'], { cwd: server });
  assert.equal(checked.status, 0, checked.stdout);
  const tested = await run('npm', ['test'], { cwd: server });
  assert.equal(tested.status, 0, tested.stdout + tested.stderr);
  assert.match(tested.stdout, /Tests {2}\d+ passed \(\d+\)/);
  const built = await run('npm', ['run', 'build'], { cwd: server });
  assert.equal(built.status, 0, built.stdout + built.stderr);

  // Without settings: keys for this run.
  const pattern = /listening on (\S+)[^]*admin key {2}(\S+)\n\s+user key {3}(\S+)/;
  const { child, found } = await started(t, ['dist/index.js'], { cwd: server, env: { PORT: '0' }, pattern });
  const [, url, admin, user] = found;
  const connect = async (headers) => {
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
    t.after(() => client.close());
    return client;
  };
  const byKey = await connect({ 'x-api-key': admin });
  const call = async (client, name, args = {}) => (await client.callTool({ name, arguments: args })).structuredContent;
  assert.deepEqual((await call(byKey, 'whoami')).roles, ['admin']);
  const { token } = await call(byKey, 'generate-token', { userId: 'anna' });
  const byToken = await connect({ authorization: `Bearer ${token}` });
  const { subject, method, roles } = await call(byToken, 'whoami');
  assert.deepEqual([subject, method, roles], ['anna', 'jwt', ['user']]);
  await assert.rejects(
    call(await connect({ 'x-api-key': user }), 'generate-token', { userId: 'eve' }),
    /403|forbidden|not allow/i,
  );
  await assert.rejects(connect({ 'x-api-key': `${user}x` }), /401|invalid/i);
  assert.equal((await fetch(new URL('/health', url))).status, 200);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);

  // A setting that is wrong stops it, in one line and without its value.
  const wrong = await run(process.execPath, ['dist/index.js'], {
    cwd: server,
    env: { JWT_SECRET: 'too-short-to-be-one' },
  });
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /^[^\n]*JWT_SECRET[^\n]*\n$/);
  assert.ok(!wrong.stderr.includes('too-short-to-be-one'));

  // `.env` is read, and the environment wins over it.
  writeFileSync(join(server, '.env'), 'API_KEYS=a-key-of-the-file\nPORT=1\n');
  const second = await started(t, ['dist/index.js'], {
    cwd: server,
    env: { PORT: '0' },
    pattern: /listening on (\S+)\n/,
  });
  const headers = {
    'x-api-key': 'a-key-of-the-file',
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
  const listed = await fetch(second.found[1], { method: 'POST', headers, body });
  assert.equal(listed.status, 200);
  assert.deepEqual(
    (await listed.json()).result.tools.map(({ name }) => name),
    ['whoami'],
  );
});
