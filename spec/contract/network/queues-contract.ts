import { setTimeout as delay } from 'node:timers/promises'
import * as network from 'udpipe/network'
import { describe, expect, it } from 'vitest'
import { expectCode, NetworkRig } from '../../support/network-rig.ts'
import { connect, type Carrier } from './carrier.ts'

export function describeQueues(carrier: Carrier): void {
  describe('queues', () => {
    it('of 2,000 events: the oldest of 2,037 are lost, and counted', async () => {
      const rig = new NetworkRig()
      const { client } = await connect(carrier, rig)
      for (let i = 0; i < 2_037; i += 1) client.Send([i])
      await untilCounted(rig, ({ lostEvents }) => lostEvents >= 37)
      await delay(20)

      const events = rig.network.PollEvents()

      expect(events).toHaveLength(2_000)
      expect(events.map((event) => ('Packet' in event ? (event.Packet as number[])[0] : undefined))).toEqual(
        Array.from({ length: 2_000 }, (_, i) => i + 37),
      )
      expect(rig.network.counters()).toMatchObject({ lostEvents: 37, waitingEvents: 0, waitingEventBytes: 0 })
      expect(rig.network.PollEvents()).toEqual([])
    })

    it('that pause lose no table, however slowly they are polled', { timeout: 110_000 }, async () => {
      const [rig, sender] = [new NetworkRig({ overflow: 'pause' }), new NetworkRig()]
      const { address, port } = await carrier.open(rig)
      const client = await sender.client(address, port, '', {
        ...carrier.options,
        maxSendTables: 1_000_000,
        maxSendBytes: 2 ** 26,
      })
      const count = carrier.transport === 'tcp' ? 50_000 : 8_000
      for (let i = 0; i < count; i += 1) if (!client.Send([i])) throw new Error('refused')

      const numbers: unknown[] = []
      while (numbers.length < count) {
        await delay(10)
        rig.events.length = 0
        rig.poll()
        for (const { Packet } of rig.of(network.EVENT_RECEIVE)) numbers.push((Packet as number[])[0])
      }

      expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i))
      expect(rig.network.counters().lostEvents).toBe(0)
      expect(rig.network.counters().pauses).toBeGreaterThan(0)
    })

    it('stop reading when the tables that wait take too much memory, and lose nothing', async () => {
      const rig = new NetworkRig({ maxEventBytes: 256 * 1024 })
      const { client } = await connect(carrier, rig)
      const bytes = Buffer.alloc(50_000)
      const send = (): boolean => client.Send([bytes])
      const count = 60
      for (let i = 0; i < count; i += 1) expect(send()).toBe(true)
      await untilCounted(rig, ({ pauses }) => pauses > 0)
      await delay(50)

      const { waitingEventBytes } = rig.network.counters()
      const received = await rig.next(network.EVENT_RECEIVE, count)

      expect(waitingEventBytes).toBeLessThan(256 * 1024 + 2 * 51_000)
      expect(received).toHaveLength(count)
      expect(rig.network.counters().lostEvents).toBe(0)
    })

    it('of what is to be sent are full once, with one error, until half has left', async () => {
      const [rig, lazy] = [new NetworkRig(), new NetworkRig({ maxEventBytes: 64 * 1024 })]
      const { server, address, port } = await carrier.open(rig, '', { maxSendBytes: 256 * 1024 })
      await lazy.client(address, port, '', carrier.options)
      const { Object: connection } = await rig.last(network.EVENT_CONNECT)
      const table = [Buffer.alloc(30_000)]

      let accepted = 0
      await rig.until(() => {
        const isAccepted = server.Send(table, connection) === 1
        accepted += isAccepted ? 1 : 0
        return !isAccepted && connection.stats.waitingBytes > 200_000
      })
      for (let i = 0; i < 10; i += 1) server.Send(table, connection)
      await rig.settle()
      const errorsOfFirst = rig.of(network.EVENT_ERROR)
      const { waitingBytes } = connection.stats
      await lazy.next(network.EVENT_RECEIVE, accepted)
      await rig.until(() => connection.stats.waitingTables === 0)

      expect(errorsOfFirst.map(({ Object: object }) => object)).toEqual([connection])
      expectCode(errorsOfFirst[0]?.Errors, 'ERR_QUEUE_FULL')
      expect(waitingBytes).toBeLessThanOrEqual(256 * 1024)
      expect(server.Send(table, connection)).toBe(1)
      expect(connection.stats.refusedTables).toBeGreaterThan(9)
    })

    it('that stay full end the connection as too slow, and say how much was not sent', async () => {
      const [rig, lazy] = [new NetworkRig(), new NetworkRig({ maxEventBytes: 64 * 1024 })]
      const { server, address, port } = await carrier.open(rig, '', { maxSendBytes: 64 * 1024, slowMs: 300 })
      await lazy.client(address, port, '', carrier.options)
      const { Object: connection } = await rig.last(network.EVENT_CONNECT)
      const table = [Buffer.alloc(30_000)]

      await rig.until(() => {
        server.Send(table, connection)
        return rig.of(network.EVENT_CLIENT_CLOSE).length > 0
      })

      const { Errors, Unsent } = await rig.last(network.EVENT_CLIENT_CLOSE)
      expectCode(Errors, 'ERR_SLOW')
      expect(Unsent).toBeGreaterThan(0)
      expect(rig.words(connection).slice(0, 2)).toEqual(['CONNECT OK', 'ERROR ERR_QUEUE_FULL'])
      expect(rig.words(connection).slice(-2)).toEqual(['ERROR ERR_SLOW', 'CLIENT_CLOSE ERR_SLOW'])
    })
  })
}

async function untilCounted(rig: NetworkRig, isMet: (counters: network.NetworkCounters) => boolean): Promise<void> {
  for (let i = 0; i < 4_000; i += 1) {
    if (isMet(rig.network.counters())) return
    await delay(5)
  }
  throw new Error(`Waited in vain: ${JSON.stringify(rig.network.counters())}`)
}
