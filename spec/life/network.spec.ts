import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'vitest'
import { hasConnected, numbered, Player } from './player.ts'

const patient = { stallTimeoutMs: 300, pingIntervalMs: 100, timeoutMs: 20_000 }
/** Addresses of the server in the namespace; each test takes its own. */
const SERVER = '10.99.0.1'
const CLIENT = '10.99.0.2'

const missing = whatIsMissing()

describe('a network that goes away under both ends, with ENETUNREACH, and comes back', () => {
  it('costs a stall: no connection, no reliable message, and no exception', async ({
    expect,
    onTestFinished,
    skip,
  }) => {
    skip(missing !== undefined, `needs a network namespace: ${missing}`)
    const namespace = new Namespace()
    onTestFinished(() => namespace.remove())
    const [server, client] = await Promise.all([1, 2].map(() => Player.create({ runBy: namespace.command })))
    if (server === undefined || client === undefined) throw new Error('There are two players.')
    const port = await server.start({ ...patient, host: SERVER })
    await client.connect(port, { ...patient, host: SERVER })
    await client.until(hasConnected)

    namespace.cut()
    await client.send(...numbered('up', 200))
    await server.send(...numbered('down', 200))
    const stalled = await client.until(({ names, hints }) => names.includes('onStalled') && hints > 0)
    await delay(500)
    namespace.mend()
    const served = await server.until(({ messages }) => messages.length === 200)
    const received = await client.until(({ messages }) => messages.length === 200)

    expect(stalled.errors).toEqual([])
    expect(served.messages).toEqual(numbered('up', 200))
    expect(received.messages).toEqual(numbered('down', 200))
    expect([...served.names, ...received.names]).not.toContain('onDisconnect')
  })

  it('is waited for by a client that dials meanwhile', async ({ expect, onTestFinished, skip }) => {
    skip(missing !== undefined, `needs a network namespace: ${missing}`)
    const namespace = new Namespace()
    onTestFinished(() => namespace.remove())
    const [server, client] = await Promise.all([1, 2].map(() => Player.create({ runBy: namespace.command })))
    if (server === undefined || client === undefined) throw new Error('There are two players.')
    const port = await server.start({ ...patient, host: SERVER })

    namespace.cut()
    await client.connect(port, { ...patient, host: SERVER })
    await client.send('early')
    await client.until(({ hints }) => hints > 0)
    namespace.mend()
    const { messages } = await server.until((standing) => standing.messages.length > 0)

    expect(messages).toEqual(['early'])
  })
})

/** A network of its own, in which the two addresses are routes that can go away. */
class Namespace {
  readonly #name = `udpipe-${process.pid}-${Math.random().toString(36).slice(2, 8)}`

  constructor() {
    ip('netns', 'add', this.#name)
    this.#ip('link', 'set', 'lo', 'up')
    for (const address of [SERVER, CLIENT]) this.#ip('address', 'add', `${address}/32`, 'dev', 'lo')
  }

  /** What to run a program by. */
  get command(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name]
  }

  cut(): void {
    for (const address of [SERVER, CLIENT]) this.#ip('route', 'del', 'local', address, 'dev', 'lo', 'table', 'local')
  }

  mend(): void {
    for (const address of [SERVER, CLIENT]) this.#ip('route', 'add', 'local', address, 'dev', 'lo', 'table', 'local')
  }

  remove(): void {
    ip('netns', 'del', this.#name)
  }

  #ip(...args: readonly string[]): void {
    ip('-n', this.#name, ...args)
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Why this machine cannot play this; `undefined` when it can. */
function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'this is not root'
  const name = `udpipe-probe-${process.pid}`
  try {
    ip('netns', 'add', name)
    ip('netns', 'del', name)
    return undefined
  } catch (error) {
    return `ip netns add fails (${(error as Error).message.trim()})`
  }
}
