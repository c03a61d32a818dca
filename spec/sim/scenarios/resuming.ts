import type { SessionSettings } from '../../../lib/session/settings.ts'
import { checkLives, fail } from '../checks.ts'
import { Play, randomLoop } from '../play.ts'
import type { Conversation } from '../play.ts'
import { defineScenario } from '../scenario.ts'
import type { Scenario, ScenarioContext } from '../scenario.ts'

const decoder = new TextDecoder()
/** Half a minute of life takes as much work as this many ordinary seeds. */
const COST = 15
const stranger = { host: '66.6.6.6', port: 666 }

/** What a client that comes back, and a server that waits for it, are set to. */
const persistent: Partial<SessionSettings> = {
  timeoutMs: 3_000,
  resumeWindowMs: 20_000,
  handshakeTimeoutMs: 2_000,
  reconnect: { minDelayMs: 100, maxDelayMs: 1_000, attempts: Infinity },
}

export const resumingScenarios: readonly Scenario[] = [
  defineScenario(
    'lost-and-found',
    (context) => {
      const stage = begin(context)
      const { conversation, loss } = stage
      cut(stage, context.random.between(4_000, 15_000), loss)
      backAgain(stage)
      checkResumed(conversation, 1)
      finish(stage)
    },
    COST,
  ),

  defineScenario(
    'lost-again-and-again',
    (context) => {
      const { random } = context
      // Between two outages there may be no time to come back: all of them together are within the window.
      const stage = begin(context, { serverSettings: { resumeWindowMs: 60_000 } })
      const { play, conversation, loss } = stage
      for (let outages = random.integer(2, 4); outages > 0; outages -= 1) {
        cut(stage, random.between(3_500, 9_000), loss)
        play.world.run(random.between(0, 2_500))
      }
      backAgain(stage)
      checkNothingLost(conversation)
      finish(stage)
    },
    COST,
  ),

  defineScenario(
    'loss-during-the-return',
    (context) => {
      const { random } = context
      const stage = begin(context)
      const { play, conversation } = stage
      cut(stage, random.between(4_000, 8_000), 0.4)
      // What arrives of the handshake is a matter of luck, and at times one direction has none.
      for (let turns = random.integer(0, 4); turns > 0; turns -= 1) {
        random.pick([conversation.uplink, conversation.downlink]).configure({ loss: random.pick([0.7, 1]) })
        play.world.run(random.between(0, 2_000))
        conversation.configure({ loss: 0.4 })
      }
      conversation.configure({ loss: 0.05 })
      backAgain(stage)
      checkNothingLost(conversation)
      conversation.configure({ loss: 0 })
      finish(stage)
    },
    COST,
  ),

  defineScenario(
    'returns-to-a-server-that-missed-nothing',
    (context) => {
      const { random } = context
      const stage = begin(context, { serverSettings: { timeoutMs: 60_000 } })
      const { play, conversation, loss } = stage
      const isOneWay = random.chance(0.5)
      // The server hears the client all the time, or takes it for stalled.
      if (isOneWay) conversation.downlink.configure({ loss: 1 })
      else conversation.configure({ loss: 1 })
      play.world.run(random.between(3_500, 12_000))
      conversation.configure({ loss })
      backAgain(stage)
      checkResumed(conversation, 1)
      const ended = conversation.serverEvents.filter(({ type }) => type === 'ended')
      if (ended.length !== 1) fail(`the server was told of ${ended.length} ends`)
      finish(stage)
    },
    COST,
  ),

  defineScenario(
    'returns-too-late',
    (context) => {
      const { random } = context
      const stage = begin(context, { serverSettings: { resumeWindowMs: random.between(500, 4_000) } })
      const { conversation, loss } = stage
      cut(stage, random.between(12_000, 16_000), loss)
      backAgain(stage)
      checkResumed(conversation, 0)
      finish(stage)
    },
    COST,
  ),

  defineScenario(
    'returns-to-a-server-that-restarted',
    (context) => {
      const { random } = context
      const stage = begin(context)
      const { play, conversation, loss } = stage
      conversation.configure({ loss: 1 })
      play.world.run(random.between(0, 6_000))
      play.world.restartServer()
      play.world.run(random.between(0, 6_000))
      conversation.configure({ loss })
      play.world.run(4_000)
      // What the server that is gone had not said by then, it will not say any more.
      backAgain(stage, 'up')
      checkResumed(conversation, 0)
      conversation.closeFrom('client')
      play.checkOver(true)
    },
    COST,
  ),

  defineScenario(
    'evicted-while-lost',
    (context) => {
      const { random } = context
      const stage = begin(context, { maxClients: 1 })
      const { play, conversation, loss } = stage
      conversation.configure({ loss: 1 })
      play.world.run(random.between(8_000, 10_000))
      const newcomer = play.connect({ loop: randomLoop(random) })
      newcomer.chat({ durationMs: 1_000 })
      play.world.run(random.between(1_000, 2_000))
      newcomer.configure({ loss: 0 })
      newcomer.closeFrom('client')
      play.world.waitFor(() => newcomer.client.isOver && play.world.server.clientCount === 0)
      conversation.configure({ loss })
      backAgain(stage)
      checkResumed(conversation, 0)
      finish(stage)
    },
    COST,
  ),

  defineScenario(
    'replayed-hellos-of-a-return',
    (context) => {
      const { random } = context
      const said: Uint8Array[] = []
      const filter = (bytes: Uint8Array): boolean => {
        if (!isPacket(bytes)) said.push(bytes.slice())
        return true
      }
      // Where the port is shared, a HELLO is answered only where it came from first, which here is the stranger.
      const stage = begin(context, { filter, isPortShared: false })
      const { play, conversation, loss } = stage
      const replay = (): void => {
        const { address } = play.world.server
        const privatePort = conversation.server?.socket.address ?? address
        for (const bytes of said) {
          const isHello = decoder.decode(bytes.subarray(0, 5)) === 'HELLO'
          play.world.network.inject(play.world.now, bytes, stranger, isHello ? address : privatePort)
        }
      }
      conversation.configure({ loss: 1 })
      play.world.run(random.between(4_000, 9_000))
      // Its HELLO is heard before it is, and from elsewhere.
      replay()
      play.world.run(random.between(0, 1_000))
      conversation.configure({ loss })
      const startMs = play.world.now
      while (!conversation.isConnected && play.world.now < startMs + 15_000) {
        play.world.run(random.between(1, 200))
        if (random.chance(0.3)) replay()
      }
      backAgain(stage)
      for (let times = 0; times < 5; times += 1) {
        replay()
        play.world.run(random.between(1, 500))
      }
      checkResumed(conversation, 1)
      const { remote: destination } = conversation.server?.session ?? fail('the server’s end is gone')
      if (destination.host !== conversation.client.socket.address.host) fail(`the server talks to ${destination.host}`)
      if (play.world.server.clientCount !== 1) fail(`${play.world.server.clientCount} clients are at the server`)
      finish(stage)
    },
    COST,
  ),
]

/** A connection, and what happens to it. */
interface Stage {
  readonly play: Play
  readonly conversation: Conversation
  readonly loss: number
  /** When both ends have said what they had to say. */
  readonly saidAtMs: number
}

/** How a {@link Stage} is set. */
interface StageOptions {
  readonly serverSettings?: Partial<SessionSettings>
  readonly maxClients?: number
  readonly filter?: (bytes: Uint8Array) => boolean
  readonly isPortShared?: boolean
}

/** A connection that stands and is talked over for as long as the scenario lasts, more or less. */
function begin(
  context: ScenarioContext,
  { serverSettings, maxClients = 1_024, filter, isPortShared }: StageOptions = {},
): Stage {
  const { random } = context
  const loss = random.pick([0, 0, 0.05])
  const play = new Play(context, {
    link: { delayMs: random.between(1, 80), jitterMs: random.pick([0, 10]), loss },
    settings: { ...persistent, ...serverSettings },
    serverLoop: randomLoop(random),
    maxClients,
    isPortShared,
  })
  const loop = randomLoop(random)
  const conversation = play.connect({ loop, settings: persistent, ...(filter && { uplink: { filter } }) })
  const durationMs = random.between(1_000, 12_000)
  const saidAtMs = play.world.now + durationMs
  conversation.chat({ durationMs, intervalMs: random.pick([10, 40, 150]) })
  play.world.run(random.between(50, 1_500))
  return { play, conversation, loss, saidAtMs }
}

/** Nothing arrives for a while. */
function cut({ play, conversation }: Stage, durationMs: number, lossRateAfter: number): void {
  conversation.configure({ loss: 1 })
  play.world.run(durationMs)
  conversation.configure({ loss: lossRateAfter })
}

/** Waits until both ends are connected again and everything arrived that has to. */
function backAgain({ play, conversation, saidAtMs }: Stage, direction: 'up' | 'both' = 'both'): void {
  if (!play.world.waitFor(() => conversation.isConnected, 30_000))
    fail(`not there again: ${conversation.describeStates()}`)
  play.world.run(Math.max(0, saidAtMs - play.world.now))
  if (direction === 'both') play.waitForAll(60_000)
  else if (!play.world.waitFor(() => conversation.up.isComplete(), 60_000)) conversation.up.checkComplete()
  if (!play.world.waitFor(() => conversation.isConnected, 30_000))
    fail(`not there any more: ${conversation.describeStates()}`)
}

/** Throws unless both ends went on so many times, and, where they did, without handing anything back. */
function checkResumed(conversation: Conversation, times: number): void {
  for (const end of [conversation.client, conversation.server]) {
    const { resumptions = NaN } = end?.session.stats ?? {}
    if (resumptions !== times) fail(`${end?.name ?? 'nobody'} went on ${resumptions} times, not ${times}`)
  }
  if (times > 0) checkNothingLost(conversation)
}

function checkNothingLost({ clientEvents, serverEvents }: Conversation): void {
  const events = [...clientEvents, ...serverEvents]
  if (events.some(({ type }) => type === 'undelivered'))
    fail('messages were handed back although the connection went on')
}

/** Closes from the client, which would otherwise dial again, and checks that each connection that stood has one end. */
function finish({ play, conversation }: Stage): void {
  play.checkQuiet()
  conversation.closeFrom('client')
  play.checkOver(true)
  checkLives(conversation.client.name, conversation.clientEvents)
}

function isPacket(bytes: Uint8Array): boolean {
  return (bytes[0] ?? 0) >= 0x80
}
