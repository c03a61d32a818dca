import { describe, expect, it, onTestFinished } from 'vitest'
import { monotonicMs } from '../../lib/node/clock.ts'
import { MAX_PORTS_TRIED, PrivatePorts } from '../../lib/port/private-ports.ts'
import { DgramPorts } from '../../lib/node/dgram-ports.ts'
import type { LinkSocket } from '../../lib/port/datagram-port.ts'
import type { PortSettings } from '../../lib/port/port-factory.ts'
import { freeRange } from '../support/free-range.ts'
import { deliver, openSocket } from '../node/loopback.ts'
import { runProgramWithFewFiles } from '../node/run-program.ts'

describe('on any port', () => {
  it('opens as many sockets as it is asked for, each on its own port', () => {
    const ports = privatePorts()

    const opened = new Set(Array.from({ length: 50 }, () => portOf(ports.open())))

    expect(opened.size).toBe(50)
  })

  it('opens sockets that carry datagrams', async () => {
    const ports = privatePorts()

    expect(await deliver(ports.open(), openSocket(), 'hello')).toBe('hello')
    expect(await deliver(openSocket(), ports.open(), 'hello')).toBe('hello')
  })

  it('passes its options on', () => {
    const onHint = (): void => {}
    const socket = privatePorts({ onHint }).open()

    expect(socket).toHaveProperty('onHint', onHint)
  })

  it('shares one send buffer among its sockets', () => {
    const ports = privatePorts()

    expect(ports.open().acquire()).toBe(ports.open().acquire())
  })
})

describe('in a range', () => {
  it('opens every port of it, and then none', () => {
    const range = freeRange(4)
    const ports = privatePorts({}, range)

    const opened = Array.from({ length: 4 }, () => portOf(ports.open()))

    expect(opened).toEqual([range.min, range.min + 1, range.min + 2, range.max])
    expect(() => ports.open()).toThrow(
      expect.objectContaining({
        code: 'ERR_NO_FREE_PORT',
        message: expect.stringContaining(`${range.min} to ${range.max}`) as string,
      }),
    )
  })

  it('opens a port again that was closed', () => {
    const ports = privatePorts({}, freeRange(2))
    const [one] = [ports.open(), ports.open()]

    one.close()

    expect(portOf(ports.open())).toBe(portOf(one))
  })

  it('reuses ports in the order in which they were closed, those never used first', () => {
    const { min, max } = freeRange(4)
    const ports = privatePorts({}, { min, max })
    const [first, second, third] = [ports.open(), ports.open(), ports.open()]

    second.close()
    first.close()
    third.close()

    expect(Array.from({ length: 4 }, () => portOf(ports.open()))).toEqual([max, min + 1, min, min + 2])
  })

  it('leaves a port that was just closed alone for as long as there is another', () => {
    const { min, max } = freeRange(3)
    const ports = privatePorts({}, { min, max })
    const opened: number[] = []

    for (let i = 0; i < 6; i += 1) {
      const socket = ports.open()
      opened.push(portOf(socket))
      socket.close()
    }

    expect(opened).toEqual([min, min + 1, max, min, min + 1, max])
  })

  it('passes over ports that are in use', () => {
    const range = freeRange(3)
    openSocket({ port: range.min })
    openSocket({ port: range.min + 1 })
    const ports = privatePorts({}, range)

    expect(portOf(ports.open())).toBe(range.max)
    expect(() => ports.open()).toThrow(expect.objectContaining({ code: 'ERR_NO_FREE_PORT' }))
  })

  it('finds a port that somebody else has freed', () => {
    const range = freeRange(1)
    const squatter = openSocket({ port: range.min })
    const ports = privatePorts({}, range)
    expect(() => ports.open()).toThrow(expect.objectContaining({ code: 'ERR_NO_FREE_PORT' }))

    squatter.close()

    expect(portOf(ports.open())).toBe(range.min)
  })

  it('gives up after a number of ports, and goes on from there the next time', () => {
    const range = freeRange(MAX_PORTS_TRIED + 1)
    for (let port = range.min; port < range.max; port += 1) openSocket({ port })
    const ports = privatePorts({}, range)

    expect(() => ports.open()).toThrow(expect.objectContaining({ code: 'ERR_NO_FREE_PORT' }))

    expect(portOf(ports.open())).toBe(range.max)
  })
})

describe('what is not a matter of ports', () => {
  it('is said as it is', () => {
    expect(() => new PrivatePorts(new DgramPorts(), { clock: monotonicMs }, '192.0.2.1').open()).toThrow(
      expect.objectContaining({ code: 'ERR_ADDRESS_NOT_AVAILABLE' }),
    )
    expect(() =>
      new PrivatePorts(new DgramPorts(), { clock: monotonicMs }, '192.0.2.1', { min: 50_000, max: 50_001 }).open(),
    ).toThrow(expect.objectContaining({ code: 'ERR_ADDRESS_NOT_AVAILABLE' }))
  })
})

describe('a process that may open no more sockets', () => {
  it.runIf(process.platform !== 'win32')(
    'has no free port, says why, and has one when a socket was closed; failures use none up',
    async () => {
      const oneRound = 'ERR_NO_FREE_PORT true\nopened another one after closing one\n'

      expect(await runProgramWithFewFiles('few-files.ts', 64)).toEqual({
        code: 0,
        output: `${oneRound}${oneRound}200 failures: ERR_ADDRESS_IN_USE\n`,
      })
    },
  )
})

/** Private ports whose sockets are closed when the test is over. */
function privatePorts(
  options: Partial<PortSettings> = {},
  range?: { min: number; max: number },
): { open(): LinkSocket } {
  const ports = new PrivatePorts(new DgramPorts(), { clock: monotonicMs, ...options }, '127.0.0.1', range)
  return {
    open() {
      const socket = ports.open()
      onTestFinished(() => socket.close())
      return socket
    },
  }
}

function portOf(socket: LinkSocket): number {
  return socket.address.port
}
