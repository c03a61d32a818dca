import { describe, expect, it } from 'vitest'
import { Network, Random, Timeline, Trace } from '../../lib/simulator/index.ts'
import type { LinkOptions } from '../../lib/simulator/index.ts'
import type { Address } from '../../lib/core/address.ts'
import { formatAddress } from '../../lib/core/address.ts'

const a = { host: '10.0.0.1', port: 1 }
const b = { host: '10.0.0.2', port: 2 }

function setUp(link: LinkOptions = {}) {
  const timeline = new Timeline()
  const trace = new Trace(100, (bytes) => `<${bytes.join(' ')}>`)
  const network = new Network(timeline, new Random(1), link, trace)
  const arrivals: string[] = []
  const open = (name: string, address: Address, mapsPerDestination = false) =>
    network.open(
      {
        name,
        handleDatagram: (now, bytes, source) => {
          arrivals.push(`${now} ${formatAddress(source)} → ${name}: ${bytes.join(' ')}`)
          return ''
        },
      },
      address,
      { mapsPerDestination },
    )
  const run = (until: number) => {
    while (timeline.advance(until));
  }
  return { timeline, network, arrivals, open, run, trace }
}

const bytes = (...values: number[]) => new Uint8Array(values)

describe('Network', () => {
  it('carries a datagram from a socket to the one at its destination', () => {
    const { network, arrivals, open, run } = setUp({ delayMs: 10 })
    const socket = open('a', a)
    open('b', b)
    network.send(0, bytes(1, 2), socket, b)
    expect(network.inFlightPackets).toBe(1)
    run(20)
    expect(arrivals).toEqual(['10 10.0.0.1:1 → b: 1 2'])
    expect([network.inFlightPackets, network.sentPackets, network.activeAt]).toEqual([0, 1, 10])
  })

  it('has a link of its own for each direction of each pair of hosts', () => {
    const { network, arrivals, open, run } = setUp()
    const [socketA, socketB] = [open('a', a), open('b', b)]
    network.link(a.host, b.host).configure({ loss: 1 })
    network.send(0, bytes(1), socketA, b)
    network.send(0, bytes(2), socketB, a)
    run(1)
    expect(arrivals).toEqual(['0 10.0.0.2:2 → a: 2'])
    expect([...network.links()].length).toBe(2)
  })

  it('counts what arrives where nobody is, and what arrives after a socket closed', () => {
    const { network, open, run } = setUp({ delayMs: 5 })
    const [socketA, socketB] = [open('a', a), open('b', b)]
    network.send(0, bytes(1), socketA, { host: '10.0.0.9', port: 9 })
    network.send(0, bytes(1), socketA, b)
    network.close(socketB)
    run(10)
    expect(network.strayPackets).toBe(2)
    expect(network.isTaken(b)).toBe(false)
  })

  it('refuses a second socket at an address', () => {
    const { open } = setUp()
    open('a', a)
    expect(() => open('again', a)).toThrow('10.0.0.1:1 is taken')
  })

  it('shows another address after a rebinding, and no longer leads the old one to the socket', () => {
    const { network, arrivals, open, run } = setUp()
    const [socketA, socketB] = [open('a', a), open('b', b)]
    network.rebind(socketA, { host: '10.0.0.7', port: 7 })
    network.send(0, bytes(1), socketA, b)
    network.send(0, bytes(2), socketB, a)
    network.send(0, bytes(3), socketB, { host: '10.0.0.7', port: 7 })
    run(1)
    expect(arrivals).toEqual(['0 10.0.0.7:7 → b: 1', '0 10.0.0.2:2 → a: 3'])
    expect(network.strayPackets).toBe(1)
  })

  it('shows each destination another port behind a NAT that maps so, the same one each time', () => {
    const { network, arrivals, open, run } = setUp()
    const socket = open('a', a, true)
    const socketB = open('b', b)
    open('c', { host: '10.0.0.3', port: 3 })
    network.send(0, bytes(1), socket, b)
    network.send(0, bytes(2), socket, { host: '10.0.0.3', port: 3 })
    network.send(0, bytes(3), socket, b)
    run(1)
    expect(arrivals).toEqual(['0 10.0.0.1:50001 → b: 1', '0 10.0.0.1:50001 → b: 3', '0 10.0.0.1:50002 → c: 2'])
    network.send(1, bytes(4), socketB, { host: a.host, port: 50_001 })
    run(2)
    expect(arrivals.at(-1)).toBe('1 10.0.0.2:2 → a: 4')
    network.close(socket)
    expect(network.isTaken({ host: a.host, port: 50_001 })).toBe(false)
  })

  it('lets anybody send in another’s name', () => {
    const { network, arrivals, open, run } = setUp()
    open('b', b)
    network.inject(0, bytes(9), { host: '1.2.3.4', port: 5 }, b)
    run(1)
    expect(arrivals).toEqual(['0 1.2.3.4:5 → b: 9'])
  })

  it('traces what was sent, what became of it, and what arrived', () => {
    const { network, open, run, trace } = setUp({ delayMs: 1 })
    const socket = open('a', a)
    open('b', b)
    network.send(0, bytes(7), socket, b)
    network.link(a.host, b.host).configure({ loss: 1 })
    network.send(0, bytes(8), socket, b)
    run(5)
    expect(trace.lines).toEqual([
      '       0.000  a          → 10.0.0.2:2 1 B  <7>',
      '       0.000  a          → 10.0.0.2:2 1 B  <8>  LOST',
      '       1.000  b          ← 10.0.0.1:1 1 B  <7>',
    ])
  })
})
