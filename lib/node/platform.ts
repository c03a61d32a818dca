import { debuglog } from 'node:util'
import type { Platform, Scheduler, Terminal, Text } from '../port/platform.ts'
import { monotonicMs } from './clock.ts'
import { cryptography } from './crypto.ts'
import { DgramPorts } from './dgram-ports.ts'
import { randomBytes } from './random.ts'
import { resolveHost } from './resolve-host.ts'
import { terminalColors } from './terminal-colors.ts'

const scheduler: Scheduler = {
  grainMs: 1,
  queueMicrotask,
  setImmediate,
  clearImmediate: (immediate) => clearImmediate(immediate as NodeJS.Immediate),
  setTimeout,
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  unref: (handle) => (handle as NodeJS.Timeout | NodeJS.Immediate).unref(),
}

const nodeDebug = debuglog('udpipe')

/** Standard error, in colours when it is a terminal. */
const terminal: Terminal = {
  get isDebugging() {
    return nodeDebug.enabled
  },
  debug: (line) => process.stderr.write(`${line}\n`),
  warn: (line) => process.stderr.write(`${line}\n`),
  paint: (color, text) => terminalColors(process.stderr)[color](text),
}

const text: Text = {
  encode: (text) => Buffer.from(text),
  present: (bytes) => (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
}

/** Node.js: `node:dgram`, `node:crypto` or sodium-native, `node:dns`, and its event loop. */
export const nodePlatform: Platform = {
  monotonicMs,
  unixMs: () => Date.now(),
  randomBytes,
  cryptography,
  scheduler,
  terminal,
  text,
  createPorts: () => new DgramPorts(),
  resolveHost: (host) => resolveHost(host),
  warn: (error) => process.emitWarning(error),
  // What emitWarning does, but not at the end of a turn that may have none.
  warnAtOnce: (error) => process.emit('warning', error),
}
