'use strict';

const { readdirSync } = require('node:fs');

/** The name of this platform, as packages of native modules have it: `linux-x64-gnu`, `darwin-arm64` and so on. */
module.exports = function platform() {
  const base = `${process.platform}-${process.arch}`;
  if (process.platform === 'win32') return `${base}-msvc`;
  if (process.platform !== 'linux') return base;
  return `${base}-${isMusl(process) ? 'musl' : 'gnu'}`;
};

function isMusl({ report }) {
  // Runtimes that are not Node may have none: then by the file that loads programs.
  if (typeof report?.getReport !== 'function') return readdirSync('/lib').some((name) => name.startsWith('ld-musl-'));
  const network = report.excludeNetwork;
  // Else it looks up the names of all that is connected.
  report.excludeNetwork = true;
  const { glibcVersionRuntime } = report.getReport().header;
  report.excludeNetwork = network;
  return glibcVersionRuntime === undefined;
}
