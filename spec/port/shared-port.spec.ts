import { describe, expect, it } from 'vitest'
import type { Address } from '../../lib/core/address.ts'
import { Inbox, type Datagram } from '../../lib/port/inbox.ts'
import type { DatagramPort, Visitor } from '../../lib/port/datagram-port.ts'
import { MAX_SHARE_DATAGRAMS, type PortShare } from '../../lib/port/port-share.ts'
import { SharedPort } from '../../lib/port/shared-port.ts'

const ada: Address = { host: '198.51.100.1', port: 1000 }
const bob: Address = { host: '198.51.100.1', port: 1001 }
const eve: Address = { host: '2001:db8::7', port: 1000 }

describe('a shared port', () => {
  it('leaves every HELLO to the front door, wherever it comes from', () => {
    const { port, socket } = createPort()
    const share = connected(port, 'a', ada)

    socket.arrive('HELLO a', ada)
    socket.arrive('HELLO e', eve)

    expect(textsOf(port)).toEqual(['HELLO a', 'HELLO e'])
    expect(textsOf(share)).toEqual([])
  })

  it('leaves to the front door what is nobody’s', () => {
    const { port, socket } = createPort()
    connected(port, 'a', ada)

    socket.arrive('hello?', bob)
    socket.arrive('CONNECT b', bob)

    expect(textsOf(port)).toEqual(['hello?', 'CONNECT b'])
  })

  it('hands a CONNECT to whose id it names, wherever it comes from', () => {
    const { port, socket } = createPort()
    const [a, b] = [connected(port, 'a', ada), connected(port, 'b', bob)]

    socket.arrive('CONNECT b', ada)
    socket.arrive('CONNECT a', eve)

    expect(textsOf(a)).toEqual(['CONNECT a'])
    expect(textsOf(b)).toEqual(['CONNECT b'])
  })

  it('tells clients at one host apart by their ports, and clients at one port by their hosts', () => {
    const { port, socket } = createPort()
    const [a, b, e] = [connected(port, 'a', ada), connected(port, 'b', bob), connected(port, 'e', eve)]

    for (const [text, source] of [
      ['to a', ada],
      ['to b', bob],
      ['to e', eve],
    ] as const)
      socket.arrive(text, source)

    expect([a, b, e].map(textsOf)).toEqual([['to a'], ['to b'], ['to e']])
  })

  it('says where and when a datagram arrived', () => {
    const { port, socket } = createPort()
    const share = connected(port, 'a', ada)

    socket.arrive('now', ada, 42)

    expect(share.receive()).toMatchObject({ source: ada, arrivedAtMs: 42 })
  })

  it('tells a client, and the front door, when what they have to read is the first', () => {
    const { port, socket } = createPort()
    const share = connected(port, 'a', ada)
    const calls: string[] = []
    port.onReadable = () => calls.push('front door')
    share.onReadable = () => calls.push('client')

    for (const source of [ada, ada, eve, eve]) socket.arrive('text', source)

    expect(calls).toEqual(['client', 'front door'])
  })

  it('takes more when as much has arrived as a socket gives in one turn', () => {
    const { port, socket } = createPort()
    connected(port, 'a', ada)

    for (let i = 0; i < 31; i += 1) socket.arrive('text', ada)
    expect(port.hasBacklog()).toBe(false)
    for (let i = 0; i < 32; i += 1) socket.arrive('text', i % 2 === 0 ? ada : eve)

    expect(port.hasBacklog()).toBe(true)
    expect(port.hasBacklog()).toBe(false)
  })

  it('sends through its socket, for clients and the front door alike', () => {
    const { port, socket } = createPort()
    const share = connected(port, 'a', ada)

    send(share, 'to a', ada)
    send(port, 'to e', eve)

    expect(socket.sent).toEqual([
      ['to a', ada],
      ['to e', eve],
    ])
    expect(share.address).toBe(socket.address)
  })
})

describe('the address of a client', () => {
  it('is not its own before a datagram has opened, however many come from there', () => {
    const { port, socket } = createPort()
    const share = port.open(visitor('a', ada))

    for (let i = 0; i < 3; i += 1) socket.arrive('CONNECT a', ada)
    socket.arrive('bare', ada)

    expect(textsOf(share)).toEqual(['CONNECT a', 'CONNECT a', 'CONNECT a'])
    expect(textsOf(port)).toEqual(['bare'])
  })

  it('is another’s as soon as that one has answered from there what was said to it there', () => {
    const { port, socket } = createPort()
    const old = connected(port, 'a', ada)
    const redialed = connected(port, 'b', ada)

    socket.arrive('bare', ada)
    socket.arrive('CONNECT a', ada)

    expect(textsOf(redialed)).toEqual(['bare'])
    expect(textsOf(old)).toEqual(['CONNECT a'])
  })

  it('stays the newcomer’s when the one who was there before closes', () => {
    const { port, socket } = createPort()
    const old = connected(port, 'a', ada)
    const redialed = connected(port, 'b', ada)

    old.close()
    socket.arrive('bare', ada)

    expect(textsOf(redialed)).toEqual(['bare'])
  })

  it('cannot be taken by a client that only writes it on its datagrams', () => {
    const { port, socket } = createPort()
    const share = connected(port, 'a', ada)
    const forger = port.open(visitor('e', eve))

    forger.setPeer(ada)
    forger.unsetPeer()
    forger.setPeer(ada)
    socket.arrive('bare', ada)

    expect(textsOf(share)).toEqual(['bare'])
    expect(textsOf(forger)).toEqual([])
  })

  it('cannot be kept from who is there by a client that wrote it on its datagrams before', () => {
    const { port, socket } = createPort()
    const forger = port.open(visitor('e', eve))
    forger.setPeer(ada)

    const share = connected(port, 'a', ada)
    socket.arrive('bare', ada)

    expect(textsOf(share)).toEqual(['bare'])
    expect(textsOf(forger)).toEqual([])
  })

  it('may be another than its HELLO’s, where it is nobody’s: that of a NAT', () => {
    const { port, socket } = createPort()
    const share = port.open(visitor('a', ada))

    share.setPeer(bob)
    socket.arrive('bare', bob)

    expect(textsOf(share)).toEqual(['bare'])
  })

  it('that was another’s is taken up when that one is gone, with the next CONNECT', () => {
    const { port, socket } = createPort()
    const old = connected(port, 'a', bob)
    const share = port.open(visitor('b', ada))
    share.setPeer(bob)

    old.close()
    for (const text of ['CONNECT b', 'bare']) socket.arrive(text, bob)

    expect(textsOf(share)).toEqual(['CONNECT b', 'bare'])
  })

  it('changes when the client has moved, and the old one is nobody’s', () => {
    const { port, socket } = createPort()
    const [a, b] = [connected(port, 'a', ada), connected(port, 'b', bob)]

    a.setPeer(eve)
    b.setPeer(ada)
    for (const [text, source] of [
      ['to a', eve],
      ['to b', ada],
      ['to nobody', bob],
    ] as const) {
      socket.arrive(text, source)
    }

    expect([a, b, port].map(textsOf)).toEqual([['to a'], ['to b'], ['to nobody']])
  })

  it('is heard when it talks to nobody for now', () => {
    const { port, socket } = createPort()
    const share = connected(port, 'a', ada)

    share.unsetPeer()
    socket.arrive('bare', ada)

    expect(textsOf(share)).toEqual(['bare'])
  })

  it('is nobody’s when the client is gone, and so is its id', () => {
    const { port, socket } = createPort()
    connected(port, 'a', ada).close()

    for (const text of ['bare', 'CONNECT a']) socket.arrive(text, ada)

    expect(textsOf(port)).toEqual(['bare', 'CONNECT a'])
  })
})

describe('a client that comes back by another HELLO', () => {
  it('is known by that one, too, wherever its CONNECT comes from', () => {
    const { port, socket } = createPort()
    const share = connected(port, 'a', ada)

    share.addConnectId(Buffer.from('b'), bob)
    for (const text of ['CONNECT a', 'CONNECT b']) socket.arrive(text, eve)

    expect(textsOf(share)).toEqual(['CONNECT a', 'CONNECT b'])
  })

  it('has proved to be where that one came from, and takes the address from whoever has it', () => {
    const { port, socket } = createPort()
    const share = port.open(visitor('a', ada))
    share.setPeer(bob)
    const neighbour = connected(port, 'n', bob)

    share.addConnectId(Buffer.from('b'), bob)
    share.setPeer(bob)
    socket.arrive('bare', bob)

    expect([share, neighbour].map(textsOf)).toEqual([['bare'], []])
  })

  it('is known by the last eight of them', () => {
    const { port, socket } = createPort()
    const share = connected(port, 'a', ada)

    for (const id of 'bcdefghij') share.addConnectId(Buffer.from(id), ada)
    for (const id of 'abcdj') socket.arrive(`CONNECT ${id}`, eve)

    expect(textsOf(share)).toEqual(['CONNECT c', 'CONNECT d', 'CONNECT j'])
    expect(textsOf(port)).toEqual(['CONNECT a', 'CONNECT b'])
  })

  it('is known by none of them when it is gone', () => {
    const { port, socket } = createPort()
    const share = connected(port, 'a', ada)
    share.addConnectId(Buffer.from('b'), ada)

    share.close()
    for (const text of ['CONNECT a', 'CONNECT b']) socket.arrive(text, ada)

    expect(textsOf(port)).toEqual(['CONNECT a', 'CONNECT b'])
  })
})

describe('a flood', () => {
  it('of one client drops the oldest of its own, counted, and nothing of the others', () => {
    const { port, socket } = createPort()
    const [a, b] = [connected(port, 'a', ada), connected(port, 'b', bob)]
    socket.arrive('to b', bob)

    for (let i = 0; i < MAX_SHARE_DATAGRAMS + 5; i += 1) socket.arrive(`${i}`, ada)

    expect(a.counters.droppedInbox).toBe(5)
    expect(a.receive()?.bytes.toString()).toBe('5')
    expect(b.counters.droppedInbox).toBe(0)
    expect(textsOf(b)).toEqual(['to b'])
  })

  it('at the front door drops nothing of the clients, and is counted', () => {
    const { port, socket } = createPort()
    const share = connected(port, 'a', ada)
    socket.arrive('to a', ada)

    for (let i = 0; i < 16_384 + 7; i += 1) socket.arrive('HELLO', eve)

    expect(port.counters).toEqual({ droppedInbox: 7, droppedSend: 0 })
    expect(textsOf(share)).toEqual(['to a'])
  })
})

describe('closing a shared port', () => {
  it('closes its socket at once when nobody is there', () => {
    const { port, socket } = createPort()

    port.close()

    expect(socket.isClosed).toBe(true)
  })

  it('waits for the last client, and carries what is said until then', () => {
    const { port, socket } = createPort()
    const [a, b] = [connected(port, 'a', ada), port.open(visitor('b', bob))]

    port.close()
    a.close()
    expect(port.isClosed).toBe(false)
    socket.arrive('CONNECT b', bob)
    expect(textsOf(b)).toEqual(['CONNECT b'])
    b.close()

    expect(port.isClosed).toBe(true)
    expect(send(b, 'late', bob)).toBe(false)
  })
})

describe('a client without an id', () => {
  it('is known by its address from the start', () => {
    const { port, socket } = createPort()
    const share = port.open(visitor(undefined, ada))

    socket.arrive('CONNECT', ada)

    expect(textsOf(share)).toEqual(['CONNECT'])
  })

  it('makes way for the next one there', () => {
    const { port, socket } = createPort()
    const old = port.open(visitor(undefined, ada))
    const next = port.open(visitor(undefined, ada))

    old.close()
    socket.arrive('CONNECT', ada)

    expect(textsOf(next)).toEqual(['CONNECT'])
  })

  it('makes way for one with an id that answers from there, and cannot drive that out', () => {
    const { port, socket } = createPort()
    port.open(visitor(undefined, ada))
    const share = connected(port, 'a', ada)

    expect(() => port.open(visitor(undefined, ada))).toThrow(expect.objectContaining({ code: 'ERR_NO_FREE_PORT' }))
    socket.arrive('bare', ada)

    expect(textsOf(share)).toEqual(['bare'])
  })

  it('may say what looks like a HELLO, but for the one by which it came', () => {
    const { port, socket } = createPort()
    const share = port.open({ source: ada, hello: Buffer.from('HELLO token') })

    for (const text of ['HELLO everybody', 'HELLO token']) socket.arrive(text, ada)

    expect(textsOf(share)).toEqual(['HELLO everybody'])
    expect(textsOf(port)).toEqual(['HELLO token'])
  })
})

/** A socket whose datagrams come from the spec. */
class FakeSocket implements DatagramPort {
  readonly address: Address = { host: '203.0.113.1', port: 1234 }
  readonly counters = { droppedInbox: 0, droppedSend: 0 }
  readonly sent: [text: string, destination: Address][] = []
  flushes = 0
  isClosed = false
  onReadable: () => void = () => {}
  readonly #inbox = new Inbox(16)
  readonly #buffer = Buffer.alloc(64)

  arrive(text: string, { host, port }: Address, atMs = 0): void {
    // A socket makes its sources anew.
    this.#inbox.put(Buffer.from(text), { host, port }, atMs)
    this.onReadable()
  }

  receive(): Datagram | undefined {
    return this.#inbox.take()
  }

  acquire(): Uint8Array {
    return this.#buffer
  }

  send(lengthBytes: number, destination: Address): boolean {
    this.sent.push([this.#buffer.toString('utf8', 0, lengthBytes), destination])
    return true
  }

  flush(): void {
    this.flushes += 1
  }

  close(): void {
    this.isClosed = true
  }
}

/** A shared port at which HELLO is whatever begins so, and the id in CONNECT is one letter. */
function createPort(): { port: SharedPort; socket: FakeSocket } {
  const socket = new FakeSocket()
  const port = new SharedPort(socket, {
    isHello: (bytes) => toText(bytes).startsWith('HELLO'),
    connectId: (bytes) => (toText(bytes).startsWith('CONNECT ') ? bytes.subarray(8, 9) : undefined),
  })
  return { port, socket }
}

function visitor(id: string | undefined, source: Address): Visitor {
  return { source, hello: Buffer.from('HELLO'), id: id === undefined ? undefined : Buffer.from(id) }
}

/** A client whose CONNECT came from where its HELLO did, and opened. */
function connected(port: SharedPort, id: string, source: Address): PortShare {
  const share = port.open(visitor(id, source))
  share.setPeer(source)
  return share
}

function send(port: DatagramPort, text: string, destination: Address): boolean {
  return port.send(Buffer.from(text).copy(port.acquire()), destination)
}

function textsOf(port: DatagramPort): string[] {
  const texts: string[] = []
  for (let datagram = port.receive(); datagram; datagram = port.receive()) texts.push(toText(datagram.bytes))
  return texts
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}
