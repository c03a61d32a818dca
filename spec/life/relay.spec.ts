import { setTimeout as delay } from 'node:timers/promises'
import type { UDPipeOptions } from 'udpipe'
import { describe, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'
import { count, hasConnected, isConnected, numbered, Player } from './player.ts'

const patient = { stallTimeoutMs: 300, pingIntervalMs: 100, timeoutMs: 20_000 }
/** Soon gives up, and soon tries again. */
const hasty = {
  stallTimeoutMs: 1_000,
  pingIntervalMs: 300,
  timeoutMs: 2_000,
  handshakeTimeoutMs: 2_000,
  reconnect: { minDelayMs: 50, maxDelayMs: 200, attempts: Infinity },
}

describe.concurrent('a relay that stands for the server at an address of its own', () => {
  it('is where the client is shown its private port, as advertised', async ({ expect }) => {
    const { client } = await connectThroughRelay('127.0.0.11', patient)

    const { remotes } = await client.look()
    expect(remotes).toEqual([expect.stringMatching(/^127\.0\.0\.11:\d+$/)])
  })

  it('carries nothing while it is stopped, and no reliable message is missing or stuck after it', async ({
    expect,
  }) => {
    const { server, client, relay } = await connectThroughRelay('127.0.0.12', patient)

    relay.kill('SIGSTOP')
    await Promise.all([server, client].map((end) => end.until(({ names }) => names.includes('onStalled'))))
    await client.send(...numbered('up', 300))
    await server.send(...numbered('down', 300))
    await delay(1_000)
    relay.kill('SIGCONT')
    const served = await server.until(({ messages }) => messages.length >= 300)
    const received = await client.until(({ messages }) => messages.length >= 300)
    await client.send('at once')
    const after = await server.until(({ messages }) => messages.length > 300)

    expect(served.messages.slice(0, 300)).toEqual(numbered('up', 300))
    expect(received.messages).toEqual(numbered('down', 300))
    expect(after.messages.slice(300)).toEqual(['at once'])
    expect([...served.names, ...received.names]).not.toContain('onDisconnect')
  })
})

describe.concurrent('a way to the server that is gone for longer than either end waits', () => {
  it.for([
    ['stops, and then hands on late what it was given', '127.0.0.13', stop],
    ['is killed, and another one shows the client at another port', '127.0.0.14', replace],
  ] as const)(
    'because a relay %s: the connection goes on, and each message arrives once',
    async ([, host, cut], { expect }) => {
      const { server, client, relay, port } = await connectThroughRelay(host, hasty)

      const mend = cut(relay, host, port)
      await Promise.all([server, client].map((end) => end.send(...numbered('into the dark', 50))))
      await Promise.all([server, client].map((end) => end.until(({ ends }) => ends.length > 0)))
      await client.send(...numbered('while it dials', 50))
      await mend()
      const served = await server.until((standing) => standing.messages.length >= 100 && isConnected(standing))
      const received = await client.until(({ messages }) => messages.length >= 50)

      expect(served.messages).toEqual(said)
      expect(received.messages).toEqual(numbered('into the dark', 50))
      for (const standing of [served, received]) {
        expect(standing.ends[0]).toMatchObject({ timedOut: true })
        expect(standing.undelivered).toEqual([])
        expect(standing.resumptions).toBe(count(standing, 'onConnect') - 1)
        expect(count(standing, 'onConnect') - count(standing, 'onDisconnect')).toBe(standing.peers)
      }
      expect(count(served, 'onNewClient')).toBe(1)
    },
  )

  it('and than the server knows the client: both are told what may not have arrived, and the rest goes out', async ({
    expect,
  }) => {
    const host = '127.0.0.15'
    const { server, client, relay } = await connectThroughRelay(host, { ...hasty, resumeWindowMs: 300 })

    const mend = stop(relay)
    await Promise.all([server, client].map((end) => end.send(...numbered('into the dark', 50))))
    await client.until(({ ends }) => ends.length > 0)
    await client.send(...numbered('while it dials', 50))
    const told = await server.until(({ undelivered }) => undelivered.length > 0)
    await mend()
    const served = await server.until(({ messages }) => messages.at(-1) === 'while it dials 49')
    const { undelivered, messages } = await client.until(isConnected)

    expect(told.undelivered).toEqual(numbered('into the dark', 50))
    expect(undelivered).toContain('into the dark 0')
    expect([...undelivered, ...served.messages]).toEqual(said)
    expect(messages).toEqual([])
    expect(served.resumptions).toBe(0)
    expect(count(served, 'onNewClient')).toBeGreaterThan(1)
  })

  it('while the server restarts: the client finds the new one, and nothing is lost in silence', async ({ expect }) => {
    const { server, client, relay, port } = await connectThroughRelay('127.0.0.16', hasty)
    const successor = await Player.create()

    const mend = stop(relay)
    await client.send(...numbered('into the dark', 50))
    await client.until(({ ends }) => ends.length > 0)
    await client.send(...numbered('while it dials', 50))
    await server.program.destroy()
    await successor.start({ ...serverOptions('127.0.0.16', hasty), port })
    await mend()
    const { messages } = await successor.until((standing) => standing.messages.at(-1) === 'while it dials 49')
    const { undelivered } = await client.until(isConnected)

    expect(undelivered).toContain('into the dark 0')
    expect([...undelivered, ...messages]).toEqual(said)
  })
})

/** What a client says, before and after it notices that nobody hears it. */
const said = [...numbered('into the dark', 50), ...numbered('while it dials', 50)]

/** Nothing is carried until what this returns is called, and then all of it. */
function stop(relay: ChildProgram): () => Promise<void> {
  relay.kill('SIGSTOP')
  return () => {
    relay.kill('SIGCONT')
    return Promise.resolve()
  }
}

/** Whoever sends to the relay is refused, until what this returns is called. */
function replace(relay: ChildProgram, host: string, port: number): () => Promise<void> {
  relay.kill('SIGKILL')
  return async () => {
    await relay.ended
    await startRelay(host, port)
  }
}

async function startRelay(host: string, port: number): Promise<ChildProgram> {
  const relay = new ChildProgram('lib/cli/main.ts', ['sim', String(port), '127.0.0.1', String(port), '--host', host])
  await relay.until(/relaying/)
  return relay
}

/** A relay has to read which private port CONNECT shows, and that has to be at its address. */
function serverOptions(host: string, options: UDPipeOptions): UDPipeOptions {
  return { ...options, security: 'none', advertisedHost: host }
}

async function connectThroughRelay(host: string, options: UDPipeOptions) {
  const [server, client] = await Promise.all([Player.create(), Player.create()])
  const port = await server.start(serverOptions(host, options))
  const relay = await startRelay(host, port)
  await client.connect(port, { ...options, security: 'none', host })
  await client.until(hasConnected)
  return { server, client, relay, port }
}
