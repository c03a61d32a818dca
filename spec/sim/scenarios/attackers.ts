import { Dialing } from '../../../lib/reliable/handshake/dialing.ts'
import { decodeHello, encodeGoAway, idOfConnect } from '../../../lib/reliable/wire/handshake.ts'
import { decodeConnectToken, sealConnectToken } from '../../../lib/security/connect-token.ts'
import type { ConnectToken } from '../../../lib/session/session.ts'
import { isSameAddress, type Address } from '../../../lib/core/address.ts'
import { refusalCodes } from '../../../lib/session/codes.ts'
import type { Random, Receiver } from '../../../lib/simulator/index.ts'
import { cryptography as crypto } from '../../../lib/node/crypto.ts'
import { DEFAULT_TOKEN } from '../../support/reliable-world.ts'
import { defaultSecurity, securities } from '../../support/securities.ts'
import { fail } from '../checks.ts'
import { Play, randomLoop, type Conversation } from '../play.ts'
import { defineScenario, type Scenario } from '../scenario.ts'

const ATTACK_MS = 2_000
const FIRST_PRIVATE_PORT = 40_000
const UNIX_MS = 1_800_000_000_000
const NOWHERE: Address = { host: '', port: 0 }
const words = ['HELLO', 'CONNECT', 'CONNECTED', 'RETRY', 'GO AWAY!', 'PING', 'CLOSE']

/** What somebody outside of a connection tries, and what it comes to. */
export const attackerScenarios: readonly Scenario[] = [
  defineScenario(
    'scanner',
    (context) => {
      const { random } = context
      const play = new Play(context, { link: { delayMs: random.between(1, 40) } })
      const { world } = play
      const conversation = play.connect()
      conversation.chat({ durationMs: ATTACK_MS })
      const scanner = watch(play, { host: '66.6.6.6', port: random.integer(1, 65_535) })
      world.every(
        2,
        () => {
          const port = random.pick([world.server.address.port, FIRST_PRIVATE_PORT + random.integer(-3, 5)])
          scanner.send(anything(random), { ...world.server.address, port })
        },
        { untilMs: world.now + ATTACK_MS },
      )
      world.run(ATTACK_MS)
      play.waitForAll()
      if (scanner.receivedPackets > 0) fail(`a scanner got ${scanner.receivedPackets} answers`)
      checkUndisturbed(conversation)
      play.finish()
    },
    60,
  ),

  defineScenario(
    'claimed-address',
    (context) => {
      const { random } = context
      const play = new Play(context, {
        link: { delayMs: random.between(1, 40) },
        isPortShared: true,
        serverLoop: randomLoop(random),
      })
      const { world } = play
      const resident = play.connect({ loop: randomLoop(random) })
      resident.chat({ durationMs: ATTACK_MS, intervalMs: random.pick([10, 100, 400]) })
      // A client with the right token, whose CONNECT claims to come from where somebody else is.
      const thief = play.dial()
      const { address } = resident.client.socket
      thief.uplink.configure({
        filter: (bytes) => {
          if (!isConnect(bytes)) return true
          world.network.inject(world.now, bytes, address, world.server.address)
          return false
        },
      })
      world.run(ATTACK_MS)
      thief.client.stop()
      play.waitForAll()
      checkUndisturbed(resident)
      if (resident.countEvents('stalled') > 0) fail('what the client says was taken for another client’s')
      if (!isSameAddress(address, resident.server?.remote ?? NOWHERE)) fail('the server talks to somebody else')
    },
    20,
  ),

  defineScenario(
    'reflection',
    (context) => {
      const { random } = context
      const limits = { retryThreshold: random.pick([0, 8, 64]) }
      const play = new Play(context, { link: { delayMs: random.between(1, 40) }, limits })
      const { world } = play
      const resident = play.connect()
      resident.chat({ durationMs: ATTACK_MS })
      const victim = watch(play, { host: '77.7.7.7', port: random.integer(1, 65_535) })
      world.every(
        random.between(2, 50),
        () => {
          const token = random.pick([DEFAULT_TOKEN, 'a guess'])
          const hello = createHello(random, token, random.integer(512, 1_200))
          if (random.chance(0.2)) hello[6] = random.integer(0, 255)
          victim.send(hello, world.server.address)
          if (victim.receivedBytes > victim.sentBytes) fail('a victim gets more than what was said in its name')
        },
        { untilMs: world.now + ATTACK_MS },
      )
      world.run(ATTACK_MS + play.settings.handshakeTimeoutMs + 1_000)
      if (victim.receivedPackets > victim.sentPackets || victim.receivedBytes > victim.sentBytes / 2) {
        fail(`${victim.receivedBytes} bytes answered ${victim.sentBytes}`)
      }
      if (world.server.clientCount > 1) fail('a victim that never answered has a session')
      checkUndisturbed(resident)
      play.finish()
    },
    60,
  ),

  defineScenario(
    'injector',
    (context) => {
      const { random } = context
      const play = new Play(context, { link: { delayMs: random.between(1, 40) }, serverLoop: randomLoop(random) })
      const { world } = play
      const conversation = play.dial({ loop: randomLoop(random) })
      const client = conversation.client.socket.address
      // Who knows every address and port, and sees nothing of what travels.
      world.every(
        2,
        () => {
          const door = world.server.address
          const near = conversation.server?.socket.address ?? { ...door, port: FIRST_PRIVATE_PORT }
          const [from, to] = random.pick([
            [client, door],
            [client, near],
            [door, client],
            [near, client],
          ] as const)
          world.network.inject(world.now, guess(random), from, to)
        },
        { untilMs: world.now + ATTACK_MS },
      )
      if (!world.waitFor(() => conversation.isConnected, 20_000)) fail('no connection')
      conversation.chat({ durationMs: ATTACK_MS })
      world.run(ATTACK_MS)
      play.waitForAll()
      checkUndisturbed(conversation)
      play.finish()
    },
    60,
  ),

  defineScenario(
    'replayer',
    (context) => {
      const { random } = context
      const play = new Play(context, {
        link: { delayMs: random.between(1, 40) },
        limits: { retryThreshold: random.pick([0, 64]) },
        settings: { handshakeTimeoutMs: 2_000 },
      })
      const { world } = play
      const captured: Capture[] = []
      const first = play.dial()
      const { address } = first.client.socket
      capture(first, captured, world.server.address)
      if (!world.waitFor(() => first.isConnected, 20_000)) fail('no connection')
      const thief = { host: '66.6.6.6', port: 666 }
      // Each datagram that has travelled so far, as it was or as the thief's own, in any order and any number of times.
      const replay = (): void => {
        const copy = captured.length > 0 ? random.pick(captured) : undefined
        if (copy === undefined) return
        const source = random.chance(0.7) ? copy.source : thief
        world.network.inject(world.now, copy.bytes, source, copy.destination)
      }
      for (let i = 0; i < 2; i += 1) {
        const conversation = i === 0 ? first : play.connect({ address })
        if (i > 0) capture(conversation, captured, world.server.address)
        conversation.chat({ durationMs: ATTACK_MS })
        world.every(3, replay, { untilMs: world.now + ATTACK_MS })
        world.run(ATTACK_MS)
        play.waitForAll()
        checkUndisturbed(conversation)
        // A copied HELLO may have made a session at the server which is newer than the client's own.
        conversation.closeFrom('client')
        if (!world.waitFor(() => conversation.client.isOver, 10_000)) fail('the client does not come to its end')
        const messages = conversation.up.arrivedMessages
        world.every(3, replay, { untilMs: world.now + ATTACK_MS })
        world.run(ATTACK_MS)
        if (conversation.up.arrivedMessages !== messages) fail('a replayed message has arrived')
        if (!world.waitFor(() => world.server.clientCount === 0, 20_000)) fail('what was replayed keeps a port')
      }
    },
    60,
  ),

  defineScenario(
    'tamperer',
    (context) => {
      const { random } = context
      const play = new Play(context, {
        security: securities.noise,
        link: {
          delayMs: random.between(1, 40),
          corrupt: random.between(0, 0.2),
          truncate: random.between(0, 0.2),
        },
        settings: { handshakeTimeoutMs: 60_000 },
        limits: { retryThreshold: random.pick([0, 64]) },
      })
      const conversation = play.connect({}, 60_000)
      conversation.chat({ durationMs: ATTACK_MS })
      play.world.run(ATTACK_MS)
      play.waitForAll()
      conversation.configure({ corrupt: 0, truncate: 0 })
      play.finish()
      if (conversation.countEvents('refused') > 0) fail('a damaged datagram was believed')
    },
    60,
  ),

  defineScenario(
    'thief-of-a-token',
    (context) => {
      const { random } = context
      const key = random.bytes(32)
      const play: Play = new Play(context, {
        link: { delayMs: random.between(1, 40) },
        tickets: {
          crypto,
          keys: [key],
          ownAddresses: undefined,
          maxUsedTickets: 100,
          unixMs: () => UNIX_MS + play.world.now,
        },
      })
      const { world } = play
      const token = sealToken(play, random, key)
      const stolen = random.pick([
        'before it was used',
        'while it is used',
        'after it was used',
        'the ticket alone',
      ] as const)
      const loot = stolen === 'the ticket alone' ? { ...token, psk: random.bytes(32) } : token
      const dialOwner = (): Conversation => play.dial({ connectToken: token })
      const dialThief = (): Conversation => play.dial({ connectToken: loot })
      const [one, other] = {
        'before it was used': () => [dialThief(), undefined] as const,
        'while it is used': () => [dialOwner(), dialThief()] as const,
        'after it was used': () => [dialOwner(), undefined] as const,
        'the ticket alone': () => [dialThief(), undefined] as const,
      }[stolen]()
      world.waitFor(() => one.isConnected || one.client.isOver, 20_000)
      const late = other ?? (stolen === 'after it was used' ? dialThief() : dialOwner())
      world.run(random.between(500, 3_000))
      const conversations = [one, late]
      world.waitFor(() => conversations.every(({ client, isConnected }) => isConnected || client.isOver), 20_000)
      const connected = conversations.filter(({ isConnected }) => isConnected)
      if (connected.length !== 1) fail(`${connected.length} of two got in by one token that was stolen ${stolen}`)
      const codes = conversations.flatMap(({ clientEvents }) =>
        clientEvents.flatMap((event) => (event.type === 'refused' ? [event.code] : [])),
      )
      const expected = stolen === 'the ticket alone' ? refusalCodes.badToken : refusalCodes.usedToken
      if (codes.some((code) => code !== expected)) fail(`refused with ${codes.join(' ')} instead of ${expected}`)
      if (stolen === 'the ticket alone' && one.isConnected) fail('a ticket was good without its secret')
      if (world.server.clientCount > 1) fail('who was sent away has a session')
    },
    3,
  ),
]

/** A socket of somebody who watches what comes back. */
class Watcher implements Receiver {
  readonly name = 'watcher'
  readonly #play: Play
  readonly #address: Address
  sentPackets = 0
  sentBytes = 0
  receivedPackets = 0
  receivedBytes = 0

  constructor(play: Play, address: Address) {
    this.#play = play
    this.#address = address
  }

  send(bytes: Uint8Array, destination: Address): void {
    this.sentPackets += 1
    this.sentBytes += bytes.length
    this.#play.world.network.inject(this.#play.world.now, bytes, this.#address, destination)
  }

  handleDatagram(_now: number, bytes: Uint8Array): string {
    this.receivedPackets += 1
    this.receivedBytes += bytes.length
    return ''
  }
}

function watch(play: Play, address: Address): Watcher {
  const watcher = new Watcher(play, address)
  play.world.network.open(watcher, address)
  return watcher
}

interface Capture {
  readonly bytes: Uint8Array
  readonly source: Address
  readonly destination: Address
}

/** Writes down what travels from now on, each datagram with where it came from and went to. */
function capture(conversation: Conversation, into: Capture[], door: Address): void {
  const client = conversation.client.socket.address
  // A link tells bytes and not ports; which of the server's two it was shows in the bytes, and both are tried where it does not.
  const ends = (): Address[] => [conversation.server?.socket.address ?? door, door]
  const note = (link: Conversation['uplink'], isUp: boolean): void => {
    link.configure({
      filter: (bytes) => {
        for (const end of ends()) {
          into.push({ bytes: bytes.slice(), source: isUp ? client : end, destination: isUp ? end : client })
        }
        return true
      },
    })
  }
  note(conversation.uplink, true)
  note(conversation.downlink, false)
}

function checkUndisturbed(conversation: Conversation): void {
  for (const type of ['refused', 'unanswered', 'stalled', 'ended', 'rate-limited'] as const) {
    if (conversation.countEvents(type) > 0) fail(`${conversation.client.name} was told: ${type}`)
  }
}

/** What a scanner sends: bytes, or words of this and other protocols with bytes behind them; nothing that is a HELLO. */
function anything(random: Random): Uint8Array {
  const bytes = random.bytes(random.integer(0, 1_300))
  if (random.chance(0.6)) {
    const text = `${random.pick(words)}${random.pick(['', ' ', '\0'])}`
    for (let i = 0; i < Math.min(text.length, bytes.length); i += 1) bytes[i] = text.charCodeAt(i)
    if (random.chance(0.5) && bytes.length > text.length) bytes[text.length] = 1
  }
  return decodeHello(bytes) === undefined ? bytes : bytes.subarray(0, 500)
}

/** What somebody can make up who does not see the connection: everything but its keys, its ids and its token. */
function guess(random: Random): Uint8Array {
  const kind = random.integer(0, 4)
  if (kind === 0) return anything(random)
  if (kind === 1) return createHello(random, 'a guess', 1_200)
  if (kind === 2) return encodeGoAway(random.bytes(16), random.integer(0, 10), 'go')
  const packet = random.bytes(random.integer(20, 100))
  packet[0] = 0x80 | random.integer(0, 5)
  packet[1] = 0
  packet[2] = random.integer(0, 255)
  if (kind === 3) return packet
  const word = random.pick(['CONNECT\0\u0001', 'CONNECTED\0\u0001', 'RETRY\0\u0001'])
  const behind = word.startsWith('CONNECTED') ? packet : Uint8Array.of(...random.bytes(16), ...packet)
  return Uint8Array.of(...new TextEncoder().encode(word), ...behind)
}

/** A HELLO as a client with this token says it. */
function createHello(random: Random, token: string, mtuBytes: number): Uint8Array {
  const security = defaultSecurity().create(token, (length) => random.bytes(length))
  const hello = new Uint8Array(mtuBytes)
  const payload = { limits: { mtuBytes, maxMessageBytes: 1_000 }, userPayload: new Uint8Array(0) }
  new Dialing(0, security, payload).pollTransmit(0, hello)
  return hello
}

function sealToken({ world }: Play, random: Random, key: Uint8Array): ConnectToken {
  const servers = [world.server.address]
  const content = { clientId: 'Ada', expiresAtMs: UNIX_MS + 600_000, servers, userData: random.bytes(9) }
  const token = decodeConnectToken(sealConnectToken(crypto, (length) => random.bytes(length), key, content))
  return token ?? fail('no token')
}

function isConnect(bytes: Uint8Array): boolean {
  return idOfConnect(bytes) !== undefined
}
