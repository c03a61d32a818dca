import { beforeEach, describe, expect, it } from 'vitest'
import { DeliveryCode } from '../../../lib/reliable/wire/frame.ts'
import { closeCodes } from '../../../lib/session/codes.ts'
import type { SessionSettings } from '../../../lib/session/settings.ts'
import { createAck } from '../../support/hostile-peer.ts'
import { HostileServer } from '../../support/hostile-server.ts'

const victim = { host: '203.0.113.9', port: 53 }
const path = new Uint8Array(8)
const MTU_BYTES = 1_200
const MiB = 1024 * 1024

function attack(settings: Partial<SessionSettings> = {}): HostileServer {
  const server = new HostileServer(settings)
  server.letIn()
  server.send((writer) => writer.ping(0, 0), 1)
  server.run(5)
  expect(server.types).toContain('connected')
  return server
}

describe('a client of a hostile server', () => {
  let server: HostileServer

  beforeEach(() => {
    server = new HostileServer()
  })

  it('says a dozen datagrams at most to a victim that CONNECT names, and nothing once nobody answers', () => {
    for (let i = 0; i < 100; i += 1) server.client.send(server.now, new Uint8Array(1_000), 'reliable', 0)
    const before = server.heard.length
    server.letIn(victim)
    server.run(20_000)
    const said = server.heard.slice(before).filter(({ to }) => to.host === victim.host)
    expect(said.length).toBeGreaterThan(0)
    expect(said.length).toBeLessThanOrEqual(12)
    expect(server.client.state).toBe('closed')
  })

  it('has no memory for what it is promised: what is not whole is bounded', () => {
    server = attack({ maxMessageBytes: 64 * 1024 })
    for (let i = 0; i < 4_000; i += 1) {
      const text = new Uint8Array(2_000)
      server.send((writer) => writer.fragment(i % 5, i % 256, i, text, 0, 1, 1_000), 1)
      if (i % 10 === 0) server.run(5)
    }
    expect(server.client.stats.heldBytes).toBeLessThanOrEqual(2 * (64 * 1024 + MiB))
    expect(server.types).not.toContain('message')
  })

  it('leaves one that floods it, after it has told of it', () => {
    server = attack({ maxMessagesPerSecond: 100 })
    for (let i = 0; i < 1_600; i += 1) {
      server.send((writer) => writer.message(DeliveryCode.unreliable, 0, -1, Uint8Array.of(1)), 10)
      server.run(5)
    }
    expect(server.types).toContain('rate-limited')
    expect(server.events.find(({ type }) => type === 'ended')).toMatchObject({ code: closeCodes.rateLimited })
  })

  it('leaves one that breaks the protocol, at the 32nd time', () => {
    server = attack()
    for (let i = 0; i < 32; i += 1) server.send(() => false, 0, createAck(10_000, 1))
    server.run(5)
    expect(server.events.find(({ type }) => type === 'ended')).toMatchObject({ code: closeCodes.violations })
  })

  it('answers no more PINGs than it owes, in no more bytes than came', () => {
    server = attack()
    const before = server.heard.length
    for (let i = 0; i < 100; i += 1) server.send((writer, id) => writer.ping(id, 1))
    server.run(1_000)
    const bytes = server.heard.slice(before).reduce((sum, said) => sum + said.bytes.length, 0)
    expect(bytes).toBeLessThan(100 * MTU_BYTES)
    expect(server.client.state).toBe('connected')
  })

  it('says an ack that is not owed in no packet of its own, when what waits has no room behind CONNECT', () => {
    server = attack()
    server.run(1_000)
    expect(server.client.state).toBe('stalled')
    server.client.send(server.now, new Uint8Array(1_170), 'reliable', 0)
    server.send(
      (writer) => writer.message(DeliveryCode.reliable, 0, 0, Uint8Array.of(1)) && writer.pathChallenge(path),
      1,
    )
    server.client.close(server.now, 0, '')
    const before = server.heard.length
    server.run(5)
    expect(server.heard.length - before).toBeLessThan(4)
  })
})
