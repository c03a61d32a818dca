import { fail } from '../checks.ts'
import { Play, randomLoop } from '../play.ts'
import { defineScenario } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

export const livenessScenarios: readonly Scenario[] = [
  defineScenario('blackout', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 25 }, serverLoop: randomLoop(random) })
    const conversation = play.connect({ loop: randomLoop(random) })
    conversation.chat({ durationMs: 7_000, intervalMs: 25 })
    play.world.run(random.between(100, 1_000))
    conversation.configure({ loss: 1 })
    play.world.run(5_000)
    conversation.configure({ loss: 0 })
    if (conversation.countEvents('stalled') !== 2) fail('not both ends stalled')
    play.world.run(2_000)
    if (conversation.countEvents('unstalled') !== 2) fail('not both ends are over their stall')
    play.waitForAll(3_000)
    if (conversation.countEvents('ended') > 0) fail('five seconds ended the connection')
    play.finish()
  }),

  defineScenario('one-way-blackout', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 25 }, serverLoop: randomLoop(random) })
    const conversation = play.connect({ loop: randomLoop(random) })
    conversation.chat({ durationMs: 5_000, intervalMs: 20 })
    play.world.run(random.between(0, 1_000))
    const link = random.pick([conversation.uplink, conversation.downlink])
    link.configure({ loss: 1 })
    play.world.run(random.between(100, 8_000))
    link.configure({ loss: 0 })
    play.world.run(5_000)
    play.waitForAll(10_000)
    if (conversation.countEvents('ended') > 0) fail('the connection ended')
    play.finish()
  }),

  defineScenario('blocked-loops', (context) => {
    const { random } = context
    const play = new Play(context, {
      link: { delayMs: 25, loss: 0.02 },
      settings: { timeoutMs: 20_000 },
      serverLoop: randomLoop(random),
    })
    const conversation = play.connect({ loop: randomLoop(random) })
    conversation.chat({ durationMs: 1_500, intervalMs: 20 })
    const { client, server } = conversation
    for (const end of random.pick([[client], [server], [client, server]])) {
      const fromMs = play.world.now + random.between(0, 1_000)
      end?.program.pause(fromMs, fromMs + 15_000)
    }
    play.world.run(17_000)
    play.waitForAll(10_000)
    if (conversation.countEvents('ended') > 0) fail('a blocked loop ended the connection')
    conversation.configure({ loss: 0 })
    play.finish()
  }),

  defineScenario('both-blocked-past-the-timeout', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 25 }, serverLoop: randomLoop(random) })
    const conversation = play.connect({ loop: randomLoop(random) })
    conversation.chat({ durationMs: 500, intervalMs: 20 })
    play.world.run(500)
    const fromMs = play.world.now + 10
    for (const end of [conversation.client, conversation.server]) end?.program.pause(fromMs, fromMs + 15_000)
    play.world.run(16_000)
    if (conversation.countEvents('ended') > 0) fail('an end took its own pause for the other side’s silence')
    play.finish()
  }),

  defineScenario('late-steps', (context) => {
    const { random } = context
    const play = new Play(context, {
      link: { delayMs: 20, jitterMs: 10, loss: 0.05 },
      serverLoop: randomLoop(random),
    })
    const conversation = play.connect({ loop: randomLoop(random) })
    for (const end of [conversation.client, conversation.server]) {
      for (let atMs = play.world.now; atMs < play.world.now + 4_000; atMs += random.between(100, 1_500)) {
        end?.program.pause(atMs, atMs + random.between(20, 900))
      }
    }
    conversation.chat({ durationMs: 4_000, intervalMs: 20 })
    play.world.run(6_000)
    play.waitForAll()
    conversation.configure({ loss: 0 })
    play.finish()
  }),

  defineScenario('silence', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 25 }, serverLoop: randomLoop(random) })
    const conversation = play.connect({ loop: randomLoop(random) })
    conversation.chat({ durationMs: 500, intervalMs: 10 })
    play.world.run(random.between(0, 500))
    conversation.configure({ loss: 1 })
    const startMs = play.world.now
    const isOver = () => conversation.client.isOver && play.world.server.clientCount === 0
    if (!play.world.waitFor(isOver, play.settings.timeoutMs + 2_000)) fail(`not over: ${conversation.describeStates()}`)
    if (play.world.now - startMs < play.settings.timeoutMs - 600)
      fail(`over after ${play.world.now - startMs} ms already`)
    const causes = [conversation.clientEnding?.cause, conversation.serverEnding?.cause]
    if (causes.some((cause) => cause !== 'timeout')) fail(`ended by ${causes.join(' and ')}`)
    play.waitForAll(1)
  }),

  defineScenario('server-restarts', (context) => {
    const { random } = context
    const play = new Play(context, {
      link: { delayMs: 25, loss: random.pick([0, 0.05]) },
      settings: { timeoutMs: 3_000, reconnect: { minDelayMs: 100, maxDelayMs: 2_000, attempts: Infinity } },
      serverLoop: randomLoop(random),
    })
    const conversation = play.connect({ loop: randomLoop(random) })
    conversation.chat({ durationMs: 6_000, intervalMs: 20, direction: 'up' })
    play.world.run(random.between(0, 1_000))
    play.world.restartServer()
    play.world.run(6_000)
    if (!play.world.waitFor(() => conversation.isConnected, 20_000))
      fail(`not there again: ${conversation.describeStates()}`)
    play.waitForAll(20_000)
    const ended = conversation.clientEvents.filter(({ type }) => type === 'ended')
    if (ended.length !== 1) fail(`the connection ended ${ended.length} times`)
    conversation.closeFrom('client')
    play.checkOver()
  }),

  defineScenario('clock-offset', (context) => {
    const { random } = context
    const jitterMs = random.pick([0, 4, 20])
    const [clientClock, serverClock] = [random.between(0, 1e9), random.between(0, 1e9)]
    const play = new Play(context, {
      link: { delayMs: random.between(1, 80), jitterMs },
      serverLoop: { clock: { offsetMs: serverClock } },
    })
    const conversation = play.connect({ loop: { clock: { offsetMs: clientClock } } })
    conversation.chat({ durationMs: 4_000, intervalMs: 30 })
    play.world.run(4_000)
    const offsetMs = serverClock - clientClock
    const atClient = conversation.client.session.clockOffsetMs - offsetMs
    const atServer = (conversation.server?.session.clockOffsetMs ?? NaN) + offsetMs
    for (const [name, errorMs] of [
      ['client', atClient],
      ['server', atServer],
    ] as const) {
      const isClose = Math.abs(errorMs) <= jitterMs / 2 + 0.5
      if (!isClose) fail(`the ${name} is ${errorMs} ms off with ${jitterMs} ms of jitter`)
    }
    play.finish()
  }),
]
