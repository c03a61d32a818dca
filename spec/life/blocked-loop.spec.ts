import { describe, it } from 'vitest'
import { count, hasConnected, isConnected, numbered, Player } from './player.ts'

/** A stall is noticed soon, and an end is far. */
const patient = { stallTimeoutMs: 300, pingIntervalMs: 100, timeoutMs: 20_000 }
/** Whoever is silent for so long is given up. */
const GIVEN_UP_AFTER_MS = 1_500
const hasty = { ...patient, timeoutMs: GIVEN_UP_AFTER_MS }

describe.concurrent.each(['server', 'client'] as const)('a main loop that is blocked, of a %s,', (late) => {
  it('for a second costs a stall, no connection and no message', async ({ expect }) => {
    const pair = await Player.createPair({ server: patient, client: patient })
    const [blocked, awake] = late === 'server' ? [pair.server, pair.client] : [pair.client, pair.server]

    const blocking = blocked.block(1_000)
    await awake.until(({ names }) => names.includes('onStalled'))
    await awake.send(...numbered('meanwhile', 500))
    await blocking
    const [there, here] = await Promise.all([
      blocked.until(({ messages }) => messages.length === 500),
      awake.until(({ names }) => names.includes('onUnstalled')),
    ])

    expect(there.messages).toEqual(numbered('meanwhile', 500))
    for (const { names, errors } of [there, here]) {
      expect(names).not.toContain('onDisconnect')
      expect(errors).toEqual([])
    }
  })

  it('for longer than its own timeout calls nobody dead', async ({ expect }) => {
    const options = late === 'server' ? { server: hasty, client: patient } : { server: patient, client: hasty }
    const pair = await Player.createPair(options)
    const [blocked, awake] = late === 'server' ? [pair.server, pair.client] : [pair.client, pair.server]

    await blocked.block(GIVEN_UP_AFTER_MS + 500)
    await awake.send('still here')
    const there = await blocked.until(({ messages }) => messages.length > 0)
    const here = await awake.look()

    expect(there.names).not.toContain('onDisconnect')
    expect(here.names).not.toContain('onDisconnect')
    expect(there.messages).toEqual(['still here'])
  })

  it('for longer than the other side waits is found again, and nothing is lost in silence', async ({ expect }) => {
    const brief = { ...hasty, timeoutMs: 1_000, reconnect: { minDelayMs: 50, maxDelayMs: 200, attempts: Infinity } }
    const { server, client } = await Player.createPair({ server: brief, client: brief })
    const [blocked, awake] = late === 'server' ? [server, client] : [client, server]

    const blocking = blocked.block(2_000)
    await awake.send(...numbered('early', 50))
    await awake.until(({ ends }) => ends.length > 0)
    await blocking
    const back = await client.until((standing) => count(standing, 'onConnect') >= 2 && isConnected(standing))
    await server.until((standing) => count(standing, 'onConnect') >= 2 && isConnected(standing))
    await client.send('found again')
    const served = await server.until(({ messages }) => messages.includes('found again'))

    expect(back.ends[0]).toMatchObject({ timedOut: true, willReconnect: true })
    const there = late === 'server' ? served : await client.look()
    const here = await awake.look()
    const early = there.messages.filter((message) => message.startsWith('early'))
    expect(new Set(early).size).toBe(early.length)
    expect(new Set([...early, ...here.undelivered])).toEqual(new Set(numbered('early', 50)))
    for (const standing of [served, here]) {
      expect(count(standing, 'onConnect') - count(standing, 'onDisconnect')).toBe(standing.peers)
    }
    expect(hasConnected(served)).toBe(true)
  })
})
