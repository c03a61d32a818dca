import { isSameAddress, type Address } from '../../../lib/core/address.ts'
import type { SessionEvent } from '../../../lib/session/session.ts'
import type { LinkFilter, Random } from '../../../lib/simulator/index.ts'
import { fail } from '../checks.ts'
import { Play, randomLoop, type Conversation } from '../play.ts'
import { defineScenario } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

/** A stall, the PING that follows, and what is lost of it: within this a client that moved is found again. */
const FOUND_WITHIN_MS = 4_000

/** For how long the ends talk, before, while and after the client moves. */
const CHAT_MS = 5_000

/** These take as long as several ordinary ones. */
const COST = 5

/** Somebody who copies datagrams and has them arrive from here. */
const copier: Address = { host: '66.6.6.6', port: 666 }

export const movingScenarios: readonly Scenario[] = [
  defineScenario(
    'moved',
    (context) => {
      const { random } = context
      const play = new Play(context, {
        link: { delayMs: random.between(1, 80), jitterMs: random.between(0, 10) },
        serverLoop: randomLoop(random),
        isPortShared: random.chance(0.5),
      })
      const conversation = connect(play)
      if (random.chance(0.7)) conversation.chat({ durationMs: CHAT_MS, intervalMs: random.pick([5, 20, 200]) })
      play.world.run(random.between(0, 3_000))
      const from = conversation.client.socket.address
      const to = elsewhere(random, from)
      play.world.move(conversation.client, to)
      waitUntilFound(play, conversation)
      const moves = conversation.serverEvents.filter(isMigrated)
      if (moves.length !== 1) fail(`${moves.length} moves were told of instead of one`)
      if (moves[0] === undefined || !isSameAddress(moves[0].from, from) || !isSameAddress(moves[0].to, to)) {
        fail('another move was told of than the one that was made')
      }
      play.world.run(CHAT_MS)
      play.waitForAll(10_000)
      if (conversation.countEvents('ended') > 0) fail('a move ended the connection')
      play.finish()
    },
    COST,
  ),

  defineScenario(
    'moved-under-loss',
    (context) => {
      const { random } = context
      const play = new Play(context, {
        link: {
          delayMs: random.between(1, 80),
          jitterMs: 10,
          loss: random.between(0.05, 0.25),
          duplicate: 0.05,
        },
        serverLoop: randomLoop(random),
        isPortShared: random.chance(0.5),
        // How a handshake fares under loss is another scenario's matter.
        settings: { timeoutMs: 30_000, handshakeTimeoutMs: 19_000 },
      })
      const conversation = connect(play)
      conversation.chat({ durationMs: CHAT_MS, intervalMs: 20 })
      play.world.run(random.between(0, 2_000))
      play.world.move(conversation.client, elsewhere(random, conversation.client.socket.address))
      waitUntilFound(play, conversation, 20_000)
      play.world.run(CHAT_MS)
      play.waitForAll(20_000)
      if (conversation.countEvents('ended') > 0) fail('a move ended the connection')
      conversation.configure({ loss: 0, duplicate: 0 })
      play.finish()
    },
    COST,
  ),

  defineScenario(
    'moved-repeatedly',
    (context) => {
      const { random } = context
      const play = new Play(context, {
        link: { delayMs: random.between(1, 60) },
        serverLoop: randomLoop(random),
        isPortShared: random.chance(0.5),
      })
      const conversation = connect(play)
      conversation.chat({ durationMs: CHAT_MS, intervalMs: 25 })
      const home = conversation.client.socket.address
      for (let i = 0; i < 6; i += 1) {
        play.world.run(random.between(50, 2_500))
        const { address } = conversation.client.socket
        const isHome = isSameAddress(address, home)
        play.world.move(conversation.client, !isHome && random.chance(0.3) ? home : elsewhere(random, address))
      }
      waitUntilFound(play, conversation)
      play.world.run(CHAT_MS)
      play.waitForAll(20_000)
      if (conversation.countEvents('ended') > 0) fail('moves ended the connection')
      play.finish()
    },
    COST,
  ),

  defineScenario(
    'moved-during-a-stall',
    (context) => {
      const { random } = context
      const play = new Play(context, {
        link: { delayMs: 25 },
        serverLoop: randomLoop(random),
        isPortShared: random.chance(0.5),
      })
      const conversation = connect(play)
      conversation.chat({ durationMs: CHAT_MS, intervalMs: 25 })
      play.world.run(random.between(100, 1_000))
      conversation.configure({ loss: 1 })
      play.world.run(random.between(1_200, 3_000))
      play.world.move(conversation.client, elsewhere(random, conversation.client.socket.address))
      play.world.run(random.between(0, 3_000))
      conversation.configure({ loss: 0 })
      waitUntilFound(play, conversation)
      play.world.run(CHAT_MS)
      play.waitForAll(10_000)
      if (conversation.countEvents('ended') > 0) fail('the connection ended')
      play.finish()
    },
    COST,
  ),

  defineScenario(
    'challenges-lost',
    (context) => {
      const { random } = context
      const play = new Play(context, { link: { delayMs: 25 }, isPortShared: random.chance(0.5) })
      const conversation = connect(play)
      conversation.chat({ durationMs: CHAT_MS, intervalMs: random.pick([20, 400]) })
      play.world.run(random.between(0, 1_000))
      play.world.move(conversation.client, elsewhere(random, conversation.client.socket.address))
      // Nothing but challenges goes to the new address, and what answers them is the first that the client says there in a while.
      const link = random.pick([conversation.uplink, conversation.downlink])
      let left = random.integer(1, 6)
      link.configure({ filter: () => left-- <= 0 })
      waitUntilFound(play, conversation, 8_000)
      play.world.run(CHAT_MS)
      play.waitForAll(10_000)
      if (conversation.countEvents('ended') > 0) fail('the connection ended')
      play.finish()
    },
    COST,
  ),

  defineScenario(
    'copied-elsewhere',
    (context) => {
      const { random } = context
      const play = new Play(context, {
        link: { delayMs: random.between(5, 60) },
        serverLoop: randomLoop(random),
        isPortShared: random.chance(0.5),
      })
      const conversation = connect(play)
      const from = conversation.client.socket.address
      conversation.chat({ durationMs: CHAT_MS, intervalMs: 20 })
      const tap = copyUplink(play, conversation, random.pick(['sooner', 'later', 'now and then']))
      if (random.chance(0.5)) {
        // While the ends are stalled their sockets hear everybody.
        play.world.run(random.between(0, 1_000))
        conversation.downlink.configure({ loss: 1 })
        play.world.run(random.between(1_200, 4_000))
        conversation.downlink.configure({ loss: 0 })
      }
      play.world.run(CHAT_MS)
      play.waitForAll(10_000)
      if (conversation.countEvents('migrated') > 0) fail('a copy of a datagram moved the client')
      if (!isSameAddress(from, conversation.client.socket.address)) fail('the client itself moved')
      if (conversation.countEvents('ended') > 0) fail('copies ended the connection')
      if (!conversation.isConnected) fail(`not connected: ${conversation.describeStates()}`)
      tap.check()
      tap.stop()
      play.finish()
    },
    COST,
  ),

  defineScenario(
    'moved-and-copied',
    (context) => {
      const { random } = context
      const play = new Play(context, {
        link: { delayMs: random.between(5, 60) },
        serverLoop: randomLoop(random),
        isPortShared: random.chance(0.5),
      })
      const conversation = connect(play)
      conversation.chat({ durationMs: CHAT_MS, intervalMs: 20 })
      const tap = copyUplink(play, conversation, random.pick(['later', 'now and then']))
      play.world.run(random.between(0, 2_000))
      play.world.move(conversation.client, elsewhere(random, conversation.client.socket.address))
      waitUntilFound(play, conversation, 9_000)
      play.world.run(CHAT_MS)
      play.waitForAll(10_000)
      const stranger = conversation.serverEvents.find((event) => isMigrated(event) && isSameAddress(event.to, copier))
      if (stranger !== undefined) fail('the server followed a copy')
      if (conversation.countEvents('ended') > 0) fail('the connection ended')
      tap.check()
      tap.stop()
      play.finish()
    },
    COST,
  ),
]

function connect(play: Play): Conversation {
  const { random } = play
  return play.connect({ loop: randomLoop(random) })
}

/** Another port of the same host, as a NAT that forgot shows it, or another host, as another network gives. */
function elsewhere(random: Random, { host, port }: Address): Address {
  if (random.chance(0.5)) return { host, port: port + random.integer(1, 999) }
  return { host: `12.${random.integer(0, 255)}.${random.integer(0, 255)}.${random.integer(1, 254)}`, port }
}

/** Waits until the server has found the client where it is, and both ends are connected. */
function waitUntilFound(play: Play, conversation: Conversation, limitMs = FOUND_WITHIN_MS): void {
  const isFound = (): boolean => {
    const peer = conversation.serverEvents.findLast((event) => event.type === 'peer' && event.remote !== undefined)
    return peer?.type === 'peer' && isSameAddress(peer.remote ?? copier, conversation.client.socket.address)
  }
  const isBack = (): boolean => isFound() && conversation.isConnected
  if (!play.world.waitFor(isBack, limitMs)) {
    fail(`${isFound() ? 'found, but' : 'not found and'} after ${limitMs} ms ${conversation.describeStates()}`)
  }
}

function isMigrated(event: SessionEvent): event is SessionEvent & { readonly type: 'migrated' } {
  return event.type === 'migrated'
}

/**
 * Copies what the client says to where it is sent, from the copier's address: so that the copies arrive before the originals, after
 * them, or so that only some arrive at all. Counts what comes back for it.
 */
function copyUplink(
  play: Play,
  conversation: Conversation,
  when: 'sooner' | 'later' | 'now and then',
): { check(): void; stop(): void } {
  const { world, random } = play
  const { server } = conversation
  if (server === undefined) return fail('the server’s end is gone')
  const target = server.socket.address
  const { delayMs } = conversation.uplink.settings
  world.network.link(copier.host, target.host).configure({ delayMs: when === 'later' ? delayMs + 3 : delayMs / 2 })
  let [sentBytes, receivedBytes, sentPackets, receivedPackets] = [0, 0, 0, 0]
  const receive = (_now: number, bytes: Uint8Array): string => {
    receivedBytes += bytes.length
    receivedPackets += 1
    return ''
  }
  const socket = world.network.open({ name: 'copier', handleDatagram: receive }, copier)
  let isOn = true
  const filter: LinkFilter = (bytes) => {
    if (isOn && (when !== 'now and then' || random.chance(0.2))) {
      sentBytes += bytes.length
      sentPackets += 1
      world.network.inject(world.now, bytes, copier, target)
    }
    return true
  }
  conversation.uplink.configure({ filter })
  return {
    check() {
      if (receivedBytes > sentBytes) fail(`${receivedBytes} bytes went to an address from where ${sentBytes} came`)
      if (receivedPackets > sentPackets) fail(`${receivedPackets} datagrams answer ${sentPackets} copies`)
    },
    stop() {
      isOn = false
      world.network.close(socket)
    },
  }
}
