import { describe, expect, it } from 'vitest'
import { integerBelow, createRandom, randomBytes, type Random } from '../support/random.ts'
import { openRawSocket } from '../support/raw-socket.ts'
import { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig } from '../support/rig.ts'

const ROUNDS = 200
const WORDS = [
  'HELLO',
  'HELLO ',
  'CONNECT',
  'CONNECTED',
  'GO AWAY!',
  'PING',
  'PONG',
  'CLOSE',
  'CLOSED',
  'CONNECT 1.2.3.4 5',
]

describe.each(['classic', 'reliable'] as const)('random bytes from strangers, with %s clients', (protocol) => {
  it.each([1, 2, 3])('at every port neither throw nor reach those who talk: seed %d', async (seed) => {
    const random = createRandom(seed)
    const rig = createRig(protocol)
    const server = rig.pipe({ token: 'swordfish' })
    const clients = [1, 2, 3].map(() => rig.pipe({ token: 'swordfish' }))
    const frontDoor = await rig.start(server)
    await rig.connect(server, frontDoor, ...clients)
    const strangers = [await openRawSocket(), await openRawSocket(), await openRawSocket()]
    const ports = [frontDoor, ...clients.flatMap(({ lastPeer }) => [lastPeer.port, lastPeer.localPort])]

    for (let round = 0; round < ROUNDS; round += 1) {
      for (const stranger of strangers) for (const port of ports) stranger.say(noise(random), port)
      for (const [i, client] of clients.entries()) client.send(`client ${i}: ${round}`)
      server.sendAll(`server: ${round}`)
      await rig.settle()
    }
    await rig.until(() => clients.every(({ messages }) => messages.length === ROUNDS))
    await rig.until(() => server.messages.length === clients.length * ROUNDS)

    for (const [i, client] of clients.entries()) {
      expect(client.messages).toEqual(counted('server', ROUNDS))
      expect(server.messages.filter((message) => message.startsWith(`client ${i}`))).toEqual(
        counted(`client ${i}`, ROUNDS),
      )
    }
    for (const pipe of [server, ...clients]) expectUndisturbed(pipe)
    expect(server.counters.droppedMalformed + server.counters.badTokens).toBeGreaterThan(0)
  })
})

/** Bytes of any kind and length, or one of the classic words, whole or spoiled. */
function noise(random: Random): Uint8Array {
  if (random() < 0.5) return randomBytes(random, integerBelow(random, 100))
  const word = Buffer.from(WORDS[integerBelow(random, WORDS.length)] ?? '')
  if (random() < 0.5) word[integerBelow(random, word.length)] = integerBelow(random, 256)
  return word
}

function counted(who: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${who}: ${i}`)
}

function expectUndisturbed({ names, errorCodes }: RecordingPipe): void {
  expect(errorCodes).toEqual([])
  for (const name of ['onStalled', 'onClose', 'onDisconnect', 'onUndelivered'] as const)
    expect(names).not.toContain(name)
}
