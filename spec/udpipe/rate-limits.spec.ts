import { closeCodes } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { createRig } from '../support/rig.ts'

describe.each(['classic', 'reliable'] as const)('onRateLimited (%s)', (protocol) => {
  const limited = { server: { maxMessagesPerSecond: 100 } }

  it('fires for a peer that sends too much, at most once a second', async () => {
    const rig = createRig(protocol)
    const { server, client, clientPeer } = await rig.connectedPair(limited)

    for (let i = 0; i < 400; i += 1) client.send(`${i}`, undefined, { delivery: 'unreliable', immediate: true })
    await rig.until(() => server.called('onRateLimited').length > 0)
    await rig.settle()

    expect(server.called('onRateLimited')).toEqual([[clientPeer, { droppedPackets: 1, graceMs: 5_000 }]])
    expect(server.messages.length).toBeLessThanOrEqual(100)
    expect(clientPeer.stats.droppedRateLimited).toBeGreaterThan(0)
    expect(server.counters.droppedRateLimited).toBe(clientPeer.stats.droppedRateLimited)
  })

  it('does not fire for one that keeps to it', async () => {
    const rig = createRig(protocol)
    const { server, client } = await rig.connectedPair(limited)

    for (let i = 0; i < 20; i += 1) {
      client.send(`${i}`, undefined, { delivery: 'unreliable', immediate: true })
      await rig.pass(50)
    }

    expect(server.messages).toHaveLength(20)
    expect(server.called('onRateLimited')).toEqual([])
  })

  it('is followed by the end of who goes on', async () => {
    const rig = createRig(protocol)
    const { server, client } = await rig.connectedPair({ ...limited, client: { reconnect: false } })

    for (let i = 0; i < 200 && server.called('onDisconnect').length === 0; i += 1) {
      // Only a standing connection can flood.
      for (let k = 0; k < 40 && client.called('onDisconnect').length === 0; k += 1)
        client.send(`${i}`, undefined, { delivery: 'unreliable', immediate: true })
      await rig.pass(50)
    }

    expect(server.called('onRateLimited').at(-1)?.[1].graceMs).toBe(0)
    expect(server.called('onDisconnect')[0]?.[1]).toEqual({
      code: closeCodes.rateLimited,
      reason: 'sent too much',
      timedOut: false,
      willReconnect: false,
    })
  })
})

describe('the rates that a peer may have', () => {
  it.each([
    { maxMessagesPerSecond: 99 },
    { maxMessagesPerSecond: NaN },
    { maxMessagesPerSecond: '1000' as never },
    { maxBytesPerSecond: 65_535 },
    { maxBytesPerSecond: -Infinity },
  ])('are numbers in their range, not %o', (options) => {
    expect(() => createRig().pipe(options)).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
  })

  it('may be infinite', () => {
    expect(() => createRig().pipe({ maxMessagesPerSecond: Infinity, maxBytesPerSecond: Infinity })).not.toThrow()
  })
})
