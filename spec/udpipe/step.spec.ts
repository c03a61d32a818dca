import { describe, expect, it } from 'vitest'
import { openRawSocket } from '../support/raw-socket.ts'
import { RecordingPipe, type CallbackName } from '../support/recording-pipe.ts'
import { createRig, type Rig } from '../support/rig.ts'

describe('what step returns', () => {
  it('is a minute when there is nothing to wait for', async () => {
    const rig = createRig()
    const server = rig.pipe()
    expect(server.step()).toBe(60_000)

    await rig.start(server)

    expect(server.step()).toBe(60_000)
  })

  it('is the time until the next HELLO while a client dials', async () => {
    const rig = createRig()
    const silent = await openRawSocket()
    const client = rig.pipe()
    void client.connect('127.0.0.1', silent.port)
    client.step()

    expect(client.step()).toBe(200)
    rig.clock.advance(150)
    expect(client.step()).toBe(50)
    rig.clock.advance(50)
    expect(client.step()).toBe(300)
  })

  it('is the time until the next PING while a connection is idle', async () => {
    const rig = createRig()
    const { client } = await rig.connectedPair({ client: { pingIntervalMs: 400 } })
    await rig.settle()

    expect(client.step()).toBeLessThanOrEqual(400)
    rig.clock.advance(250)
    expect(client.step()).toBe(150)
    rig.clock.advance(100)
    expect(client.step()).toBe(50)
  })

  it('is never less than nothing, and says enough: who waits that long keeps every connection', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    server.forget()
    client.forget()

    for (let i = 0; i < 100; i += 1) {
      const waitMs = Math.min(server.step(), client.step())
      expect(waitMs).toBeGreaterThan(0)
      rig.clock.advance(waitMs)
      await rig.settle()
    }

    expect(new Set([...server.names, ...client.names])).toEqual(new Set(['onPing', 'onPong']))
  })
})

describe('step', () => {
  it('fires callbacks, and nothing else does', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    rig.freeze(server)
    server.forget()

    client.send('hello')
    await rig.settle()
    expect(server.names).toEqual([])

    server.step()
    expect(server.names).toEqual(['onNewMessage'])
  })

  it('reads everything that arrived', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair()
    rig.freeze(server)
    for (let i = 0; i < 50; i += 1) client.send(`message ${i}`)
    await rig.settle()

    server.step()

    expect(server.messages).toHaveLength(50)
  })

  it('may not be called by a callback', async () => {
    const rig = createRig()
    const errors: unknown[] = []
    class Impatient extends RecordingPipe {
      override onNewMessage(): void {
        try {
          this.step()
        } catch (error) {
          errors.push(error)
        }
      }
    }
    const server = rig.add(new Impatient(rig.options))
    const client = rig.pipe()
    await rig.connect(server, await rig.start(server), client)

    client.send('hello')
    await rig.until(() => errors.length > 0)

    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_REENTRANT_STEP' })])
  })

  it('may be called for another UDPipe by a callback', async () => {
    const rig = createRig()
    const other = rig.pipe()
    class Nested extends RecordingPipe {
      override onNewMessage(...args: Parameters<RecordingPipe['onNewMessage']>): void {
        super.onNewMessage(...args)
        other.step()
      }
    }
    const server = rig.add(new Nested(rig.options))
    const client = rig.pipe()
    await rig.connect(server, await rig.start(server), client)

    client.send('hello')
    await rig.until(() => server.messages.length > 0)

    expect(server.messages).toEqual(['hello'])
  })

  it.each([-1, NaN, -Infinity])('refuses a dt of %d', (dt) => {
    const rig = createRig()

    expect(() => rig.pipe().step(dt)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
  })

  it('throws after close', async () => {
    const rig = createRig()
    const server = rig.pipe()
    await rig.start(server)
    await server.close()

    expect(() => server.step()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
  })
})

describe('a callback that throws', () => {
  it('makes step throw what it threw', async () => {
    const rig = createRig()
    const { server, client } = await withFrozenServer(rig, 'onNewMessage', 1)
    client.send('hello')
    await rig.settle()

    expect(() => server.step()).toThrow('thrown by onNewMessage')
  })

  it('loses none of the messages behind it', async () => {
    const rig = createRig()
    const { server, client } = await withFrozenServer(rig, 'onNewMessage', 2)
    for (const message of ['one', 'two', 'three', 'four']) client.send(message)
    await rig.settle()

    expect(() => server.step()).toThrow()
    expect(() => server.step()).toThrow()
    server.step()

    expect(server.messages).toEqual(['one', 'two', 'three', 'four'])
  })

  it('loses none of the other peers’ messages', async () => {
    const rig = createRig()
    const { server, client, otherClient } = await withFrozenServer(rig, 'onNewMessage', 1)
    client.send('from one')
    otherClient.send('from another')
    await rig.settle()

    expect(() => server.step()).toThrow()
    server.step()

    expect(server.messages.toSorted()).toEqual(['from another', 'from one'])
  })

  it('loses none of what was sent before it threw', async () => {
    const rig = createRig()
    const { server, client } = await withFrozenServer(rig, 'onNewMessage', 1)
    client.send('hello')
    await rig.settle()
    server.sendAll('sent before')

    expect(() => server.step()).toThrow()
    server.step()
    await rig.until(() => client.messages.length > 0)

    expect(client.messages).toEqual(['sent before'])
  })

  it.each(['onNewClient', 'onConnect', 'onNewMessage', 'onPing', 'onPong', 'onClose', 'onDisconnect'] as const)(
    'in %s takes none of the others along',
    async (name) => {
      const rig = createRig()
      const server = rig.add(new Throwing(rig, name, 1))
      const client = rig.pipe({ reconnect: { minDelayMs: 50, maxDelayMs: 50 } })
      const thrown: unknown[] = []
      rig.freeze(server)
      void client.connect('127.0.0.1', await rig.start(server))

      await stepUntil(() => server.names.includes('onConnect') && client.names.includes('onConnect'))
      client.send('hello')
      client.ping()
      server.ping()
      await stepUntil(() => server.names.includes('onPong') && server.names.includes('onNewMessage'))
      void client.close()
      await stepUntil(() => server.names.includes('onDisconnect'))

      expect(thrown).toEqual([new Error(`thrown by ${name}`)])
      expect(new Set(server.names)).toEqual(
        new Set(['onNewClient', 'onConnect', 'onNewMessage', 'onPing', 'onPong', 'onClose', 'onDisconnect']),
      )

      async function stepUntil(condition: () => boolean): Promise<void> {
        for (let i = 0; i < 100 && !condition(); i += 1) {
          await rig.pass(20)
          try {
            server.step()
          } catch (error) {
            thrown.push(error)
          }
        }
        expect(condition()).toBe(true)
      }
    },
  )

  it('in onNewClient sends that client away, and leaves no private port open', async () => {
    const rig = createRig()
    const server = rig.add(new Throwing(rig, 'onNewClient', 1))
    const visitor = await openRawSocket()
    const port = await rig.start(server)
    rig.freeze(server)
    visitor.say('HELLO ', port)
    await rig.settle()

    expect(() => server.step()).toThrow('thrown by onNewClient')
    server.step()
    await rig.settle()
    const privatePort = server.called('onNewClient')[0]?.[2] ?? NaN
    await openRawSocket(privatePort)
    visitor.say('HELLO ', port)
    await rig.settle()
    server.step()
    await rig.settle()

    expect(visitor.texts).toEqual(['GO AWAY!', expect.stringMatching(/^CONNECT /)])
  })

  it('in onError loses none of the other errors', async () => {
    const rig = createRig()
    const server = rig.add(new Throwing(rig, 'onError', 1))
    await expect(server.start(0, '203.0.113.7')).rejects.toThrow()
    await expect(server.start(0, '203.0.113.7')).rejects.toThrow()

    expect(() => server.step()).toThrow('thrown by onError')
    server.step()

    expect(server.errorCodes).toEqual(['ERR_ADDRESS_NOT_AVAILABLE', 'ERR_ADDRESS_NOT_AVAILABLE'])
  })
})

/** A callback of it throws, the first `times` times. */
class Throwing extends RecordingPipe {
  readonly #name: CallbackName
  #times: number

  constructor(rig: Rig, name: CallbackName, times: number) {
    super(rig.options)
    this.#name = name
    this.#times = times
  }

  protected override afterCall(name: CallbackName): void {
    if (name !== this.#name || this.#times === 0) return
    this.#times -= 1
    throw new Error(`thrown by ${name}`)
  }
}

/** A server that throws, with two clients, and that steps only when the spec says so. */
async function withFrozenServer(
  rig: Rig,
  name: CallbackName,
  times: number,
): Promise<{ server: RecordingPipe; client: RecordingPipe; otherClient: RecordingPipe }> {
  const server = rig.add(new Throwing(rig, name, times))
  const [client, otherClient] = [rig.pipe(), rig.pipe()]
  await rig.connect(server, await rig.start(server), client, otherClient)
  rig.freeze(server)
  return { server, client, otherClient }
}
