import { describe, expect, it } from 'vitest'
import { DEFAULT_RECEIVE_BUFFER_BYTES, explainSmallBuffer } from '../../lib/node/receive-buffer.ts'
import { openSocket } from './loopback.ts'

const GiB = 1024 ** 3
const KiB = 1024

describe('a socket’s receive buffer', () => {
  // First, because it happens once a process.
  it('is explained to the first in a process whose wish is not granted, and to nobody else', () => {
    const advice: string[] = []
    const options = { receiveBufferBytes: GiB, onAdvice: (sentence: string) => advice.push(sentence) }

    const first = openSocket(options)
    openSocket(options)

    expect(first.grantedReceiveBufferBytes).toBeLessThan(GiB)
    expect(advice).toEqual([expect.stringContaining('receive buffer')])
  })

  it('is as large as was asked, where the kernel lets it', () => {
    expect(openSocket({ receiveBufferBytes: 64 * KiB }).grantedReceiveBufferBytes).toBe(64 * KiB)
  })

  it('is as large as the kernel lets it, where more was asked', () => {
    const limit = openSocket({ receiveBufferBytes: GiB }).grantedReceiveBufferBytes ?? 0

    expect(limit).toBeGreaterThanOrEqual(64 * KiB)
    expect(openSocket().grantedReceiveBufferBytes).toBe(Math.min(limit, DEFAULT_RECEIVE_BUFFER_BYTES))
  })

  it('needs no explanation when it was granted', () => {
    const advice: string[] = []

    openSocket({ receiveBufferBytes: 64 * KiB, onAdvice: (sentence) => advice.push(sentence) })

    expect(advice).toEqual([])
  })
})

describe('the explanation', () => {
  it('is needed only when less was granted', () => {
    expect(explainSmallBuffer(4096 * KiB, 4096 * KiB)).toBeUndefined()
    expect(explainSmallBuffer(4096 * KiB, 8192 * KiB)).toBeUndefined()
  })

  it('says what was asked and granted', () => {
    expect(explainSmallBuffer(4096 * KiB, 208 * KiB)).toMatch(/208 KiB instead of 4096 KiB/)
  })

  it('says what is left to do where the runtime sets no buffers', () => {
    expect(explainSmallBuffer(4096 * KiB, undefined)).toContain('net.core.rmem_default=4194304')
  })

  it.each([
    ['linux', 'sysctl -w net.core.rmem_max=4194304'],
    ['darwin', 'sysctl -w kern.ipc.maxsockbuf=4194304'],
    ['win32', 'raise the system’s limit'],
  ] as const)('says what to do on %s', (platform, remedy) => {
    expect(explainSmallBuffer(4096 * KiB, 208 * KiB, platform)).toContain(remedy)
  })
})
