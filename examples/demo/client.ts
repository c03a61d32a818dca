// A client's process: it does what the director says, and tells what came of it.

import { UDPipe } from 'udpipe'
import { hear, tell, type ClientCommand } from './reports.ts'
import { liveness } from './settings.ts'

class Client extends UDPipe {
  name = ''
  dialedAt = 0
  /** Numbers of a series, as they came. */
  readonly #series: number[] = []
  readonly #roundTripsMs: number[] = []
  #questions = 0
  #askedAt = 0

  override onConnect(): void {
    const afterMs = performance.now() - this.dialedAt
    this.setDebug(false)
    this.send(`name ${this.name}`)
    tell({ type: 'connected', afterMs })
  }

  override onNewMessage(message: Buffer): void {
    const [kind, ...rest] = message.toString().split(' ')
    if (kind === 'answer') this.#takeAnswer()
    else if (kind === 'series') this.#takeNumber(Number(rest[0]), Number(rest[1]))
    else tell({ type: 'heard', text: message.toString() })
  }

  ask(times: number): void {
    this.#questions = times
    this.#askedAt = performance.now()
    this.send(`question ${times}`)
  }

  #takeAnswer(): void {
    this.#roundTripsMs.push(performance.now() - this.#askedAt)
    if (this.#questions > 1) {
      this.ask(this.#questions - 1)
      return
    }
    const sorted = this.#roundTripsMs.toSorted((a, b) => a - b)
    const [answers, medianMs = NaN, slowestMs = NaN] = [sorted.length, sorted[sorted.length >> 1], sorted.at(-1)]
    tell({ type: 'answered', answers, medianMs, slowestMs })
  }

  #takeNumber(number: number, length: number): void {
    this.#series.push(number)
    if (number !== length - 1) return
    const isInOrder = this.#series.every((value, i) => value === i)
    tell({ type: 'series', received: this.#series.length, isInOrder })
  }
}

const client = new Client({
  ...liveness,
  logger: { debug: (line) => tell({ type: 'debug', line }), warn: console.warn },
})
client.name = process.argv[2] ?? 'somebody'

hear((message) => {
  const command = message as ClientCommand
  if (command.type === 'connect') void connect(command.port, command.showsDatagrams)
  else if (command.type === 'say') client.send(command.text)
  else if (command.type === 'ask') client.ask(command.times)
  else void close()
})
tell({ type: 'ready' })

async function connect(port: number, showsDatagrams: boolean): Promise<void> {
  client.setDebug(showsDatagrams)
  client.dialedAt = performance.now()
  void client.connect('127.0.0.1', port)
  await client.run()
}

async function close(): Promise<void> {
  await client.close()
  tell({ type: 'closed' })
  process.disconnect()
}
