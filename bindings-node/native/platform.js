'use strict';

/** The name of this platform, as packages of native modules have it: `linux-x64-gnu`, `darwin-arm64` and so on. */
module.exports = function platform() {
  const base = `${process.platform}-${process.arch}`;
  if (process.platform === 'win32') return `${base}-msvc`;
  if (process.platform !== 'linux') return base;
  const { report } = process;
  const network = report.excludeNetwork;
  // Else it looks up the names of all that is connected.
  report.excludeNetwork = true;
  const { glibcVersionRuntime } = report.getReport().header;
  report.excludeNetwork = network;
  return `${base}-${glibcVersionRuntime === undefined ? 'musl' : 'gnu'}`;
};
