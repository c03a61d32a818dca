import { describe, expect, it } from 'vitest'
import { createRig } from '../support/rig.ts'
import { openRawSocket } from '../support/raw-socket.ts'

describe('a full queue', () => {
  it('makes send return false, and onError hear of it once', async () => {
    const rig = createRig()
    const client = rig.pipe({ maxQueuedMessages: 3 })
    void client.connect('127.0.0.1', (await openRawSocket()).port)

    const accepted = ['one', 'two', 'three', 'four', 'five'].map((message) => client.send(message))
    client.step()

    expect(accepted).toEqual([true, true, true, false, false])
    expect(client.errorCodes).toEqual(['ERR_QUEUE_FULL'])
  })

  it('is counted for each message that was refused', async () => {
    const rig = createRig()
    const { server, client, serverPeer } = await rig.connectedPair({ client: { maxQueuedMessages: 2 } })
    rig.freeze(server)
    await rig.pass(1_100)

    for (let i = 0; i < 5; i += 1) client.send('waits')

    expect(serverPeer.stats).toMatchObject({ queuedMessages: 2, queuedBytes: 10, refusedMessages: 3 })
  })

  it('is full of bytes, too', async () => {
    const rig = createRig()
    const client = rig.pipe({ maxQueuedBytes: 10 })
    void client.connect('127.0.0.1', (await openRawSocket()).port)

    const accepted = ['12345', '678901', '67890', 'x'].map((message) => client.send(message))

    expect(accepted).toEqual([true, false, true, false])
  })

  it('drains, and what was accepted arrives', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair({ client: { maxQueuedMessages: 3 } })
    rig.freeze(server)
    await rig.pass(1_100)
    for (let i = 0; i < 5; i += 1) client.send(`message ${i}`)
    rig.thaw(server)

    await rig.until(() => server.messages.length === 3)

    expect(server.messages).toEqual(['message 0', 'message 1', 'message 2'])
    expect(client.send('one more')).toBe(true)
  })

  it('is reported anew when it was not full in between', async () => {
    const rig = createRig()
    const { server, client } = await rig.connectedPair({ client: { maxQueuedMessages: 1 } })

    for (let i = 1; i <= 2; i += 1) {
      rig.freeze(server)
      await rig.pass(1_100)
      client.send('accepted')
      client.send('refused')
      client.send('refused')
      rig.thaw(server)
      await rig.until(() => server.messages.length === i)
    }

    expect(client.errorCodes).toEqual(['ERR_QUEUE_FULL', 'ERR_QUEUE_FULL'])
  })

  it('of one peer is no matter of the others', async () => {
    const rig = createRig()
    const server = rig.pipe({ maxQueuedMessages: 1 })
    const [lost, present] = [rig.pipe(), rig.pipe()]
    await rig.connect(server, await rig.start(server), lost, present)
    rig.freeze(lost)
    await rig.pass(1_100)

    expect(server.sendAll('one')).toBe(2)
    await rig.settle()
    expect(server.sendAll('two')).toBe(1)
    await rig.until(() => present.messages.length === 2)

    expect(present.messages).toEqual(['one', 'two'])
    expect(server.errorCodes).toEqual(['ERR_QUEUE_FULL'])
  })

  it('refuses while a name is being looked up, and reports it once', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe({ maxQueuedMessages: 2 })
    void client.connect('localhost', await rig.start(server))

    const accepted = ['one', 'two', 'three', 'four'].map((message) => client.send(message))
    await rig.until(() => server.messages.length === 2)

    expect(accepted).toEqual([true, true, false, false])
    expect(server.messages).toEqual(['one', 'two'])
    expect(client.errorCodes).toEqual(['ERR_QUEUE_FULL'])
  })
})
