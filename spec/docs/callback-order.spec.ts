import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Relay } from '../../lib/relay/relay.ts'
import { monotonicMs } from '../../lib/node/clock.ts'
import type { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig, type Rig } from '../support/rig.ts'

const text = readFileSync(new URL('../../docs/lifecycle.md', import.meta.url), 'utf8')
/** An attempt that fails ends with `onError`. */
const FAILED_ATTEMPT = '(?:onConnecting )?onError (?:onReconnecting )?(?:onUndelivered )?'
/** What tells of clients that come to nothing; it may fire within the life of another one. */
const sentAway: readonly string[] = ['onMaxClients', 'onBadToken']

const clientLife = new RegExp(`^(?:${patternOf(orderOf('Client'))}|${FAILED_ATTEMPT})*$`)
const serverLife = new RegExp(`^(?:${patternOf(orderOf('Server'))})*$`)

/** The order in which the callbacks of one end fire, as it is documented. */
function orderOf(end: 'Client' | 'Server'): string {
  const [, section = ''] = text.split(`**${end}**`)
  const [, talk = ''] = /`talk` is `(.*?)`/.exec(text) ?? []
  return (section.split('```')[1] ?? '').replaceAll('talk', talk)
}

/** A regular expression of an order as it is documented, for names with a space behind each. */
function patternOf(order: string): string {
  return order
    .replaceAll('→', '')
    .replaceAll(/on\w+/g, '$&~')
    .replaceAll(/\s/g, '')
    .replaceAll('~', ' ')
    .replaceAll(/[[(]/g, '(?:')
    .replaceAll(']', ')?')
}

const always = { minDelayMs: 100, maxDelayMs: 800, attempts: Infinity }
const quick = { timeoutMs: 2_000, handshakeTimeoutMs: 1_000, reconnect: always }

/** What happens in a life; `names` are callbacks that it is about, so that a life that misses them is noticed. */
interface Life {
  readonly what: string
  readonly names: readonly string[]
  /** Returns the server and its clients. */
  readonly play: (rig: Rig) => Promise<readonly [RecordingPipe, ...RecordingPipe[]]>
}

const lives: readonly Life[] = [
  {
    what: 'talks, pings, stalls and is closed',
    names: ['onNewMessage', 'onPing', 'onPong', 'onStalled', 'onUnstalled', 'onClose'],
    play: async (rig) => {
      const { server, client, clientPeer } = await rig.connectedPair()
      for (const asleep of [client, server]) {
        client.send('up')
        clientPeer.send('down')
        client.ping()
        server.ping(clientPeer)
        await rig.settle()
        rig.freeze(asleep)
        await rig.pass(2_000)
        rig.thaw(asleep)
        await rig.pass(500)
      }
      return [server, client]
    },
  },
  {
    what: 'is closed by both, with messages queued',
    names: ['onClose', 'onDisconnect'],
    play: async (rig) => {
      const { server, client, clientPeer } = await rig.connectedPair()
      client.send('up')
      clientPeer.send('down')
      const closed = Promise.all([client.close(), server.close()])
      await rig.passUntil(() => client.signal.aborted && server.signal.aborted)
      await closed
      return [server, client]
    },
  },
  {
    what: 'is closed while the other end stands still',
    names: ['onStalled', 'onUndelivered'],
    play: async (rig) => {
      const { server, client } = await rig.connectedPair()
      rig.freeze(server)
      client.send('into the dark')
      await rig.pass(2_000)
      void client.close()
      await rig.passUntil(() => client.signal.aborted)
      rig.thaw(server)
      return [server, client]
    },
  },
  {
    what: 'is lost and found again',
    names: ['onStalled', 'onDisconnect', 'onConnecting'],
    play: async (rig) => {
      const { server, client, clientPeer } = await rig.connectedPair({ server: quick, client: quick })
      rig.freeze(client)
      await rig.passUntil(() => server.names.includes('onDisconnect'))
      clientPeer.send('resumed')
      rig.thaw(client)
      await rig.passUntil(() => client.messages.length > 0)
      return [server, client]
    },
  },
  {
    what: 'is found again by a client alone that lost it',
    names: ['onDisconnect'],
    play: async (rig) => {
      const { server, client } = await rig.connectedPair({ client: quick })
      rig.freeze(server)
      await rig.passUntil(() => client.names.includes('onDisconnect'))
      rig.thaw(server)
      await rig.passUntil(() => client.called('onConnect').length === 2)
      await rig.pass(500)
      return [server, client]
    },
  },
  {
    what: 'is lost for too long',
    names: ['onUndelivered', 'onDisconnect'],
    play: async (rig) => {
      const { server, client, clientPeer } = await rig.connectedPair({
        server: { ...quick, resumeWindowMs: 1_000 },
        client: quick,
      })
      rig.freeze(client)
      clientPeer.send('into the dark')
      await rig.passUntil(() => server.names.includes('onUndelivered'))
      rig.thaw(client)
      await rig.passUntil(() => client.called('onConnect').length === 2)
      return [server, client]
    },
  },
  {
    what: 'is let in only after it was refused, and was not answered',
    names: ['onError', 'onMaxClients', 'onBadToken'],
    play: async (rig) => {
      const { server, port, clientPeer } = await rig.connectedPair({
        server: { maxClients: 1 },
        client: { reconnect: false },
      })
      const [surplus, stranger] = [rig.pipe(quick), rig.pipe({ ...quick, token: 'another' })]
      for (const pipe of [surplus, stranger]) void pipe.connect('127.0.0.1', port)
      await rig.passUntil(() => surplus.names.includes('onError') && stranger.names.includes('onError'))
      rig.freeze(server)
      await rig.pass(3_000)
      rig.thaw(server)
      void clientPeer.close()
      await rig.passUntil(() => surplus.names.includes('onConnect'))
      return [server, surplus, stranger]
    },
  },
  {
    what: 'moves',
    names: ['onMigrated'],
    play: async (rig) => {
      const host = '127.0.0.2'
      const security = 'none'
      const [server, client] = [rig.pipe({ advertisedHost: host, security }), rig.pipe({ security })]
      const nat = openNat(host, await rig.start(server))
      void client.connect(host, nat.address.port)
      await rig.passUntil(() => client.names.includes('onConnect'))
      for (let moves = 1; moves <= 2; moves += 1) {
        nat.rebind()
        client.send('from elsewhere')
        await rig.passUntil(() => server.called('onMigrated').length === moves)
      }
      return [server, client]
    },
  },
  {
    what: 'sends more than it may',
    names: ['onRateLimited', 'onDisconnect'],
    play: async (rig) => {
      const { server, client, serverPeer } = await rig.connectedPair({ server: { maxMessagesPerSecond: 100 } })
      for (let i = 0; i < 200 && !server.names.includes('onDisconnect'); i += 1) {
        for (let n = 0; n < 40; n += 1) serverPeer.send('flood', { immediate: true, delivery: 'unreliable' })
        await rig.pass(50)
      }
      return [server, client]
    },
  },
]

function openNat(host: string, port: number): Relay {
  const target = { host: '127.0.0.1', port }
  const relay = new Relay({
    listen: { host, port: 0 },
    target,
    link: {},
    seed: 1,
    clock: monotonicMs,
    onWarning: () => {},
  })
  onTestFinished(() => {
    relay.close()
  })
  return relay
}

describe('the callbacks of a connection', () => {
  it.each(lives)('that $what fire in the order that docs/lifecycle.md says', async ({ names, play }) => {
    const rig = createRig('reliable')

    const [serverPipe, ...clientPipes] = await play(rig)
    await rig.close()

    const fired = new Set([...serverPipe.names, ...clientPipes.flatMap((pipe) => pipe.names)])
    expect([...fired]).toEqual(expect.arrayContaining([...names]))
    for (const pipe of clientPipes) expect(`${pipe.names.join(' ')} `).toMatch(clientLife)
    const served = serverPipe.names.filter((name) => !sentAway.includes(name))
    expect(`${served.join(' ')} `).toMatch(serverLife)
  })
})
