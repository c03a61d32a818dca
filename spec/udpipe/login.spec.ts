import { describe, expect, it } from 'vitest'
import { UDPipe, type UDPipeOptions } from 'udpipe'
import { createRig } from '../support/rig.ts'
import { Lobby, Player } from '../support/lobby.ts'

const protocols = ['reliable', 'classic'] as const

/** A client that logs in whenever its connection is not resumed. */
function loggingIn(options: UDPipeOptions = {}): Player {
  return new Player(options, {
    onConnect: (peer, _ip, _port, { isResumed }) => {
      if (!isResumed) peer.send('LOGIN')
    },
  })
}

function serverOf(protocol: 'reliable' | 'classic'): Player {
  return new Player({ protocols: [protocol] })
}

describe.each(protocols)('onConnect of a %s client', (protocol) => {
  it('sends before what was sent while there was no connection yet', async () => {
    const lobby = new Lobby(serverOf(protocol))
    const client = lobby.join(loggingIn({ protocol }))
    client.send('move north')
    client.send('move east')
    await lobby.pass(500)

    expect(lobby.server.log.slice(2)).toEqual(['LOGIN', 'move north', 'move east'])
  })

  it('sends before what was queued during an outage, when the server restarted', async () => {
    const lobby = new Lobby(serverOf(protocol))
    const client = lobby.join(loggingIn({ protocol, timeoutMs: 2_000 }))
    await lobby.pass(500)
    lobby.crash(lobby.server)
    await lobby.pass(5_000)
    client.send('move north')
    const restarted = lobby.start(serverOf(protocol), 1234)
    await lobby.pass(20_000)

    expect(restarted.log).toEqual(['new client', 'connected', 'LOGIN', 'move north'])
    expect(client.log).toEqual(['connected', expect.stringContaining('disconnected'), ...errorsOf(client), 'connected'])
  })

  it('is followed by onUndelivered of what was queued, with queueWhileAway: false', async () => {
    const lobby = new Lobby(serverOf(protocol))
    const client = lobby.join(loggingIn({ protocol, timeoutMs: 2_000, queueWhileAway: false }))
    client.send('before the first connection')
    await lobby.pass(500)
    lobby.crash(lobby.server)
    await lobby.pass(5_000)
    client.send('move north')
    const restarted = lobby.start(serverOf(protocol), 1234)
    await lobby.pass(20_000)
    client.send('move south')
    await lobby.pass(200)

    expect(lobby.server.log.slice(2)).toEqual(['LOGIN', 'before the first connection'])
    expect(restarted.log).toEqual(['new client', 'connected', 'LOGIN', 'move south'])
    expect(client.count('undelivered move north')).toBe(1)
  })

  it('goes before what was queued when it closes at once, too', async () => {
    const lobby = new Lobby(serverOf(protocol))
    const client = lobby.join(
      new Player(
        { protocol },
        {
          onConnect: (peer) => {
            peer.send('LOGIN')
            void peer.close()
          },
        },
      ),
    )
    client.send('move north')
    await lobby.pass(3_000)

    expect(lobby.server.log.slice(2, 4)).toEqual(['LOGIN', 'move north'])
  })

  it('loses nothing of what waited when it throws', async () => {
    const rig = createRig(protocol)
    const server = rig.pipe()
    const hasThrown = { is: false }
    const client = rig.add(
      new Player(rig.options, {
        onConnect: (peer) => {
          peer.send('LOGIN')
          hasThrown.is = true
          throw new Error('a bug')
        },
      }),
    )
    void client.connect('127.0.0.1', await rig.start(server))
    client.send('move north')
    await expect(rig.until(() => hasThrown.is)).rejects.toThrow('a bug')
    await rig.until(() => server.messages.length === 2)

    expect(server.messages).toEqual(['LOGIN', 'move north'])
  })
})

describe('isResumed', () => {
  it('is true at both ends for a connection that goes on, and what waited goes on with it', async () => {
    const lobby = new Lobby(new Player({ timeoutMs: 2_000 }))
    const client = lobby.join(loggingIn({ timeoutMs: 2_000 }))
    await lobby.pass(500)
    lobby.blackout(client, 4_000)
    await lobby.pass(1_500)
    client.send('move north')
    await lobby.pass(20_000)

    expect(client.log.filter((line) => /connected$|resumed/.test(line))).toEqual(['connected', 'resumed'])
    expect(lobby.server.log.filter((line) => !line.startsWith('disc'))).toEqual([
      'new client',
      'connected',
      'LOGIN',
      'resumed',
      'move north',
    ])
  })

  it('is not touched by queueWhileAway: false: what a resumed connection has queued goes on', async () => {
    const lobby = new Lobby(new Player({ timeoutMs: 2_000 }))
    const client = lobby.join(new Player({ timeoutMs: 2_000, queueWhileAway: false }))
    await lobby.pass(500)
    lobby.blackout(client, 4_000)
    await lobby.pass(3_500)
    client.send('move north')
    await lobby.pass(20_000)

    expect(lobby.server.log.at(-1)).toBe('move north')
    expect(client.count('undelivered move north')).toBe(0)
  })
})

describe('queueWhileAway', () => {
  it('is true or false', () => {
    const invalid = expect.objectContaining({ code: 'ERR_OPTION_INVALID' }) as Error
    expect(() => new UDPipe({ queueWhileAway: 'no' as never })).toThrow(invalid)
  })
})

function errorsOf(client: Player): string[] {
  return client.errors.map(({ code }) => code)
}
