import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { LineCutter } from '../../lib/cli/cutters.ts'
import { feed, type Outlet } from '../../lib/cli/feed.ts'

describe('feed', () => {
  it('sends everything, waits until it has left, and says that it came to the end', async () => {
    const outlet = new FakeOutlet()
    outlet.open()

    const result = await feed(Readable.from([Buffer.from('one\ntwo\nthree')]), new LineCutter(), outlet, never())

    expect(result).toBe(true)
    expect(outlet.log).toEqual(['one', 'two', 'three', 'drained'])
  })

  it('does not read before the outlet is ready', async () => {
    const outlet = new FakeOutlet()
    const source = new PassThrough()
    source.end('waiting\n')
    const result = feed(source, new LineCutter(), outlet, never())
    await turn()
    expect(source.readableLength).toBe('waiting\n'.length)

    outlet.open()

    expect(await result).toBe(true)
    expect(outlet.log).toEqual(['waiting', 'drained'])
  })

  it('asks again, and again, whether the outlet is ready while it sends much', async () => {
    const outlet = new FakeOutlet()
    outlet.open()
    const source = Readable.from([Buffer.from('line\n'.repeat(1000))])

    await feed(source, new LineCutter(), outlet, never())

    expect(outlet.log.filter((entry) => entry === 'line')).toHaveLength(1000)
    expect(outlet.timesAsked).toBeGreaterThan(5)
  })

  it('stops when it is told to, wherever it is, and destroys its source', async () => {
    const abort = new AbortController()
    const outlet = new FakeOutlet()
    outlet.open()
    const source = new PassThrough()
    source.write('one\ntw')
    const result = feed(source, new LineCutter(), outlet, abort.signal)
    await turn()

    abort.abort()

    expect(await result).toBe(false)
    expect(outlet.log).toEqual(['one'])
    expect(source.destroyed).toBe(true)
  })

  it('stops while it waits for an outlet that is never ready', async () => {
    const abort = new AbortController()
    const result = feed(new PassThrough(), new LineCutter(), new FakeOutlet(), abort.signal)

    abort.abort()

    expect(await result).toBe(false)
  })

  it('rejects with what reading failed with', async () => {
    const outlet = new FakeOutlet()
    outlet.open()
    const source = new Readable({ read: () => source.destroy(new Error('EISDIR')) })

    await expect(feed(source, new LineCutter(), outlet, never())).rejects.toThrow('EISDIR')
  })
})

class FakeOutlet implements Outlet {
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
