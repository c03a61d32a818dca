import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeConnectPayload,
  decodeHelloPayload,
  encodeConnectPayload,
  encodeHelloPayload,
  limitSettings,
  MAX_CONNECT_PAYLOAD_BYTES,
} from '../../../lib/reliable/wire/handshake-payload.ts'
import { createSettings } from '../../support/settings.ts'
import { fuzzRuns } from '../../support/fuzz-runs.ts'

const limits = { mtuBytes: 1_200, maxMessageBytes: 0x01000000 }
const fresh = { limits, isResumed: false, resumeId: undefined }
const resumeId = new Uint8Array(16).map((_, i) => i + 1)
const noId = new Uint8Array(16)
const encoder = new TextEncoder()

describe('HELLO’s payload', () => {
  it('is the limits and what the user sends along', () => {
    const bytes = encodeHelloPayload({ limits, userPayload: new Uint8Array([7, 8]) })
    expect([...bytes]).toEqual([0x04, 0xb0, 0x01, 0, 0, 0, 0, 7, 8])
    expect(decodeHelloPayload(bytes)).toEqual({ limits, userPayload: new Uint8Array([7, 8]) })
  })

  it('names the connection that is to go on', () => {
    const bytes = encodeHelloPayload({ limits, resumeId, userPayload: new Uint8Array([7, 8]) })
    expect([...bytes]).toEqual([0x04, 0xb0, 0x01, 0, 0, 0, 16, ...resumeId, 7, 8])
    expect(decodeHelloPayload(bytes)).toEqual({ limits, resumeId, userPayload: new Uint8Array([7, 8]) })
  })

  it.each([
    ['half a name', [16, ...new Uint8Array(15)]],
    ['a name of another length', [8, ...new Uint8Array(20)]],
    ['not even the length of a name', []],
  ])('is refused with %s', (_what, tail) => {
    expect(decodeHelloPayload(new Uint8Array([0x04, 0xb0, 0, 0, 1, 0, ...tail]))).toBeUndefined()
  })

  it('is refused when it is too short, or asks for limits that nobody could keep', () => {
    expect(decodeHelloPayload(new Uint8Array(5))).toBeUndefined()
    expect(decodeHelloPayload(new Uint8Array([0x01, 0xff, 0, 0, 1, 0]))).toBeUndefined()
    expect(decodeHelloPayload(new Uint8Array([0x04, 0xb0, 0, 0, 0, 0]))).toBeUndefined()
  })
})

describe('CONNECT’s payload', () => {
  it('is the limits, the port, and the host as text', () => {
    const bytes = encodeConnectPayload({ ...fresh, endpoint: { host: '10.0.0.1', port: 40_000 } })
    expect([...bytes]).toEqual([0x04, 0xb0, 0x01, 0, 0, 0, 0, ...noId, 0x9c, 0x40, ...encoder.encode('10.0.0.1')])
  })

  it.each(['127.0.0.1', '255.255.255.255', '::1', '2001:db8::7'])('carries %s as it is', (host) => {
    const endpoint = { host, port: 1 }
    expect(decodeConnectPayload(encodeConnectPayload({ ...fresh, endpoint }))).toEqual({ ...fresh, endpoint })
  })

  it.each([
    ['2001:DB8:0::7', '2001:db8::7'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
  ])('writes %s the one way there is', (host, written) => {
    const bytes = encodeConnectPayload({ ...fresh, endpoint: { host, port: 1 } })
    expect(decodeConnectPayload(bytes)?.endpoint.host).toBe(written)
  })

  it.each(['0.0.0.0', '::', 'fe80::1%eth0'])('names no host for %s: the client knows where it sent HELLO', (host) => {
    const bytes = encodeConnectPayload({ ...fresh, endpoint: { host, port: 9 } })
    expect(bytes.length).toBe(25)
    expect(decodeConnectPayload(bytes)?.endpoint).toEqual({ host: '0.0.0.0', port: 9 })
  })

  it.each([
    { host: 'example.com', port: 1 },
    { host: '', port: 1 },
    { host: '10.0.0.1', port: 0 },
    { host: '10.0.0.1', port: 65_536 },
    { host: '10.0.0.1', port: 1.5 },
  ])('cannot be made for $host and port $port', (endpoint) => {
    expect(() => encodeConnectPayload({ ...fresh, endpoint })).toThrow(RangeError)
  })

  it.each([
    ['a port of 0', [0, 0, ...encoder.encode('10.0.0.1')]],
    ['a name', [0, 1, ...encoder.encode('example.com')]],
    ['an unspecified host, which has a shorter form', [0, 1, ...encoder.encode('0.0.0.0')]],
    ['a host that is not written the one way', [0, 1, ...encoder.encode('2001:DB8::7')]],
    ['a byte order mark', [0, 1, 0xef, 0xbb, 0xbf, ...encoder.encode('10.0.0.1')]],
    ['half a port', [0]],
  ])('is refused with %s', (_what, tail) => {
    expect(decodeConnectPayload(new Uint8Array([0x04, 0xb0, 0, 0, 1, 0, 0, ...noId, ...tail]))).toBeUndefined()
  })

  it('says that a connection goes on, and what names it from now on', () => {
    const payload = { limits, isResumed: true, resumeId, endpoint: { host: '10.0.0.1', port: 40_000 } }
    const bytes = encodeConnectPayload(payload)
    expect([...bytes.subarray(6, 23)]).toEqual([1, ...resumeId])
    expect(decodeConnectPayload(bytes)).toEqual(payload)
  })

  it.each([2, 4, 0x80])('is refused with the reserved flag %i', (flag) => {
    const bytes = encodeConnectPayload({ ...fresh, endpoint: { host: '10.0.0.1', port: 1 } })
    bytes[6] = flag
    expect(decodeConnectPayload(bytes)).toBeUndefined()
  })

  it('is never longer than its stated maximum', () => {
    const host = '1111:2222:3333:4444:5555:6666:7777:8888'
    expect(encodeConnectPayload({ ...fresh, endpoint: { host, port: 1 } }).length).toBe(MAX_CONNECT_PAYLOAD_BYTES)
  })

  it('takes any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(() => decodeConnectPayload(bytes)).not.toThrow()
        expect(() => decodeHelloPayload(bytes)).not.toThrow()
      }),
      fuzzRuns(1000),
    )
  })
})

describe('limitSettings', () => {
  it('takes the smaller of both ends’ limits and leaves the rest', () => {
    const settings = createSettings({ mtuBytes: 1_400, maxMessageBytes: 1_000 })
    expect(limitSettings(settings, limits)).toEqual({ ...settings, mtuBytes: 1_200, maxMessageBytes: 1_000 })
  })
})
