import { closeCodes, type CloseOptions, type Peer } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { Lobby, Player } from '../support/lobby.ts'

/** A server that closes with whoever connects. */
function kicking(options: CloseOptions, protocol: 'reliable' | 'classic' = 'reliable'): Player {
  return new Player({ protocols: [protocol] }, { onConnect: (peer: Peer) => void peer.close(options) })
}

describe('a kick', () => {
  it('holds: the client ends, is told why, and that it will not dial again', async () => {
    const lobby = new Lobby(kicking({ code: 7, reason: 'banned', reconnect: false }))
    const client = lobby.join(new Player())
    await lobby.pass(10_000)

    expect(client.log).toEqual(['connected', 'disconnected 7 banned'])
    expect(lobby.server.count('connected')).toBe(1)
    expect(client.signal.aborted).toBe(true)
  })

  it('holds when CLOSE is lost, for it is said again', async () => {
    const lobby = new Lobby(kicking({ code: 7, reason: 'banned', reconnect: false }))
    const client = lobby.connect(new Player(), 1234, { downlink: { loss: 0.5 } })
    await lobby.pass(20_000)

    expect(client.log.at(-1)).toBe('disconnected 7 banned')
    expect(client.signal.aborted).toBe(true)
  })

  it.each(['reliable', 'classic'] as const)(
    'without reconnect: false makes a %s client wait longer each time, and not 52 times in 10 s',
    async (protocol) => {
      const lobby = new Lobby(kicking({ code: 7, reason: 'not now' }, protocol))
      const client = lobby.join(new Player({ protocol }))
      await lobby.pass(10_000)

      expect(client.count('connected')).toBeGreaterThan(3)
      expect(client.count('connected')).toBeLessThan(10)
    },
  )

  it.each(['reliable', 'classic'] as const)('runs out the attempts of a %s client', async (protocol) => {
    const lobby = new Lobby(kicking({ reason: 'not now' }, protocol))
    const client = lobby.join(new Player({ protocol, reconnect: { attempts: 3 } }))
    await lobby.pass(60_000)

    expect(client.count('connected')).toBe(4)
    expect(client.log.at(-1)).toMatch(/^disconnected 0 (not now)?$/)
    expect(client.signal.aborted).toBe(true)
  })

  it('is forgotten by the backoff after a connection that stood for ten seconds', async () => {
    const lobby = new Lobby(new Player())
    const client = lobby.join(new Player({ reconnect: { attempts: 1 } }))
    for (let round = 1; round <= 4; round += 1) {
      await lobby.pass(11_000)
      expect(client.count('connected')).toBe(round)
      void lobby.server.peersSeen.at(-1)?.close()
    }
  })

  it('cannot be said by the classic protocol: the client dials again, and onNewClient may refuse it', async () => {
    const banned = new Set<string>()
    const lobby = new Lobby(
      new Player(
        { protocols: ['classic'] },
        {
          onNewClient: (_message, _ip, _port, clientIp) => !banned.has(clientIp),
          onConnect: (peer) => {
            banned.add(peer.address)
            void peer.close({ reconnect: false })
          },
        },
      ),
    )
    const client = lobby.join(new Player({ protocol: 'classic' }))
    await lobby.pass(10_000)

    expect(client.count('connected')).toBe(1)
    expect(client.log[1]).toBe('disconnected 0 , dials again')
    expect(client.errors.at(-1)).toMatchObject({ code: 'ERR_REFUSED', refusal: { code: 0, reason: '' } })
  })

  it('of somebody who floods holds by itself', async () => {
    const lobby = new Lobby(new Player({ maxMessagesPerSecond: 100 }))
    const client = lobby.join(new Player())
    await lobby.pass(200)
    for (let i = 0; i < 900 && client.log.length < 2; i += 1) {
      for (let j = 0; j < 20; j += 1) client.send('x', undefined, { delivery: 'unreliable', immediate: true })
      lobby.run(10)
    }
    await lobby.pass(10_000)

    expect(client.log).toEqual(['connected', `disconnected ${closeCodes.rateLimited} sent too much`])
    expect(client.signal.aborted).toBe(true)
  })

  it('is not what server.close() is: a server that restarts has its clients back', async () => {
    const lobby = new Lobby(new Player())
    const client = lobby.join(new Player())
    await lobby.pass(500)
    void lobby.server.close(undefined, { reason: 'restart' })
    await lobby.pass(1_000)
    expect(client.log).toEqual(['connected', 'disconnected 0 restart, dials again'])

    lobby.replaceServer(new Player())
    await lobby.pass(10_000)
    expect(client.count('connected')).toBe(2)
  })

  it('may be of everybody: server.close(undefined, { reconnect: false })', async () => {
    const lobby = new Lobby(new Player())
    const client = lobby.join(new Player())
    await lobby.pass(500)
    void lobby.server.close(undefined, { reconnect: false, reason: 'the game is over' })
    await lobby.pass(3_000)

    expect(client.log).toEqual(['connected', 'disconnected 0 the game is over'])
    expect(client.signal.aborted).toBe(true)
  })

  it('takes true or false, and throws at once for anything else', async () => {
    const lobby = new Lobby(new Player())
    lobby.join(new Player())
    await lobby.pass(500)
    const [peer] = lobby.server.peersSeen

    expect(() => peer?.close({ reconnect: 'no' as never })).toThrow(
      expect.objectContaining({
        code: 'ERR_ARGUMENT_INVALID',
        message: expect.stringContaining('reconnect') as string,
      }),
    )
  })
})
