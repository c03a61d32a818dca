import { fail } from '../checks.ts'
import { Play, randomLoop, type Conversation } from '../play.ts'
import { defineScenario } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

/** How long a loop is blocked: as by a garbage collector, a saved game, a breakpoint. The timeout is between the last two. */
const BLOCKED_MS = [1_000, 5_000, 15_000] as const

/** In the first moments after a loop runs again no more than this leaves its end: it answers and probes, it does not burst. */
const RETURN_MS = 100
const MAX_RETURN_PACKETS = 40

/** Full is a rate, over one round trip, that leaves the bottleneck idle for less than this share. */
const FULL_SHARE = 0.8
const FULL_WITHIN_ROUND_TRIPS = 2

export const stallingScenarios: readonly Scenario[] = [
  defineScenario('full-rate-after-a-blackout', (context) => {
    const { random } = context
    const roundTripMs = random.between(20, 120)
    const bytesPerMs = random.between(250, 2_500)
    const link = {
      delayMs: roundTripMs / 2,
      rateBitsPerSecond: bytesPerMs * 8_000,
      queueBytes: Math.ceil(Math.max(30_000, bytesPerMs * roundTripMs)),
    }
    const play = new Play(context, { link, settings: { maxQueuedBytes: 4_000_000 } })
    const conversation = play.connect()
    const { client, uplink } = conversation
    const untilMs = play.world.now + 20_000
    const fill = (): void => {
      while (client.session.stats.queuedBytes < 1_000_000) conversation.sendUp(20_000)
    }
    client.every(20, fill, { untilMs })
    play.world.run(random.between(1_500, 4_000))
    conversation.configure({ loss: 1 })
    play.world.run(5_000)
    conversation.configure({ loss: 0 })
    if (!play.world.waitFor(() => conversation.countEvents('unstalled') > 0, 2_000)) fail('nothing is heard again')
    const dropped = uplink.stats.droppedByQueue
    const share = bestShareOfRoundTrip(play, conversation, roundTripMs, bytesPerMs)
    if (share < FULL_SHARE) fail(`${(share * 100).toFixed(0)} % of the rate within two round trips after the blackout`)
    if (uplink.stats.droppedByQueue > dropped) fail('what was sent after the blackout overfilled the queue')
  }),

  defineScenario('blocked-for-long', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 25 }, serverLoop: randomLoop(random) })
    const conversation = play.connect({ loop: randomLoop(random) })
    const { client, server } = conversation
    if (server === undefined) return fail('the server’s end is gone')
    const blocked = random.pick([client, server])
    const other = blocked === client ? server : client
    const blockedMs = random.pick(BLOCKED_MS)
    conversation.chat({ durationMs: 2_000, intervalMs: 16 })
    play.world.run(random.between(200, 1_000))
    const fromMs = play.world.now
    blocked.program.pause(fromMs, fromMs + blockedMs)
    // While its loop is blocked, an end is not told of anything, and nothing it is told of afterwards is its peer's end.
    play.world.runUntil(fromMs + blockedMs - 1)
    const before = play.world.network.sentPackets
    const otherBefore = other.session.stats.sentPackets
    play.world.run(RETURN_MS + 1)
    const sent = play.world.network.sentPackets - before - (other.session.stats.sentPackets - otherBefore)
    if (sent > MAX_RETURN_PACKETS) fail(`${sent} datagrams in ${RETURN_MS} ms after ${blockedMs} ms without a step`)
    if (blockedMs < play.settings.timeoutMs) {
      play.world.run(3_000)
      play.waitForAll(10_000)
      if (conversation.countEvents('ended') > 0) fail(`${blockedMs} ms without a step ended the connection`)
      play.finish()
      return
    }
    const events = blocked === client ? conversation.clientEvents : conversation.serverEvents
    const isAccused = events.some((event) => event.type === 'ended' && event.cause === 'timeout')
    if (isAccused) fail('the end that was late has called the other dead')
  }),
]

/** The greatest share of the bottleneck's rate that a round trip of the next few was filled with. */
function bestShareOfRoundTrip(play: Play, { server }: Conversation, roundTripMs: number, bytesPerMs: number): number {
  const received = (): number => server?.session.stats.receivedBytes ?? 0
  // What is sent within two round trips arrives within one more, and is measured over one.
  const slices = 4
  const counts = [received()]
  for (let i = 0; i < (FULL_WITHIN_ROUND_TRIPS + 1) * slices; i += 1) {
    play.world.run(roundTripMs / slices)
    counts.push(received())
  }
  let best = 0
  for (let i = slices; i < counts.length; i += 1) {
    const bytes = (counts[i] ?? 0) - (counts[i - slices] ?? 0)
    best = Math.max(best, bytes / (bytesPerMs * roundTripMs))
  }
  return best
}
