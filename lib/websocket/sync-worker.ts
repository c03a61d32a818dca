// The worker behind `client.sync`: the very client of `client.copas`, whose promises another thread sleeps for.

import { workerData } from 'node:worker_threads'
import { UDPipeError } from '../sockets/errors.ts'
import { Client } from './client.ts'
import {
  BEAT_INTERVAL_MS,
  flag,
  ownBytes,
  type SyncReply,
  type SyncRequest,
  type SyncWorkerData,
} from './sync-protocol.ts'

const { port, flags } = workerData as SyncWorkerData
const clients = new Map<number, Client>()
let beating: NodeJS.Timeout | undefined

process.once('exit', () => {
  Atomics.store(flags, flag.isDead, 1)
  wake()
})
port.on('message', (request: SyncRequest) => void serve(request))
Atomics.store(flags, flag.isReady, 1)

async function serve(request: SyncRequest): Promise<void> {
  if (request.method === 'forget') {
    clients.get(request.client)?.terminate()
    clients.delete(request.client)
    return
  }
  beating ??= setInterval(() => Atomics.add(flags, flag.beats, 1), BEAT_INTERVAL_MS)
  const reply = await answer(request)
  clearInterval(beating)
  beating = undefined
  port.postMessage(reply, transferOf(reply))
  wake()
}

async function answer(request: SyncRequest): Promise<SyncReply> {
  try {
    return { result: await perform(request) }
  } catch (error) {
    const code = error instanceof UDPipeError ? error.code : undefined
    return { error: { code, message: (error as Error).message } }
  }
}

function perform(request: SyncRequest): unknown {
  const client = clientOf(request)
  switch (request.method) {
    case 'connect':
      return client?.connect(request.url, request.protocols, request.tls)
    case 'send':
      return client?.send(request.message, request.opcode)
    case 'close':
      return client?.close(request.code, request.reason)
    case 'receive':
      return client?.receive().then(toTransferable)
    case 'tryReceive':
      return toTransferable(client?.tryReceive())
    case 'terminate':
      return client?.terminate()
    default:
      return client && look(client)
  }
}

function clientOf(request: SyncRequest): Client | undefined {
  const known = clients.get(request.client)
  if (known !== undefined || request.method !== 'connect') return known
  const created = new Client(request.settings)
  clients.set(request.client, created)
  return created
}

/** What the properties of a sync client show. */
function look({ state, protocol, headers, url, closed }: Client): unknown {
  return { state, protocol, headers, url, closed }
}

function toTransferable(result: readonly unknown[] | undefined): unknown {
  if (result === undefined || !(result[0] instanceof Uint8Array)) return result
  const [message, ...rest] = result
  return [ownBytes(message), ...rest]
}

function transferOf(reply: SyncReply): ArrayBuffer[] {
  const first = 'result' in reply && Array.isArray(reply.result) ? (reply.result[0] as unknown) : undefined
  return first instanceof Uint8Array ? [first.buffer as ArrayBuffer] : []
}

function wake(): void {
  Atomics.add(flags, flag.replies, 1)
  Atomics.notify(flags, flag.replies)
}
