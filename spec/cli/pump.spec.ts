import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { LineFramer } from '../../lib/cli/framers.ts'
import { pump, type MessageSink } from '../../lib/cli/pump.ts'

describe('pump', () => {
  it('sends everything, waits until it has left, and says that it came to the end', async () => {
    const sink = new FakeMessageSink()
    sink.open()

    const result = await pump(Readable.from([Buffer.from('one\ntwo\nthree')]), new LineFramer(), sink, never())

    expect(result).toBe(true)
    expect(sink.log).toEqual(['one', 'two', 'three', 'drained'])
  })

  it('does not read before the sink is ready', async () => {
    const sink = new FakeMessageSink()
    const source = new PassThrough()
    source.end('waiting\n')
    const result = pump(source, new LineFramer(), sink, never())
    await turn()
    expect(source.readableLength).toBe('waiting\n'.length)

    sink.open()

    expect(await result).toBe(true)
    expect(sink.log).toEqual(['waiting', 'drained'])
  })

  it('asks again, and again, whether the sink is ready while it sends much', async () => {
    const sink = new FakeMessageSink()
    sink.open()
    const source = Readable.from([Buffer.from('line\n'.repeat(1000))])

    await pump(source, new LineFramer(), sink, never())

    expect(sink.log.filter((entry) => entry === 'line')).toHaveLength(1000)
    expect(sink.timesAsked).toBeGreaterThan(5)
  })

  it('stops when it is told to, wherever it is, and destroys its source', async () => {
    const abort = new AbortController()
    const sink = new FakeMessageSink()
    sink.open()
    const source = new PassThrough()
    source.write('one\ntw')
    const result = pump(source, new LineFramer(), sink, abort.signal)
    await turn()

    abort.abort()

    expect(await result).toBe(false)
    expect(sink.log).toEqual(['one'])
    expect(source.destroyed).toBe(true)
  })

  it('stops while it waits for an sink that is never ready', async () => {
    const abort = new AbortController()
    const result = pump(new PassThrough(), new LineFramer(), new FakeMessageSink(), abort.signal)

    abort.abort()

    expect(await result).toBe(false)
  })

  it('rejects with what reading failed with', async () => {
    const sink = new FakeMessageSink()
    sink.open()
    const source = new Readable({ read: () => source.destroy(new Error('EISDIR')) })

    await expect(pump(source, new LineFramer(), sink, never())).rejects.toThrow('EISDIR')
  })
})

class FakeMessageSink implements MessageSink {
  readonly log: string[] = []
  timesAsked = 0
  readonly #opened = new AbortController()

  open(): void {
    this.#opened.abort()
  }

  async ready(signal: AbortSignal): Promise<void> {
    this.timesAsked += 1
    await untilAborted(AbortSignal.any([signal, this.#opened.signal]))
    signal.throwIfAborted()
  }

  drained(): Promise<void> {
    this.log.push('drained')
    return Promise.resolve()
  }

  take(message: Buffer): void {
    this.log.push(message.toString())
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function never(): AbortSignal {
  return new AbortController().signal
}

/** Lets everything happen that can happen without time. */
async function turn(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve))
}
