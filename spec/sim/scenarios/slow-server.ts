import { isHello } from '../../../lib/reliable/wire/handshake.ts'
import type { Address } from '../../../lib/core/address.ts'
import { fail } from '../checks.ts'
import { Play, randomLoop, type Conversation } from '../play.ts'
import { defineScenario } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

/** An attempt is over long before a server answers that is asked by everybody at once. */
const ATTEMPT_MS = 1_000

export const slowServerScenarios: readonly Scenario[] = [
  defineScenario(
    'slow-server',
    (context) => {
      const { random } = context
      const play = new Play(context, {
        link: { delayMs: random.between(1, 60), jitterMs: 5 },
        limits: { retryThreshold: 1_000 },
      })
      const clients = random.integer(20, 60)
      const helloMs = random.between(2_000, 4_500) / clients
      const desk = new Desk(play, helloMs)
      for (let i = 0; i < clients; i += 1) {
        const conversation = play.dial({
          loop: randomLoop(random),
          settings: {
            handshakeTimeoutMs: ATTEMPT_MS,
            reconnect: { minDelayMs: 500, maxDelayMs: 1_000, attempts: Infinity },
          },
        })
        desk.queue(conversation)
      }
      const areAllIn = (): boolean => play.conversations.every(({ isConnected }) => isConnected)
      // The first HELLO of each is read within one round of the desk; what is said meanwhile holds nobody up for longer than that.
      if (!play.world.waitFor(areAllIn, 2 * clients * helloMs + 2 * ATTEMPT_MS)) {
        const outside = play.conversations.filter(({ isConnected }) => !isConnected)
        fail(`${outside.length} of ${clients} clients are not connected: ${outside[0]?.describeStates() ?? ''}`)
      }
      if (play.world.server.clientCount !== clients)
        fail(`${play.world.server.clientCount} sessions of ${clients} clients`)
      desk.close()
      for (const conversation of play.conversations) conversation.closeFrom('client')
      play.checkOver()
    },
    10,
  ),
]

/** What a front door does that takes its time: HELLOs wait in line, and each takes as long as the next. */
class Desk {
  readonly #line: { readonly bytes: Uint8Array; readonly source: Address }[] = []
  #isReading = false
  #isOpen = true

  constructor(play: Play, helloMs: number) {
    play.world.every(helloMs, () => {
      const next = this.#line.shift()
      if (next === undefined) return
      this.#isReading = true
      play.world.network.inject(play.world.now, next.bytes, next.source, play.world.server.address)
      this.#isReading = false
    })
  }

  /** Has the HELLOs of a client wait in line. */
  queue({ client, uplink }: Conversation): void {
    uplink.configure({
      filter: (bytes) => {
        if (!this.#isOpen || this.#isReading || !isHello(bytes)) return true
        this.#line.push({ bytes: bytes.slice(), source: client.socket.address })
        return false
      },
    })
  }

  /** From now on nobody has to wait. */
  close(): void {
    this.#isOpen = false
    this.#line.length = 0
  }
}
