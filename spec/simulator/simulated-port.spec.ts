import { describe, expect, it } from 'vitest'
import type { LinkSocket } from '../../lib/port/datagram-port.ts'
import type { PortOptions } from '../../lib/port/port-factory.ts'
import type { ProgramOptions, SimulatedPort } from 'udpipe/simulator'
import { LoneProgram } from '../support/lone-program.ts'

function setUp(program: Partial<ProgramOptions> = {}, port: Partial<PortOptions> = {}) {
  const lone = new LoneProgram(program)
  lone.open({ port: 7, ...port })
  const [socket] = lone.program.ports as [SimulatedPort]
  return { lone, socket }
}

/** Everything in a socket's inbox: when it was read, and its first byte. */
function take(socket: LinkSocket): [timeMs: number, byte: number | undefined][] {
  const taken: [number, number | undefined][] = []
  for (let datagram = socket.receive(); datagram; datagram = socket.receive()) {
    taken.push([datagram.arrivedAtMs, datagram.bytes[0]])
  }
  return taken
}

describe('SimulatedPort', () => {
  it('stamps what arrives with the time of its program’s clock, and says once that something is there', () => {
    const { lone, socket } = setUp({ clock: { offsetMs: 1_000 } })
    let calls = 0
    socket.onReadable = () => (calls += 1)
    lone.arriveAt(10, 7, Uint8Array.of(1))
    lone.arriveAt(20, 7, Uint8Array.of(2))
    lone.runUntil(50)
    expect(take(socket)).toEqual([
      [1_010, 1],
      [1_020, 2],
    ])
    expect(calls).toBe(1)
  })

  it('keeps in the kernel what arrives in a pause, and stamps it when its program comes to read it', () => {
    const { lone, socket } = setUp({ pauses: [{ fromMs: 5, untilMs: 100 }] })
    lone.arriveAt(10, 7, Uint8Array.of(1))
    lone.arriveAt(20, 7, Uint8Array.of(2))
    lone.runUntil(99)
    expect([socket.isWaitedFor, take(socket)]).toEqual([true, []])
    lone.runUntil(100)
    expect(take(socket)).toEqual([
      [100, 1],
      [100, 2],
    ])
  })

  it('drops and counts what the receive buffer has no room for; each datagram takes more of it than its bytes', () => {
    const { lone, socket } = setUp({ pauses: [{ fromMs: 0, untilMs: 100 }] }, { receiveBufferBytes: 2_000 })
    for (let i = 1; i <= 8; i += 1) lone.arriveAt(i, 7, new Uint8Array(100).fill(i))
    lone.runUntil(100)
    expect(take(socket).map(([, byte]) => byte)).toEqual([1, 2, 3, 4])
    expect(socket.droppedByKernel).toBe(4)
    lone.arriveAt(110, 7, Uint8Array.of(9))
    lone.runUntil(110)
    expect(take(socket)).toEqual([[110, 9]])
  })

  it('drops and counts the oldest when its inbox is full', () => {
    const { lone, socket } = setUp({ inboxDatagrams: 2 })
    for (let i = 1; i <= 3; i += 1) lone.arriveAt(i, 7, Uint8Array.of(i))
    lone.runUntil(10)
    expect(take(socket).map(([, byte]) => byte)).toEqual([2, 3])
    expect(socket.counters.droppedInbox).toBe(1)
  })

  it('hears its peer alone while it is connected, and sends to nobody else', () => {
    const hints: string[] = []
    const { lone, socket } = setUp({}, { onHint: (code) => hints.push(code) })
    socket.setPeer(lone.sender)
    lone.arriveAt(1, 7, Uint8Array.of(1))
    lone.arriveAt(2, 7, Uint8Array.of(2), { host: '10.0.0.8', port: 9 })
    lone.runUntil(10)
    expect([socket.send(1, { host: '10.0.0.8', port: 9 }), socket.send(1, lone.sender)]).toEqual([false, true])
    expect(take(socket).map(([, byte]) => byte)).toEqual([1])
    expect([socket.filteredByPeer, hints]).toEqual([1, ['EISCONN']])
    socket.unsetPeer()
    expect(socket.send(1, { host: '10.0.0.8', port: 9 })).toBe(true)
  })

  it('is shown at another port to each destination behind a NAT that does so, and reached there', () => {
    const { lone, socket } = setUp({ socket: { mapsPerDestination: true } })
    const other = { host: '10.0.0.8', port: 9 }
    socket.send(1, lone.sender)
    socket.send(1, other)
    const ports = [...(socket.socket.mappings?.values() ?? [])].map(({ port }) => port)
    expect(new Set([7, ...ports]).size).toBe(3)
    lone.arriveAt(1, ports[1] ?? 0, Uint8Array.of(1), other)
    lone.runUntil(1)
    expect(take(socket).map(([, byte]) => byte)).toEqual([1])
  })

  it('frees its port when it closes, loses what waited, and sends no more', () => {
    let closed = 0
    const { lone, socket } = setUp({}, { onClose: () => (closed += 1) })
    lone.arriveAt(1, 7)
    lone.runUntil(1)
    socket.close()
    socket.close()
    expect([take(socket), socket.send(1, lone.sender), closed]).toEqual([[], false, 1])
    expect(lone.open({ port: 7 }).address.port).toBe(7)
  })

  it('refuses a port that is taken', () => {
    const { lone } = setUp()
    expect(() => lone.open({ port: 7 })).toThrow(expect.objectContaining({ code: 'ERR_ADDRESS_IN_USE' }))
  })
})
