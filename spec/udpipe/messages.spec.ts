import type { ConnectInfo, Peer } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig, type Rig } from '../support/rig.ts'

describe('send', () => {
  it('sends to the server on a client', async () => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair()

    expect(client.send('hello')).toBe(true)
    await rig.until(() => server.messages.length > 0)

    expect(server.called('onNewMessage')).toEqual([
      [Buffer.from('hello'), clientPeer, { delivery: 'unreliable', channel: 0 }],
    ])
  })

  it('sends to one peer on a server', async () => {
    const rig = createRig()
    const { server, clients } = await withClients(rig, 3)
    const [first, second, third] = clients

    expect(server.send('for the second', peerOf(server, second))).toBe(true)
    await rig.until(() => second.messages.length > 0)

    expect(clients.map(({ messages }) => messages)).toEqual([[], ['for the second'], []])
    expect(first.messages).toEqual(third.messages)
  })

  it('is what Peer.send is, on both sides', async () => {
    const rig = createRig()
    const { server, client, clientPeer, serverPeer } = await rig.connectedPair()

    expect(serverPeer.send('to the server')).toBe(true)
    expect(clientPeer.send('to the client')).toBe(true)
    await rig.until(() => server.messages.length > 0 && client.messages.length > 0)

    expect(server.messages).toEqual(['to the server'])
    expect(client.messages).toEqual(['to the client'])
  })

  it('takes the server as a peer on a client, too', async () => {
    const rig = createRig()
    const { server, client, serverPeer } = await rig.connectedPair()

    client.send('hello', serverPeer)
    await rig.until(() => server.messages.length > 0)

    expect(server.messages).toEqual(['hello'])
  })

  it('sends a string as UTF-8', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()

    client.send('żółw 🐢')
    await rig.until(() => server.messages.length > 0)

    expect(server.called('onNewMessage')[0]?.[0]).toEqual(Buffer.from('żółw 🐢', 'utf8'))
  })

  it('sends every byte as it is', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)

    client.send(bytes)
    await rig.until(() => server.messages.length > 0)

    expect(server.called('onNewMessage')[0]?.[0]).toEqual(Buffer.from(bytes))
  })

  it('sends bytes as they were when it was called', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    const bytes = new TextEncoder().encode('before')

    client.send(bytes)
    bytes.set(new TextEncoder().encode('after!'))
    await rig.until(() => server.messages.length > 0)

    expect(server.messages).toEqual(['before'])
  })

  it('sends the part of a buffer that a view shows', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()

    client.send(new TextEncoder().encode('left middle right').subarray(5, 11))
    await rig.until(() => server.messages.length > 0)

    expect(server.messages).toEqual(['middle'])
  })

  it('hands out messages that stay what they are when others come', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()

    for (let i = 0; i < 100; i += 1) client.send(`message ${i}`)
    await rig.until(() => server.messages.length === 100)

    expect(server.messages).toEqual(Array.from({ length: 100 }, (_, i) => `message ${i}`))
  })

  it('queues before the connection stands, and sends in order when it does', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const port = await rig.start(server)
    void client.connect('127.0.0.1', port)

    for (const message of ['one', 'two', 'three']) expect(client.send(message)).toBe(true)
    await rig.until(() => server.messages.length === 3)

    expect(server.messages).toEqual(['one', 'two', 'three'])
  })

  it('queues while the name of the server is being looked up', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const port = await rig.start(server)
    void client.connect('localhost', port)

    for (const message of ['one', 'two', 'three']) expect(client.send(message)).toBe(true)
    await rig.until(() => server.messages.length === 3)

    expect(server.messages).toEqual(['one', 'two', 'three'])
  })

  it('hands back what was sent while a name was being looked up in vain', async () => {
    const rig = createRig('reliable')
    const client = rig.pipe({ channels: { 2: { delivery: 'latest' } } })
    void client.connect('no-such-host.invalid', 1234)
    expect(client.send('one')).toBe(true)
    expect(client.send('two', undefined, { channel: 2 })).toBe(true)

    await rig.until(() => client.called('onUndelivered').length > 0)

    expect(client.errorCodes).toEqual(['ERR_HOST_NOT_FOUND'])
    expect(client.called('onUndelivered')).toEqual([
      [
        [
          { message: Buffer.from('one'), delivery: 'reliable', channel: 0 },
          { message: Buffer.from('two'), delivery: 'latest', channel: 2 },
        ],
        undefined,
      ],
    ])
  })

  it('hands back what was sent while a name was being looked up, when it is closed before', async () => {
    const rig = createRig()
    const client = rig.pipe()
    void client.connect('localhost', 1234)
    client.send('one')

    await client.close()

    expect(client.called('onUndelivered').map(([messages, peer]) => [messages.length, peer])).toEqual([[1, undefined]])
  })

  it('refuses a channel that does not exist, also while a name is being looked up', () => {
    const client = createRig().pipe()
    void client.connect('localhost', 1234)

    expect(() => client.send('one', undefined, { channel: 256 })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }),
    )
  })

  it('may be called by onConnect and onNewMessage', async () => {
    const rig = createRig()
    const server = rig.add(new Echo(rig.options))
    const client = rig.add(new Greeter(rig.options))

    await rig.connect(server, await rig.start(server), client)
    await rig.until(() => client.messages.length > 0)

    expect(client.messages).toEqual(['echo of HelloWorld'])
  })
})

describe('a callback that answers', () => {
  it('a peer that closed right behind its message is told so, and makes no mistake', async () => {
    const rig = createRig()
    const server = rig.add(new Echo(rig.options))
    const client = rig.pipe()
    await rig.connect(server, await rig.start(server), client)
    server.forget()
    rig.freeze(server)
    client.send('hello')
    void client.close()
    await rig.settle()

    server.step()

    expect(server.names).toEqual(['onNewMessage', 'onClose', 'onDisconnect'])
    expect(server.accepted).toEqual([false])
  })

  it('while everything closes is told so, and makes no mistake', async () => {
    const rig = createRig()
    const server = rig.add(new Echo(rig.options))
    const client = rig.pipe()
    await rig.connect(server, await rig.start(server), client)
    rig.freeze(server)
    client.send('hello')
    await rig.settle()

    void server.close()
    server.step()

    expect(server.messages).toEqual(['hello'])
    expect(server.accepted).toEqual([false])
  })
})

describe('what is sent outside step', () => {
  it('leaves at the end of the turn of the event loop, without a step', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    rig.freeze(client)

    client.send('one')
    client.send('two')
    await rig.until(() => server.messages.length === 2)

    expect(server.messages).toEqual(['one', 'two'])
  })

  it('leaves together, not one by one', async () => {
    const rig = createRig()
    const { client } = await rig.connectedPair()
    const before = client.getSentPackets()

    client.send('one')
    client.send('two')

    expect(client.getSentPackets()).toBe(before)
    await Promise.resolve()
    expect(client.getSentPackets()).toBe(before + 2)
  })

  it('leaves with flush right away', async () => {
    const rig = createRig()
    const { client } = await rig.connectedPair()
    const before = client.getSentPackets()

    client.send('now')
    client.flush()

    expect(client.getSentPackets()).toBe(before + 1)
  })
})

describe('what is sent inside step', () => {
  it('leaves at the end of that step', async () => {
    const rig = createRig()
    const server = rig.add(new Echo(rig.options))
    const client = rig.pipe()
    await rig.connect(server, await rig.start(server), client)
    client.send('hello')
    rig.freeze(server)
    await rig.settle()
    const before = server.getSentPackets()

    server.step()

    expect(server.messages).toEqual(['hello'])
    expect(server.getSentPackets()).toBe(before + 1)
  })

  it('leaves with flush right away', async () => {
    const rig = createRig()
    const sentBefore: number[] = []
    class Hasty extends RecordingPipe {
      override onNewMessage(message: Buffer, peer: Peer): void {
        const before = this.getSentPackets()
        this.send(message, peer)
        this.flush()
        sentBefore.push(this.getSentPackets() - before)
      }
    }
    const server = rig.add(new Hasty(rig.options))
    const client = rig.pipe()
    await rig.connect(server, await rig.start(server), client)

    client.send('hello')
    await rig.until(() => client.messages.length > 0)

    expect(sentBefore).toEqual([1])
  })
})

describe('sendAll', () => {
  it('sends to every client, and says how many took it', async () => {
    const rig = createRig()
    const { server, clients } = await withClients(rig, 3)

    expect(server.sendAll('to all')).toBe(3)
    await rig.until(() => clients.every(({ messages }) => messages.length > 0))

    expect(clients.map(({ messages }) => messages)).toEqual([['to all'], ['to all'], ['to all']])
  })

  it('leaves out one peer', async () => {
    const rig = createRig()
    const { server, clients } = await withClients(rig, 3)
    const [, second] = clients

    expect(server.sendAll('to the others', { except: peerOf(server, second) })).toBe(2)
    await rig.settle()

    expect(clients.map(({ messages }) => messages)).toEqual([['to the others'], [], ['to the others']])
  })

  it('leaves out several peers', async () => {
    const rig = createRig()
    const { server, clients } = await withClients(rig, 3)
    const [first, second] = clients

    const except = new Set([peerOf(server, first), peerOf(server, second)])
    expect(server.sendAll('to the last', { except })).toBe(1)
    await rig.settle()

    expect(clients.map(({ messages }) => messages)).toEqual([[], [], ['to the last']])
  })

  it('sends to the server on a client', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()

    expect(client.sendAll('hello')).toBe(1)
    await rig.until(() => server.messages.length > 0)

    expect(server.messages).toEqual(['hello'])
  })

  it('sends to nobody when nobody is there', async () => {
    const rig = createRig()
    const server = rig.pipe()
    await rig.start(server)

    expect(server.sendAll('to all')).toBe(0)
  })

  it('leaves out peers that are being closed', async () => {
    const rig = createRig()
    const { server, clients } = await withClients(rig, 2)
    const [first] = clients
    void server.close(peerOf(server, first))

    expect(server.sendAll('to who stays')).toBe(1)
  })
})

describe('peers', () => {
  it('are the clients of a server', async () => {
    const rig = createRig()
    const { server } = await withClients(rig, 3)

    expect([...server.peers()]).toEqual(server.called('onConnect').map(([peer]) => peer))
  })

  it('are the server on a client', async () => {
    const rig = createRig()
    const { client, serverPeer } = await rig.connectedPair()

    expect([...client.peers()]).toEqual([serverPeer])
  })

  it('are nobody before anything started, and while nothing stands', async () => {
    const rig = createRig()
    const client = rig.pipe()
    expect([...client.peers()]).toEqual([])

    void client.connect('127.0.0.1', await rig.start(rig.pipe()))

    expect([...client.peers()]).toEqual([])
  })

  it('may be closed while they are iterated', async () => {
    const rig = createRig()
    const { server, clients } = await withClients(rig, 3)

    for (const peer of server.peers()) void peer.close()
    await rig.until(() => clients.every(({ names }) => names.includes('onDisconnect')))

    expect([...server.peers()]).toEqual([])
  })
})

class Echo extends RecordingPipe {
  /** What send returned, each time. */
  readonly accepted: boolean[] = []

  override onNewMessage(message: Buffer, peer: Peer, info: Parameters<RecordingPipe['onNewMessage']>[2]): void {
    super.onNewMessage(message, peer, info)
    this.accepted.push(this.send(`echo of ${message.toString()}`, peer))
  }
}

class Greeter extends RecordingPipe {
  override onConnect(peer: Peer, ip: string, port: number, info: ConnectInfo): void {
    super.onConnect(peer, ip, port, info)
    this.send('HelloWorld')
  }
}

async function withClients<Count extends number>(
  rig: Rig,
  count: Count,
): Promise<{ server: RecordingPipe; clients: Clients<Count> }> {
  const server = rig.pipe()
  const clients = Array.from({ length: count }, () => rig.pipe())
  await rig.connect(server, await rig.start(server), ...clients)
  return { server, clients: clients as Clients<Count> }
}

type Clients<Count extends number> = RecordingPipe[] &
  (Count extends 3 ? [RecordingPipe, RecordingPipe, RecordingPipe] : [RecordingPipe, RecordingPipe])

/** A client, as the server sees it. */
function peerOf(server: RecordingPipe, client: RecordingPipe): Peer {
  const peer = [...server.peers()].find((candidate) => candidate.port === client.lastPeer.localPort)
  if (peer === undefined) throw new Error('The server does not know this client.')
  return peer
}
