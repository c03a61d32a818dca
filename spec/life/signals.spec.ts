import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'vitest'
import { count, hasConnected, isConnected, numbered, Player } from './player.ts'

const patient = { stallTimeoutMs: 300, pingIntervalMs: 100, timeoutMs: 20_000 }
const hasty = { ...patient, timeoutMs: 2_000, reconnect: { minDelayMs: 50, maxDelayMs: 200, attempts: Infinity } }

describe.concurrent.each(['server', 'client'] as const)('a %s that is stopped and goes on', (stopped) => {
  it('stalls, and everything that was sent meanwhile arrives in order', async ({ expect }) => {
    const { server, client } = await Player.createPair({ server: patient, client: patient })
    const [asleep, awake] = stopped === 'server' ? [server, client] : [client, server]

    asleep.program.kill('SIGSTOP')
    await awake.until(({ names }) => names.includes('onStalled'))
    await awake.send(...numbered('meanwhile', 500))
    asleep.program.kill('SIGCONT')
    const there = await asleep.until(({ messages }) => messages.length === 500)
    const here = await awake.until(({ names }) => names.includes('onUnstalled'))

    expect(there.messages).toEqual(numbered('meanwhile', 500))
    expect([...there.names, ...here.names]).not.toContain('onDisconnect')
  })

  it('after the other side gave it up, is connected again, once', async ({ expect }) => {
    const { server, client } = await Player.createPair({ server: hasty, client: hasty })
    const [asleep, awake] = stopped === 'server' ? [server, client] : [client, server]

    asleep.program.kill('SIGSTOP')
    const gone = await awake.until(({ ends }) => ends.length > 0)
    asleep.program.kill('SIGCONT')
    await client.until((standing) => count(standing, 'onConnect') === 2 && isConnected(standing))
    await client.send('found again')
    await server.until(({ messages }) => messages.includes('found again'))

    expect(gone.ends[0]).toMatchObject({ timedOut: true, willReconnect: stopped === 'server' })
    const served = await server.until(({ peers }) => peers === 1)
    expect(served.messages).toEqual(['found again'])
    expect(count(served, 'onConnect') - count(served, 'onDisconnect')).toBe(1)
  })
})

describe.concurrent('a process that is killed', () => {
  it('is a client whose end the server is told of, while the others go on', async ({ expect }) => {
    const { server, client, port } = await Player.createPair({ server: hasty })
    const other = await Player.create()
    await other.connect(port, patient)
    await other.until(hasConnected)

    await client.program.destroy()
    const { ends } = await server.until((standing) => standing.ends.length > 0)
    await other.send('still here')

    expect(ends).toEqual([{ code: 0, reason: expect.any(String) as string, timedOut: true, willReconnect: false }])
    expect((await server.until(({ messages }) => messages.length > 0)).peers).toBe(1)
  })

  it('are two clients: who comes after them is served, and who was there goes on', async ({ expect }) => {
    const { server, client: first, port } = await Player.createPair({ server: hasty, client: patient })
    const [second, resident, newcomer] = await Promise.all([Player.create(), Player.create(), Player.create()])
    for (const player of [second, resident]) {
      await player.connect(port, patient)
      await player.until(hasConnected)
    }

    await Promise.all([first.program.destroy(), second.program.destroy()])
    await newcomer.connect(port, patient)
    await newcomer.until(hasConnected)
    await server.until(({ ends, peers }) => ends.length === 2 && peers === 2)
    await Promise.all([resident.send('resident'), newcomer.send('newcomer')])
    await server.send('to all')
    const [served] = await Promise.all([
      server.until(({ messages }) => messages.length === 2),
      ...[resident, newcomer].map((player) => player.until(({ messages }) => messages.length === 1)),
    ])

    expect([...served.messages].sort()).toEqual(['newcomer', 'resident'])
    for (const player of [resident, newcomer]) expect((await player.look()).names).not.toContain('onDisconnect')
  })

  it('is a server that comes back on its port, is found again, and gets what waited', async ({ expect }) => {
    const { server, client, port } = await Player.createPair({ client: hasty })
    const successor = await Player.create()

    await server.program.destroy()
    await client.until(({ states }) => states.includes('stalled'))
    await client.send(...numbered('waiting', 100))
    await client.until(({ ends }) => ends.length > 0)
    await client.send(...numbered('later', 100))
    await successor.start({ ...patient, port })
    const served = await successor.until(({ messages }) => messages.length >= 200)

    expect(served.messages).toEqual([...numbered('waiting', 100), ...numbered('later', 100)])
    expect((await client.look()).undelivered).toEqual([])
  })

  it('is a server that dies over and over, and each of its successors sees its client come once', async ({
    expect,
  }) => {
    const { server, client, port } = await Player.createPair({ client: hasty })
    let current = server

    for (let round = 1; round <= 2; round += 1) {
      const successor = await Player.create()
      await current.program.destroy()
      await client.until(({ ends }) => ends.length >= round)
      await successor.start({ ...patient, port })
      await successor.until(isConnected)
      current = successor
    }
    await delay(700)

    const lives = (await client.look()).names.filter((name) => name === 'onConnect' || name === 'onDisconnect')
    expect(lives).toEqual(['onConnect', 'onDisconnect', 'onConnect', 'onDisconnect', 'onConnect'])
    expect(count(await current.look(), 'onNewClient')).toBe(1)
  })
})
