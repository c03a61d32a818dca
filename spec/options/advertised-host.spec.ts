import { describe, expect, it } from 'vitest'
import { hostToShow, isIPv6 } from '../../lib/options/advertised-host.ts'

describe('the host that CONNECT names', () => {
  it('is the bound one where none is advertised', () => {
    expect(hostToShow([], '192.0.2.1', '198.51.100.7')).toBe('192.0.2.1')
  })

  it('is the advertised one of the client’s family', () => {
    const both = ['2001:db8::7', '203.0.113.7']
    expect(hostToShow(both, '::', '198.51.100.7')).toBe('203.0.113.7')
    expect(hostToShow(both, '::', '2001:db8::1')).toBe('2001:db8::7')
  })

  it('is the one that the client dialed where only the other family’s is advertised', () => {
    expect(hostToShow(['203.0.113.7'], '::', '2001:db8::1')).toBe('::')
    expect(hostToShow(['2001:db8::7'], '::', '198.51.100.7')).toBe('::')
  })
})

describe('an IPv4 address in IPv6', () => {
  it('is one of IPv4', () => {
    expect(['::ffff:192.0.2.1', '192.0.2.1', '::1', 'fe80::1%eth0'].map(isIPv6)).toEqual([false, false, true, true])
  })
})
