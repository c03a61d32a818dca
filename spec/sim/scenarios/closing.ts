import { checkAgreement, fail } from '../checks.ts'
import { Play, randomLoop } from '../play.ts'
import { defineScenario } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

/** Half a minute of several clients takes as much work as this many ordinary seeds. */
const SEVERAL_CLIENTS_COST = 15

export const closingScenarios: readonly Scenario[] = [
  defineScenario('close-with-messages-queued', (context) => {
    const { random } = context
    const play = new Play(context, {
      link: { delayMs: random.between(1, 80), jitterMs: 5, loss: random.pick([0, 0.03]) },
      serverLoop: randomLoop(random),
    })
    const conversation = play.connect({ loop: randomLoop(random) })
    conversation.chat({ durationMs: 300, intervalMs: 10, deliveries: ['reliable'] })
    play.world.run(random.between(0, 400))
    const end = random.pick(['client', 'server'] as const)
    const ledger = end === 'client' ? conversation.up : conversation.down
    for (let i = 0; i < 20; i += 1) {
      if (end === 'client') conversation.sendUp(random.integer(4, 2_000))
      else conversation.sendDown(random.integer(4, 2_000))
    }
    conversation.closeFrom(end)
    play.checkOver()
    if (ledger.arrivedMessages < ledger.sentMessages) {
      fail(
        `${ledger.name}: ${ledger.sentMessages - ledger.arrivedMessages} messages sent before the close never arrived`,
      )
    }
    play.waitForAll(1)
  }),

  defineScenario('close-from-both-ends', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 30, jitterMs: 10 }, serverLoop: randomLoop(random) })
    const conversation = play.connect({ loop: randomLoop(random) })
    conversation.chat({ durationMs: 300, intervalMs: 10 })
    play.world.run(random.between(0, 400))
    conversation.closeFrom('client')
    play.world.run(random.pick([0, random.between(0, 100)]))
    if (conversation.server !== undefined) conversation.closeFrom('server')
    play.checkOver()
    play.waitForAll(1)
  }),

  defineScenario('kicked', (context) => {
    const { random } = context
    const play = new Play(context, {
      link: { delayMs: random.between(1, 80), jitterMs: 5, loss: random.pick([0, 0.1]), duplicate: 0.1 },
      settings: { reconnect: { minDelayMs: 100, maxDelayMs: 1_000, attempts: Infinity } },
      serverLoop: randomLoop(random),
    })
    const conversation = play.connect({ loop: randomLoop(random) })
    conversation.chat({ durationMs: 300, intervalMs: 20 })
    play.world.run(random.between(0, 400))
    conversation.server?.close(7, 'kicked', false)
    play.world.run(20_000)
    if (!conversation.client.isOver || play.world.server.clientCount > 0)
      fail(`not over: ${conversation.describeStates()}`)
    const ends = conversation.clientEvents.filter((event) => event.type === 'ended')
    const [end] = ends
    if (ends.length !== 1 || end?.code !== 7 || end.reason !== 'kicked' || end.willReconnect)
      fail(`who was kicked was told: ${JSON.stringify(ends)}`)
    const connections = conversation.clientEvents.filter(({ type }) => type === 'connected').length
    if (connections !== 1) fail(`who was kicked was there ${connections} times`)
  }),

  defineScenario('close-at-once', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: random.between(0, 50) }, serverLoop: randomLoop(random) })
    const conversation = play.connect({ loop: randomLoop(random) })
    if (random.chance(0.5)) conversation.sendUp(random.integer(4, 3_000))
    conversation.closeFrom(random.pick(['client', 'server']))
    play.checkOver()
    play.waitForAll(1)
  }),

  defineScenario('close-under-loss', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 20 }, serverLoop: randomLoop(random) })
    const conversation = play.connect({ loop: randomLoop(random) })
    conversation.configure({ loss: 0.3, duplicate: 0.2 })
    conversation.chat({ durationMs: 500, intervalMs: 20 })
    play.world.run(500)
    conversation.closeFrom(random.pick(['client', 'server']))
    play.checkOver(true)
    play.waitForAll(1)
  }),

  defineScenario('close-in-a-blackout', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 20 }, serverLoop: randomLoop(random) })
    const conversation = play.connect({ loop: randomLoop(random) })
    conversation.chat({ durationMs: 500, intervalMs: 20 })
    play.world.run(500)
    conversation.configure({ loss: 1 })
    play.world.run(random.between(0, 3_000))
    const end = random.pick(['client', 'server'] as const)
    conversation.closeFrom(end)
    play.world.run(play.settings.timeoutMs + 10_000)
    if (!conversation.client.isOver || play.world.server.clientCount > 0)
      fail(`not over: ${conversation.describeStates()}`)
    const own = end === 'client' ? conversation.clientEnding : conversation.serverEnding
    if (own?.cause !== 'closed-here') fail(`who closed was told of ${own?.cause ?? 'nothing'}`)
    checkAgreement(conversation.clientEnding, conversation.serverEnding, true)
    play.waitForAll(1)
  }),

  defineScenario(
    'killed-and-followed',
    (context) => {
      const { random } = context
      const play = new Play(context, { link: { delayMs: random.between(1, 60) }, serverLoop: randomLoop(random) })
      const link = { loop: randomLoop(random) }
      const resident = play.connect(link)
      const victims = Array.from({ length: random.integer(2, 4) }, () => play.connect(link))
      for (const conversation of [resident, ...victims]) conversation.chat({ durationMs: 1_000, intervalMs: 20 })
      play.world.run(random.between(0, 1_000))
      for (const { client } of victims) client.stop()
      play.world.run(random.between(0, play.settings.timeoutMs * 1.5))
      const follower = play.connect({ ...link, address: random.pick(victims).client.socket.address })
      for (const conversation of [resident, follower]) conversation.chat({ durationMs: 2_000, intervalMs: 20 })
      play.world.run(play.settings.timeoutMs + 3_000)
      for (const { up, down, isConnected, client } of [resident, follower]) {
        if (!isConnected) fail(`${client.name} is not connected any more`)
        up.checkComplete()
        down.checkComplete()
      }
      for (const { serverEvents } of victims) {
        const causes = serverEvents.flatMap((event) => (event.type === 'ended' ? [event.cause] : []))
        if (causes.length !== 1) fail(`the end of a client that was killed was told ${causes.length} times`)
      }
      if (play.world.server.clientCount !== 2) fail(`${play.world.server.clientCount} clients are at the server, not 2`)
      for (const conversation of [resident, follower]) conversation.closeFrom('client')
      if (!play.world.waitFor(() => play.world.server.clientCount === 0, 10_000)) fail('the server keeps a client')
    },
    SEVERAL_CLIENTS_COST,
  ),

  defineScenario('killed', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 20 }, serverLoop: randomLoop(random) })
    const conversation = play.connect()
    conversation.chat({ durationMs: 1_000, intervalMs: 20 })
    play.world.run(random.between(0, 1_000))
    conversation.client.stop()
    play.world.run(play.settings.timeoutMs + 2_000)
    if (play.world.server.clientCount > 0) fail('the server keeps a client that was killed')
    if (conversation.serverEnding?.cause !== 'timeout')
      fail(`the server was told of ${conversation.serverEnding?.cause ?? 'nothing'}`)
    if (!conversation.down.isComplete()) conversation.down.checkComplete()
  }),
]
