import * as network from 'udpipe/network'
import { describe, expect, it } from 'vitest'
import { KEY_256 } from '../../support/network-sessions.ts'
import { expectCode, NetworkRig } from '../../support/network-rig.ts'
import { connect, join, type Carrier } from './carrier.ts'

export function describeExchange(carrier: Carrier): void {
  describe('exchange', () => {
    it.each(['', KEY_256])('carries tables both ways, each once and in order (%#)', async (key) => {
      const rig = new NetworkRig()
      const { server, client, connection } = await connect(carrier, rig, { key })
      const count = 300
      for (let i = 0; i < count; i += 1) {
        expect(client.Send({ i, text: 'x'.repeat(i) })).toBe(true)
        expect(server.Send([i], connection)).toBe(1)
      }
      const received = await rig.next(network.EVENT_RECEIVE, 2 * count)

      const up = received.filter(({ Object: object }) => object === connection)
      const down = received.filter(({ Object: object }) => object === client)
      expect(up.map(({ Packet }) => (Packet as { i: number }).i)).toEqual(Array.from({ length: count }, (_, i) => i))
      expect(down.map(({ Packet }) => (Packet as number[])[0])).toEqual(Array.from({ length: count }, (_, i) => i))
      expect([...new Set(up.map(({ Server }) => Server))]).toEqual([server])
      expect([...new Set(down.map(({ Server }) => Server))]).toEqual([undefined])
      expect(connection.stats).toMatchObject({ sentTables: count, receivedTables: count, refusedTables: 0 })
      expect(connection.stats.receivedBytes).toBe(client.stats.sentBytes)
    })

    it('carries what is sent while dialling, behind the connection and in order', async () => {
      const rig = new NetworkRig()
      const { address, port } = await carrier.open(rig)
      const client = await rig.client(address, port, '', carrier.options)
      expect([client.Send([1]), client.Send([2]), client.Send([3])]).toEqual([true, true, true])

      const received = await rig.next(network.EVENT_RECEIVE, 3)

      expect(received.map(({ Packet }) => Packet)).toEqual([[1], [2], [3]])
      const [connect] = rig.of(network.EVENT_CONNECT)
      expect(rig.events.find(({ Object: object }) => object === connect?.Object)).toBe(connect)
    })

    it('carries a table as large as allowed, and its smallest', async () => {
      const rig = new NetworkRig()
      const { client } = await connect(carrier, rig)
      const bytes = Buffer.alloc(1024 * 1024 - 6, 7)
      client.Send([])
      client.Send([bytes])

      const [empty, large] = await rig.next(network.EVENT_RECEIVE, 2)

      expect(empty?.Packet).toEqual([])
      const [received] = large?.Packet as [Buffer]
      expect([Buffer.isBuffer(received), bytes.equals(received)]).toEqual([true, true])
      expect(() => client.Send([Buffer.alloc(1024 * 1024 - 5)])).toThrow(/ERR_MESSAGE_TOO_LARGE|maxTableBytes/)
    })

    it('sends to whom it is told, counts them, and twice to who is named twice', async () => {
      const rig = new NetworkRig()
      const one = await connect(carrier, rig)
      const two = await join(carrier, rig, one)
      const foreign = await connect(carrier, rig)
      two.client.Disconnect()
      await rig.next(network.EVENT_CLIENT_CLOSE)

      const count = one.server.Send({ n: 1 }, one.connection, two.connection, foreign.connection, one.connection)
      const nobody = one.server.Send({ n: 2 })
      await rig.next(network.EVENT_RECEIVE, 2)
      await rig.settle()

      expect([count, nobody, one.server.ConnectionCount()]).toEqual([2, 0, 1])
      expect(rig.of(network.EVENT_RECEIVE).map(({ Object: object }) => object)).toEqual([one.client, one.client])
    })

    it('broadcasts to everybody there is', async () => {
      const rig = new NetworkRig()
      const first = await connect(carrier, rig)
      const others = [await join(carrier, rig, first), await join(carrier, rig, first)]

      expect(first.server.Broadcast({ OpCode: 10, Data: 'From server' })).toBe(3)

      const received = await rig.next(network.EVENT_RECEIVE, 3)
      const clients = [first, ...others].map(({ client }) => client)
      expect(new Set(received.map(({ Object: object }) => object))).toEqual(new Set(clients))
      for (const { Packet } of received) expect(Packet).toEqual({ OpCode: 10, Data: 'From server' })
    })

    it('refuses a table that the other side accepts none so large of, and goes on', async () => {
      const rig = new NetworkRig()
      const { server, client, connection } = await connect(carrier, rig, { client: { maxTableBytes: 2_048 } })

      const counts = [server.Send(['x'.repeat(3_000)], connection), server.Send(['y'], connection)]
      const error = await rig.last(network.EVENT_ERROR)

      expect(counts).toEqual([0, 1])
      expect(error.Object).toBe(connection)
      expectCode(error.Errors, 'ERR_MESSAGE_TOO_LARGE')
      expect((await rig.last(network.EVENT_RECEIVE)).Packet).toEqual(['y'])
      expect(() => client.Send(['x'.repeat(3_000)])).toThrow(network.UDPipeError)
      expect(connection.stats.refusedTables).toBe(1)
    })

    it('drops with an error what was accepted while dialling and is too large for the other side', async () => {
      const rig = new NetworkRig()
      const { address, port } = await carrier.open(rig, '', { maxTableBytes: 2_048 })
      const client = await rig.client(address, port, '', carrier.options)
      client.Send(['first'])
      client.Send(['x'.repeat(3_000)])
      client.Send(['last'])

      const received = await rig.next(network.EVENT_RECEIVE, 2)
      const error = await rig.last(network.EVENT_ERROR)

      expect(received.map(({ Packet }) => Packet)).toEqual([['first'], ['last']])
      expect(error.Object).toBe(client)
      expectCode(error.Errors, 'ERR_MESSAGE_TOO_LARGE')
      expect(rig.words(client).slice(0, 2)).toEqual(['CONNECTED OK', 'ERROR ERR_MESSAGE_TOO_LARGE'])
    })

    it('stamps events with times that never go back', async () => {
      const rig = new NetworkRig()
      const { client } = await connect(carrier, rig)
      for (let i = 0; i < 50; i += 1) client.Send([i])
      await rig.next(network.EVENT_RECEIVE, 50)

      const times = rig.events.map(({ Timestamp }) => Timestamp)

      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect(Math.abs((times.at(-1) ?? 0) - Date.now())).toBeLessThan(60_000)
    })

    it('carries Maps with their kinds of keys, and everything that travels', async () => {
      const rig = new NetworkRig()
      const { server, client } = await connect(carrier, rig)
      const table = {
        list: [null, true, -1, 2 ** 31, 1.5, 'é', [], {}],
        big: [2n ** 60n, -(2n ** 60n)],
        bytes: Buffer.of(1, 2, 3),
        map: new Map<network.TableKey, network.TableValue>([
          [1, 'one'],
          ['ten', 10],
        ]),
      }
      client.Send(table)
      const { Packet } = await rig.last(network.EVENT_RECEIVE)
      server.Broadcast(Packet)

      expect(Packet).toEqual(table)
      expect((await rig.last(network.EVENT_RECEIVE, 2)).Packet).toEqual(table)
    })
  })
}
