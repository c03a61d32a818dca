// With `--require` of this file, the package msgpackr is not installed.
const Module = require('node:module')

const resolve = Module._resolveFilename
Module._resolveFilename = function (request, ...rest) {
  if (request === 'msgpackr') throw Object.assign(new Error('Cannot find it'), { code: 'MODULE_NOT_FOUND' })
  return resolve.call(this, request, ...rest)
}
