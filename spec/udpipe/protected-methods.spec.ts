import type { DisconnectInfo, MessageInfo, Peer } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { openRawSocket } from '../support/raw-socket.ts'
import { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig } from '../support/rig.ts'

describe('_startUdp', () => {
  it('opens the front door of a server, where start said', async () => {
    const rig = createRig()
    const server = rig.add(new Overriding(rig.options))

    const { port } = await server.start(0, '127.0.0.1')

    expect(server.protectedCalls).toEqual([['_startUdp', 0, '127.0.0.1']])
    expect(port).toBeGreaterThan(0)
  })

  it('opens the socket of a client, at any port of its kind of address', () => {
    const rig = createRig()
    const client = rig.add(new Overriding(rig.options))

    void client.connect('127.0.0.1', 9)

    expect(client.protectedCalls[0]).toEqual(['_startUdp', 0, '0.0.0.0'])
  })

  it('may open another port than start said', async () => {
    const rig = createRig()
    class Elsewhere extends RecordingPipe {
      protected override _startUdp(port: number): void {
        super._startUdp(port, '127.0.0.2')
      }
    }

    const { host } = await rig.add(new Elsewhere(rig.options)).start(0, '127.0.0.1')

    expect(host).toBe('127.0.0.2')
  })

  it('must open something: otherwise start rejects', async () => {
    const rig = createRig()
    const server = rig.add(new Idle(rig.options))

    await expect(server.start()).rejects.toMatchObject({ code: 'ERR_SOCKET' })

    server.step()
    expect(server.errorCodes).toEqual(['ERR_SOCKET'])
  })

  it('must open something: otherwise connect rejects', async () => {
    const rig = createRig()
    const client = rig.add(new Idle(rig.options))

    await expect(client.connect('127.0.0.1', 9)).rejects.toMatchObject({ code: 'ERR_SOCKET' })

    client.step()
    expect(client.errorCodes).toEqual(['ERR_SOCKET'])
    expect(client.signal.aborted).toBe(true)
  })

  class Idle extends RecordingPipe {
    protected override _startUdp(): void {
      // Opens nothing.
    }
  }
})

describe('_onNewClient', () => {
  it('is called with what the HELLO carried for the user, and where it came from', async () => {
    const rig = createRig()
    const server = rig.add(new Overriding(rig.options))
    const client = rig.pipe()

    await rig.connect(server, await rig.start(server), client)

    expect(server.protectedCalls).toContainEqual(['_onNewClient', '', '127.0.0.1', client.lastPeer.localPort])
    expect(server.names).toEqual(['onNewClient', 'onConnect'])
  })

  it('sends the client away when it does not call its super', async () => {
    const rig = createRig()
    class Closed extends RecordingPipe {
      protected override _onNewClient(): void {
        // Lets nobody in.
      }
    }
    const server = rig.add(new Closed(rig.options))
    const visitor = await openRawSocket()
    visitor.say('HELLO ', await rig.start(server))

    await rig.until(() => visitor.texts.length === 1)

    expect(visitor.texts).toEqual(['GO AWAY!'])
    expect(server.names).toEqual([])
    expect(server.counters.refusedClients).toBe(1)
  })

  it('does nothing when nobody requests', () => {
    const rig = createRig()
    class Confused extends RecordingPipe {
      request(): void {
        super._onNewClient(Buffer.alloc(0), '127.0.0.1', 9)
      }
    }
    const pipe = rig.add(new Confused(rig.options))

    pipe.request()

    expect(pipe.names).toEqual([])
  })
})

describe('_setPeer and _unsetPeer', () => {
  it('follow a client to the front door, to its private port, and back to nobody', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.add(new Overriding({ ...rig.options, reconnect: false }))
    const port = await rig.start(server)
    void client.connect('127.0.0.1', port)
    await rig.until(() => client.names.includes('onConnect'))
    const { id, port: privatePort } = client.lastPeer

    void client.close()
    await rig.until(() => client.signal.aborted)

    expect(client.protectedCalls.filter(([name]) => name.endsWith('Peer'))).toEqual([
      ['_setPeer', id, '127.0.0.1', port],
      ['_setPeer', id, '127.0.0.1', privatePort],
      ['_unsetPeer', id],
    ])
  })

  it('are called on a server with the client’s address when it connects, and when it is gone', async () => {
    const rig = createRig()
    const server = rig.add(new Overriding(rig.options))
    const client = rig.pipe()
    await rig.connect(server, await rig.start(server), client)
    const { id, port } = server.lastPeer

    void client.close()
    await rig.passUntil(() => server.protectedCalls.some(([name]) => name === '_unsetPeer'))

    expect(server.protectedCalls.filter(([name]) => name.endsWith('Peer'))).toEqual([
      ['_setPeer', id, '127.0.0.1', port],
      ['_unsetPeer', id],
    ])
  })

  it('connect the socket: a peer’s address and port are what _setPeer said', async () => {
    const rig = createRig()
    const { clientPeer, serverPeer } = await rig.connectedPair()

    expect(clientPeer).toMatchObject({ address: '127.0.0.1', port: serverPeer.localPort })
    expect(serverPeer).toMatchObject({ address: '127.0.0.1', port: clientPeer.localPort })
  })

  it('may leave the socket unconnected: messages travel all the same', async () => {
    const rig = createRig()
    class Unconnected extends RecordingPipe {
      protected override _setPeer(): void {
        // Lets the kernel hand over what anybody sends; the session still knows its peer.
      }
    }
    const server = rig.add(new Unconnected(rig.options))
    const client = rig.pipe()
    await rig.connect(server, await rig.start(server), client)
    const stranger = await openRawSocket()

    stranger.say('not from the peer', server.lastPeer.localPort)
    client.send('from the peer')
    server.send('to the peer', server.lastPeer)
    await rig.until(() => server.messages.length > 0 && client.messages.length > 0)
    await rig.until(() => server.counters.droppedForeign > 0)

    expect(server.messages).toEqual(['from the peer'])
    expect(client.messages).toEqual(['to the peer'])
  })
})

describe('_onNewMessage', () => {
  it('is called with the message, its peer, where it came from and how', async () => {
    const rig = createRig()
    const server = rig.add(new Overriding(rig.options))
    const client = rig.pipe()
    await rig.connect(server, await rig.start(server), client)

    client.send('hello')
    await rig.until(() => server.messages.length > 0)

    const { id, address, port } = server.lastPeer
    const info: MessageInfo = { delivery: 'unreliable', channel: 0 }
    expect(server.protectedCalls).toContainEqual(['_onNewMessage', 'hello', id, address, port, info])
    expect(server.messages).toEqual(['hello'])
  })

  it('keeps the message from onNewMessage when it does not call its super', async () => {
    const rig = createRig()
    const seen: string[] = []
    class Filter extends RecordingPipe {
      protected override _onNewMessage(message: Buffer, ...rest: [Peer, string, number, MessageInfo]): void {
        seen.push(message.toString())
        if (!message.toString().startsWith('secret')) super._onNewMessage(message, ...rest)
      }
    }
    const server = rig.add(new Filter(rig.options))
    const client = rig.pipe()
    await rig.connect(server, await rig.start(server), client)

    client.send('secret one')
    client.send('open one')
    await rig.until(() => seen.length === 2)

    expect(seen).toEqual(['secret one', 'open one'])
    expect(server.messages).toEqual(['open one'])
  })
})

describe('_onTimeout', () => {
  it('is called with the peer when it was silent for too long, and calls onDisconnect', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.add(new Overriding({ ...rig.options, reconnect: false }))
    await rig.connect(server, await rig.start(server), client)
    rig.freeze(server)

    await rig.pass(10_050)

    const info: DisconnectInfo = { code: 0, reason: 'timed out', timedOut: true, willReconnect: false }
    expect(client.protectedCalls).toContainEqual(['_onTimeout', client.lastPeer.id, info])
    expect(client.called('onDisconnect')).toEqual([[client.lastPeer, info]])
  })

  it('keeps the end from onDisconnect when it does not call its super', async () => {
    const rig = createRig()
    class Patient extends RecordingPipe {
      protected override _onTimeout(): void {
        // Tells nobody.
      }
    }
    const server = rig.pipe()
    const client = rig.add(new Patient({ ...rig.options, reconnect: false }))
    await rig.connect(server, await rig.start(server), client)
    rig.freeze(server)

    await rig.pass(10_050)

    expect(client.signal.aborted).toBe(true)
    expect(client.names).not.toContain('onDisconnect')
  })

  it('is not called when the connection is closed', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.add(new Overriding(rig.options))
    await rig.connect(server, await rig.start(server), client)

    void client.close()
    await rig.until(() => client.signal.aborted)

    expect(client.protectedCalls.map(([name]) => name)).not.toContain('_onTimeout')
    expect(client.names).toContain('onDisconnect')
  })
})

/** Overrides every protected method, notes the call, peers by their id and messages as text, and calls super. */
class Overriding extends RecordingPipe {
  readonly protectedCalls: [name: string, ...args: unknown[]][] = []

  protected override _startUdp(port: number, host: string): void {
    this.protectedCalls.push(['_startUdp', port, host])
    super._startUdp(port, host)
  }

  protected override _onTimeout(peer: Peer, info: DisconnectInfo): void {
    this.protectedCalls.push(['_onTimeout', peer.id, info])
    super._onTimeout(peer, info)
  }

  protected override _onNewClient(message: Buffer, ip: string, port: number): void {
    this.protectedCalls.push(['_onNewClient', message.toString(), ip, port])
    super._onNewClient(message, ip, port)
  }

  protected override _setPeer(peer: Peer, ip: string, port: number): void {
    this.protectedCalls.push(['_setPeer', peer.id, ip, port])
    super._setPeer(peer, ip, port)
  }

  protected override _unsetPeer(peer: Peer): void {
    this.protectedCalls.push(['_unsetPeer', peer.id])
    super._unsetPeer(peer)
  }

  protected override _onNewMessage(message: Buffer, peer: Peer, ip: string, port: number, info: MessageInfo): void {
    this.protectedCalls.push(['_onNewMessage', message.toString(), peer.id, ip, port, info])
    super._onNewMessage(message, peer, ip, port, info)
  }
}
