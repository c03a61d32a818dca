import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { HmacSha256 } from '../../lib/security/hmac.ts'
import { Random } from '../../lib/simulator/index.ts'

function bytesOfHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

function bytesOfText(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

describe('HmacSha256', () => {
  // RFC 4231, section 4.
  it.each([
    {
      name: '1',
      key: bytesOfHex('0b'.repeat(20)),
      data: bytesOfText('Hi There'),
      code: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    },
    {
      name: '2, a key shorter than the code',
      key: bytesOfText('Jefe'),
      data: bytesOfText('what do ya want for nothing?'),
      code: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    },
    {
      name: '3',
      key: bytesOfHex('aa'.repeat(20)),
      data: bytesOfHex('dd'.repeat(50)),
      code: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    },
    {
      name: '4',
      key: bytesOfHex('0102030405060708090a0b0c0d0e0f10111213141516171819'),
      data: bytesOfHex('cd'.repeat(50)),
      code: '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    },
    {
      name: '6, a key longer than a block',
      key: bytesOfHex('aa'.repeat(131)),
      data: bytesOfText('Test Using Larger Than Block-Size Key - Hash Key First'),
      code: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    },
    {
      name: '7, a key and data longer than a block',
      key: bytesOfHex('aa'.repeat(131)),
      data: bytesOfText(
        'This is a test using a larger than block-size key and a larger than block-size data. ' +
          'The key needs to be hashed before being used by the HMAC algorithm.',
      ),
      code: '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    },
  ])('gives the code of test case $name', ({ key, data, code }) => {
    expect(Buffer.from(new HmacSha256(key).authenticate(data)).toString('hex')).toBe(code)
  })

  it('agrees with another implementation for random keys and data, also in pieces', () => {
    const random = new Random(3)
    for (let round = 0; round < 200; round += 1) {
      const key = random.bytes(random.integer(0, 140))
      const data = random.bytes(random.integer(0, 300))
      const cut = random.integer(0, data.length)
      const code = new HmacSha256(key).authenticate(data.subarray(0, cut), data.subarray(cut))
      expect(Buffer.from(code).toString('hex')).toBe(createHmac('sha256', key).update(data).digest('hex'))
    }
  })

  it('authenticates any number of messages with one key', () => {
    const hmac = new HmacSha256(bytesOfText('key'))
    const first = hmac.authenticate(bytesOfText('a'))
    hmac.authenticate(bytesOfText('b'))
    expect(hmac.authenticate(bytesOfText('a'))).toEqual(first)
  })
})
