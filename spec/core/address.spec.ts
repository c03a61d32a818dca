import { describe, expect, it } from 'vitest'
import { formatAddress, isSameAddress, isUnspecified } from '../../lib/core/address.ts'

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
