import * as network from 'udpipe/network'
import { describe, expect, it } from 'vitest'
import { KEY_128, KEY_256 } from '../../support/network-sessions.ts'
import { expectCode, NetworkRig } from '../../support/network-rig.ts'
import { connect, join, type Carrier } from './carrier.ts'

export function describeOpening(carrier: Carrier): void {
  describe('opening', () => {
    it.each([
      ['without a key', ''],
      ['with a key of 128 bits', KEY_128.toUpperCase()],
      ['with a key of 256 bits', KEY_256],
    ])('tells both sides once, %s', async (_mode, key) => {
      const rig = new NetworkRig()
      const { server, client, connection } = await connect(carrier, rig, { key })

      expect(rig.words().sort()).toEqual(['CONNECT OK', 'CONNECTED OK'])
      expect(rig.of(network.EVENT_CONNECT)[0]).toMatchObject({ Object: connection, Server: server, Errors: 'OK' })
      expect(rig.of(network.EVENT_CONNECTED)[0]).toMatchObject({ Object: client, Result: true, Errors: 'OK' })
      expect([server.ConnectionCount(), connection.server]).toEqual([1, server])
    })

    it('gives everybody a number, a port and an address, which stay', async () => {
      const rig = new NetworkRig()
      const { server, client, connection, address, port } = await connect(carrier, rig)
      const facts = (): unknown => [
        connection.GetPort(),
        connection.GetAddress(),
        client.GetPort(),
        client.GetAddress(),
      ]
      const before = facts()

      client.Disconnect()
      await rig.next(network.EVENT_CLIENT_CLOSE)

      expect(server.GetAddress()).toBe('127.0.0.1')
      expect(server.GetPort()).toBeGreaterThan(1_023)
      expect(connection.GetAddress()).toMatch(/^127\.0\.0\.\d+$/)
      expect(connection.GetPort()).toBeGreaterThan(0)
      expect(client.GetAddress()).toBe(address)
      if (carrier.transport === 'tcp') expect(client.GetPort()).toBe(port)
      const numbers = [server.GetSocket(), client.GetSocket(), connection.GetSocket()]
      expect(new Set(numbers).size).toBe(3)
      for (const number of numbers) expect(Number.isInteger(number) && number > 0).toBe(true)
      expect(facts()).toEqual(before)
    })

    it('has no port of the server before there is a connection', async () => {
      const rig = new NetworkRig()
      const { address, port } = await carrier.open(rig)
      const client = await rig.client(address, port, null, carrier.options)
      expect([client.GetPort(), client.GetAddress()]).toEqual([null, address])
      await rig.next(network.EVENT_CONNECTED)
      expect(client.GetPort()).toBeGreaterThan(0)
    })

    it('WaitForConnect says that it stands, and how long that took, however late it is asked', async () => {
      const rig = new NetworkRig()
      const { address, port } = await carrier.open(rig)
      const client = await rig.client(address, port, '', carrier.options)

      const [isConnected, seconds] = await client.WaitForConnect(10)
      await rig.settle(30)
      const again = await client.WaitForConnect(0.25)

      expect(isConnected).toBe(true)
      expect(seconds).toBeGreaterThan(0)
      expect(again).toEqual([true, seconds])
    })

    it('a client with another key is told so, as the server is, and is no connection', async () => {
      const rig = new NetworkRig()
      const { server, address, port } = await carrier.open(rig, KEY_128)
      const client = await rig.client(address, port, `f${KEY_128.slice(1)}`, carrier.options)

      const { Result, Errors } = await rig.last(network.EVENT_CONNECTED)
      const error = await rig.last(network.EVENT_ERROR)

      expect(Result).toBe(false)
      expectCode(Errors, 'ERR_KEY_MISMATCH')
      expect(error.Object).toBe(server)
      expectCode(error.Errors, 'ERR_KEY_MISMATCH')
      await rig.settle()
      expect(rig.words().sort()).toEqual(['CONNECTED ERR_KEY_MISMATCH', 'ERROR ERR_KEY_MISMATCH'])
      expect([server.ConnectionCount(), client.Send([1]), (await client.WaitForConnect())[0]]).toEqual([
        0,
        false,
        false,
      ])
    })

    it.each([
      ['', KEY_128],
      [KEY_256, ''],
      [KEY_128, KEY_256],
    ])('a client with another kind of key is told so (%#)', async (clientKey, serverKey) => {
      const rig = new NetworkRig()
      const { address, port } = await carrier.open(rig, serverKey)
      await rig.client(address, port, clientKey, carrier.options)

      const { Result, Errors } = await rig.last(network.EVENT_CONNECTED)

      expect(Result).toBe(false)
      expectCode(Errors, carrier.modeMismatch)
      expectCode((await rig.last(network.EVENT_ERROR)).Errors, carrier.modeMismatch)
    })

    it('a client that nobody answers is told so', async () => {
      const rig = new NetworkRig()
      const { server, address, port } = await carrier.open(rig)
      await server.Close()

      const client = await rig.client(address, port, '', { ...carrier.options, ...carrier.hasty })
      const { Object: object, Result, Errors } = await rig.last(network.EVENT_CONNECTED)

      expect([object, Result]).toEqual([client, false])
      expectCode(Errors, carrier.refusal)
      expect((await client.WaitForConnect())[0]).toBe(false)
      expect([client.Send({ a: 1 }), client.GetPort()]).toEqual([false, null])
      await rig.settle()
      expect(rig.words()).toEqual([`CONNECTED ${carrier.refusal}`])
    })

    it('a client that is called off hears nothing', async () => {
      const rig = new NetworkRig()
      const { address, port } = await carrier.open(rig)
      const client = await rig.client(address, port, '', carrier.options)
      client.Send({ never: true })
      client.Disconnect()
      client.Disconnect()

      const [isConnected] = await client.WaitForConnect()
      await rig.settle()

      expect(isConnected).toBe(false)
      expect(rig.words(client)).toEqual([])
    })

    it('a server that is full refuses, says so on both sides, and has a place again when somebody left', async () => {
      const rig = new NetworkRig()
      const first = await connect(carrier, rig, { server: { maxConnections: 1 } })
      const second = await rig.client(first.address, first.port, '', carrier.options)

      const refusal = await rig.last(network.EVENT_CONNECTED, 2)
      const error = await rig.last(network.EVENT_ERROR)
      first.client.Disconnect()
      await rig.next(network.EVENT_CLIENT_CLOSE)
      await join(carrier, rig, first)

      expect([refusal.Object, refusal.Result]).toEqual([second, false])
      expectCode(refusal.Errors, 'ERR_FULL')
      expect(error.Object).toBe(first.server)
      expectCode(error.Errors, 'ERR_FULL')
    })

    it('a port that is taken is a result', async () => {
      const rig = new NetworkRig()
      const { server } = await carrier.open(rig)
      const [second, result] = await rig.network.Server('127.0.0.1', server.GetPort(), '', carrier.options)
      expect(second).toBe(null)
      expectCode(result, 'ERR_ADDRESS_IN_USE')
    })
  })
}
