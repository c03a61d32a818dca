import { describe, expect, it, onTestFinished } from 'vitest'
import { createRig, type Rig } from '../support/rig.ts'
import type { RecordingPipe } from '../support/recording-pipe.ts'
import { RawClient } from './raw-client.ts'
import { RawServer } from './raw-server.ts'

describe('a client on plain sockets', () => {
  it('connects to a server, talks with it, and leaves', async () => {
    const { rig, server, client } = await withRawClient()
    await rig.until(() => client.state === 'connected')

    client.send('hello')
    await rig.until(() => server.messages.length > 0)
    server.send('welcome', server.lastPeer)
    await rig.until(() => client.messages.length > 0)
    client.close()
    await rig.until(() => client.state === 'closed')

    expect(server.messages).toEqual(['hello'])
    expect(client.messages).toEqual(['welcome'])
    expect(server.names).toEqual(['onNewClient', 'onConnect', 'onNewMessage', 'onClose', 'onDisconnect'])
  })

  it('is asked for a sign of life, and asks for one', async () => {
    const { rig, server, client } = await withRawClient()
    await rig.until(() => client.state === 'connected')

    client.ping()
    server.ping()
    await rig.until(() => client.pongs === 1 && server.names.includes('onPong'))

    expect(server.called('onPing')).toHaveLength(1)
  })

  it('is told when the server closes', async () => {
    const { rig, server, client } = await withRawClient()
    await rig.until(() => client.state === 'connected')

    void server.close(server.lastPeer)
    await rig.until(() => server.names.includes('onDisconnect'))

    expect(client.state).toBe('closed')
  })

  it('is sent away with a wrong token, and let in with the right one', async () => {
    const { rig, client: sailor, port } = await withRawClient('swordfish', 'sailor')
    await rig.until(() => sailor.state === 'refused')
    const client = disposedInTheEnd(new RawClient())

    client.connect('127.0.0.1', port, 'swordfish')
    await rig.until(() => client.state === 'connected')

    expect(client.state).toBe('connected')
  })
})

describe('a server on plain sockets', () => {
  it('lets a client in, talks with it, and sees it leave', async () => {
    const { rig, server, client } = await withRawServer()
    await rig.until(() => client.names.includes('onConnect'))

    client.send('hello')
    await rig.until(() => client.messages.length > 0)
    void client.close()
    await rig.until(() => client.signal.aborted)

    expect(server.messages).toEqual(['hello'])
    expect(client.messages).toEqual(['echo of hello'])
    expect(client.names).toEqual(['onConnecting', 'onConnect', 'onNewMessage', 'onClose', 'onDisconnect'])
  })

  it('is asked for a sign of life, and asks for one', async () => {
    const { rig, server, client } = await withRawServer()
    await rig.until(() => client.names.includes('onConnect'))

    client.ping()
    server.ping()
    await rig.until(() => client.names.includes('onPong') && client.names.includes('onPing'))

    expect(server.messages).toEqual([])
  })

  it('is dialed again when it closes', async () => {
    const { rig, server, client } = await withRawServer()
    await rig.until(() => client.names.includes('onConnect'))

    server.close()
    await rig.passUntil(() => client.called('onConnect').length === 2)

    expect(server.clients).toBe(1)
  })

  it('sends a client with a wrong token away', async () => {
    const { rig, client } = await withRawServer('swordfish', 'sailor')

    await rig.until(() => client.errorCodes.length > 0)

    expect(client.errorCodes).toEqual(['ERR_REFUSED'])
  })
})

async function withRawClient(
  serverToken = '',
  clientToken = serverToken,
): Promise<{ rig: Rig; server: RecordingPipe; client: RawClient; port: number }> {
  const rig = createRig()
  const server = rig.pipe({ token: serverToken })
  const client = disposedInTheEnd(new RawClient())
  const port = await rig.start(server)
  client.connect('127.0.0.1', port, clientToken)
  return { rig, server, client, port }
}

async function withRawServer(
  serverToken = '',
  clientToken = serverToken,
): Promise<{ rig: Rig; server: RawServer; client: RecordingPipe }> {
  const rig = createRig()
  const server = disposedInTheEnd(new RawServer(serverToken))
  const client = rig.pipe({ token: clientToken })
  void client.connect('127.0.0.1', await server.start())
  return { rig, server, client }
}

function disposedInTheEnd<T extends RawClient | RawServer>(peer: T): T {
  onTestFinished(() => peer.dispose())
  return peer
}
