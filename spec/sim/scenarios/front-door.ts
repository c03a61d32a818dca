import { Dialing } from '../../../lib/reliable/handshake/dialing.ts'
import { decodeHello } from '../../../lib/reliable/wire/handshake.ts'
import { decodeConnectToken, sealConnectToken } from '../../../lib/security/connect-token.ts'
import type { ConnectToken } from '../../../lib/session/session.ts'
import { refusalCodes } from '../../../lib/session/codes.ts'
import type { Random } from '../../../lib/simulator/index.ts'
import { nodeCryptography as crypto } from '../../../lib/node/node-crypto.ts'
import { DEFAULT_TOKEN } from '../../support/reliable-world.ts'
import { defaultSecurity } from '../../support/securities.ts'
import { fail } from '../checks.ts'
import { Play } from '../play.ts'
import { defineScenario, type Scenario } from '../scenario.ts'

const LIMITS = { mtuBytes: 1_200, maxMessageBytes: 1_000 }
const UNIX_MS = 1_800_000_000_000
const SERVER = { host: '10.0.0.1', port: 1_234 }
const FLOOD_MS = 2_000

export const frontDoorScenarios: readonly Scenario[] = [
  defineScenario(
    'front-door-flood',
    (context) => {
      const { random } = context
      const kind = random.pick(['wrong token', 'right token', 'garbage'] as const)
      const limits = { retryThreshold: 8, maxHellosPerSecond: 200 }
      const play = new Play(context, { link: { delayMs: random.between(1, 40) }, limits })
      const { world } = play
      const resident = play.connect()
      resident.chat({ durationMs: FLOOD_MS })
      flood(play, random, kind)
      world.run(random.between(100, FLOOD_MS / 2))
      const newcomers = [1, 2, 3].map(() => play.dial())
      if (!world.waitFor(() => newcomers.every(({ isConnected }) => isConnected), 20_000)) {
        fail(`not let in through a flood (${kind}): ${newcomers.map((each) => each.describeStates()).join('; ')}`)
      }
      for (const newcomer of newcomers) newcomer.chat({ durationMs: 300 })
      // Half-open handshakes of addresses that never answer are few, and gone in time.
      const most = play.conversations.length + limits.retryThreshold
      if (world.server.clientCount > most) fail(`${world.server.clientCount} sessions, more than ${most}`)
      world.run(FLOOD_MS + play.settings.handshakeTimeoutMs + 1_000)
      if (world.server.clientCount > play.conversations.length) fail('who never answered is still there')
      if (resident.countEvents('stalled') > 0) fail('a flood has stalled a connection')
      play.finish()
    },
    20,
  ),

  defineScenario('front-door-cookie', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: random.between(1, 60) }, limits: { retryThreshold: 0 } })
    const { world } = play
    const conversation = play.dial()
    let proved: Uint8Array | undefined
    conversation.uplink.configure({
      filter: (bytes) => {
        const isProved = (decodeHello(bytes)?.content?.cookie.length ?? 0) > 0
        if (isProved) proved ??= bytes.slice()
        return !isProved
      },
    })
    world.waitFor(() => proved !== undefined, 2_000)
    conversation.client.stop()
    if (proved === undefined) return fail('no HELLO with a cookie')
    const thief = { host: '66.6.6.6', port: random.integer(1, 65_535) }
    world.network.inject(world.now, proved, thief, world.server.address)
    world.run(200)
    if (world.server.clientCount > 0) fail('a cookie was good from another address')
    world.run(random.between(10_200, 200_000))
    world.network.inject(world.now, proved, conversation.client.socket.address, world.server.address)
    world.run(200)
    if (world.server.clientCount > 0) fail('a cookie was good too late')
  }),

  defineScenario('front-door-token', (context) => {
    const { random } = context
    const key = random.bytes(32)
    const play: Play = new Play(context, {
      link: { delayMs: random.between(1, 60), loss: random.pick([0, 0.2]) },
      tickets: {
        crypto,
        keys: [key],
        ownAddresses: [SERVER],
        maxUsedTickets: 100,
        unixMs: () => UNIX_MS + play.world.now,
      },
    })
    const { world } = play
    const spoiled = random.pick(['expired', 'used', 'for another server', 'of another key'] as const)
    const good = seal(random, key)
    const first = play.dial({ connectToken: good })
    if (!world.waitFor(() => first.isConnected, 20_000)) fail('no connection with a good token')
    const bad = {
      expired: () => seal(random, key, UNIX_MS),
      used: () => good,
      'for another server': () => seal(random, key, undefined, { ...SERVER, port: 1 }),
      'of another key': () => seal(random, random.bytes(32)),
    }[spoiled]()
    // It dials the server that it means, whatever its ticket says.
    const second = play.dial({ connectToken: { ...bad, servers: [SERVER] }, link: { loss: 0 } })
    world.waitFor(() => second.client.isOver, 20_000)
    const codes = {
      expired: refusalCodes.expiredToken,
      used: refusalCodes.usedToken,
      'for another server': refusalCodes.tokenForAnotherServer,
      'of another key': refusalCodes.badToken,
    }
    const refusal = second.clientEvents.find((event) => event.type === 'refused')
    if (refusal?.type !== 'refused' || refusal.code !== codes[spoiled]) {
      fail(`a token ${spoiled}: ${refusal?.type === 'refused' ? refusal.code : second.describeStates()}`)
    }
    const sessions = world.server.clientCount
    if (sessions !== 1) fail(`${sessions} sessions`)
    first.chat({ durationMs: 200 })
    world.run(200)
    first.closeFrom('client')
    world.run(10_000)
    if (world.server.clientCount > 0) fail('not over')
  }),
]

/** HELLOs, or what looks like them, from addresses that never answer, for a while. */
function flood({ world }: Play, random: Random, kind: 'wrong token' | 'right token' | 'garbage'): void {
  const security = defaultSecurity().create(kind === 'right token' ? DEFAULT_TOKEN : 'wrong', (length) =>
    random.bytes(length),
  )
  const untilMs = world.now + FLOOD_MS
  world.every(5, () => {
    if (world.now > untilMs) return
    for (let i = 0; i < 5; i += 1) {
      const hello = new Uint8Array(1_200)
      new Dialing(0, security, { limits: LIMITS, userPayload: new Uint8Array(0) }).pollTransmit(0, hello)
      if (kind === 'garbage') hello.set(random.bytes(200), 7)
      const from = { host: `77.${random.integer(0, 255)}.${random.integer(0, 255)}.1`, port: random.integer(1, 65_535) }
      world.network.inject(world.now, hello, from, world.server.address)
    }
  })
}

function seal(random: Random, key: Uint8Array, expiresAtMs = UNIX_MS + 600_000, server = SERVER): ConnectToken {
  const content = { clientId: 'Ada', expiresAtMs, servers: [server], userData: random.bytes(9) }
  const token = decodeConnectToken(sealConnectToken(crypto, (length) => random.bytes(length), key, content))
  return token ?? fail('no token')
}
