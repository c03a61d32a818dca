import fc from 'fast-check'
import { isIP, isIPv4, SocketAddress } from 'node:net'
import { describe, expect, it } from 'vitest'
import { canonicalHost } from '../../lib/core/numeric-host.ts'
import { fuzzRuns } from '../support/fuzz-runs.ts'

describe('a numeric host', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8::00A1', '2001:db8::a1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is written %s', (text, canonical) => {
    expect(canonicalHost(text)).toBe(canonical)
  })

  it.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '1.2.3.4 ',
    '1.2.3.4\n',
    '٣.1.1.1',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::',
    ':1::',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::1.2.3',
    'fe80::1%eth0',
    '[::1]',
  ])('%j is none', (text) => {
    expect(canonicalHost(text)).toBeUndefined()
  })

  it('is taken for one exactly where the operating system takes it for one', () => {
    const anything = fc.stringMatching(/^[\da-f:.]{0,24}$/)
    fc.assert(
      fc.property(fc.oneof(anything, fc.ipV4(), fc.ipV6()), (text) => {
        expect(canonicalHost(text) !== undefined).toBe(isIP(text) !== 0)
      }),
      fuzzRuns(2_000),
    )
  })

  it('is written as the operating system writes it, and that once and for all', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const canonical = canonicalHost(text) ?? ''
        expect(canonicalHost(canonical)).toBe(canonical)
        // The operating system also writes the last 32 bits of `::/96` in decimal, which RFC 5952 leaves open.
        const system = new SocketAddress({ address: text, family: isIPv4(text) ? 'ipv4' : 'ipv6' }).address
        if (!/^::[\d.]+$/.test(system)) expect(canonical).toBe(system)
      }),
      fuzzRuns(2_000),
    )
  })
})
