import { idOfConnect } from '../../../lib/reliable/wire/handshake.ts'
import { refusalCodes } from '../../../lib/session/codes.ts'
import type { SessionEvent } from '../../../lib/session/session.ts'
import type { Link, Random } from '../../../lib/simulator/index.ts'
import { fail } from '../checks.ts'
import { Play, randomLoop } from '../play.ts'
import { defineScenario, type Scenario } from '../scenario.ts'

const DIAL_AGAIN = { minDelayMs: 100, maxDelayMs: 1_000, attempts: Infinity }

/** Where a version byte is in a HELLO: after the word and its NUL. */
const VERSION_OFFSET = 6

export const handshakeScenarios: readonly Scenario[] = [
  defineScenario('handshake-under-loss', (context) => {
    const { random } = context
    const play = new Play(context, {
      link: { delayMs: random.between(1, 100), jitterMs: random.between(0, 50), loss: 0.3, duplicate: 0.2 },
      settings: { reconnect: DIAL_AGAIN },
      serverLoop: randomLoop(random),
    })
    const conversation = play.dial({ loop: randomLoop(random) })
    for (let i = 0; i < 5; i += 1) conversation.sendUp(random.integer(4, 2_000))
    if (!play.world.waitFor(() => conversation.isConnected, 60_000)) fail('no connection within a minute')
    conversation.configure({ loss: 0 })
    conversation.chat({ durationMs: 500 })
    play.world.run(500)
    play.waitForAll()
    conversation.closeFrom('client')
    play.checkOver()
  }),

  defineScenario('handshake-blackhole', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 20 }, settings: { reconnect: DIAL_AGAIN } })
    const conversation = play.dial()
    loseFrom(random.pick([conversation.uplink, conversation.downlink]), random, random.between(1, 4_000))
    for (let i = 0; i < 3; i += 1) conversation.sendUp(random.integer(4, 200))
    if (!play.world.waitFor(() => conversation.isConnected, 30_000)) fail('no connection after a blackhole')
    conversation.chat({ durationMs: 300 })
    play.world.run(300)
    play.waitForAll()
    conversation.closeFrom('client')
    play.checkOver()
  }),

  defineScenario('handshake-timeout', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 20 }, serverLoop: randomLoop(random) })
    const conversation = play.dial({ loop: randomLoop(random) })
    const lost = random.pick(['up', 'down', 'both'])
    if (lost !== 'down') loseFrom(conversation.uplink, random, Infinity)
    if (lost !== 'up') loseFrom(conversation.downlink, random, Infinity)
    for (let i = 0; i < 3; i += 1) conversation.sendUp(random.integer(4, 200))
    const { handshakeTimeoutMs, timeoutMs } = play.settings
    play.world.run(2 * handshakeTimeoutMs + timeoutMs + 2_000)
    const isConnected = conversation.clientEvents.some(({ type }) => type === 'connected')
    const last = conversation.clientEvents.filter(({ type }) => type === 'unanswered' || type === 'ended')
    if (last.length !== 1) fail(`${last.length} endings instead of one`)
    if ((last[0]?.type === 'ended') !== isConnected)
      fail(`a connection that ${isConnected ? 'stood' : 'never stood'}: ${last[0]?.type}`)
    if (!conversation.client.isOver || play.world.server.clientCount > 0)
      fail(`not over: ${conversation.describeStates()}`)
    play.waitForAll(1)
  }),

  defineScenario('handshake-refused', (context) => {
    const { random } = context
    const play = new Play(context, {
      link: { delayMs: random.between(0, 50), jitterMs: 20, loss: 0.2, duplicate: 0.2 },
      maxClients: 1,
      // Time for twenty HELLOs: that no answer to any of them arrives is out of the question.
      settings: { handshakeTimeoutMs: 20_000 },
      serverLoop: randomLoop(random),
    })
    const resident = play.connect({ link: { loss: 0 } })
    const why = random.pick(['full', 'badToken'] as const)
    const refused = play.dial(why === 'full' ? { loop: randomLoop(random) } : { token: 'open barley' })
    play.world.waitFor(() => refused.client.isOver, 30_000)
    const refusals = refused.clientEvents.filter(isRefused)
    if (refusals.length !== 1 || refusals[0]?.code !== refusalCodes[why]) {
      fail(`refused ${refusals.length} times, with code ${refusals[0]?.code ?? 'none'} instead of ${refusalCodes[why]}`)
    }
    if (refused.server !== undefined) fail('who was refused has a session')
    resident.chat({ durationMs: 300 })
    play.world.run(300)
    play.waitForAll()
    resident.closeFrom('server')
    play.world.run(10_000)
    if (play.world.server.clientCount > 0) fail('the server does not get rid of its client')
  }),

  defineScenario('handshake-refused-for-good', (context) => {
    const { random } = context
    const play = new Play(context, {
      link: { delayMs: random.between(0, 50), jitterMs: 20, loss: 0.2, duplicate: 0.2 },
      settings: { reconnect: DIAL_AGAIN },
      serverLoop: randomLoop(random),
    })
    const refusal = { code: random.integer(0, 65_279), reason: 'banned', reconnect: false }
    let asked = 0
    play.world.server.pipe.onNewClient = () => {
      asked += 1
      return refusal
    }
    const conversation = play.dial({ loop: randomLoop(random) })
    if (!play.world.waitFor(() => conversation.client.isOver, 60_000)) fail('it dials again and again')
    const refusals = conversation.clientEvents.filter(isRefused)
    const [told] = refusals
    if (refusals.length !== 1 || told?.code !== refusal.code || told.reason !== refusal.reason || told.willReconnect)
      fail(`who was refused was told: ${JSON.stringify(refusals)}`)
    // A HELLO leaves nothing behind when it is refused: one that was on its way meanwhile is looked at as if it were the first.
    if (asked === 0) fail('the program was not asked')
    play.world.run(5_000)
    if (play.world.server.clientCount > 0 || conversation.server !== undefined) fail('who was refused has a session')
  }),

  defineScenario('handshake-version', (context) => {
    const play = new Play(context, { link: { delayMs: 10 } })
    const conversation = play.dial()
    let hello: Uint8Array | undefined
    conversation.uplink.configure({ filter: (bytes) => ((hello ??= bytes.slice()), false) })
    play.world.run(5)
    if (hello === undefined) return fail('no HELLO')
    hello[VERSION_OFFSET] = 99
    const answers: Uint8Array[] = []
    const { address } = conversation.client.socket
    const other = { host: address.host, port: address.port + 1 }
    play.world.network.open({ name: 'newer', handleDatagram: (_now, bytes) => (answers.push(bytes), '') }, other)
    conversation.uplink.configure({ filter: undefined })
    play.world.network.inject(play.world.now, hello, other, play.world.server.address)
    play.world.run(25)
    const text = new TextDecoder().decode(answers[0])
    if (answers.length !== 1 || !text.startsWith('GO AWAY!'))
      fail(`${answers.length} answers to another version: ${text}`)
    if ((answers[0]?.length ?? 0) > hello.length) fail('the answer is longer than the question')
    if (play.world.server.clientCount > 0) fail('another version was let in')
    if (!play.world.waitFor(() => conversation.isConnected)) fail('the client itself was not let in')
    play.finish()
  }),

  defineScenario('handshake-closed', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: 20, jitterMs: 20, loss: random.pick([0, 0.2]) } })
    const conversation = play.dial({ loop: randomLoop(random) })
    for (let i = random.integer(0, 3); i > 0; i -= 1) conversation.sendUp(random.integer(4, 2_000))
    play.world.at(random.between(0, 200), () => {
      if (conversation.client.isOver) return
      // A client that has not heard of its private port yet would only say HELLO again.
      const isShown = conversation.server !== undefined && conversation.client.session.state !== 'dialing'
      conversation.closeFrom(isShown ? random.pick(['client', 'server']) : 'client')
    })
    play.world.run(40_000)
    if (!conversation.client.isOver || play.world.server.clientCount > 0)
      fail(`not over: ${conversation.describeStates()}`)
    play.waitForAll(1)
  }),

  defineScenario('handshake-given-up', (context) => {
    const { random } = context
    // One place, and one who dialed for it in vain: who dials anew from there gets it, and no session is left of the first attempt.
    const play = new Play(context, {
      link: { delayMs: random.between(1, 60), jitterMs: 10 },
      maxClients: 1,
      serverLoop: randomLoop(random),
    })
    const sessions = (): number => play.world.server.clientCount
    const first = play.dial({ loop: randomLoop(random) })
    first.uplink.configure({ filter: (bytes) => idOfConnect(bytes) === undefined })
    play.world.waitFor(() => first.server !== undefined, 5_000)
    play.world.run(random.between(0, 1_000))
    first.client.stop()
    play.world.run(random.between(0, 300))
    const second = play.dial({ address: first.client.socket.address, uplink: { filter: undefined } })
    if (!play.world.waitFor(() => second.isConnected, 2_000)) fail(`not let in: ${second.describeStates()}`)
    if (sessions() !== 1) fail(`${sessions()} sessions of one client`)
    second.chat({ durationMs: 300 })
    play.world.run(300)
    if (!play.world.waitFor(() => second.up.isComplete() && second.down.isComplete()))
      fail('the second does not get through')
    second.closeFrom('client')
    play.world.run(play.settings.timeoutMs)
    if (sessions() > 0) fail('the server does not get rid of its client')
  }),

  defineScenario('handshake-again', (context) => {
    const { random } = context
    const play = new Play(context, { link: { delayMs: random.between(1, 60), jitterMs: 10 } })
    const first = play.connect()
    first.chat({ durationMs: 200 })
    play.world.run(random.between(0, 300))
    first.client.stop()
    play.world.run(random.between(0, 2_000))
    const second = play.connect({ address: first.client.socket.address })
    second.chat({ durationMs: 500 })
    play.world.run(500)
    if (!play.world.waitFor(() => second.up.isComplete() && second.down.isComplete()))
      fail('the second does not get through')
    second.closeFrom('client')
    play.world.run(play.settings.timeoutMs + 5_000)
    if (!second.client.isOver || play.world.server.clientCount > 0) fail('the server does not get rid of the first one')
  }),
]

/** Loses everything on a link for some time, from one of its first datagrams on. */
function loseFrom(link: Link, random: Random, durationMs: number): void {
  const first = random.integer(1, 5)
  let count = 0
  let startedAtMs = Infinity
  const filter = (_bytes: Uint8Array, now: number): boolean => {
    count += 1
    if (count === first) startedAtMs = now
    return now < startedAtMs || now >= startedAtMs + durationMs
  }
  link.configure({ filter })
}

function isRefused(event: SessionEvent): event is SessionEvent & { type: 'refused' } {
  return event.type === 'refused'
}
