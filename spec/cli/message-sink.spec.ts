import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PeersMessageSink } from '../../lib/cli/message-sink.ts'
import { Report } from '../../lib/cli/report.ts'
import { Peer, UDPipeError, type ErrorCode, type ProtocolName } from '../../lib/index.ts'
import { createStats, type SessionStats } from '../../lib/session/stats.ts'

beforeEach(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true))
afterEach(() => vi.restoreAllMocks())

describe('PeersMessageSink', () => {
  it('is ready when there is a peer, and not before', async () => {
    const { sink, sender } = setUp()
    const ready = sink.ready(never())
    expect(await isSettled(ready)).toBe(false)

    const { peer } = fakePeer('classic')
    sender.standing.push(peer)
    sink.peerCame(peer)

    await expect(ready).resolves.toBeUndefined()
  })

  it('waits while the queue to a peer is more than half full', async () => {
    const { sink, sender } = setUp()
    const { peer, stats } = fakePeer('reliable')
    sender.standing.push(peer)
    stats.queuedMessages = 5_000
    const ready = sink.ready(never())
    expect(await isSettled(ready)).toBe(false)

    stats.queuedMessages = 4_000

    await expect(ready).resolves.toBeUndefined()
  })

  it('waits for a classic peer to answer a PING before it sends much more', async () => {
    const { sink, sender } = setUp()
    const { peer, pings } = fakePeer('classic')
    sender.standing.push(peer)
    sink.peerCame(peer)
    for (let i = 0; i < 200; i += 1) sink.take(Buffer.from('line'))
    const ready = sink.ready(never())
    expect(pings()).toBe(1)
    expect(await isSettled(ready)).toBe(false)

    sink.peerAnswered(peer)

    await expect(ready).resolves.toBeUndefined()
  })

  it('waits no longer for a peer that has left', async () => {
    const { sink, sender } = setUp()
    const [silent, other] = [fakePeer('classic'), fakePeer('reliable')]
    sender.standing.push(silent.peer, other.peer)
    sink.peerCame(silent.peer)
    for (let i = 0; i < 200; i += 1) sink.take(Buffer.from('line'))
    const ready = sink.ready(never())
    expect(await isSettled(ready)).toBe(false)

    sender.standing.shift()
    sink.peerLeft(silent.peer)

    await expect(ready).resolves.toBeUndefined()
  })

  it('is drained when nothing waits for any peer', async () => {
    const { sink, sender } = setUp()
    const { peer, stats } = fakePeer('classic')
    sender.standing.push(peer)
    stats.queuedMessages = 1
    const drained = sink.drained(never())
    expect(await isSettled(drained)).toBe(false)

    stats.queuedMessages = 0

    await expect(drained).resolves.toBeUndefined()
  })

  it.each(['ERR_MESSAGE_TOO_LARGE', 'ERR_MESSAGE_RESERVED', 'ERR_UNSUPPORTED'] as const)(
    'reports a line that is refused with %s, and goes on',
    (code) => {
      const { sink, sender, report } = setUp()
      sender.refuseWith = code
      sink.take(Buffer.from('PING'))
      expect(report.exitCode).toBe(1)
      sender.refuseWith = undefined

      sink.take(Buffer.from('next'))

      expect(sender.passed).toEqual(['next'])
    },
  )

  it('reports a line that a full queue refuses', () => {
    const { sink, sender, report } = setUp()
    sender.isFull = true

    sink.take(Buffer.from('line'))

    expect(report.exitCode).toBe(1)
  })

  it('sends bytes that are a reserved word as two messages', () => {
    const { sink, sender, report } = setUp(true)
    sender.refuseWith = 'ERR_MESSAGE_RESERVED'

    sink.take(Buffer.from('CLOSED'))

    expect(sender.passed).toEqual(['C', 'LOSED'])
    expect(report.exitCode).toBe(0)
  })
})

class FakeSender {
  readonly standing: Peer[] = []
  readonly passed: string[] = []
  isFull = false
  /** What a word of the classic protocol is refused with. */
  refuseWith: ErrorCode | undefined

  peers(): Iterable<Peer> {
    return this.standing
  }

  pass(message: Uint8Array): boolean {
    const text = Buffer.from(message).toString()
    if (this.refuseWith !== undefined && /^(PING|CLOSED)$/.test(text)) throw new UDPipeError(this.refuseWith, text)
    if (!this.isFull) this.passed.push(text)
    return !this.isFull
  }
}

function setUp(isBinary = false): { sink: PeersMessageSink; sender: FakeSender; report: Report } {
  const sender = new FakeSender()
  const report = new Report(false)
  return { sink: new PeersMessageSink(sender, isBinary, report), sender, report }
}

function fakePeer(protocol: ProtocolName): { peer: Peer; stats: SessionStats; pings: () => number } {
  const stats = createStats()
  let pings = 0
  const peer = new Peer(1, {
    protocol,
    state: 'connected',
    remote: { host: '127.0.0.1', port: 1234 },
    localPort: 1235,
    rttMs: NaN,
    clockOffsetMs: NaN,
    stats,
    send: () => true,
    ping: () => void (pings += 1),
    pause: () => {},
    resume: () => {},
    close: () => Promise.resolve(),
  })
  return { peer, stats, pings: () => pings }
}

/** Whether a promise settles without anything else happening. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(() => (settled = true))
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve))
  return settled
}

function never(): AbortSignal {
  return new AbortController().signal
}
