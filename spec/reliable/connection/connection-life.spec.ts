import { describe, expect, it } from 'vitest'
import { createStats } from '../../../lib/session/stats.ts'
import { createConnection, createPlainSealer, createUnheardConnection } from '../../support/plain-pair.ts'
import { createSettings } from '../../support/settings.ts'

const prefix = new TextEncoder().encode('PREFIX')
const into = new Uint8Array(1_200)

/** A packet of the peer of a client's connection, with a PING in it. */
function pingOfPeer(): Uint8Array {
  const peer = createConnection(false)
  peer.ping(0, false)
  return into.slice(0, peer.pollTransmit(0, into))
}

describe('Connection: before the other side was heard', () => {
  it('sends nothing by itself', () => {
    const connection = createUnheardConnection()
    connection.send(0, new Uint8Array(10), 'reliable', 0)
    expect(connection.pollTransmit(0, into)).toBe(0)
    expect(connection.nextDeadline).toBe(Infinity)
    expect([connection.hear(), connection.hear()]).toEqual([true, false])
    expect(connection.pollTransmit(0, into)).toBeGreaterThan(0)
  })

  it('writes packets behind a prefix, within the largest datagram, and counts both', () => {
    const stats = createStats()
    const connection = createUnheardConnection(true, { stats, settings: createSettings({ mtuBytes: 600 }) })
    for (let i = 0; i < 20; i += 1) connection.send(0, new Uint8Array(100), 'reliable', 0)
    const length = connection.pollTransmitBehind(prefix, 0, into)
    expect(into.subarray(0, prefix.length)).toEqual(prefix)
    expect(length).toBeGreaterThan(450)
    expect(length).toBeLessThanOrEqual(600)
    expect(stats.sentBytes).toBe(length)
  })

  it('writes none behind a prefix when there is nothing to say', () => {
    expect(createUnheardConnection().pollTransmitBehind(prefix, 0, into)).toBe(0)
  })
})

describe('Connection: what it counts of what arrives', () => {
  it('drops and counts what does not open', () => {
    const stats = createStats()
    const received = createConnection(true, { stats }).handleDatagram(0, new Uint8Array(30).fill(0x80))
    expect(received.verdict).toBe('unopened')
    expect(stats).toMatchObject({ droppedMalformed: 1, receivedPackets: 0, receivedBytes: 0 })
  })

  it('takes a packet once, and counts all of its datagram', () => {
    const stats = createStats()
    const connection = createConnection(true, { stats })
    const packet = pingOfPeer()
    expect(connection.handleDatagram(10, packet.slice(), 6)).toMatchObject({
      verdict: 'accepted',
      packetNumber: 0,
      isNewest: true,
      hasPathChallenge: false,
      pathResponse: undefined,
    })
    expect(connection.handleDatagram(10, packet.slice(), 6)).toMatchObject({ verdict: 'duplicate', isNewest: false })
    expect(stats).toMatchObject({ receivedPackets: 1, receivedBytes: packet.length + 6, droppedDuplicates: 1 })
  })

  it('does not count what comes from elsewhere and does not open, nor looks at what is not newer than all so far', () => {
    const stats = createStats()
    const connection = createConnection(true, { stats })
    const packet = pingOfPeer()
    connection.handleDatagram(10, packet.slice())
    expect(connection.handleDatagram(10, packet.slice(), 0, true).verdict).toBe('overtaken')
    expect(connection.handleDatagram(10, Uint8Array.of(0x80, 0, 9, ...new Uint8Array(30)), 0, true).verdict).toBe(
      'unopened',
    )
    expect(stats).toMatchObject({ receivedPackets: 1, droppedMalformed: 0, droppedDuplicates: 0 })
  })
})

describe('Connection: lost, and resumed', () => {
  const resumption = { sealer: createPlainSealer(true), rttMs: NaN, resumeId: undefined }

  it('can be resumed when it was established, still listens, and has a name', () => {
    const resumeId = new Uint8Array(16).fill(3)
    const connection = createUnheardConnection(true, { resumeId })
    expect(connection.resumeId).toBeUndefined()
    connection.hear()
    expect(connection.resumeId).toEqual(resumeId)
    connection.stopListening()
    expect(connection.resumeId).toBeUndefined()
  })

  it('neither says nor hears anything while it is parked, and keeps what is sent', () => {
    const stats = createStats()
    const connection = createConnection(true, { stats })
    connection.park(0)
    expect(connection.send(0, new Uint8Array(10), 'reliable', 0)).toBe('accepted')
    expect(connection.pollTransmit(0, into)).toBe(0)
    expect(connection.nextDeadline).toBe(Infinity)
    expect(connection.handleDatagram(10, pingOfPeer())).toMatchObject({ verdict: 'unopened', packetNumber: NaN })
    expect(connection.queuedMessages).toBe(1)
    expect(stats).toMatchObject({ resumptions: 0, droppedMalformed: 1 })
    connection.resume(20, resumption)
    connection.hear()
    expect(stats.resumptions).toBe(1)
    expect(connection.pollTransmit(30, into)).toBeGreaterThan(0)
  })

  it('overwrites the keys of before, and in the end those that hold', () => {
    const wiped: string[] = []
    const track = (name: string) => Object.assign(createPlainSealer(true), { wipe: () => wiped.push(name) })
    const connection = createConnection(true, { sealer: track('first') })
    connection.resume(0, { ...resumption, sealer: track('second') })
    expect(wiped).toEqual(['first'])
    connection.discard()
    expect(wiped).toEqual(['first', 'second'])
  })
})
