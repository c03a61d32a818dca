import { deliveries } from '../../../lib/session/delivery.ts'
import { fail } from '../checks.ts'
import { Play } from '../play.ts'
import { defineScenario } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

/** Numbers of 16 bits travel, and go round. */
export const wrappingScenarios: readonly Scenario[] = [
  defineScenario('sequences-wrap', (context) => {
    const { random } = context
    // They go round soon after the start, on each channel that is used enough.
    const before = random.integer(1, 3_000)
    const play = new Play(context, {
      link: { delayMs: 5, jitterMs: 2, loss: random.pick([0, 0.01, 0.05]) },
      firstSequence: 65_536 - before,
    })
    const conversation = play.connect()
    const delivery = random.pick(['reliable', 'reliable-unordered', 'latest'] as const)
    // Many to a packet.
    const burst = (): void => {
      for (let i = 0; i < 40; i += 1) conversation.sendUp(4, delivery, 0)
    }
    const durationMs = 2 * Math.ceil(before / 40) + 60
    conversation.client.every(2, burst, { untilMs: play.world.now + durationMs })
    play.world.run(durationMs)
    if (conversation.up.sentMessages < before) fail(`only ${conversation.up.sentMessages} messages`)
    conversation.chat({ durationMs: 500, maxBytes: 10_000, channels: [0, 7], deliveries: [delivery, 'sequenced'] })
    play.world.run(500)
    play.finish()
  }),

  defineScenario('packet-numbers-wrap', (context) => {
    const { random } = context
    // The 16 bits that travel go round soon after the start, in both directions.
    const firstPacketNumber = random.pick([1, 2, 3]) * 65_536 - random.integer(1, 1_000)
    const link = { delayMs: 5, jitterMs: 2, loss: random.pick([0, 0.01, 0.05]) }
    const play = new Play(context, { link, firstPacketNumber })
    const conversation = play.connect()
    const { client } = conversation
    const untilMs = play.world.now + 1_500
    // Each a packet of its own, without fragments at first.
    client.every(1, () => conversation.sendUp(4, 'reliable', 0), { untilMs })
    client.every(1, () => conversation.sendDown(4, 'reliable', 0), { untilMs })
    play.world.run(1_500)
    play.waitForAll()
    if (client.session.stats.sentPackets < 1_000) fail(`only ${client.session.stats.sentPackets} packets`)
    conversation.chat({ durationMs: 500, maxBytes: 10_000, channels: [0, 7] })
    play.world.run(500)
    play.finish()
  }),

  defineScenario(
    'packets-go-round-between-rare-messages',
    (context) => {
      const { random } = context
      // Half of what 16 bits number decides what is old and what is new; an eighth of the seeds goes round all of it.
      const packets = random.chance(1 / 8) ? 68_000 : 34_000
      const play = new Play(context, {
        link: { delayMs: 5, jitterMs: 2, loss: random.pick([0, 0.01]) },
        serverLoop: { stepMs: 10 },
      })
      const conversation = play.connect()
      const { client } = conversation
      const startMs = play.world.now
      const untilMs = startMs + packets / 2
      client.every(0.5, () => conversation.sendUp(4, 'reliable', 0), { untilMs })
      // Rarely, with tens of thousands of packets between them.
      let isSmall = random.chance(0.5)
      const sendRarely = (): void => {
        isSmall = !isSmall
        for (const delivery of deliveries) conversation.sendUp(isSmall ? 50 : 5_000, delivery, 7)
      }
      const timing = { fromMs: startMs + random.between(0, 100), untilMs }
      client.every(random.between(4_000, 16_900), sendRarely, timing)
      play.world.runUntil(untilMs)
      play.waitForAll()
      const { sentPackets } = client.session.stats
      if (sentPackets < packets * 0.98) fail(`only ${sentPackets} packets`)
      conversation.chat({ durationMs: 500, maxBytes: 10_000, channels: [0, 7] })
      play.world.run(500)
      play.finish()
    },
    15,
  ),
]
