import { ticks, UDPipe, type Peer } from 'udpipe'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openRawSocket } from '../support/raw-socket.ts'

describe('run', () => {
  it('steps as datagrams arrive and as deadlines fall due, on both sides', async () => {
    const { port } = await runningEcho()
    const client = new Asking({ pingIntervalMs: 10, stallTimeoutMs: 5_000 })
    void client.run()

    void client.connect('127.0.0.1', port)

    expect(await client.answer).toBe('echo of a question')
    await client.close()
  })

  it('steps so many times a second when it is told so', async () => {
    const { port } = await runningEcho(200)
    const client = new Asking()
    void client.connect('127.0.0.1', port)
    const running = client.run(200)

    expect(await client.answer).toBe('echo of a question')
    await client.close()
    await expect(running).resolves.toBeUndefined()
  })

  it('ends with close', async () => {
    const { port } = await runningEcho()
    const client = new Asking()
    void client.connect('127.0.0.1', port)
    const running = client.run()
    await client.answer

    await client.close()

    await expect(running).resolves.toBeUndefined()
  })

  it('ends with a client that is over by itself', async () => {
    const refusing = await openRawSocket()
    const client = new Quiet({ protocol: 'classic', reconnect: false })
    void client.connect('127.0.0.1', refusing.port)
    const running = client.run()
    await eventually(() => refusing.texts.length > 0)

    refusing.say('GO AWAY!', refusing.received[0]?.port ?? NaN)

    await expect(running).resolves.toBeUndefined()
  })

  it('ends with a start that fails', async () => {
    const server = new Quiet()
    const running = server.run()

    await expect(server.start(0, '203.0.113.7')).rejects.toThrow()

    await expect(running).resolves.toBeUndefined()
  })

  it.each([undefined, 100])('ends with a signal, and leaves the rest as it is: at %s Hz', async (hz) => {
    const server = closedInTheEnd(new UDPipe())
    await server.start(0, '127.0.0.1')
    const over = new AbortController()
    const running = server.run(hz, { signal: over.signal })

    over.abort()

    await expect(running).resolves.toBeUndefined()
    expect(server.signal.aborted).toBe(false)
    expect(() => server.step()).not.toThrow()
  })

  it.each([undefined, 100])('does not begin when its signal has aborted: at %s Hz', async (hz) => {
    const server = closedInTheEnd(new UDPipe())
    await server.start(0, '127.0.0.1')

    await expect(server.run(hz, { signal: AbortSignal.abort() })).resolves.toBeUndefined()
  })

  it.each([undefined, 100])('rejects with what a callback throws: at %s Hz', async (hz) => {
    class Failing extends UDPipe {
      override onBadToken(): void {
        throw new Error('thrown by onBadToken')
      }
    }
    const server = closedInTheEnd(new Failing({ protocols: ['classic'], token: 'swordfish' }))
    const { port } = await server.start(0, '127.0.0.1')
    const visitor = await openRawSocket()
    const running = server.run(hz)

    visitor.say('HELLO sailor', port)

    await expect(running).rejects.toThrow('thrown by onBadToken')
  })

  it('may begin before start, and ends with its close', async () => {
    const server = new UDPipe()
    const running = server.run()
    await server.start(0, '127.0.0.1')

    await server.close()

    await expect(running).resolves.toBeUndefined()
  })

  it.each([undefined, 100])('may begin before connect, and ends with its close: at %s Hz', async (hz) => {
    const silent = await openRawSocket()
    const client = new UDPipe()
    const running = client.run(hz)
    const connected = client.connect('127.0.0.1', silent.port)

    await client.close()

    await expect(connected).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    await expect(running).resolves.toBeUndefined()
  })

  it.each([undefined, 100])('ends with the close of what never began: at %s Hz', async (hz) => {
    const client = new UDPipe()
    const running = client.run(hz)

    await client.close()

    await expect(running).resolves.toBeUndefined()
    expect(client.signal.aborted).toBe(true)
    expect(client.state).toBe('closed')
  })

  it.each([undefined, 100])('may end by its signal while it closes, which goes on: at %s Hz', async (hz) => {
    const { port } = await runningEcho()
    const client = new Asking()
    const over = new AbortController()
    void client.connect('127.0.0.1', port)
    const running = client.run(hz, { signal: over.signal })
    await client.answer

    const closed = client.close()
    over.abort()

    await expect(running).resolves.toBeUndefined()
    await expect(closed).resolves.toBeUndefined()
    expect(client.state).toBe('closed')
  })

  it('may end by what a callback throws while it closes, which goes on', async () => {
    class Failing extends Asking {
      override onClose(): void {
        throw new Error('thrown by onClose')
      }
    }
    const { port } = await runningEcho()
    const client = new Failing()
    void client.connect('127.0.0.1', port)
    const running = client.run()
    await client.answer

    const closed = client.close()

    await expect(running).rejects.toThrow('thrown by onClose')
    await expect(closed).resolves.toBeUndefined()
  })

  it('lets a client dial and queue by itself, without any other step', async () => {
    const { port } = await runningEcho()
    const client = new Asking()
    void client.connect('localhost', port)
    client.send('early: behind what onConnect asks')
    void client.run()

    expect(await client.answer).toBe('echo of a question')
    await client.close()
  })
})

describe('a main loop of ticks', () => {
  it('runs until the connection is over', async () => {
    const { port } = await runningEcho()
    const client = new Asking()
    void client.connect('127.0.0.1', port)
    void client.answer.then(() => client.close())

    for await (const dt of ticks(200, { signal: client.signal })) client.step(dt)

    expect(await client.answer).toBe('echo of a question')
    expect(client.signal.aborted).toBe(true)
  })
})

describe('a UDPipe that is over', () => {
  it('lets its process end', async () => {
    const before = busyResources()
    const { server, port } = await runningEcho()
    const client = new Asking()
    void client.connect('127.0.0.1', port)
    void client.run()
    await client.answer

    await Promise.all([client.close(), server.close()])
    await eventually(() => busyResources() <= before)

    expect(busyResources()).toBeLessThanOrEqual(before)
  })
})

class Echo extends UDPipe {
  override onNewMessage(message: Buffer, peer: Peer): void {
    this.send(`echo of ${message.toString()}`, peer)
  }
}

/** Asks when it is connected. */
class Asking extends UDPipe {
  readonly answer: Promise<string>
  #resolve: (answer: string) => void = () => {}

  constructor(...args: ConstructorParameters<typeof UDPipe>) {
    super(...args)
    this.answer = new Promise((resolve) => (this.#resolve = resolve))
  }

  override onConnect(): void {
    this.send('a question')
  }

  override onNewMessage(message: Buffer): void {
    this.#resolve(message.toString())
  }
}

/** Keeps its errors to itself. */
class Quiet extends UDPipe {
  override onError(): void {}
}

async function runningEcho(hz?: number): Promise<{ server: UDPipe; port: number }> {
  const server = closedInTheEnd(new Echo())
  const { port } = await server.start(0, '127.0.0.1')
  void server.run(hz)
  return { server, port }
}

function closedInTheEnd<P extends UDPipe>(pipe: P): P {
  onTestFinished(() => pipe.close())
  return pipe
}

/** Sockets and timers that keep this process alive. */
function busyResources(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(?:UDPWRAP|Timeout|Immediate)$/.test(name)).length
}

async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}
