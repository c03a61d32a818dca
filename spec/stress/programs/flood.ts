/**
 * Floods a front door: for each message of its parent with `{ port, kind, count }`, so many datagrams of that kind from sockets on many
 * addresses of 127.0.0.0/8, and never an answer to what comes back. It answers how many bytes
 * it sent, how many came back, and how long it took.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { randomFillSync } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { Dialing } from '../../../lib/reliable/handshake/dialing.ts'
import { noiseSecurity } from '../../../lib/security/noise.ts'
import { cryptography } from '../../../lib/node/crypto.ts'

const SOCKETS = 200
/** So many leave between two turns of the event loop, so that the kernel of one machine carries both sides. */
const BURST = 50
const HELLO_BYTES = 1_200

interface Order {
  readonly port: number
  readonly kind: 'wrong token' | 'right token' | 'garbage'
  readonly count: number
}

const random = (length: number): Uint8Array => randomFillSync(new Uint8Array(length))
const noise = noiseSecurity(cryptography)
const right = noise.create('swordfish', random)
const wrong = noise.create('sailor', random)

const sockets = await Promise.all(Array.from({ length: SOCKETS }, (_, i) => open(`127.7.${i >> 4}.${(i & 15) + 1}`)))
let answeredBytes = 0
for (const socket of sockets) socket.on('message', (bytes) => (answeredBytes += bytes.length))

process.on('message', (order: Order) => void flood(order))
process.on('disconnect', () => process.exit())
process.send?.({})

async function flood({ port, kind, count }: Order): Promise<void> {
  answeredBytes = 0
  const startedAt = performance.now()
  for (let i = 0; i < count; i += 1) {
    sockets[i % SOCKETS]?.send(datagram(kind), port, '127.0.0.1')
    if (i % BURST === BURST - 1) await turn()
  }
  const durationMs = performance.now() - startedAt
  process.send?.({ sentBytes: count * HELLO_BYTES, answeredBytes, durationMs })
}

function datagram(kind: Order['kind']): Uint8Array {
  const bytes = randomFillSync(new Uint8Array(HELLO_BYTES))
  if (kind === 'garbage') {
    bytes.set(Buffer.from('HELLO\0'), 0)
    return bytes
  }
  const limits = { mtuBytes: HELLO_BYTES, maxMessageBytes: 1_000 }
  const security = kind === 'right token' ? right : wrong
  new Dialing(0, security, { limits, userPayload: new Uint8Array(0) }).pollTransmit(0, bytes)
  return bytes
}

async function open(address: string): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket
}
