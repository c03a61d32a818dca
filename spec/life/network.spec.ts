import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'vitest'
import { deadRoutes, Namespace, whatIsMissing, type DeadRoute } from './namespace.ts'
import { count, hasConnected, numbered, Player } from './player.ts'

const patient = { stallTimeoutMs: 300, pingIntervalMs: 100, timeoutMs: 20_000 }
const SERVER = '10.99.0.1'

const missing = whatIsMissing()

describe.concurrent('a network that goes away under both ends and comes back', () => {
  it('costs a stall each time, whatever the kernel says of it: no connection, no reliable message, no exception', async ({
    expect,
    onTestFinished,
    skip,
  }) => {
    skip(missing !== undefined, `needs a network namespace: ${missing}`)
    const network = createNetwork(onTestFinished)
    const { server, client, port } = await createPlayers(network)
    await client.connect(port, { ...patient, host: SERVER, debug: true })
    await client.until(hasConnected)
    const codes = Object.keys(deadRoutes) as DeadRoute[]

    for (const [outages, code] of codes.entries()) {
      network.cut(SERVER, code)
      await client.send(...numbered(`up with ${code}`, 100))
      await server.send(...numbered(`down with ${code}`, 100))
      await client.until((standing) => count(standing, 'onStalled') > outages && standing.hintCodes.includes(code))
      await delay(200)
      network.mend(SERVER, code)
      await client.until(({ messages }) => messages.length === (outages + 1) * 100)
    }

    const served = await server.until(({ messages }) => messages.length === codes.length * 100)
    const received = await client.look()
    expect(served.messages).toEqual(codes.flatMap((code) => numbered(`up with ${code}`, 100)))
    expect(received.messages).toEqual(codes.flatMap((code) => numbered(`down with ${code}`, 100)))
    expect([...served.names, ...received.names]).not.toContain('onDisconnect')
    expect([...served.errors, ...received.errors]).toEqual([])
  })

  it('is waited for by a client that dials meanwhile', async ({ expect, onTestFinished, skip }) => {
    skip(missing !== undefined, `needs a network namespace: ${missing}`)
    const network = createNetwork(onTestFinished)
    const { server, client, port } = await createPlayers(network)

    network.cut(SERVER, 'ENETUNREACH')
    await client.connect(port, { ...patient, host: SERVER, debug: true })
    await client.send('early')
    await client.until(({ hintCodes }) => hintCodes.includes('ENETUNREACH'))
    network.mend(SERVER, 'ENETUNREACH')
    const { messages } = await server.until((standing) => standing.messages.length > 0)

    expect(messages).toEqual(['early'])
  })
})

/** A network that has an address, which is all that either end needs. */
function createNetwork(onOver: (remove: () => void) => void): Namespace {
  const network = new Namespace(onOver)
  network.addAddress(SERVER)
  return network
}

/** A server, and a client that has not dialed yet. */
async function createPlayers({ command }: Namespace) {
  const [server, client] = await Promise.all([Player.create({ runBy: command }), Player.create({ runBy: command })])
  return { server, client, port: await server.start({ ...patient, host: SERVER }) }
}
