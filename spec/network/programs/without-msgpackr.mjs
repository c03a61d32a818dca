// With `--import` of this file, the package msgpackr is not installed.
import Module from 'node:module'

const resolve = Module._resolveFilename
Module._resolveFilename = function (request, ...rest) {
  if (request === 'msgpackr') throw Object.assign(new Error('Cannot find it'), { code: 'MODULE_NOT_FOUND' })
  return resolve.call(this, request, ...rest)
}
