import * as network from 'udpipe/network'
import { describe, expect, it } from 'vitest'
import { expectCode, NetworkRig } from '../../support/network-rig.ts'
import { connect, join, type Carrier } from './carrier.ts'

export function describeClosing(carrier: Carrier): void {
  describe('closing', () => {
    it('by the server: what was sent goes first, both sides are told once, and the count drops at once', async () => {
      const rig = new NetworkRig()
      const { server, client, connection } = await connect(carrier, rig)
      for (let i = 0; i < 100; i += 1) server.Send([i], connection)

      const counts = [
        server.Disconnect(connection, connection),
        server.ConnectionCount(),
        server.Disconnect(connection),
      ]
      await rig.next(network.EVENT_SERVER_CLOSE)
      await rig.next(network.EVENT_CLIENT_CLOSE)
      await rig.settle()

      expect(counts).toEqual([1, 0, 0])
      expect(rig.of(network.EVENT_RECEIVE)).toHaveLength(100)
      expect(rig.words(connection)).toEqual(['CONNECT OK', 'CLIENT_CLOSE OK'])
      expect(rig.words(client).at(-1)).toBe('SERVER_CLOSE OK')
      expect(rig.words().filter((word) => word.includes('CLOSE'))).toHaveLength(2)
      expect(rig.of(network.EVENT_CLIENT_CLOSE)[0]).toMatchObject({ Server: server, Unsent: 0 })
      expect([server.Send([1], connection), client.Send([1])]).toEqual([0, false])
    })

    it('by the client: what was sent goes first, and both sides are told once', async () => {
      const rig = new NetworkRig()
      const { client, connection } = await connect(carrier, rig)
      for (let i = 0; i < 100; i += 1) client.Send([i])

      client.Disconnect()
      client.Disconnect()
      await rig.next(network.EVENT_SERVER_CLOSE)
      await rig.next(network.EVENT_CLIENT_CLOSE)
      await rig.settle()

      expect(rig.of(network.EVENT_RECEIVE)).toHaveLength(100)
      expect(rig.words(connection).filter((word) => !word.startsWith('RECEIVE'))).toEqual([
        'CONNECT OK',
        'CLIENT_CLOSE OK',
      ])
      expect(rig.words(connection).at(-1)).toBe('CLIENT_CLOSE OK')
      expect(rig.words(client)).toEqual(['CONNECTED OK', 'SERVER_CLOSE OK'])
    })

    it('by both at once: each side is told once', async () => {
      const rig = new NetworkRig()
      const { server, client, connection } = await connect(carrier, rig)

      client.Disconnect()
      server.Disconnect(connection)
      await rig.next(network.EVENT_SERVER_CLOSE)
      await rig.next(network.EVENT_CLIENT_CLOSE)
      await rig.settle()

      expect(rig.words(connection)).toEqual(['CONNECT OK', 'CLIENT_CLOSE OK'])
      expect(rig.words(client)).toEqual(['CONNECTED OK', 'SERVER_CLOSE OK'])
    })

    it('of the whole server: every connection is told, on both sides, and the port is free', async () => {
      const rig = new NetworkRig()
      const first = await connect(carrier, rig)
      const second = await join(carrier, rig, first)
      first.server.Broadcast({ last: 'word' })

      const closing = Promise.all([first.server.Close(), first.server.Close()])
      await rig.next(network.EVENT_SERVER_CLOSE, 2)
      await rig.next(network.EVENT_CLIENT_CLOSE, 2)
      await closing

      expect(rig.of(network.EVENT_RECEIVE)).toHaveLength(2)
      for (const { Errors } of rig.of(network.EVENT_SERVER_CLOSE)) expect(Errors).toBe('OK: the server closes')
      for (const { Errors } of rig.of(network.EVENT_CLIENT_CLOSE)) expect(Errors).toBe('OK')
      expect([first.server.ConnectionCount(), first.server.Broadcast([1]), second.client.Send([1])]).toEqual([
        0,
        0,
        false,
      ])
      const [again] = await rig.network.Server('127.0.0.1', first.server.GetPort(), '', carrier.options)
      expect(again?.GetPort()).toBe(first.server.GetPort())
      await again?.Close()
    })

    it('by await using: server and client end with their blocks', async () => {
      const rig = new NetworkRig()
      {
        await using server = (await carrier.open(rig)).server
        expect(server.ConnectionCount()).toBe(0)
      }
      const [again] = await rig.network.Server('127.0.0.1', 0, '', carrier.options)
      await again?.[Symbol.asyncDispose]()
      expect(again?.ConnectionCount()).toBe(0)
    })

    it('of somebody who sends no table: one error, the close, and others are unharmed', async () => {
      const rig = new NetworkRig()
      const { server, client, connection, ...reachable } = await connect(carrier, rig)
      const other = await join(carrier, rig, { server, ...reachable }, '', { maxDepth: 256 })
      let deep: network.TableValue[] = []
      for (let i = 0; i < 100; i += 1) deep = [deep]

      other.client.Send(deep)
      const error = await rig.last(network.EVENT_ERROR)
      const { Errors } = await rig.last(network.EVENT_SERVER_CLOSE)
      client.Send({ still: 'here' })
      await rig.next(network.EVENT_RECEIVE)

      expect(error.Object).toBe(other.connection)
      expectCode(error.Errors, 'ERR_TABLE_MALFORMED')
      expectCode(Errors, 'ERR_TABLE_MALFORMED')
      await rig.next(network.EVENT_CLIENT_CLOSE)
      expect(rig.words(other.connection)).toEqual([
        'CONNECT OK',
        'ERROR ERR_TABLE_MALFORMED',
        'CLIENT_CLOSE ERR_TABLE_MALFORMED',
      ])
      expect(server.Send([1], connection)).toBe(1)
    })
  })
}
