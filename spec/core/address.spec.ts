import { describe, expect, it } from 'vitest'
import { formatAddress, isSameAddress, isUnspecified, networkOf } from '../../lib/core/address.ts'

describe('an address', () => {
  it('is the same place only with the same host and port', () => {
    const address = { host: '192.0.2.1', port: 1 }
    expect(isSameAddress(address, { host: '192.0.2.1', port: 1 })).toBe(true)
    expect(isSameAddress(address, { host: '192.0.2.1', port: 2 })).toBe(false)
    expect(isSameAddress(address, { host: '192.0.2.2', port: 1 })).toBe(false)
  })

  it('is written the way people read it', () => {
    expect(formatAddress({ host: '127.0.0.1', port: 1_234 })).toBe('127.0.0.1:1234')
    expect(formatAddress({ host: '::1', port: 1_234 })).toBe('[::1]:1234')
  })

  it('is unspecified when it says every address of a machine', () => {
    expect(isUnspecified('0.0.0.0')).toBe(true)
    expect(isUnspecified('::')).toBe(true)
    expect(isUnspecified('127.0.0.1')).toBe(false)
    expect(isUnspecified('::1')).toBe(false)
  })
})

describe('networkOf', () => {
  it('is an IPv4 address itself', () => {
    expect(networkOf('192.0.2.1')).toBe('192.0.2.1')
  })

  it('is the /64 of an IPv6 address', () => {
    expect(networkOf('2001:db8:1:2::1')).toBe(networkOf('2001:db8:1:2:ffff:ffff:ffff:ffff'))
    expect(networkOf('2001:db8:1:2::1')).not.toBe(networkOf('2001:db8:1:3::1'))
  })

  it('tells neighbours on a link apart, whatever they call it', () => {
    expect(networkOf('fe80::1%eth0')).not.toBe(networkOf('fe80::2%eth0'))
    expect(networkOf('fe80::1%eth0')).toBe(networkOf('fe80::1'))
    expect(networkOf('fe80::1')).not.toBe(networkOf('::1'))
  })

  it('is something else for each network', () => {
    const hosts = ['::1', '::ffff:0:1', '1::', '192.0.2.1', 'fe80::', 'fe80::1:0:0:0']
    expect(new Set(hosts.map(networkOf)).size).toBe(5)
  })
})
