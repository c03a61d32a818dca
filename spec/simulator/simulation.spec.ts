import { describe, expect, it } from 'vitest'
import { World, type LinkOptions } from 'udpipe/simulator'
import { EchoClient, EchoServer } from '../support/echo-pipes.ts'

function setUp(link: LinkOptions = { delayMs: 10 }) {
  const world = new World({ seed: 1, link })
  const server = world.start(new EchoServer(), 1234)
  const client = world.connect(new EchoClient(), 1234)
  world.run(500)
  return { world, server, client }
}

/** A client that keeps the promise of its connection. */
class Dialer extends EchoClient {
  connecting: Promise<unknown> = Promise.resolve()

  override connect(...args: Parameters<EchoClient['connect']>): ReturnType<EchoClient['connect']> {
    const connecting = super.connect(...args)
    this.connecting = connecting
    return connecting
  }
}

describe('Simulation', () => {
  it('waits for something to come true, no longer, and not for ever', () => {
    const { world, client } = setUp()
    client.send('x')
    expect(world.waitFor(() => client.log.length === 2)).toBe(true)
    expect(world.now).toBe(520)
    expect(world.waitFor(() => client.log.length === 3, 100)).toBe(false)
    expect(world.now).toBe(620)
  })

  it('settles when no datagram moves any more, and says how long that took', () => {
    const { world, server, client } = setUp({ delayMs: 150 })
    void client.close()
    void server.close()
    expect(world.settle({ quietMs: 200 })).toBeGreaterThanOrEqual(350)
    expect(world.network.inFlightPackets).toBe(0)
    expect(world.settle()).toBe(200)
  })

  it('throws when it never settles', () => {
    const { world } = setUp()
    expect(() => world.settle({ quietMs: 2_000, limitMs: 5_000 })).toThrow(/still move after 5000 ms/)
  })

  it('lets time pass until a promise settles', async () => {
    const { world, client } = setUp()
    await world.until(client.close())
    expect([client.log, world.now < 600]).toEqual([['connected', 'disconnected'], true])
  })

  it('hands on what a promise came to', async () => {
    const world = new World({ seed: 1 })
    const client = world.connect(new Dialer({ reconnect: false, handshakeTimeoutMs: 1_000 }), 9)
    await expect(world.until(client.connecting)).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_TIMEOUT' })
    await expect(world.until(Promise.resolve(5))).resolves.toBe(5)
  })

  it('does not wait for a promise for ever', async () => {
    const world = new World({ seed: 1 })
    await expect(world.until(new Promise(() => {}), 100)).rejects.toThrow(/not settled after 100 ms/)
    expect(world.now).toBe(100)
  })

  it('calls what the test itself does at a time or an interval, until that is stopped', () => {
    const world = new World({ seed: 1 })
    const calls: string[] = []
    world.at(25, () => calls.push(`at ${world.now}`))
    const timer = world.every(10, () => calls.push(`every ${world.now}`), { fromMs: 10 })
    world.at(31, () => timer.stop())
    world.run(100)
    expect(calls).toEqual(['every 10', 'at 25', 'every 20', 'every 30'].sort((a, b) => timeOf(a) - timeOf(b)))
  })
})

function timeOf(call: string): number {
  return Number(call.split(' ')[1])
}
