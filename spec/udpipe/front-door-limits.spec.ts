import { describe, expect, it } from 'vitest'
import { createRig } from '../support/rig.ts'

describe('the limits of a front door', () => {
  it('send away clients that are too many of one address, and tell onMaxClients', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe({ maxClientsPerAddress: 1 })
    const port = await rig.start(server)
    const [first, second] = [rig.pipe(), rig.pipe({ reconnect: false })]
    await rig.connect(server, port, first)
    void second.connect('127.0.0.1', port)
    await rig.until(() => second.signal.aborted)

    expect(server.names).toContain('onMaxClients')
    expect(second.called('onError')[0]?.[0].message).toContain('too many clients of this address')
    void first.close()
    await rig.passUntil(() => first.signal.aborted)
    await rig.passUntil(() => [...server.peers()].length === 0)
    await rig.pass(2_000)
    const third = rig.pipe()
    await rig.connect(server, port, third)
  })

  it('tell the program of no more refusals than they may', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe({ maxClients: 1, maxRefusalsPerSecond: 1 })
    const port = await rig.start(server)
    await rig.connect(server, port, rig.pipe())
    const late = [1, 2, 3].map(() => rig.pipe({ reconnect: false }))
    for (const client of late) void client.connect('127.0.0.1', port)
    await rig.until(() => late.every((client) => client.signal.aborted))

    expect(server.called('onMaxClients')).toHaveLength(1)
    expect(server.counters).toMatchObject({ suppressedRefusals: 2, refusedClients: 3 })
  })

  it('are counted, also once the server is closed', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe({ retryThreshold: 0 })
    const port = await rig.start(server)
    const client = rig.pipe()
    await rig.connect(server, port, client)
    expect(server.counters).toMatchObject({ retries: 1, limitedHellos: 0, droppedAnswers: 0 })
    void server.close()
    await rig.passUntil(() => server.signal.aborted)
    expect(server.counters.retries).toBe(1)
  })

  it('hold for the classic protocol, too', async () => {
    const rig = createRig('classic')
    const server = rig.pipe({ token: 'right', maxRefusalsPerSecond: 1, maxHellosPerSecondPerAddress: 2 })
    const port = await rig.start(server)
    for (let i = 0; i < 4; i += 1) {
      void rig.pipe({ token: 'wrong', reconnect: false }).connect('127.0.0.1', port)
      await rig.settle()
    }
    expect(server.called('onBadToken')).toHaveLength(1)
    expect(server.counters).toMatchObject({ badTokens: 2, suppressedRefusals: 1, limitedHellos: 2 })
  })
})
