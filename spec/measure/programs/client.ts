/** Clients in a process of its own, which say what they are told to, each over a connection of its own. */
import { setTimeout as delay } from 'node:timers/promises'
import { ticks, UDPipe, type Delivery, type UDPipeOptions } from 'udpipe'
import { BULK_BACKLOG_BYTES, BULK_MESSAGE_BYTES, REFILL_INTERVAL_MS } from '../beside-bulk.ts'
import { ECHO_BYTES, ECHO_INTERVAL_MS, ECHO_STEP_MS } from '../echoes.ts'
import { messageOf, readSendTime, sharedMs, TIMED_CHANNEL } from '../send-time.ts'
import { INTERVAL_MS, MESSAGE_BYTES } from '../stream.ts'
import { MiB } from '../worlds.ts'

/** What clients do. */
export type Scene =
  /** So many clients at a time say something 60 times a second, beside a transfer each or not. */
  | {
      readonly name: 'streams'
      readonly clients: number
      readonly messages: number
      readonly delivery: Delivery
      readonly isBesideBulk: boolean
    }
  /** So many clients at a time say something every 20 ms, and wait for their own words. */
  | { readonly name: 'echoes'; readonly clients: number; readonly messages: number }
  /** One client after the other sends 1 MiB. */
  | { readonly name: 'transfers'; readonly count: number }

/** What a client is told. Answered, when all is said, with what it measured itself: how long each echo took. */
export interface ClientCommand {
  readonly options: UDPipeOptions
  readonly scene: Scene
}

/** For so long a connection stands before it is used. */
const SETTLING_MS = 150

class Client extends UDPipe {
  heard: (message: Buffer) => void = () => {}

  override onNewMessage(message: Buffer): void {
    this.heard(message)
  }
}

process.on('message', ({ options, scene }: ClientCommand) => void play(scene, options))
process.on('disconnect', () => process.exit())

async function play(scene: Scene, options: UDPipeOptions): Promise<void> {
  const echoTimes: number[] = []
  if (scene.name === 'transfers') {
    for (let i = 0; i < scene.count; i += 1) await transfer(options)
  } else {
    const { clients, messages } = scene
    const startClient = async (i: number): Promise<void> => {
      const phase = i / clients
      if (scene.name === 'echoes') await hearEchoes(options, phase, messages, echoTimes)
      else await stream(options, phase, messages, scene.delivery, scene.isBesideBulk)
    }
    await Promise.all(Array.from({ length: clients }, (_, i) => startClient(i)))
  }
  process.send?.(echoTimes)
}

async function transfer(options: UDPipeOptions): Promise<void> {
  const client = await connect(options)
  const arrived = new Promise<unknown>((resolve) => (client.heard = resolve))
  client.send(messageOf(MiB), undefined, { channel: TIMED_CHANNEL })
  await arrived
  await client.close()
}

async function stream(
  options: UDPipeOptions,
  phase: number,
  messages: number,
  delivery: Delivery,
  isBesideBulk: boolean,
): Promise<void> {
  const client = await connect(options)
  const refilling = isBesideBulk ? setInterval(() => refill(client), REFILL_INTERVAL_MS) : undefined
  await repeat(INTERVAL_MS, phase, messages, () => {
    client.send(messageOf(MESSAGE_BYTES), undefined, { channel: TIMED_CHANNEL, delivery })
  })
  clearInterval(refilling)
  await client.close()
}

function refill(client: UDPipe): void {
  const [server] = client.peers()
  while (server !== undefined && server.stats.queuedBytes < BULK_BACKLOG_BYTES) {
    if (!client.send(Buffer.alloc(BULK_MESSAGE_BYTES))) return
  }
}

async function hearEchoes(options: UDPipeOptions, phase: number, messages: number, times: number[]): Promise<void> {
  const client = await connect(options, 1_000 / ECHO_STEP_MS)
  let left = messages
  const allHeard = new Promise<void>((resolve) => {
    client.heard = (message) => {
      times.push(sharedMs() - readSendTime(message))
      left -= 1
      if (left === 0) resolve()
    }
  })
  await repeat(ECHO_INTERVAL_MS, phase, messages, () => client.send(messageOf(ECHO_BYTES)))
  await allHeard
  await client.close()
}

async function connect(options: UDPipeOptions, hz?: number): Promise<Client> {
  const client = new Client(options)
  const connected = client.connect()
  void client.run(hz)
  await connected
  await delay(SETTLING_MS)
  return client
}

/** Acts so many times, at a steady rate, from that part of an interval on. */
async function repeat(intervalMs: number, phase: number, times: number, act: () => void): Promise<void> {
  await delay(phase * intervalMs)
  const heartbeat = ticks(1_000 / intervalMs)
  for (let i = 0; i < times; i += 1) {
    await heartbeat.next()
    act()
  }
  await heartbeat.return()
}
