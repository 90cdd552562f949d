// Preloaded: as if jsonwebtoken were not installed.

const Module = require('node:module');

const resolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) => {
  if (request === 'jsonwebtoken' || request.startsWith('jsonwebtoken/')) {
    throw Object.assign(new Error(`Cannot find module '${request}'`), { code: 'MODULE_NOT_FOUND' });
  }
  return resolve.call(Module, request, ...rest);
};
