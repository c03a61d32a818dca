import { deliveries } from '../../../lib/session/delivery.ts'
import type { LinkFilter, LinkOptions, Random } from '../../../lib/simulator/index.ts'
import { fail } from '../checks.ts'
import { Play, randomLoop } from '../play.ts'
import type { Chatter, Conversation, PlayOptions } from '../play.ts'
import { defineScenario } from '../scenario.ts'
import type { Scenario, ScenarioContext } from '../scenario.ts'

export const deliveryScenarios: readonly Scenario[] = [
  defineScenario('rough-network', (context) => {
    const { random } = context
    const link = () => ({
      delayMs: random.between(0, 100),
      jitterMs: random.between(0, 40),
      keepOrder: random.chance(0.5),
      loss: random.between(0, 0.1),
      burst: random.chance(0.3) ? { enterRate: 0.01, leaveRate: 0.3 } : undefined,
      duplicate: random.between(0, 0.1),
      reorder: random.between(0, 0.1),
      reorderDelayMs: random.between(1, 50),
    })
    talk(
      context,
      { link: link() },
      { durationMs: 2_000, intervalMs: random.between(2, 40), maxBytes: 6_000 },
      (conversation) => {
        conversation.downlink.configure(link())
      },
    )
  }),

  defineScenario('acks-under-loss', (context) => {
    const { random } = context
    talk(context, { link: { delayMs: 20 } }, { durationMs: 1_500, intervalMs: 8 }, (conversation) => {
      conversation.uplink.configure({ loss: random.between(0, 0.05) })
      conversation.downlink.configure({ loss: random.between(0.2, 0.6) })
    })
  }),

  defineScenario('duplicates-and-stale', (context) => {
    const link = { delayMs: 20, jitterMs: 30, duplicate: 0.5, reorder: 0.2, reorderDelayMs: 100 }
    talk(context, { link }, { durationMs: 1_500, intervalMs: 10 }, replayStale)
  }),

  defineScenario('terrible-link', (context) => {
    const { random } = context
    const link = { delayMs: random.between(500, 1_000), jitterMs: 50, loss: 0.25, duplicate: 0.25 }
    const settings = { timeoutMs: 30_000, handshakeTimeoutMs: 20_000 }
    talk(context, { link, settings }, { durationMs: 3_000, intervalMs: 30, maxBytes: 2_000 })
  }),

  defineScenario('loss-in-patterns', (context) => {
    const { random } = context
    const chatter = { durationMs: 1_500, intervalMs: 4, maxBytes: 1_200 }
    talk(context, { link: { delayMs: 15 } }, chatter, (conversation, { world }) => {
      conversation.uplink.configure({ filter: dropEvery(random) })
      if (random.chance(0.5)) conversation.downlink.configure({ filter: dropEvery(random) })
      // On an idle link, thirty-three datagrams in a row are more than the silence that ends a connection.
      world.at(world.now + chatter.durationMs, () => conversation.configure({ filter: undefined }))
    })
  }),

  defineScenario('no-acks-for-a-while', (context) => {
    const { random } = context
    const chatter = { durationMs: 1_500, intervalMs: 2, maxBytes: 1_500 }
    talk(context, { link: { delayMs: 10, loss: 0.01 } }, chatter, (conversation, { world }) => {
      const fromMs = world.now + random.between(0, 500)
      conversation.downlink.configure({ partitions: [{ fromMs, untilMs: fromMs + random.between(200, 3_000) }] })
    })
  }),

  defineScenario('late-acks', (context) => {
    const { random } = context
    talk(
      context,
      { link: { delayMs: 20, loss: 0.01 } },
      { durationMs: 2_000, intervalMs: 10 },
      (conversation, { world }) => {
        const link = random.pick([conversation.uplink, conversation.downlink])
        world.every(random.between(100, 400), () => link.configure({ delayMs: random.pick([5, 20, 60, 300]) }), {
          untilMs: world.now + 2_500,
        })
      },
    )
  }),

  defineScenario('largest-messages', (context) => {
    const { random } = context
    const maxMessageBytes = random.pick([2_000, 65_536, 250_000])
    const play = new Play(context, {
      link: { delayMs: 10, loss: random.pick([0, 0.03]), jitterMs: 5 },
      settings: { maxMessageBytes, mtuBytes: random.pick([576, 1_200, 1_472]) },
    })
    const conversation = play.connect({ loop: randomLoop(random) })
    for (const delivery of deliveries) {
      for (const bytes of [
        maxMessageBytes,
        maxMessageBytes - 1,
        1_200 + random.integer(-60, 10),
        random.integer(4, 9_000),
      ]) {
        const isFitting = bytes <= maxMessageBytes
        if (isFitting) conversation.sendUp(bytes, delivery, random.integer(0, 3))
      }
    }
    const outcome = conversation.client.send(new Uint8Array(maxMessageBytes + 1))
    if (outcome !== 'too-large') fail(`one byte more than the largest message: ${outcome}`)
    play.finish()
  }),

  defineScenario('fragments-that-never-come', (context) => {
    const { random } = context
    const chatter = { durationMs: 3_000, intervalMs: 15, maxBytes: 12_000, channels: [0, 1] }
    talk(context, { link: { delayMs: 20, jitterMs: 20, loss: random.between(0.05, 0.2) } }, chatter)
  }),

  defineScenario('channels-do-not-wait', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 25 }, redundancy: 'off' })
    const conversation = play.connect()
    play.world.run(300)
    const [delivery, unlucky] = [
      random.pick(['reliable', 'reliable-unordered', 'latest'] as const),
      random.integer(0, 63),
    ]
    conversation.uplink.configure({ filter: () => false })
    conversation.sendUp(40, delivery, unlucky)
    play.world.run(0)
    conversation.uplink.configure({ filter: undefined })
    play.world.run(1)
    for (let channel = 0; channel < 64; channel += 1) {
      for (const mode of deliveries) if (channel !== unlucky) conversation.sendUp(random.integer(4, 60), mode, channel)
    }
    play.waitForAll()
    for (const { channel, latencyMs } of conversation.up.latenciesMs) {
      // 64 × 5 messages are some twenty datagrams, which may be paced.
      if (channel !== unlucky && latencyMs > 45)
        fail(`a loss on channel ${unlucky} held up channel ${channel} for ${latencyMs} ms`)
    }
    play.finish()
  }),

  defineScenario('damaged-datagrams', (context) => {
    // Without cryptography a flipped bit may pass for another message; what must hold is that nothing breaks.
    const { random } = context
    const play = new Play(context, { link: { delayMs: 10 } })
    const conversation = play.connect()
    const { client, server } = conversation
    if (server === undefined) return fail('the server’s end is gone')
    client.onEvent = server.onEvent = undefined
    conversation.configure({ corrupt: random.between(0, 0.1), truncate: random.between(0, 0.1) })
    for (const end of [client, server]) {
      end.every(10, () => {
        if (end.session.state !== 'connected') return
        end.send(random.bytes(random.integer(0, 3_000)), random.pick(deliveries), random.integer(0, 3))
      })
    }
    play.world.run(2_000)
    conversation.configure({ corrupt: 0, truncate: 0 })
    client.close()
    play.world.run(30_000)
    if (!client.isOver || play.world.server.clientCount > 0) fail(`not over: ${conversation.describeStates()}`)
  }),
]

/** Has one client and the server talk over a link that is made bad once they are connected, and sees it to the end. */
function talk(
  context: ScenarioContext,
  options: PlayOptions,
  chatter: Chatter,
  spoil: (conversation: Conversation, play: Play) => void = () => undefined,
): void {
  const { random } = context
  // A link that is lost in bursts may swallow every HELLO of an ordinary handshake, of which other scenarios tell.
  const settings = { handshakeTimeoutMs: 60_000, ...options.settings }
  const play = new Play(context, { serverLoop: randomLoop(random), ...options, settings })
  const conversation = play.connect({ loop: randomLoop(random) }, 60_000)
  spoil(conversation, play)
  conversation.chat(chatter)
  play.world.run(chatter.durationMs)
  play.waitForAll()
  heal(conversation)
  play.finish()
}

/** A link that still takes its time, but loses nothing: so that both ends hear how it ended. */
function heal(conversation: Conversation): void {
  const healthy: LinkOptions = { loss: 0, burst: undefined, filter: undefined, partitions: [] }
  conversation.configure(healthy)
}

/** Sends old datagrams of both directions again, as they were, now and then. */
function replayStale({ client, server, uplink, downlink }: Conversation, { world, random }: Play): void {
  if (server === undefined) return
  const directions = [
    { link: uplink, from: client, to: server },
    { link: downlink, from: server, to: client },
  ]
  for (const { link, from, to } of directions) {
    const seen: Uint8Array[] = []
    const filter = (bytes: Uint8Array): boolean => {
      if (random.chance(0.2)) seen.push(bytes.slice())
      return true
    }
    link.configure({ filter })
    const replay = (): void => {
      if (seen.length > 0) world.network.inject(world.now, random.pick(seen), from.socket.address, to.socket.address)
    }
    world.every(7, replay, { untilMs: world.now + 2_500 })
  }
}

/** Drops one datagram in so many, or some in a row, over and over: what makes statements of what is missing long. */
function dropEvery(random: Random): LinkFilter {
  const [period, run] = random.pick([
    [2, 1],
    [3, 1],
    [3, 2],
    [10, 4],
    [64, 33],
  ] as const)
  let count = 0
  return () => {
    count += 1
    return count % period >= run
  }
}
