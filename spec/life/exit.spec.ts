import { setTimeout as delay } from 'node:timers/promises'
import type { UDPipeOptions } from 'udpipe'
import { describe, it } from 'vitest'
import { count, hasConnected, numbered, Player, socketsOf, type Pair } from './player.ts'

const patient = { stallTimeoutMs: 1_000, pingIntervalMs: 200, timeoutMs: 20_000 }
const hasty = { ...patient, stallTimeoutMs: 300, pingIntervalMs: 100, timeoutMs: 1_000 }
/** Gives up soon a client that never comes to its private port. */
const brief = { ...patient, handshakeTimeoutMs: 2_000 }
/** Stays where it is when its connection has ended. */
const still = { ...patient, reconnect: false }

describe.concurrent.each(['classic', 'reliable'] as const)('the end of a %s connection', (protocol) => {
  const options = { server: { ...patient, protocols: [protocol] }, client: { ...still, protocol } }

  it('comes at once where both sides close at the same time, and each has closed of its own accord', async ({
    expect,
  }) => {
    const { server, client } = await Player.createPair(options)

    const [served, played] = await Promise.all([
      server.close({ code: 1, reason: 'the server' }),
      client.close({ code: 2, reason: 'the client' }),
    ])

    for (const { names, ends } of [served, played]) {
      expect(ends).toHaveLength(1)
      expect(ends[0]).toMatchObject({ timedOut: false, willReconnect: false })
      expect(names.slice(-2)).toEqual(['onClose', 'onDisconnect'])
    }
  })

  it('leaves no socket, timer or handle: both processes end by themselves', async ({ expect }) => {
    const { server, client } = await Player.createPair(options)

    await client.close()
    await server.until(({ ends }) => ends.length > 0)
    await server.close()

    for (const end of [client, server]) {
      expect((await end.until(({ resources }) => resources.length === 0)).resources).toEqual([])
      expect(await end.part()).toBe(0)
    }
  })

  it.each(['exit', 'close and exit'] as const)(
    'is seen by a server whose client does %s in one turn, and its other client goes on',
    async (how) => {
      const { server, client, port } = await Player.createPair({ ...options, server: { ...options.server, ...hasty } })
      const other = await Player.create()
      await other.connect(port, options.client)
      await other.until(hasConnected)

      await client.exit(how)
      await server.until(({ ends, peers }) => ends.length === 1 && peers === 1)
      await other.send('still here')

      await server.until(({ messages }) => messages[0] === 'still here')
    },
  )

  it.each(['exit', 'close and exit'] as const)('is seen by a client whose server does %s in one turn', async (how) => {
    const { server, client } = await Player.createPair({
      ...options,
      client: { ...options.client, ...hasty, reconnect: false },
    })

    await server.exit(how)
    await client.until(({ ends }) => ends.length === 1)
  })
})

describe.concurrent('a close during the handshake', () => {
  it('of a client that still dials ends it, and the server lets go of it when it wakes up', async ({ expect }) => {
    const { server, client, port } = await createStrangers(brief)

    server.program.kill('SIGSTOP')
    await client.connect(port, patient)
    const { names } = await client.close()
    server.program.kill('SIGCONT')

    expect(names).toEqual([])
    expect(await client.part()).toBe(0)
    await server.until((standing) => socketsOf(standing) === 1)
  })

  it('of a client that was just shown its private port leaves nothing on either side', async ({ expect }) => {
    const { server, client, port } = await createStrangers(brief)

    await client.closeOn('onConnecting')
    await client.connect(port, patient)
    const standing = await client.until(({ names, resources }) => names.length > 0 && resources.length === 0)

    expect(standing.names[0]).toBe('onConnecting')
    expect(count(standing, 'onConnect')).toBe(count(standing, 'onDisconnect'))
    expect(await client.part()).toBe(0)
    await server.until((there) => there.peers === 0 && socketsOf(there) === 1)
  })

  it('of a server that is just asked to let a client in sends that client away', async ({ expect }) => {
    const { server, client, port } = await createStrangers()

    await server.closeOn('onNewClient')
    await client.connect(port, still)
    const { errors, names } = await client.until((standing) => standing.errors.length > 0)

    expect(errors).toEqual(['ERR_REFUSED'])
    expect(names).not.toContain('onConnect')
    expect(await server.part()).toBe(0)
    expect(await client.part()).toBe(0)
  })

  it.each(['server', 'client'] as const)('of a %s that is just connected is an orderly end', async (who) => {
    const { server, client, port } = await createStrangers()

    await (who === 'server' ? server : client).closeOn('onConnect')
    await client.connect(port, still)

    await client.until(({ ends }) => ends.length === 1 && !ends[0]?.timedOut)
    await server.until(({ ends }) => ends.length === 1 && !ends[0]?.timedOut)
  })
})

describe.concurrent('a close with messages queued', () => {
  it('sends them first, in order', async ({ expect }) => {
    const { server, client } = await Player.createPair({ server: patient, client: patient })

    await client.send(...numbered('last words', 300))
    const { undelivered } = await client.close()
    const { messages } = await server.until(({ ends }) => ends.length === 1)

    expect(undelivered).toEqual([])
    expect(messages).toEqual(numbered('last words', 300))
  })

  it('ends within its limit where nobody takes them, and tells of each', async ({ expect }) => {
    const { server, client } = await Player.createPair({ server: patient, client: still })

    server.program.kill('SIGSTOP')
    await client.send(...numbered('unheard', 200))
    const { undelivered, ends } = await client.close()

    expect(undelivered).toEqual(numbered('unheard', 200))
    expect(ends).toHaveLength(1)
    expect(await client.part()).toBe(0)
  })
})

describe.concurrent('a server that closes', () => {
  it('tells every client, and ends although one of them has stopped', async ({ expect }) => {
    const { server, client, port } = await Player.createPair({ server: patient, client: still })
    const others = await Promise.all([Player.create(), Player.create()])
    await Promise.all(others.map((other) => other.connect(port, still)))
    await Promise.all(others.map((other) => other.until(hasConnected)))

    client.program.kill('SIGSTOP')
    const { ends } = await server.close({ code: 7, reason: 'maintenance' })
    const told = await Promise.all(others.map((other) => other.until((standing) => standing.ends.length === 1)))

    expect(ends).toHaveLength(3)
    for (const { ends: theirs } of told) {
      expect(theirs).toEqual([{ code: 7, reason: 'maintenance', timedOut: false, willReconnect: false }])
    }
    expect(await server.part()).toBe(0)
  })
})

describe.concurrent('why there is no connection, or no more', () => {
  it('is told for each way to be sent away', async ({ expect }) => {
    const { server, port } = await Player.createPair({
      server: { ...patient, maxClients: 1, token: 'right' },
      client: { ...still, token: 'right' },
    })
    const [surplus, stranger, lonely] = await Promise.all([Player.create(), Player.create(), Player.create()])

    await surplus.connect(port, { ...still, token: 'right' })
    await stranger.connect(port, { ...still, token: 'wrong' })
    await lonely.connect(1, { ...still, handshakeTimeoutMs: 300 })
    const errors = await Promise.all(
      [surplus, stranger, lonely].map(
        async (client) => (await client.until((standing) => standing.errors.length > 0)).errors,
      ),
    )

    expect(errors).toEqual([['ERR_REFUSED'], ['ERR_REFUSED'], ['ERR_HANDSHAKE_TIMEOUT']])
    const { names } = await server.look()
    expect(names).toContain('onMaxClients')
    expect(names).toContain('onBadToken')
  })

  it('is told to a client that keeps trying each time, and it does not try without pauses', async ({ expect }) => {
    const { port } = await Player.createPair({ server: { ...patient, maxClients: 1 }, client: still })
    const patientOne = await Player.create()

    await patientOne.connect(port, { ...patient, reconnect: { minDelayMs: 200, maxDelayMs: 400, attempts: Infinity } })
    await delay(1_500)
    const { errors, names } = await patientOne.look()

    expect(new Set(errors)).toEqual(new Set(['ERR_REFUSED']))
    expect(errors.length).toBeLessThanOrEqual(16)
    expect(names).not.toContain('onConnect')
  })
})

/** Processes of a server and of a client that has not dialed yet. */
async function createStrangers(options: UDPipeOptions = patient): Promise<Pair> {
  const [server, client] = await Promise.all([Player.create(), Player.create()])
  return { server, client, port: await server.start(options) }
}
