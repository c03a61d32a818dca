import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { UDPipeError } from '../../lib/core/errors.ts'
import type { Address } from '../../lib/core/address.ts'
import { SendBuffer } from '../../lib/port/send-buffer.ts'
import { deliver, hasIPv6, linkLocalHost, openSocket, receiveTexts, sendText, until } from './loopback.ts'
import { runProgram } from './run-program.ts'

describe('opening', () => {
  it('binds at once, to the port it is given', () => {
    const { port } = closed(openSocket())

    const socket = openSocket({ port })

    expect(socket.address).toEqual({ host: '127.0.0.1', port })
  })

  it('finds a free port when it is given none', () => {
    expect(openSocket().address.port).toBeGreaterThan(0)
  })

  it('binds every IPv4 address', async () => {
    const socket = openSocket({ host: '0.0.0.0' })
    const client = openSocket()

    sendText(client, 'hello', { host: '127.0.0.1', port: socket.address.port })

    expect(socket.address.host).toBe('0.0.0.0')
    expect(await receiveTexts(socket, 1)).toEqual(['hello'])
  })

  it('says that a port is in use', () => {
    const { port } = openSocket().address

    expect(() => openSocket({ port })).toThrow(
      expect.objectContaining({
        code: 'ERR_ADDRESS_IN_USE',
        message: expect.stringContaining(`127.0.0.1:${port}`) as string,
      }),
    )
  })

  it('says that an address is not this machine’s', () => {
    // Reserved for documentation (RFC 5737), so nobody’s.
    expect(() => openSocket({ host: '192.0.2.1' })).toThrow(
      expect.objectContaining({
        code: 'ERR_ADDRESS_NOT_AVAILABLE',
        message: expect.stringContaining('192.0.2.1') as string,
      }),
    )
  })

  it('takes no names', () => {
    expect(() => openSocket({ host: 'localhost' })).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
  })

  it('keeps the system’s error as the cause', () => {
    const { port } = openSocket().address

    expect(openingError(port)).toMatchObject({ cause: { code: 'EADDRINUSE', syscall: 'bind' } })
  })

  it('is as immediate in a worker of a cluster', async () => {
    expect(await runProgram('cluster-worker.ts')).toEqual({ code: 0, output: 'bound at once, heard itself\n' })
  })
})

describe('receiving', () => {
  it('hands out what arrived, oldest first, and then nothing', async () => {
    const [socket, client] = [openSocket(), openSocket()]

    sendText(client, 'one', socket.address)
    sendText(client, '', socket.address)
    sendText(client, 'three', socket.address)

    expect(await receiveTexts(socket, 3)).toEqual(['one', '', 'three'])
    expect(socket.receive()).toBeUndefined()
  })

  it('says where a datagram came from, with the same object while that is the same place', async () => {
    const [socket, one, other] = [openSocket(), openSocket(), openSocket()]
    const sources: (Address | undefined)[] = []
    for (const client of [one, one, other]) {
      const { receivedDatagrams } = socket.counters
      sendText(client, 'hello', socket.address)
      await until(() => socket.counters.receivedDatagrams > receivedDatagrams)
      sources.push(socket.receive()?.source)
    }

    expect(sources).toEqual([one.address, one.address, other.address])
    expect(sources[1]).toBe(sources[0])
  })

  it('stamps each datagram when it arrives, not when it is read', async () => {
    let now = 1000
    const socket = openSocket({ clock: () => (now += 0.5) })
    const client = openSocket()
    sendText(client, 'one', socket.address)
    sendText(client, 'two', socket.address)
    await until(() => socket.counters.receivedDatagrams === 2)
    now = 5000

    expect([socket.receive()?.arrivedAtMs, socket.receive()?.arrivedAtMs]).toEqual([1000.5, 1001])
  })

  it('gives the bytes away: what comes later does not change them', async () => {
    const [socket, client] = [openSocket(), openSocket()]
    sendText(client, 'first', socket.address)
    await until(() => socket.counters.receivedDatagrams === 1)
    const first = socket.receive()?.bytes

    await deliver(client, socket, 'second')

    expect(first?.toString()).toBe('first')
  })

  it('calls onReadable only when the inbox was empty', async () => {
    let calls = 0
    const socket = openSocket({ onReadable: () => (calls += 1) })
    const client = openSocket()
    for (const text of ['one', 'two', 'three']) sendText(client, text, socket.address)
    await until(() => socket.counters.receivedDatagrams === 3)
    const callsWhileFull = calls
    await receiveTexts(socket, 3)

    await deliver(client, socket, 'four')

    expect([callsWhileFull, calls]).toEqual([1, 2])
  })

  it('keeps the newest when the inbox overflows, and counts the others', async () => {
    const socket = openSocket({ maxInboxDatagrams: 3 })
    const client = openSocket()
    for (let n = 1; n <= 10; n += 1) sendText(client, `${n}`, socket.address)
    await until(() => socket.counters.receivedDatagrams === 10)

    expect(await receiveTexts(socket, 3)).toEqual(['8', '9', '10'])
    expect(socket.receive()).toBeUndefined()
    expect(socket.counters).toMatchObject({ receivedDatagrams: 10, droppedInbox: 7 })
  })
})

describe('sending', () => {
  it('sends as many bytes as it is told', async () => {
    const [socket, client] = [openSocket(), openSocket()]
    client.acquire().set(new TextEncoder().encode('hello, world'))

    expect(client.send(5, socket.address)).toBe(true)

    expect(await receiveTexts(socket, 1)).toEqual(['hello'])
  })

  it('leaves the memory free for the next datagram', async () => {
    const [socket, client] = [openSocket(), openSocket()]

    for (const text of ['one', 'two', 'three']) sendText(client, text, socket.address)

    expect(await receiveTexts(socket, 3)).toEqual(['one', 'two', 'three'])
  })

  it('lets sockets share the memory', async () => {
    const sendBuffer = new SendBuffer(100)
    const [socket, one, other] = [openSocket(), openSocket({ sendBuffer }), openSocket({ sendBuffer })]

    sendText(one, 'one', socket.address)
    sendText(other, 'other', socket.address)

    expect(one.acquire()).toBe(other.acquire())
    expect(await receiveTexts(socket, 2)).toEqual(['one', 'other'])
  })

  it('counts datagrams and bytes', async () => {
    const [socket, client] = [openSocket(), openSocket()]

    await deliver(client, socket, '12345')
    await deliver(client, socket, '123')

    expect(client.counters).toMatchObject({ sentDatagrams: 2, sentBytes: 8, receivedDatagrams: 0 })
    expect(socket.counters).toMatchObject({ receivedDatagrams: 2, receivedBytes: 8, sentDatagrams: 0 })
  })

  it('keeps datagrams whole that the kernel does not take at once, up to a limit', async () => {
    expect(await runProgram('busy-kernel.ts', '--test-udp-no-try-send')).toEqual({
      code: 0,
      output: [
        'the first datagram kept its memory',
        'accepted 256, refused 44, dropped 44',
        'received 0 to 255 unharmed',
        'at close: accepted 50, dropped 50',
        '',
      ].join('\n'),
    })
  })

  it.each([
    ['a datagram that is too large', 'EMSGSIZE', 70_000, { host: '127.0.0.1', port: 9 }],
    ['an address of another family', 'EINVAL', 1, { host: '::1', port: 9 }],
    ['an address that may not be sent to', 'EACCES', 1, { host: '255.255.255.255', port: 9 }],
    ['port 0', 'EADDRNOTAVAIL', 1, { host: '127.0.0.1', port: 0 }],
  ])('reports %s and goes on', async (_what, code, length, destination) => {
    const hints: string[] = []
    const client = openSocket({ onHint: (hint) => hints.push(hint), sendBuffer: new SendBuffer(70_000) })
    const socket = openSocket()

    client.send(length, destination)
    await until(() => hints.length > 0)

    expect(hints).toEqual([code])
    expect(client.counters).toMatchObject({ sendErrors: 1, hints: 1 })
    expect(await deliver(client, socket, 'still there')).toBe('still there')
  })
})

describe('a socket with a peer', () => {
  it('hears its peer and nobody else', async () => {
    const [socket, peer, stranger] = [openSocket(), openSocket(), openSocket()]
    socket.setPeer(peer.address)

    sendText(stranger, 'let me in', socket.address)
    sendText(peer, 'hello', socket.address)

    expect(await receiveTexts(socket, 1)).toEqual(['hello'])
    expect(socket.counters.receivedDatagrams).toBe(1)
  })

  it('keeps what had arrived before', async () => {
    const [socket, peer, stranger] = [openSocket(), openSocket(), openSocket()]
    sendText(stranger, 'early', socket.address)

    socket.setPeer(peer.address)
    sendText(peer, 'hello', socket.address)

    expect(await receiveTexts(socket, 2)).toEqual(['early', 'hello'])
  })

  it('sends to its peer', async () => {
    const [socket, peer] = [openSocket(), openSocket()]
    socket.setPeer(peer.address)

    expect(await deliver(socket, peer, 'hello')).toBe('hello')
  })

  it('sends to nobody else', () => {
    const hints: string[] = []
    const [socket, peer, other] = [openSocket({ onHint: (hint) => hints.push(hint) }), openSocket(), openSocket()]
    socket.setPeer(peer.address)

    expect(sendText(socket, 'hello', other.address)).toBe(false)

    expect(hints).toEqual(['EISCONN'])
    expect(socket.counters).toMatchObject({ sentDatagrams: 0, sendErrors: 1 })
  })

  it('changes its peer', async () => {
    const [socket, one, other] = [openSocket(), openSocket(), openSocket()]
    socket.setPeer(one.address)

    socket.setPeer(other.address)
    sendText(one, 'one', socket.address)
    sendText(other, 'other', socket.address)

    expect(socket.peer).toEqual(other.address)
    expect(await receiveTexts(socket, 1)).toEqual(['other'])
    expect(socket.counters.receivedDatagrams).toBe(1)
  })

  it('keeps its port when it lets its peer go, even one that the kernel chose', async () => {
    const [socket, peer, stranger] = [openSocket(), openSocket(), openSocket()]
    socket.setPeer(peer.address)

    socket.unsetPeer()

    expect(socket.peer).toBeUndefined()
    expect(await deliver(stranger, socket, 'may I?')).toBe('may I?')
    expect(await deliver(socket, stranger, 'you may')).toBe('you may')
  })

  it('may be told the same thing twice', async () => {
    const [socket, peer] = [openSocket(), openSocket()]

    socket.unsetPeer()
    socket.setPeer(peer.address)
    socket.setPeer({ ...peer.address })
    expect(socket.peer).toBe(peer.address)
    expect(await deliver(socket, peer, 'hello')).toBe('hello')
    socket.unsetPeer()
    socket.unsetPeer()

    expect(await deliver(socket, peer, 'hello again')).toBe('hello again')
    expect(socket.counters.hints).toBe(0)
  })

  it.each([
    ['an address of another family', 'EINVAL', { host: '::1', port: 9 }],
    ['port 0', 'EADDRNOTAVAIL', { host: '127.0.0.1', port: 0 }],
  ])('stays without one, and says so, when told %s', async (_what, code, peer) => {
    const hints: string[] = []
    const [socket, other] = [openSocket({ onHint: (hint) => hints.push(hint) }), openSocket()]

    socket.setPeer(peer)
    await until(() => hints.length > 0)

    expect(hints).toEqual([code])
    expect(socket.peer).toBeUndefined()
    expect(await deliver(socket, other, 'hello')).toBe('hello')
  })

  it('reports that nobody listens at the peer’s port, and talks to whoever opens it later', async () => {
    const hints: string[] = []
    const socket = openSocket({ onHint: (hint) => hints.push(hint) })
    const address = closed(openSocket())
    socket.setPeer(address)
    sendText(socket, 'anybody there?', address)
    await until(() => hints.length > 0)
    expect(hints).toEqual(['ECONNREFUSED'])

    const peer = openSocket({ port: address.port })

    expect(await deliver(socket, peer, 'hello')).toBe('hello')
    expect(await deliver(peer, socket, 'welcome')).toBe('welcome')
    expect(socket.counters.hints).toBe(hints.length)
  })

  it('survives many refusals within one turn', async () => {
    const hints: string[] = []
    const socket = openSocket({ onHint: (hint) => hints.push(hint) })
    const address = closed(openSocket())
    socket.setPeer(address)

    for (let n = 0; n < 100; n += 1) sendText(socket, 'anybody there?', address)
    await until(() => hints.length >= 50)

    expect(new Set(hints)).toEqual(new Set(['ECONNREFUSED']))
    expect(socket.isClosed).toBe(false)
  })
})

describe('closing', () => {
  it('frees the port at once', () => {
    const { port } = closed(openSocket())

    expect(openSocket({ port }).address.port).toBe(port)
  })

  it('tells its owner once', () => {
    let calls = 0
    const socket = openSocket({ onClose: () => (calls += 1) })

    socket.close()
    socket.close()

    expect(calls).toBe(1)
    expect(socket.isClosed).toBe(true)
  })

  it('ends receiving, even of what had arrived', async () => {
    const [socket, client] = [openSocket(), openSocket()]
    sendText(client, 'hello', socket.address)
    await until(() => socket.counters.receivedDatagrams === 1)

    socket.close()

    expect(socket.receive()).toBeUndefined()
  })

  it('ends sending', () => {
    const [socket, other] = [openSocket(), openSocket()]

    socket.close()

    expect(sendText(socket, 'hello', other.address)).toBe(false)
    expect(socket.counters.sentDatagrams).toBe(0)
  })

  it('ends the changing of peers', () => {
    const [socket, other] = [openSocket(), openSocket()]
    socket.close()

    socket.setPeer(other.address)
    socket.unsetPeer()

    expect(socket.peer).toBeUndefined()
  })

  it('ends hints, even of what went wrong before', async () => {
    const hints: string[] = []
    const socket = openSocket({ onHint: (hint) => hints.push(hint) })
    const [one, other] = [openSocket(), openSocket()]
    sendText(socket, 'hello', { host: '::1', port: 9 })
    socket.setPeer({ host: '::1', port: 9 })

    socket.close()
    await deliver(one, other, 'a turn of the event loop later')

    expect(hints).toEqual([])
  })

  it('leaves nothing behind, a thousand times over', async () => {
    // What earlier tests closed is gone after a turn of the event loop.
    await nextTurn()
    const before = countHandles()

    const sockets = Array.from({ length: 1000 }, () => openSocket())
    const peer = openSocket()
    for (const socket of sockets) socket.setPeer(peer.address)
    await until(() => countHandles() === before + 1001)

    for (const socket of [...sockets, peer]) socket.close()
    await nextTurn()

    expect(countHandles()).toBe(before)
  })
})

describe.runIf(hasIPv6)('IPv6', () => {
  it('sends and receives', async () => {
    const [socket, client] = [openSocket({ host: '::1' }), openSocket({ host: '::1' })]
    sendText(client, 'hello', socket.address)
    await until(() => socket.counters.receivedDatagrams === 1)

    expect(socket.receive()).toMatchObject({ source: { host: '::1', port: client.address.port } })
  })

  it('has peers', async () => {
    const [socket, peer] = [openSocket({ host: '::1' }), openSocket({ host: '::1' })]
    socket.setPeer(peer.address)

    expect(await deliver(socket, peer, 'hello')).toBe('hello')
    expect(await deliver(peer, socket, 'welcome')).toBe('welcome')
  })

  it('binds an address however it is spelt', () => {
    expect(openSocket({ host: '0:0:0:0:0:0:0:1' }).address.host).toBe('::1')
    expect(openSocket({ host: '::FFFF:127.0.0.1' }).address.host).toBe('127.0.0.1')
  })

  it('shows IPv4 clients of a dual-stack socket by their plain address, and answers them', async () => {
    const socket = openSocket({ host: '::' })
    const client = openSocket()
    sendText(client, 'hello', { host: '127.0.0.1', port: socket.address.port })
    await until(() => socket.counters.receivedDatagrams === 1)
    const source = socket.receive()?.source

    expect(source).toEqual(client.address)
    expect(await deliver(socket, client, 'welcome')).toBe('welcome')
  })

  it('has IPv4 and IPv6 peers on one dual-stack socket in turn', async () => {
    const socket = openSocket({ host: '::' })
    const { port } = socket.address
    const [four, six] = [openSocket(), openSocket({ host: '::1' })]

    for (const peer of [four, six, four]) {
      socket.setPeer(peer.address)
      sendText(four, 'from four', { host: '127.0.0.1', port })
      sendText(six, 'from six', { host: '::1', port })

      expect(await receiveTexts(socket, 1)).toEqual([peer === four ? 'from four' : 'from six'])
      expect(await deliver(socket, peer, 'to you')).toBe('to you')
    }
    expect(socket.counters).toMatchObject({ receivedDatagrams: 3, hints: 0 })
  })

  it.runIf(linkLocalHost !== undefined)('keeps the zone of a link-local address', async () => {
    const host = String(linkLocalHost)
    const [socket, client] = [openSocket({ host }), openSocket({ host })]
    sendText(client, 'hello', socket.address)
    await until(() => socket.counters.receivedDatagrams === 1)

    expect(socket.receive()?.source).toEqual({ host, port: client.address.port })
  })
})

/** Closes a socket and returns where it was: nobody listens there now. */
function closed(socket: { close(): void; readonly address: Address }): Address {
  socket.close()
  return socket.address
}

function openingError(port: number): UDPipeError {
  try {
    openSocket({ port })
  } catch (error) {
    if (error instanceof UDPipeError) return error
  }
  throw new Error('The port was free.')
}

function countHandles(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource.toUpperCase() === 'UDPWRAP').length
}
