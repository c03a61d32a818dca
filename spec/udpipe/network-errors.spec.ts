import { Socket } from 'node:dgram'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRig } from '../support/rig.ts'

/** What a kernel says: no route, no host, nobody at that port, a firewall, no memory, no interface, no such address of ours. */
const codes = ['ENETUNREACH', 'EHOSTUNREACH', 'ECONNREFUSED', 'EPERM', 'EACCES', 'ENOBUFS', 'ENETDOWN', 'EADDRNOTAVAIL']

/** From now on the kernel refuses to send and to connect, and says so to whoever waits for a datagram, too. Returns what ends that. */
function refuse(code: string): () => void {
  const error = Object.assign(new Error(code), { code })
  const spies = (['send', 'connect'] as const).map((method) =>
    vi.spyOn(Socket.prototype, method).mockImplementation(function (this: Socket, ...args: readonly unknown[]) {
      const handleSent = args.at(-1) as ((error: Error) => void) | undefined
      process.nextTick(() => {
        if (typeof handleSent === 'function') handleSent(error)
        this.emit('error', error)
      })
    }),
  )
  const mend = (): void => {
    for (const spy of spies) spy.mockRestore()
  }
  onTestFinished(mend)
  return mend
}

const numbered = (prefix: string): string[] => Array.from({ length: 50 }, (_, i) => `${prefix} ${i}`)

describe('a kernel that refuses for a while', () => {
  it.each(codes)('by %s costs a stall: no connection, no message, no exception', async (code) => {
    const rig = createRig('reliable')
    const { server, client, clientPeer } = await rig.connectedPair()

    const mend = refuse(code)
    for (const message of numbered('up')) client.send(message)
    for (const message of numbered('down')) server.send(message, clientPeer)
    await rig.pass(3_000)
    const hints = [server.counters.hints, client.counters.hints]
    mend()
    await rig.passUntil(() => server.messages.length >= 50 && client.messages.length >= 50)

    expect(Math.min(...hints)).toBeGreaterThan(0)
    expect(server.messages).toEqual(numbered('up'))
    expect(client.messages).toEqual(numbered('down'))
    for (const { names } of [server, client]) {
      expect(names).toContain('onUnstalled')
      expect(names).not.toContain('onDisconnect')
      expect(names).not.toContain('onError')
    }
  })

  it('is waited for by a client that dials', async () => {
    const rig = createRig('reliable')
    const [server, client] = [rig.pipe(), rig.pipe()]
    const port = await rig.start(server)

    const mend = refuse('ENETUNREACH')
    void client.connect('127.0.0.1', port)
    client.send('early')
    await rig.pass(2_000)
    mend()
    await rig.passUntil(() => server.messages.length > 0)

    expect(server.messages).toEqual(['early'])
    expect(client.names).not.toContain('onError')
  })

  it('for longer than both ends wait: the connection is lost and found, and no message with it', async () => {
    const rig = createRig('reliable')
    const options = { timeoutMs: 2_000, reconnect: { minDelayMs: 100, maxDelayMs: 800, attempts: Infinity } }
    const { server, client, clientPeer } = await rig.connectedPair({ server: options, client: options })

    const mend = refuse('EHOSTUNREACH')
    for (const message of numbered('up')) client.send(message)
    for (const message of numbered('down')) server.send(message, clientPeer)
    await rig.passUntil(() => server.names.includes('onDisconnect') && client.names.includes('onDisconnect'))
    mend()
    await rig.passUntil(() => server.messages.length >= 50 && client.messages.length >= 50)

    expect(server.messages).toEqual(numbered('up'))
    expect(client.messages).toEqual(numbered('down'))
    expect([server.counters.resumptions, client.counters.resumptions]).toEqual([1, 1])
  })

  it('lets a server and a client close all the same', async () => {
    const rig = createRig('reliable')
    const { server, client } = await rig.connectedPair()

    refuse('EPERM')
    const closed = Promise.all([server.close(), client.close()])
    await rig.passUntil(() => server.signal.aborted && client.signal.aborted)
    await closed

    expect(server.names.slice(-2)).toEqual(['onClose', 'onDisconnect'])
    expect(client.names.slice(-2)).toEqual(['onClose', 'onDisconnect'])
  })
})
