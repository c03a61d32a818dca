import { Connection } from '../../lib/reliable/connection/connection.ts'
import { noiseSecurity } from '../../lib/security/noise.ts'
import { plainSecurity } from '../../lib/security/plain.ts'
import type { Sealer } from '../../lib/security/sealer.ts'
import type { Initiator, Security, SecurityFactory } from '../../lib/security/security.ts'
import { RateLimiter } from '../../lib/session/rate-limiter.ts'
import { createStats } from '../../lib/session/stats.ts'
import { Random } from '../../lib/simulator/index.ts'
import { cryptographies } from '../support/cryptographies.ts'
import { createSettings } from '../support/settings.ts'
import type { Row, SimulatedMeasurement } from './measurement.ts'

const ROUNDS = 7
const MESSAGE_BYTES = 64
const MESSAGES_A_ROUND = 4_000
const HANDSHAKES_A_ROUND = 100
const WRONG_TOKENS_A_ROUND = 1_000
const MESSAGE_GAP_MS = 2
const PAYLOAD = new Uint8Array(20)

/** Room to turn until the rounds that count are fast: code is compiled meanwhile. */
const WARM_UP_ROUNDS = 2

/**
 * What each security costs, in CPU time of this process: all of them by turns in one run, so that a busy machine is as unfair to each.
 * Not simulated and not seeded, so there is no goal that a spec could hold it to.
 */
export const securityCost: SimulatedMeasurement = {
  name: 'security',
  title: `CPU of a reliable ${MESSAGE_BYTES} B message, both ends with acks; of handshakes and wrong tokens; medians of ${ROUNDS}`,
  *rows(): Generator<Row> {
    const random = new Random(1)
    const contenders = [
      new Contender('none', plainSecurity, random),
      ...cryptographies.map((crypto) => new Contender(`noise, ${crypto.name}`, noiseSecurity(crypto), random)),
    ]
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
      for (const contender of contenders) contender.play(round >= 0)
    }
    const [none] = contenders
    for (const { name, message, client, server, wrongToken } of contenders) {
      const times = message.median / (none?.message.median ?? NaN)
      yield {
        cells: {
          security: name,
          'µs/message': message.median.toFixed(1),
          'over none': `${times.toFixed(2)} ×`,
          'µs/handshake, client': client.median.toFixed(0),
          'µs/handshake, server': server.median.toFixed(0),
          'handshakes/s of a server core': (1e6 / server.median).toFixed(0),
          'µs/wrong token': wrongToken.median.toFixed(1),
        },
        isMet: true,
      }
    }
  },
}

/** One security, and what was measured of it so far, in microseconds. */
class Contender {
  readonly name: string
  readonly message: Samples = new Samples()
  readonly client: Samples = new Samples()
  readonly server: Samples = new Samples()
  readonly wrongToken: Samples = new Samples()
  readonly #factory: SecurityFactory
  readonly #security: Security
  readonly #wrongHello: Uint8Array
  readonly #buffer = new Uint8Array(1_300)

  constructor(name: string, factory: SecurityFactory, random: Random) {
    const randomBytes = (length: number): Uint8Array => random.bytes(length)
    this.name = name
    this.#factory = factory
    this.#security = factory.create('token', randomBytes)
    this.#wrongHello = this.#hello(factory.create('wrong', randomBytes).initiate())
  }

  play(isCounted: boolean): void {
    const { client, server, up, down } = this.#playHandshakes()
    const message = this.#playMessages(up, down)
    const wrongToken = cpuUsOf(WRONG_TOKENS_A_ROUND, () => void this.#security.respond(this.#wrongHello))
    if (!isCounted) return
    this.client.add(client)
    this.server.add(server)
    this.message.add(message)
    this.wrongToken.add(wrongToken)
  }

  /** From nothing to a HELLO and from CONNECT to keys at the client; from HELLO to CONNECT and keys at the server. */
  #playHandshakes(): { client: number; server: number; up: Sealer; down: Sealer } {
    const hellos: { readonly initiator: Initiator; readonly hello: Uint8Array }[] = []
    const answers: { readonly sealer: Sealer; readonly connect: Uint8Array }[] = []
    const sealers: Sealer[] = []
    const dialing = cpuUsOf(HANDSHAKES_A_ROUND, () => {
      const initiator = this.#security.initiate()
      hellos.push({ initiator, hello: this.#hello(initiator) })
    })
    const server = cpuUsOf(HANDSHAKES_A_ROUND, (i) => {
      const responder = this.#security.respond(hellos[i]?.hello ?? PAYLOAD)
      if (responder === undefined) throw new Error('The HELLO was not accepted.')
      const connect = this.#buffer.slice(0, responder.writeConnect(PAYLOAD, this.#buffer))
      answers.push({ connect, sealer: this.#factory.createSealer(responder.takeKeys()) })
    })
    const connecting = cpuUsOf(HANDSHAKES_A_ROUND, (i) => {
      const { initiator } = hellos[i] ?? {}
      initiator?.readConnect(answers[i]?.connect ?? PAYLOAD)
      if (initiator !== undefined) sealers.push(initiator.createSealer())
    })
    const [up] = sealers
    const [answer] = answers
    if (up === undefined || answer === undefined) throw new Error('There was no handshake.')
    return { client: dialing + connecting, server, up, down: answer.sealer }
  }

  #playMessages(up: Sealer, down: Sealer): number {
    const settings = createSettings()
    const [a, b] = [up, down].map((sealer) => {
      const limiter = new RateLimiter(0, settings)
      const connection = new Connection(0, { settings, limiter, sealer, stats: createStats(), redundancy: 'off' })
      connection.hear()
      return connection
    }) as [Connection, Connection]
    const message = new Uint8Array(MESSAGE_BYTES)
    let now = 0
    let arrived = 0
    const pass = (from: Connection, to: Connection): void => {
      from.handleTimeout(now)
      for (;;) {
        const length = from.pollTransmit(now, this.#buffer)
        if (length === 0) break
        to.handleDatagram(now, this.#buffer.slice(0, length))
      }
      for (let event = to.pollEvent(); event !== undefined; event = to.pollEvent()) {
        if (event.type === 'message') arrived += 1
      }
    }
    const us = cpuUsOf(MESSAGES_A_ROUND, () => {
      now += MESSAGE_GAP_MS
      a.send(now, message, 'reliable', 0)
      pass(a, b)
      pass(b, a)
    })
    if (arrived !== MESSAGES_A_ROUND) throw new Error(`${arrived} of ${MESSAGES_A_ROUND} messages arrived.`)
    return us
  }

  #hello(initiator: Initiator): Uint8Array {
    return this.#buffer.slice(0, initiator.writeHello(PAYLOAD, this.#buffer))
  }
}

class Samples {
  readonly #values: number[] = []

  get median(): number {
    return this.#values.toSorted((a, b) => a - b)[this.#values.length >> 1] ?? NaN
  }

  add(value: number): void {
    this.#values.push(value)
  }
}

/** The CPU time of one of so many, in microseconds. */
function cpuUsOf(count: number, run: (i: number) => void): number {
  const before = process.cpuUsage()
  for (let i = 0; i < count; i += 1) run(i)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}
