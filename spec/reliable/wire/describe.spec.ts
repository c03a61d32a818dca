import { describe, expect, it } from 'vitest'
import { describeReliable } from '../../../lib/reliable/wire/describe.ts'
import {
  connectedPrefix,
  encodeConnect,
  encodeConnectPrefix,
  encodeGoAway,
  encodeHello,
} from '../../../lib/reliable/wire/handshake.ts'

describe('describeReliable', () => {
  const packet = [0x80, 0, 1, 0x80]
  const id = new Uint8Array(16).fill(7)

  it('names every datagram in a few words', () => {
    const hello = new Uint8Array(1_200)
    encodeHello(hello, 1, () => 20)
    expect(describeReliable(hello)).toBe('HELLO version 1')
    expect(describeReliable(encodeConnect(50, () => 50))).toBe('CONNECT to private port')
    expect(describeReliable(encodeGoAway(new Uint8Array(16), 3, 'full'))).toBe('GO AWAY! 3 full')
    expect(describeReliable(new Uint8Array([...encodeConnectPrefix(id), ...packet]))).toBe('CONNECT with packet 1')
    expect(describeReliable(new Uint8Array([...connectedPrefix, ...packet]))).toBe('CONNECTED with packet 1')
    expect(describeReliable(new Uint8Array(packet))).toBe('packet 1')
    expect(describeReliable(new Uint8Array([0x81, 0xff, 0xff, 9]))).toBe('packet 65535 with ack')
    expect(describeReliable(new Uint8Array([1, 2, 3]))).toBe('malformed')
    expect(describeReliable(new Uint8Array(0))).toBe('malformed')
  })

  it('tells the two kinds of CONNECT apart, whatever message 2 looks like', () => {
    const connect = encodeConnect(50, (into) => into.fill(0x80).length)
    expect(describeReliable(connect)).toBe('CONNECT to private port')
  })
})
