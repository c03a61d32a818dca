import { describe, expect, it } from 'vitest'
import { spellAsReported, socketTypeFor, toMappedHost, toPlainHost } from '../../lib/node/host-spelling.ts'

describe('spellAsReported', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8::0:1', '2001:db8::1'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:102:304', '1.2.3.4'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['FE80:0::1%eth0', 'fe80::1%eth0'],
  ])('spells %s as %s', (host, spelling) => {
    expect(spellAsReported(host)).toBe(spelling)
  })

  it.each(['localhost', 'example.org', '1.2.3', '01.2.3.4', '[::1]', ''])('knows that %j is no address', (host) => {
    expect(spellAsReported(host)).toBeUndefined()
  })
})

describe('mapped addresses', () => {
  it('become plain', () => {
    expect(toPlainHost('::ffff:1.2.3.4')).toBe('1.2.3.4')
  })

  it.each(['1.2.3.4', '::1', '::ffff:0:102:304', 'fe80::1%eth0'])('are not what %s is', (host) => {
    expect(toPlainHost(host)).toBe(host)
  })

  it('are what an IPv6 socket is told', () => {
    expect(toMappedHost('1.2.3.4')).toBe('::ffff:1.2.3.4')
    expect(toMappedHost('fe80::1%eth0')).toBe('fe80::1%eth0')
  })
})

describe('socketTypeFor', () => {
  it('tells IPv4 from IPv6', () => {
    expect([socketTypeFor('0.0.0.0'), socketTypeFor('::'), socketTypeFor('fe80::1%eth0')]).toEqual([
      'udp4',
      'udp6',
      'udp6',
    ])
  })
})
