import { describe, expect, it } from 'vitest'
import { UDPipe, generateServerKey } from 'udpipe'
import { Lobby, Player } from '../support/lobby.ts'

describe('hello', () => {
  it.each([
    ['a string', 'Ada v2'],
    ['bytes', new TextEncoder().encode('Ada v2')],
    ['a function', () => 'Ada v2'],
    ['a function that returns bytes', () => new TextEncoder().encode('Ada v2')],
  ])('arrives at onNewClient, and is peer.hello: %s', async (_what, hello) => {
    const lobby = new Lobby(new Player())
    const client = lobby.join(new Player({ hello }))
    await lobby.pass(500)

    expect(lobby.server.log).toEqual(['new client Ada v2', 'connected'])
    expect(lobby.server.peersSeen[0]?.hello?.toString()).toBe('Ada v2')
    expect(client.peersSeen[0]?.hello).toBeUndefined()
  })

  it('is empty at the server when the client has none', async () => {
    const lobby = new Lobby(new Player())
    lobby.join(new Player())
    await lobby.pass(500)
    expect(lobby.server.peersSeen[0]?.hello).toEqual(Buffer.alloc(0))
  })

  it('is asked for anew at each dial', async () => {
    let dials = 0
    const lobby = new Lobby(new Player({}, { onNewClient: () => dials > 2 }))
    lobby.join(new Player({ hello: () => `dial ${(dials += 1)}` }))
    await lobby.pass(5_000)
    void lobby.server.peersSeen[0]?.close()
    await lobby.pass(10_000)

    const asked = lobby.server.log.filter((line) => line.startsWith('new client'))
    expect(asked).toEqual([1, 2, 3, 4].map((dial) => `new client dial ${dial}`))
  })

  it('is what it was in a HELLO that nobody answered, so that a slow server is not asked twice', async () => {
    let calls = 0
    const lobby = new Lobby(new Player())
    lobby.connect(new Player({ hello: () => `call ${(calls += 1)}` }), 1234, {
      uplink: { partitions: [{ fromMs: 0, untilMs: 7_000 }] },
    })
    await lobby.pass(15_000)

    expect(lobby.server.log).toEqual(['new client call 1', 'connected'])
  })

  it('may be 512 bytes, and beside the largest connect token as well; one more throws at once', async () => {
    const lobby = new Lobby(new Player())
    lobby.join(new Player({ hello: 'x'.repeat(512) }))
    await lobby.pass(500)

    expect(lobby.server.peersSeen[0]?.hello).toHaveLength(512)
    const invalid = expect.objectContaining({ code: 'ERR_OPTION_INVALID' }) as Error
    expect(() => new UDPipe({ hello: 'ü'.repeat(257) })).toThrow(invalid)
  })

  it('throws at once when it is nothing that HELLO carries, without saying what it was', () => {
    const wrong = expect.objectContaining({
      code: 'ERR_OPTION_INVALID',
      message: expect.stringMatching(/^hello must be/) as string,
    }) as Error
    for (const hello of [5, {}, null, true]) expect(() => new UDPipe({ hello: hello as never })).toThrow(wrong)
    expect(() => new UDPipe({ hello: 'secret'.repeat(100) })).toThrow(/^(?!.*secret)/)
  })

  it('throws at once with the classic protocol, whose HELLO has no place for it', () => {
    const unsupported = expect.objectContaining({ code: 'ERR_UNSUPPORTED' }) as Error
    expect(() => new UDPipe({ protocol: 'classic', hello: 'Ada' })).toThrow(unsupported)
  })

  it('rejects connect when mtuBytes leaves no room for it', async () => {
    const client = new Player({ hello: 'x'.repeat(512), mtuBytes: 512 })
    await expect(client.connect('127.0.0.1', 9)).rejects.toMatchObject({ code: 'ERR_OPTION_INVALID' })
    await client.close()
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no login')
      },
    ],
    ['returns a promise', () => Promise.resolve('Ada') as never],
    ['returns too much', () => 'x'.repeat(513)],
  ] as const)('is told to onError when its function %s, and asked for again later', async (_what, fail) => {
    let calls = 0
    const lobby = new Lobby(new Player())
    const client = lobby.join(
      new Player({
        hello: () => {
          calls += 1
          return calls === 1 ? fail() : 'Ada'
        },
      }),
    )
    await lobby.pass(2_000)

    expect(client.errors.map(({ code }) => code)).toEqual(['ERR_HELLO_UNAVAILABLE'])
    expect(lobby.server.log).toEqual(['new client Ada', 'connected'])
  })

  it('rejects connect when its function fails and reconnect is false', async () => {
    const hello = (): string => {
      throw new Error('no login')
    }
    const client = new Player({ hello, reconnect: false })
    const connecting = client.connect('127.0.0.1', 9)
    client.step()
    await expect(connecting).rejects.toMatchObject({ code: 'ERR_HELLO_UNAVAILABLE', cause: { message: 'no login' } })
  })

  it.each(['noise', 'noise with a pinned key', 'none'])('travels sealed under noise: %s', async (security) => {
    const { privateKey, publicKey } = generateServerKey()
    const kind = security === 'none' ? 'none' : 'noise'
    const isPinned = security.includes('pinned')
    const lobby = new Lobby(new Player({ security: kind, ...(isPinned && { serverPrivateKey: privateKey }) }))
    const sniffed: Buffer[] = []
    lobby.connect(
      new Player({ security: kind, hello: 'my password', ...(isPinned && { serverKey: publicKey }) }),
      1234,
      {
        uplink: { filter: (bytes) => sniffed.push(Buffer.from(bytes)) > 0 },
      },
    )
    await lobby.pass(500)

    expect(lobby.server.peersSeen[0]?.hello?.toString()).toBe('my password')
    expect(sniffed.some((bytes) => bytes.includes('my password'))).toBe(kind === 'none')
  })
})
