import { UDPipe, UDPipeError, ticks, type ErrorCode, type SendOptions, type UDPipeOptions } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { createRig } from '../support/rig.ts'

describe('a port out of range', () => {
  it.each([-1, 65_536, 1.5, NaN, Infinity, '1234' as never, null as never])('is refused: %s', (port) => {
    expect(() => new UDPipe(port)).toThrow(withCode('ERR_OPTION_INVALID'))
    expect(() => new UDPipe().start(port)).toThrow(withCode('ERR_OPTION_INVALID'))
    expect(() => new UDPipe().connect('127.0.0.1', port)).toThrow(withCode('ERR_OPTION_INVALID'))
  })

  it('is 0 for connect, and none at all', () => {
    expect(() => new UDPipe().connect('127.0.0.1', 0)).toThrow(withCode('ERR_OPTION_INVALID'))
    expect(() => new UDPipe().connect('127.0.0.1')).toThrow(withCode('ERR_OPTION_INVALID'))
    expect(() => new UDPipe().connect()).toThrow(withCode('ERR_OPTION_INVALID'))
  })

  it('leaves a UDPipe that can be started with another', async () => {
    const rig = createRig()
    const server = rig.pipe()
    expect(() => server.start(-1)).toThrow()

    await expect(server.start(0, '127.0.0.1')).resolves.toBeDefined()
  })
})

describe('a host that is none', () => {
  it.each([42 as never, '', true as never])('is refused: %s', (host) => {
    expect(() => new UDPipe().start(0, host)).toThrow(withCode('ERR_OPTION_INVALID'))
    expect(() => new UDPipe().connect(host, 1234)).toThrow(withCode('ERR_OPTION_INVALID'))
  })
})

describe('a timeout that is none', () => {
  it.each([0, -1, NaN, Infinity, '5' as never])('is refused: %s s', (seconds) => {
    expect(() => new UDPipe(0, '127.0.0.1', seconds)).toThrow(withCode('ERR_OPTION_INVALID'))
    expect(() => new UDPipe().start(0, '127.0.0.1', seconds)).toThrow(withCode('ERR_OPTION_INVALID'))
    expect(() => new UDPipe().connect('127.0.0.1', 1234, seconds)).toThrow(withCode('ERR_OPTION_INVALID'))
    expect(() => new UDPipe().setTimeout(seconds)).toThrow(withCode('ERR_OPTION_INVALID'))
  })

  it('is one shorter than the time between two PINGs', () => {
    expect(() => new UDPipe().setTimeout(0.4)).toThrow(withCode('ERR_OPTION_INVALID'))
  })
})

describe('a fourth argument that is no options', () => {
  it('is refused', () => {
    const noOptions: unknown = 'token'

    expect(() => new UDPipe(0, '127.0.0.1', 5, noOptions as UDPipeOptions)).toThrow(withCode('ERR_ARGUMENT_INVALID'))
  })
})

describe('a token that a HELLO cannot carry', () => {
  it.each([
    ['with a space', 'two words'],
    ['with a line break', 'two\nlines'],
    ['with a carriage return', 'two\rlines'],
    ['with a tab', 'two\tcolumns'],
    ['with a NUL', 'null\0'],
    ['with half a surrogate pair', '\ud83d'],
    ['that is too long', 'x'.repeat(256)],
    ['that is too long in UTF-8', 'ż'.repeat(128)],
    ['that is no string', 42 as never],
  ])('is refused: one %s', async (_what, token) => {
    const rig = createRig()
    const server = rig.pipe()
    expect(() => new UDPipe({ token })).toThrow(withCode('ERR_TOKEN_INVALID'))
    expect(() => server.setToken(token)).toThrow(withCode('ERR_TOKEN_INVALID'))
    await rig.start(server)
    expect(() => server.setToken(token)).toThrow(withCode('ERR_TOKEN_INVALID'))
  })

  it.each(['', 'x'.repeat(255), 'żółw🐢', '!"#$%&()'])('is not this one: %s', (token) => {
    expect(() => new UDPipe({ token })).not.toThrow()
  })
})

describe('setDebug', () => {
  it('refuses what is neither true nor false', () => {
    expect(() => new UDPipe().setDebug('on' as never)).toThrow(withCode('ERR_OPTION_INVALID'))
  })
})

describe('a message that is too large', () => {
  it('is one over mtuBytes on a classic peer', async () => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair({
      client: { mtuBytes: 1_000 },
      server: { mtuBytes: 1_000 },
    })

    expect(() => client.send(new Uint8Array(1_001))).toThrow(withCode('ERR_MESSAGE_TOO_LARGE'))
    expect(() => clientPeer.send('x'.repeat(1_001))).toThrow(withCode('ERR_MESSAGE_TOO_LARGE'))
    expect(() => server.sendAll('x'.repeat(1_001))).toThrow(withCode('ERR_MESSAGE_TOO_LARGE'))
    expect(client.send(new Uint8Array(1_000))).toBe(true)
    await rig.until(() => server.messages.length > 0)
    expect(server.called('onNewMessage')[0]?.[0]).toHaveLength(1_000)
  })

  it('is one over maxMessageBytes', async () => {
    const rig = createRig()
    const { client } = await rig.connectedPair({ client: { maxMessageBytes: 10 } })

    expect(() => client.send('12345678901')).toThrow(withCode('ERR_MESSAGE_TOO_LARGE'))
    expect(client.send('1234567890')).toBe(true)
  })

  it('is measured in bytes, not in characters', async () => {
    const rig = createRig()
    const { client } = await rig.connectedPair({ client: { maxMessageBytes: 10 } })

    expect(() => client.send('żółwie🐢')).toThrow(withCode('ERR_MESSAGE_TOO_LARGE'))
  })

  it('may be as large as a datagram can be', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair({ client: { mtuBytes: 65_507 } })
    const large = Uint8Array.from({ length: 65_507 }, (_, i) => i % 251)

    client.send(large)
    await rig.until(() => server.messages.length > 0)

    expect(server.called('onNewMessage')[0]?.[0].equals(large)).toBe(true)
  })
})

describe('a message that is one of the protocol’s own words', () => {
  it.each(['HELLO', 'CONNECT', 'CONNECTED', 'GO AWAY!', 'PING', 'PONG', 'CLOSE', 'CLOSED'])(
    'is refused: %s',
    async (word) => {
      const rig = createRig()
      const { server, client, clientPeer } = await rig.connectedPair()

      expect(() => client.send(word)).toThrow(withCode('ERR_MESSAGE_RESERVED'))
      expect(() => clientPeer.send(Buffer.from(word))).toThrow(withCode('ERR_MESSAGE_RESERVED'))
      expect(() => server.sendAll(word)).toThrow(withCode('ERR_MESSAGE_RESERVED'))
    },
  )

  it('is none of these', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    const messages = ['ping', 'PING ', ' PING', 'PINGS', 'HELLO there', 'CONNECT 1.2.3.4 5', 'GO AWAY', '\0']

    for (const message of messages) client.send(message)
    await rig.until(() => server.messages.length === messages.length)

    expect(server.messages).toEqual(messages)
  })
})

describe('a message that is neither a string nor bytes', () => {
  it.each([42, undefined, null, [1, 2], { length: 1 }, new ArrayBuffer(1), new Uint16Array(1)])(
    'is refused: %s',
    async (message) => {
      const rig = createRig()
      const { server, client, clientPeer } = await rig.connectedPair()

      expect(() => client.send(message as never)).toThrow(withCode('ERR_ARGUMENT_INVALID'))
      expect(() => clientPeer.send(message as never)).toThrow(withCode('ERR_ARGUMENT_INVALID'))
      expect(() => server.sendAll(message as never)).toThrow(withCode('ERR_ARGUMENT_INVALID'))
    },
  )
})

describe('send, sendAll and ping', () => {
  it('throw before start and connect', () => {
    const pipe = new UDPipe()

    expect(() => pipe.send('hello')).toThrow(withCode('ERR_NOT_STARTED'))
    expect(() => pipe.sendAll('hello')).toThrow(withCode('ERR_NOT_STARTED'))
    expect(() => pipe.ping()).toThrow(withCode('ERR_NOT_STARTED'))
  })

  it('throw after close', async () => {
    const rig = createRig()
    const server = rig.pipe()
    await rig.start(server)
    const closed = server.close()

    for (let i = 0; i < 2; i += 1) {
      expect(() => server.send('hello')).toThrow(withCode('ERR_CLOSED'))
      expect(() => server.sendAll('hello')).toThrow(withCode('ERR_CLOSED'))
      expect(() => server.ping()).toThrow(withCode('ERR_CLOSED'))
      await closed
    }
  })

  it('throw for a peer that is closed', async () => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair()
    void client.close()
    await rig.until(() => server.names.includes('onDisconnect'))
    await rig.pass(1_100)

    expect(() => server.send('hello', clientPeer)).toThrow(withCode('ERR_PEER_CLOSED'))
    expect(() => clientPeer.send('hello')).toThrow(withCode('ERR_PEER_CLOSED'))
    expect(() => server.ping(clientPeer)).toThrow(withCode('ERR_PEER_CLOSED'))
    expect(() => clientPeer.ping()).toThrow(withCode('ERR_PEER_CLOSED'))
  })

  it('throw for a peer that is being closed', async () => {
    const rig = createRig()
    const { server, clientPeer } = await rig.connectedPair()
    void server.close(clientPeer)

    expect(() => server.send('hello', clientPeer)).toThrow(withCode('ERR_PEER_CLOSED'))
  })
})

describe('send on a server', () => {
  it('needs a peer, and says what does not', async () => {
    const rig = createRig()
    const server = rig.pipe()
    await rig.start(server)

    expect(() => server.send('hello')).toThrow(withCode('ERR_PEER_REQUIRED'))
    expect(() => server.send('hello')).toThrow(/sendAll/)
  })
})

describe('a UDPipe that was started', () => {
  it('is not started again, nor connected', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const port = await rig.start(server)

    expect(() => server.start(0, '127.0.0.1')).toThrow(withCode('ERR_ALREADY_STARTED'))
    expect(() => server.connect('127.0.0.1', port)).toThrow(withCode('ERR_ALREADY_STARTED'))
  })

  it('is not started again while it still looks up its name, nor while it closes', async () => {
    const rig = createRig()
    const { server, clientPeer } = await rig.connectedPair()
    const other = rig.pipe()
    void other.start(0, 'localhost')
    expect(() => other.start()).toThrow(withCode('ERR_ALREADY_STARTED'))

    void server.close()
    expect(clientPeer.state).toBe('closing')
    expect(() => server.start()).toThrow(withCode('ERR_ALREADY_STARTED'))
  })

  it('goes on as if nothing had been', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    expect(() => server.start()).toThrow()
    expect(() => client.connect('127.0.0.1', 9, { token: 'another' })).toThrow()

    client.send('hello')
    await rig.until(() => server.messages.length > 0)

    expect(server.messages).toEqual(['hello'])
  })
})

describe('what only the reliable protocol has', () => {
  it.each<SendOptions>([
    { delivery: 'reliable' },
    { delivery: 'reliable-unordered' },
    { delivery: 'sequenced' },
    { delivery: 'latest' },
    { channel: 1 },
    { channel: 255, delivery: 'unreliable' },
  ])('is refused on a classic peer: %o', async (options) => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair()

    expect(() => client.send('hello', undefined, options)).toThrow(withCode('ERR_UNSUPPORTED'))
    expect(() => clientPeer.send('hello', options)).toThrow(withCode('ERR_UNSUPPORTED'))
    expect(() => server.sendAll('hello', options)).toThrow(withCode('ERR_UNSUPPORTED'))
  })

  it('is an empty message, too', async () => {
    const rig = createRig()
    const { client } = await rig.connectedPair()

    expect(() => client.send('')).toThrow(withCode('ERR_UNSUPPORTED'))
    expect(() => client.send(new Uint8Array(0))).toThrow(withCode('ERR_UNSUPPORTED'))
  })

  it('is a channel whose default is not unreliable', async () => {
    const rig = createRig()
    const { client } = await rig.connectedPair({ client: { channels: { 0: { delivery: 'reliable' } } } })

    expect(() => client.send('hello')).toThrow(withCode('ERR_UNSUPPORTED'))
    expect(client.send('hello', undefined, { delivery: 'unreliable' })).toBe(true)
  })

  it('is refused as an option', () => {
    expect(() => new UDPipe({ protocol: 'classic', security: 'noise' })).toThrow(withCode('ERR_UNSUPPORTED'))
  })
})

describe('options of a message', () => {
  it.each([
    { channel: -1 },
    { channel: 256 },
    { channel: 1.5 },
    { channel: '1' as never },
    { delivery: 'fast' as never },
  ])('are refused: %o', async (options) => {
    const rig = createRig()
    const { server, client, clientPeer } = await rig.connectedPair()

    expect(() => client.send('hello', undefined, options)).toThrow(withCode('ERR_ARGUMENT_INVALID'))
    expect(() => clientPeer.send('hello', options)).toThrow(withCode('ERR_ARGUMENT_INVALID'))
    expect(() => server.sendAll('hello', options)).toThrow(withCode('ERR_ARGUMENT_INVALID'))
  })
})

describe('the code and the reason of close', () => {
  it.each([{ code: -1 }, { code: 65_536 }, { code: 1.5 }, { code: '1' as never }, { reason: 42 as never }])(
    'are refused: %o',
    async (options) => {
      const rig = createRig()
      const { server, client, clientPeer } = await rig.connectedPair()

      expect(() => client.close(undefined, options)).toThrow(withCode('ERR_ARGUMENT_INVALID'))
      expect(() => server.close(clientPeer, options)).toThrow(withCode('ERR_ARGUMENT_INVALID'))
      expect(() => clientPeer.close(options)).toThrow(withCode('ERR_ARGUMENT_INVALID'))
      expect(clientPeer.state).toBe('connected')
    },
  )

  it.each([{ code: 0 }, { code: 65_535 }, { reason: 'x'.repeat(256) }])('may be %o', async (options) => {
    const rig = createRig()
    const { server, clientPeer } = await rig.connectedPair()

    void clientPeer.close(options)
    await rig.until(() => server.names.includes('onDisconnect'))

    expect(server.called('onDisconnect')[0]?.[1]).toMatchObject(options)
  })
})

describe('a rate that is none', () => {
  it.each([0, -1, NaN, Infinity, 1_001])('is refused by ticks and run: %d', async (hz) => {
    const rig = createRig()
    const server = rig.pipe()
    await rig.start(server)

    expect(() => ticks(hz)).toThrow(withCode('ERR_ARGUMENT_INVALID'))
    await expect(server.run(hz)).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' })
  })
})

describe('a UDPipeError', () => {
  it('has a name, a code and a sentence', () => {
    const error = caught(() => new UDPipe().send('hello'))

    expect(error).toBeInstanceOf(UDPipeError)
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toBe('UDPipeError: send was called before start() or connect().')
  })
})

function withCode(code: ErrorCode): unknown {
  return expect.objectContaining({ name: 'UDPipeError', code })
}

function caught(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}
