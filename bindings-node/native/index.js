'use strict';

// The native module of this platform: the one that lies here, or that of the package for the platform.

const { existsSync } = require('node:fs');
const { join } = require('node:path');
const platform = require('./platform.js')();
const { version } = require('../package.json');

const here = join(__dirname, `doorward.${platform}.node`);
const elsewhere = `@doorward/native-${platform}`;

function load() {
  if (existsSync(here)) return require(here);
  try {
    return require(elsewhere);
  } catch (cause) {
    const message = `doorward has no native module for ${platform}: install ${elsewhere}@${version}, or build it with "npm run build" in bindings-node`;
    throw new Error(message, { cause });
  }
}

const native = load();
if (native.version() !== version) {
  throw new Error(`doorward ${version} found a native module of version ${native.version()}: install both anew`);
}
module.exports = native;
