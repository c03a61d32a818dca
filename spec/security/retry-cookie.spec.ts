import { beforeEach, describe, expect, it } from 'vitest'
import { RETRY_COOKIE_BYTES, RetryCookies } from '../../lib/security/retry-cookie.ts'
import { Random } from '../../lib/simulator/index.ts'
import { flipped } from '../support/flipped.ts'

const source = { host: '198.51.100.7', port: 50_000 }
const id = new Random(2).bytes(16)

describe('RetryCookies', () => {
  let cookies: RetryCookies

  beforeEach(() => {
    const random = new Random(1)
    cookies = new RetryCookies((length) => random.bytes(length))
  })

  it('are good for the HELLO and the address that they were made for', () => {
    const cookie = cookies.create(5_000, source, id)
    expect(cookie).toHaveLength(RETRY_COOKIE_BYTES)
    expect(cookies.isValid(5_080, cookie, source, id)).toBe(true)
  })

  it.each([
    ['another host', { ...source, host: '198.51.100.8' }, id],
    ['another port', { ...source, port: 50_001 }, id],
    ['another HELLO', source, new Random(3).bytes(16)],
  ])('are not good from %s', (_what, from, hello) => {
    const cookie = cookies.create(5_000, source, id)
    expect(cookies.isValid(5_000, cookie, from, hello)).toBe(false)
  })

  it('are not good with a bit flipped, nor at another length', () => {
    const cookie = cookies.create(5_000, source, id)
    for (let bit = 0; bit < cookie.length * 8; bit += 1) {
      const forged = flipped(cookie, bit)
      expect(cookies.isValid(5_000, forged, source, id)).toBe(false)
    }
    expect(cookies.isValid(5_000, cookie.subarray(1), source, id)).toBe(false)
    expect(cookies.isValid(5_000, new Uint8Array(0), source, id)).toBe(false)
  })

  it('are good for ten seconds to the tenth, and not for one tenth more', () => {
    const cookie = cookies.create(5_000, source, id)
    expect(cookies.isValid(15_000, cookie, source, id)).toBe(true)
    expect(cookies.isValid(15_099, cookie, source, id)).toBe(true)
    expect(cookies.isValid(15_100, cookie, source, id)).toBe(false)
  })

  it('outlive a change of the secret, whenever they were made', () => {
    const made: Uint8Array[] = []
    for (let now = 0; now < 240_000; now += 500) {
      made.push(cookies.create(now, source, id))
      const old = made.at(-19)
      if (old !== undefined) expect(cookies.isValid(now, old, source, id)).toBe(true)
    }
  })

  it('mean nothing under another secret, not even when the times wrap', () => {
    const random = new Random(7)
    const other = new RetryCookies((length) => random.bytes(length))
    const cookie = cookies.create(0, source, id)
    expect(other.isValid(0, cookie, source, id)).toBe(false)
    expect(cookies.isValid(65_536 * 100, cookie, source, id)).toBe(false)
    expect(cookies.isValid(2 * 65_536 * 100, cookie, source, id)).toBe(false)
  })

  it('are made of IPv6 addresses, with or without a zone', () => {
    const far = { host: '2001:db8::1', port: 1 }
    const near = { host: 'fe80::1%eth0', port: 1 }
    expect(cookies.isValid(0, cookies.create(0, far, id), far, id)).toBe(true)
    expect(cookies.isValid(0, cookies.create(0, near, id), near, id)).toBe(true)
    expect(cookies.isValid(0, cookies.create(0, near, id), { ...near, host: 'fe80::1%eth1' }, id)).toBe(false)
  })
})
