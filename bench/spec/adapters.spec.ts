import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Adapter, Connection } from '../adapters/adapter.ts'
import { adapterNames, loadAdapter } from '../adapters/catalogue.ts'

const MESSAGES = 2_000
const LARGE_BYTES = 64 * 1024
const LARGE_MESSAGES = 20
const RETRY_MS = 1

const loaded = await Promise.all(
  adapterNames.map((name) => loadAdapter(name).catch((error: unknown) => error as Error)),
)
const adapters = loaded.filter((adapter): adapter is Adapter => !(adapter instanceof Error))

describe.each(adapters)('the adapter of $name', (adapter) => {
  it('delivers every message once, in order, with its contents, to the server and back', async () => {
    const messages = Array.from({ length: MESSAGES }, (_, i) => contents(i, 16 + (i % 100)))

    await expect(sentAndEchoed(adapter, messages)).resolves.toEqual(digests(messages))
  })

  it('delivers large messages as they were', async () => {
    const messages = Array.from({ length: LARGE_MESSAGES }, (_, i) => contents(i, LARGE_BYTES))

    await expect(sentAndEchoed(adapter, messages)).resolves.toEqual(digests(messages))
  })

  it('keeps what it was given, whatever becomes of the memory', async () => {
    const messages = [Buffer.from('first'), Buffer.from('second')]
    const expected = digests(messages)

    const echoed = sentAndEchoed(adapter, messages, (message) => message.fill(0))

    await expect(echoed).resolves.toEqual(expected)
  })

  it('keeps several connections apart', async () => {
    const names = ['a', 'b', 'c']
    const listener = await adapter.listen({ host: '127.0.0.1', port: 0 }, answer)

    const answers = names.map(async (name) => {
      const connection = await adapter.connect({ host: '127.0.0.1', port: listener.port })
      const heard = new Promise<string>((resolve) => {
        connection.onMessage = (message) => resolve(Buffer.from(message).toString())
      })
      await send(connection, Buffer.from(name))
      const text = await heard
      connection.close()
      return text
    })

    await expect(Promise.all(answers)).resolves.toEqual(names)
    listener.close()
  })
})

/** Sends all messages to a server that echoes them; resolves with the digests of what came back. */
async function sentAndEchoed(
  adapter: Adapter,
  messages: readonly Buffer[],
  afterwards: (message: Buffer) => void = () => {},
): Promise<string[]> {
  const listener = await adapter.listen({ host: '127.0.0.1', port: 0 }, answer)
  const connection = await adapter.connect({ host: '127.0.0.1', port: listener.port })
  const heard: string[] = []
  const all = new Promise<void>((resolve) => {
    connection.onMessage = (message) => {
      heard.push(digest(message))
      if (heard.length === messages.length) resolve()
    }
  })
  for (const message of messages) {
    await send(connection, message)
    afterwards(message)
  }
  await all
  connection.close()
  listener.close()
  return heard
}

/** Echoes, in order, also when the library takes no more for a while. */
function answer(connection: Connection): void {
  let last = Promise.resolve()
  connection.onMessage = (message) => {
    const copy = Buffer.from(message)
    last = last.then(() => send(connection, copy))
  }
}

async function send(connection: Connection, message: Buffer): Promise<void> {
  while (!connection.send(message)) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
}

/** Bytes that differ from message to message. */
function contents(seed: number, lengthBytes: number): Buffer {
  return Buffer.from(Array.from({ length: lengthBytes }, (_, i) => (seed * 31 + i * 7 + (i >> 8)) & 0xff))
}

function digests(messages: readonly Buffer[]): string[] {
  return messages.map(digest)
}

function digest(message: Uint8Array): string {
  return createHash('sha256').update(message).digest('base64')
}
