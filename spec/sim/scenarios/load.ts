import { fail } from '../checks.ts'
import { Play, randomLoop } from '../play.ts'
import { defineScenario } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

export const loadScenarios: readonly Scenario[] = [
  defineScenario('queue-overflow', (context) => {
    const { random } = context
    const play = new Play(context, {
      link: { delayMs: 20, rateBitsPerSecond: 500_000, loss: random.pick([0, 0.02]) },
      settings: { maxQueuedMessages: random.integer(8, 64), maxQueuedBytes: random.integer(8_000, 32_000) },
    })
    const conversation = play.connect({ loop: randomLoop(random) })
    for (let burst = 0; burst < 10; burst += 1) {
      for (let i = 0; i < 100; i += 1) {
        conversation.sendUp(random.integer(4, 1_500), random.pick(['reliable', 'reliable-unordered']), i % 3)
        conversation.sendDown(random.integer(4, 1_500), random.pick(['reliable', 'reliable-unordered']), i % 3)
      }
      play.world.run(random.between(0, 100))
    }
    const { up, down } = conversation
    if (up.refusedMessages === 0 || down.refusedMessages === 0) fail('no queue overflowed')
    const refused = conversation.client.session.stats.refusedMessages
    if (refused !== up.refusedMessages) fail(`${refused} refusals are counted of ${up.refusedMessages}`)
    play.finish()
  }),

  defineScenario('reader-stops', (context) => {
    const { random } = context
    const inboxDatagrams = random.integer(16, 512)
    const play = new Play(context, {
      link: { delayMs: 20, loss: 0.05 },
      serverLoop: { ...randomLoop(random), inboxDatagrams },
    })
    const conversation = play.connect({ loop: randomLoop(random) })
    const { server } = conversation
    const fromMs = play.world.now + random.between(0, 500)
    server?.program.pause(fromMs, fromMs + random.between(200, 7_000))
    conversation.chat({ durationMs: 2_000, intervalMs: 4, maxBytes: 8_000, direction: 'up' })
    conversation.chat({ durationMs: 2_000, intervalMs: 40, direction: 'down' })
    play.world.run(8_000)
    play.waitForAll()
    conversation.configure({ loss: 0 })
    play.finish()
  }),

  defineScenario(
    'slow-link',
    (context) => {
      const { random } = context
      const rateBitsPerSecond = random.between(100_000, 400_000)
      const play = new Play(context, {
        link: {
          delayMs: 25,
          rateBitsPerSecond,
          queueBytes: Math.ceil((rateBitsPerSecond / 8) * random.between(0.2, 0.5)),
        },
        settings: { maxQueuedBytes: 100_000 },
      })
      const conversation = play.connect({ loop: randomLoop(random) })
      const { client } = conversation
      const untilMs = play.world.now + 60_000
      // Sixty small ones a second are well within the rate; what is beside them asks for twice of what there is.
      client.every(1_000 / 60, () => conversation.sendUp(40, 'sequenced', 1), { untilMs })
      client.every(50, () => conversation.sendUp(Math.ceil(rateBitsPerSecond / 80), 'reliable', 0), { untilMs })
      play.world.runUntil(untilMs)
      const sequenced = conversation.up.latenciesMs.filter(({ delivery }) => delivery === 'sequenced')
      const third = Math.floor(sequenced.length / 3)
      const early = percentile95(sequenced.slice(0, third))
      const late = percentile95(sequenced.slice(-third))
      if (sequenced.length < 60 * 60 * 0.5) fail(`only ${sequenced.length} of 3,600 sequenced messages arrived`)
      if (late > Math.max(250, 1.5 * early)) fail(`the latency of sequenced messages grew from ${early} to ${late} ms`)
      play.finish()
    },
    5,
  ),

  defineScenario('idle-and-busy', (context) => {
    const { random } = context
    const play = new Play(context, {
      link: { delayMs: random.between(5, 80), jitterMs: 5, loss: random.pick([0, 0.01, 0.05]) },
      serverLoop: randomLoop(random),
    })
    const conversation = play.connect({ loop: randomLoop(random) })
    for (let round = 0; round < 6; round += 1) {
      play.world.run(random.between(0, 4_000))
      const count = random.integer(1, 200)
      for (let i = 0; i < count; i += 1) conversation.sendUp(random.integer(4, 400), 'reliable', i % 2)
      for (let i = 0; i < count / 4; i += 1) conversation.sendDown(random.integer(4, 3_000), 'reliable', i % 2)
    }
    play.waitForAll(20_000)
    conversation.configure({ loss: 0 })
    play.finish()
  }),

  defineScenario('bottleneck', (context) => {
    const { random } = context
    const link = {
      delayMs: random.between(2, 60),
      rateBitsPerSecond: random.between(500_000, 20_000_000),
      queuePackets: random.integer(10, 200),
    }
    const play = new Play(context, { link })
    const conversation = play.connect()
    const { client } = conversation
    let sentBytes = 0
    while (sentBytes < 500_000) {
      const bytes = random.integer(100, 60_000)
      if (conversation.sendUp(bytes, 'reliable', 0)) sentBytes += bytes
    }
    client.every(1_000 / 60, () => conversation.sendUp(64, 'reliable', 1), { untilMs: play.world.now + 1_000 })
    play.world.run(1_000)
    play.waitForAll()
    const { droppedByQueue, offeredPackets } = conversation.uplink.stats
    // The start overshoots for the round trip that it takes to hear of it: over a short queue that is much of so small a transfer.
    if (droppedByQueue > offeredPackets * 0.3)
      fail(`${droppedByQueue} of ${offeredPackets} datagrams were dropped by the queue`)
    play.finish()
  }),

  defineScenario('many-clients', (context) => {
    const { random } = context
    const play = new Play(context, { serverLoop: randomLoop(random) })
    for (let i = 0; i < 8; i += 1) {
      const link = {
        delayMs: random.between(1, 150),
        jitterMs: random.between(0, 20),
        loss: random.between(0, 0.1),
      }
      const conversation = play.connect({ link, loop: randomLoop(random), mapsPerDestination: random.chance(0.3) })
      conversation.chat({ durationMs: 1_500, intervalMs: 20 })
    }
    play.world.run(1_500)
    play.waitForAll()
    for (const conversation of play.conversations) conversation.configure({ loss: 0 })
    play.finish()
  }),
]

function percentile95(latencies: readonly { latencyMs: number }[]): number {
  const sorted = latencies.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.95)] ?? Infinity
}
