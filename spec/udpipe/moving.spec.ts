import { describe, expect, it, onTestFinished } from 'vitest'
import { Relay } from '../../lib/relay/relay.ts'
import { monotonicMs } from '../../lib/node/clock.ts'
import { createRig } from '../support/rig.ts'
import type { UDPipeOptions } from 'udpipe'

/** A NAT stands here for a server that is at 127.0.0.1. */
const NAT_HOST = '127.0.0.2'

/** A server and a client that is behind a NAT. */
async function connectBehindNat(privatePorts?: UDPipeOptions['privatePorts']) {
  const rig = createRig('reliable')
  // A relay that cannot read CONNECT would not know which private port to stand for.
  const security = 'none'
  const server = rig.pipe({
    advertisedHost: NAT_HOST,
    security,
    ...(privatePorts === undefined ? {} : { privatePorts }),
  })
  const client = rig.pipe({ security })
  const port = await rig.start(server)
  const nat = new Relay({
    listen: { host: NAT_HOST, port: 0 },
    target: { host: '127.0.0.1', port },
    link: {},
    seed: 1,
    clock: monotonicMs,
    onWarning: () => {},
  })
  onTestFinished(() => {
    nat.close()
  })
  void client.connect(nat.address.host, nat.address.port)
  await rig.passUntil(() => server.names.includes('onConnect') && client.names.includes('onConnect'))
  return { rig, server, client, nat, clientPeer: server.lastPeer }
}

describe('a client whose NAT shows another port', () => {
  it('is found there: onMigrated says from where to where, and the peer is the same', async () => {
    const { rig, server, nat, clientPeer } = await connectBehindNat()
    const from = { host: clientPeer.address, port: clientPeer.port }
    nat.rebind()

    await rig.passUntil(() => server.names.includes('onMigrated'))

    const to = { host: clientPeer.address, port: clientPeer.port }
    expect(to.port).not.toBe(from.port)
    expect(server.called('onMigrated')).toEqual([[clientPeer, from, to]])
    expect([...server.peers()]).toEqual([clientPeer])
  })

  it('loses nothing that was sent meanwhile, in either direction', async () => {
    const { rig, server, client, nat, clientPeer } = await connectBehindNat()
    nat.rebind()
    for (let i = 0; i < 50; i += 1) {
      client.send(`up ${i}`)
      server.send(`down ${i}`, clientPeer)
      await rig.pass(50)
    }

    await rig.passUntil(() => server.messages.length === 50 && client.messages.length === 50)

    expect(server.messages).toEqual(Array.from({ length: 50 }, (_, i) => `up ${i}`))
    expect(client.messages).toEqual(Array.from({ length: 50 }, (_, i) => `down ${i}`))
    expect([...server.names, ...client.names]).not.toContain('onDisconnect')
  })

  it('is told of in order: stalled, then migrated, then unstalled', async () => {
    const { rig, server, nat } = await connectBehindNat()
    server.forget()
    nat.rebind()

    await rig.passUntil(() => server.names.includes('onUnstalled'))

    const told = server.names.filter((name) => name !== 'onPing' && name !== 'onPong')
    expect(told).toEqual(['onStalled', 'onMigrated', 'onUnstalled'])
  })

  it('is found again each time', async () => {
    const { rig, server, client, nat } = await connectBehindNat()
    for (let moves = 1; moves <= 3; moves += 1) {
      nat.rebind()
      await rig.passUntil(() => server.called('onMigrated').length === moves)
    }
    client.send('still here')

    await rig.passUntil(() => server.messages.includes('still here'))
    expect(server.names).not.toContain('onDisconnect')
  })

  it('is found on a shared port, too', async () => {
    const { rig, server, client, nat, clientPeer } = await connectBehindNat('shared')
    nat.rebind()
    for (let i = 0; i < 20; i += 1) {
      client.send(`up ${i}`)
      server.send(`down ${i}`, clientPeer)
      await rig.pass(50)
    }

    await rig.passUntil(() => server.messages.length === 20 && client.messages.length === 20)

    expect(server.called('onMigrated')).toHaveLength(1)
    expect([...server.names, ...client.names]).not.toContain('onDisconnect')
  })
})
