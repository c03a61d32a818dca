import { createConnectToken, type UDPipeOptions } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { freePort, openRawSocket } from '../support/raw-socket.ts'
import type { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig, type Rig } from '../support/rig.ts'

const key = new Uint8Array(32).fill(7)

/** A token for these ports of loopback, in this order. */
function tokenFor(...ports: readonly number[]): string {
  return createConnectToken({ key, clientId: 'Ada', servers: ports.map((port) => `127.0.0.1:${port}`) })
}

async function startServer(rig: Rig, options: UDPipeOptions = {}) {
  const server = rig.pipe({ connectTokenKey: key, ...options })
  return { server, port: await rig.start(server) }
}

/** A server that has as many clients as it takes. */
async function startFullServer(rig: Rig) {
  const full = await startServer(rig, { maxClients: 1 })
  const resident = rig.pipe({ connectToken: tokenFor(full.port) })
  void resident.connect()
  await rig.until(() => full.server.names.includes('onConnect'))
  return full
}

function messagesOf(pipe: RecordingPipe): string[] {
  return pipe.called('onError').map(([{ message }]) => message)
}

describe('a client whose connect token names more servers than one', () => {
  it.each([
    ['nobody answers', async () => (await openRawSocket()).port],
    ['nothing listens', () => freePort()],
  ])('goes on to the next where %s, within one handshake timeout, and talks there', async (_what, portOfNobody) => {
    const rig = createRig('reliable')
    const nobody = await portOfNobody()
    const { server, port } = await startServer(rig)
    const client = rig.pipe({ connectToken: tokenFor(nobody, port), handshakeTimeoutMs: 1_000 })
    void client.connect()
    client.send('early')
    await rig.passUntil(() => server.messages.includes('early'), 1_500)

    expect(client.errorCodes).toEqual(['ERR_HANDSHAKE_TIMEOUT'])
    expect(messagesOf(client)[0]).toContain(`Nothing at 127.0.0.1:${nobody}`)
    expect(server.lastPeer.clientId).toBe('Ada')
    expect(server.counters.refusedTickets).toBe(0)
  })

  it('goes on at once where the first is full, and past as many as it takes', async () => {
    const rig = createRig('reliable')
    const [one, other] = [await startFullServer(rig), await startFullServer(rig)]
    const { server, port } = await startServer(rig)
    const client = rig.pipe({ connectToken: tokenFor(one.port, other.port, port) })
    void client.connect()
    await rig.until(() => server.names.includes('onConnect'))

    expect(client.errorCodes).toEqual(['ERR_REFUSED', 'ERR_REFUSED'])
    expect(messagesOf(client)[0]).toContain(`The server at 127.0.0.1:${one.port} said GO AWAY!`)
    expect(messagesOf(client)[1]).toContain(`The server at 127.0.0.1:${other.port} said GO AWAY!`)
    expect([one, other].map((full) => full.server.names.includes('onMaxClients'))).toEqual([true, true])
  })

  it('gives up at the end of the list, having tried each once, where it is not to dial again', async () => {
    const rig = createRig('reliable')
    const silent = await openRawSocket()
    const full = await startFullServer(rig)
    const connectToken = tokenFor(silent.port, full.port)
    const client = rig.pipe({ connectToken, handshakeTimeoutMs: 500, reconnect: false })
    const connecting = client.connect()
    await rig.passUntil(() => client.signal.aborted, 5_000)

    await expect(connecting).rejects.toMatchObject({ code: 'ERR_REFUSED' })
    expect(client.errorCodes).toEqual(['ERR_HANDSHAKE_TIMEOUT', 'ERR_REFUSED'])
    expect(messagesOf(client).map((message) => /\w+ \w+\.$/.exec(message)?.[0])).toEqual([
      'Dialing again.',
      'Giving up.',
    ])
  })

  it('begins again at the first, after a delay, where it is to dial again', async () => {
    const rig = createRig('reliable')
    const silent = await openRawSocket()
    const full = await startFullServer(rig)
    const client = rig.pipe({
      connectToken: tokenFor(silent.port, full.port),
      handshakeTimeoutMs: 500,
      reconnect: { minDelayMs: 1_000, maxDelayMs: 1_000 },
    })
    void client.connect()
    await rig.passUntil(() => client.errorCodes.length === 2, 5_000)
    const before = silent.received.length
    await rig.pass(400)
    expect(silent.received).toHaveLength(before)
    await rig.passUntil(() => silent.received.length > before, 2_000)
  })

  it('does not go on where its token is of no use anywhere', async () => {
    const rig = createRig('reliable')
    const { port } = await startServer(rig, { connectTokenKey: new Uint8Array(32).fill(8) })
    const next = await startServer(rig, { connectTokenKey: new Uint8Array(32).fill(8) })
    const client = rig.pipe({ connectToken: tokenFor(port, next.port), reconnect: false })
    void client.connect()
    await rig.until(() => client.signal.aborted)

    expect(client.errorCodes).toEqual(['ERR_REFUSED'])
    expect(next.server.counters.badTokens).toBe(0)
  })
})
