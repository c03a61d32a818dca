import { UDPipe } from 'udpipe'
import * as network from 'udpipe/network'
import { describe, expect, it, onTestFinished } from 'vitest'
import { expectCode, NetworkRig } from '../support/network-rig.ts'
import { KEY_128 } from '../support/network-sessions.ts'

const LIMIT = Buffer.from('0000100001', 'hex')
const table = (...bytes: readonly number[]): Buffer => Buffer.of(1, ...bytes)

/** A UDPipe that says what the spec wants it to. */
class RawPeer extends UDPipe {
  readonly heard: Buffer[] = []

  override onNewMessage(message: Buffer): void {
    this.heard.push(message)
  }

  override onError(): void {
    // Whether it is let in is seen at the other side.
  }
}

async function join(port: number, token = ''): Promise<RawPeer> {
  const raw = new RawPeer({ token, reconnect: false })
  onTestFinished(() => raw.close())
  const connected = raw.connect('127.0.0.1', port)
  void raw.run()
  await connected
  return raw
}

describe('a peer over UDPipe', () => {
  it('that keeps to the wire is served', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, KEY_128.toUpperCase(), { transport: 'udp' })
    const raw = await join(server.GetPort(), `network-${KEY_128}`)
    raw.send(LIMIT)
    raw.send(table(0x91, 7))
    const { Packet } = await rig.last(network.EVENT_RECEIVE)
    server.Broadcast([8])
    await rig.until(() => raw.heard.length === 2)
    raw.send(Buffer.concat([Buffer.of(4, 0, 0), Buffer.from('bye')]))

    expect(Packet).toEqual([7])
    expect(raw.heard).toEqual([LIMIT, table(0x91, 8)])
    expect((await rig.last(network.EVENT_CLIENT_CLOSE)).Errors).toBe('OK: bye')
  })

  it.each([
    ['a message that there is not', Buffer.of(9)],
    ['its limit twice', LIMIT],
    ['PING, which is UDPipe’s own', Buffer.of(2)],
    ['nothing', Buffer.alloc(0)],
    ['a CLOSE that is cut short', Buffer.of(4, 0)],
  ])('that sends %s ends with one error and its close', async (_what, message) => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, '', { transport: 'udp' })
    const raw = await join(server.GetPort())
    raw.send(LIMIT)
    raw.send(table(0x90))
    raw.send(message)
    await rig.next(network.EVENT_CLIENT_CLOSE)
    await rig.settle()
    expect(rig.words()).toEqual(['CONNECT OK', 'RECEIVE OK', 'ERROR ERR_PROTOCOL', 'CLIENT_CLOSE ERR_PROTOCOL'])
  })

  it('that sends what is no table ends, and is told so', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, '', { transport: 'udp' })
    const raw = await join(server.GetPort())
    raw.send(LIMIT)
    raw.send(table(0xc1))
    expectCode((await rig.last(network.EVENT_CLIENT_CLOSE)).Errors, 'ERR_TABLE_MALFORMED')
    await rig.until(() => raw.heard.length === 2)
    expect(raw.heard.at(-1)?.subarray(0, 3)).toEqual(Buffer.of(4, 0, 2))
  })

  it.each([
    ['a table before its limit', table(0x90)],
    ['a limit that is too small', Buffer.from('00000003ff', 'hex')],
    ['a limit that is cut off', Buffer.of(0, 0, 16)],
  ])('that begins with %s never stands', async (_what, message) => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, '', { transport: 'udp' })
    const raw = await join(server.GetPort())
    raw.send(message)
    const { Object: object, Errors } = await rig.last(network.EVENT_ERROR)
    expect(object).toBe(server)
    expectCode(Errors, 'ERR_PROTOCOL')
    await rig.settle()
    expect([rig.words(), server.ConnectionCount()]).toEqual([['ERROR ERR_PROTOCOL'], 0])
  })

  it('that says nothing is ended after handshakeTimeoutMs', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, '', { transport: 'udp', handshakeTimeoutMs: 100 })
    await join(server.GetPort())
    expectCode((await rig.last(network.EVENT_ERROR)).Errors, 'ERR_TIMEOUT')
    await rig.settle()
    expect(rig.words()).toEqual(['ERROR ERR_TIMEOUT'])
  })
})
