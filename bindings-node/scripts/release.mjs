// What is published: the package without a native module, and one package for each platform with nothing else.
//
//   node scripts/release.mjs --manifests        writes npm/<platform>/package.json anew
//   node scripts/release.mjs FOLDER             packs into FOLDER whatever native modules lie in native/, and the package
//
// Each platform's native module is built on that platform, by `npm run build:native`; a release collects them in native/.
// `npm pack` itself packs what lies here, native module and all: for installing from a clone.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Where there is a native module for: os, cpu and, on Linux, C library. */
export const PLATFORMS = {
  'linux-x64-gnu': ['linux', 'x64', 'glibc'],
  'linux-x64-musl': ['linux', 'x64', 'musl'],
  'linux-arm64-gnu': ['linux', 'arm64', 'glibc'],
  'linux-arm64-musl': ['linux', 'arm64', 'musl'],
  'darwin-x64': ['darwin', 'x64'],
  'darwin-arm64': ['darwin', 'arm64'],
  'win32-x64-msvc': ['win32', 'x64'],
};

const licences = manifest.files.filter((name) => name.startsWith('LICENSE'));
const binary = (platform) => `doorward.${platform}.node`;
const nameOf = (platform) => `@doorward/native-${platform}`;

/** The manifest of a platform's package, as text. */
export function manifestOf(platform) {
  const [os, cpu, libc] = PLATFORMS[platform];
  const { version, license, repository, engines } = manifest;
  const description = `The native module of doorward for ${platform}.`;
  const place = { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
  const made = { name: nameOf(platform), version, description, license, repository, engines, ...place };
  return `${JSON.stringify({ ...made, main: binary(platform), files: [binary(platform), ...licences] }, null, 2)}\n`;
}

const npmPack = (folder, into) =>
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', into], {
    cwd: folder,
    stdio: 'pipe',
  });

function release(into) {
  const stage = mkdtempSync(join(tmpdir(), 'doorward-release-'));
  try {
    mkdirSync(into, { recursive: true });
    for (const platform of Object.keys(PLATFORMS)) {
      const module = join(root, 'native', binary(platform));
      if (!existsSync(module)) continue;
      const folder = join(stage, platform);
      cpSync(join(root, 'npm', platform), folder, { recursive: true });
      cpSync(module, join(folder, binary(platform)));
      for (const name of licences) cpSync(join(root, name), join(folder, name));
      npmPack(folder, into);
      console.log(nameOf(platform));
    }
    const folder = join(stage, 'package');
    for (const part of ['README.md', ...manifest.files]) {
      const filter = (path) => !path.endsWith('.node') && !path.includes('/node_modules');
      cpSync(join(root, part), join(folder, part), { recursive: true, filter });
    }
    const natives = Object.fromEntries(Object.keys(PLATFORMS).map((one) => [nameOf(one), manifest.version]));
    const { devDependencies, overrides, scripts, ...published } = manifest;
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ ...published, optionalDependencies: natives }, null, 2),
    );
    npmPack(folder, into);
    console.log(manifest.name);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [what] = process.argv.slice(2);
  if (what === '--manifests') {
    for (const platform of Object.keys(PLATFORMS)) {
      mkdirSync(join(root, 'npm', platform), { recursive: true });
      writeFileSync(join(root, 'npm', platform, 'package.json'), manifestOf(platform));
    }
  } else if (what === undefined) {
    console.error('release.mjs: name a folder to pack into');
    process.exitCode = 1;
  } else {
    release(resolve(what));
  }
}
