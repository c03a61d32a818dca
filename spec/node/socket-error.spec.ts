import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { toOpenError } from '../../lib/node/socket-error.ts'
import { isOutOfSockets, isPortTaken } from '../../lib/port/open-error.ts'
import { openSocket } from './loopback.ts'

const address = { host: '::1', port: 80 }

describe('what the system says when a socket does not open', () => {
  it.each([
    ['EADDRINUSE', 'ERR_ADDRESS_IN_USE', '[::1]:80'],
    ['EADDRNOTAVAIL', 'ERR_ADDRESS_NOT_AVAILABLE', '::1'],
    ['EAFNOSUPPORT', 'ERR_ADDRESS_NOT_AVAILABLE', '::1'],
    ['EACCES', 'ERR_ACCESS', '[::1]:80'],
    ['EPERM', 'ERR_ACCESS', '[::1]:80'],
    ['EMFILE', 'ERR_SOCKET', 'ulimit -n'],
    ['ENFILE', 'ERR_SOCKET', 'fs.file-max'],
    ['ENOBUFS', 'ERR_SOCKET', 'memory'],
    ['EINVAL', 'ERR_SOCKET', 'bind EINVAL'],
  ])('%s becomes %s and names %s', (code, ours, named) => {
    const cause = systemError(code)

    const error = toOpenError(cause, address)

    expect(error).toMatchObject({ code: ours, cause })
    expect(error.message).toContain(named)
  })

  it('may be gone with another port', () => {
    const codes = ['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'EMFILE', 'EINVAL']

    expect(codes.filter((code) => isPortTaken(toOpenError(systemError(code), address)))).toEqual([
      'EADDRINUSE',
      'EACCES',
    ])
  })

  it('may be gone with a higher limit', () => {
    const codes = ['EADDRINUSE', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EINVAL']

    const exhausted = codes.filter((code) => isOutOfSockets(toOpenError(systemError(code), address)))

    expect(exhausted).toEqual(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])
  })
})

describe.runIf(systemReservesPort1())('a port that only the superuser may open', () => {
  it('is refused to everybody else', () => {
    expect(asNobody(() => openSocket({ port: 1 }))).toThrow(expect.objectContaining({ code: 'ERR_ACCESS' }))
  })
})

function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`bind ${code}`), { code })
}

/** Linux can be told to reserve no ports, as containers often do. */
function systemReservesPort1(): boolean {
  if (process.platform !== 'linux') return false
  return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) > 1
}

/** Does something without the superuser's rights, should this be run with them. */
function asNobody(action: () => void): () => void {
  if (process.geteuid?.() !== 0) return action
  return () => {
    process.seteuid?.(65_534)
    try {
      action()
    } finally {
      process.seteuid?.(0)
    }
  }
}
