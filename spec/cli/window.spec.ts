import { describe, expect, it } from 'vitest'
import { DATAGRAM_OVERHEAD_BYTES, Window } from '../../lib/cli/window.ts'

/** What Linux grants a socket that asks for nothing. */
const SMALLEST_RECEIVE_BUFFER_BYTES = 208 * 1024

describe('Window', () => {
  it.each([1, 100, 1200])('closes before messages of %i bytes overflow the smallest receive buffer', (lengthBytes) => {
    const { window } = setUp()

    const sent = fill(window, lengthBytes)

    expect(sent).toBeGreaterThan(10)
    expect(sent * (lengthBytes + DATAGRAM_OVERHEAD_BYTES)).toBeLessThan(SMALLEST_RECEIVE_BUFFER_BYTES)
  })

  it('asks long before it closes, so that a steady stream never waits', () => {
    const { window, asked } = setUp()
    for (let round = 1; round <= 100; round += 1) {
      while (asked() < round) window.sent(100)
      expect(window.isOpen).toBe(true)

      window.answered()
    }
  })

  it('asks once at a time', () => {
    const { window, asked } = setUp()

    fill(window, 100)

    expect(asked()).toBe(1)
  })

  it('opens with an answer, by as much as was sent before the question', () => {
    const { window } = setUp()
    const first = fill(window, 100)

    window.answered()

    const second = fill(window, 100)
    expect(second).toBeGreaterThan(0)
    expect(second).toBeLessThan(first)
  })

  it('asks again with an answer when enough has been sent meanwhile', () => {
    const { window, asked } = setUp()
    fill(window, 100)

    window.answered()

    expect(asked()).toBe(2)
  })
})

function setUp(): { window: Window; asked: () => number } {
  let count = 0
  const window = new Window(() => {
    count += 1
  })
  return { window, asked: () => count }
}

/** Sends until the window closes, and returns how many messages that took. */
function fill(window: Window, lengthBytes: number): number {
  let count = 0
  for (; window.isOpen; count += 1) window.sent(lengthBytes)
  return count
}
