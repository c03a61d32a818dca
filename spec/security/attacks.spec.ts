import { refusalCodes } from '../../lib/session/codes.ts'
import { describe, expect, it } from 'vitest'
import { MAX_SEALED_PACKETS } from '../../lib/security/noise-sealer.ts'
import { noiseSecurity } from '../../lib/security/noise.ts'
import type { Sealer } from '../../lib/security/sealer.ts'
import type { SecurityFactory } from '../../lib/security/security.ts'
import { Random } from '../../lib/simulator/index.ts'
import { cryptography } from '../../lib/node/crypto.ts'
import { Conversation, type ConversationOptions, type Passing } from '../support/conversation.ts'
import { toHex } from '../support/packet-description.ts'

const encoder = new TextEncoder()
const noise = noiseSecurity(cryptography)

/** A client connects, both say something, and it leaves. */
function play(options: Partial<ConversationOptions> = {}): Conversation {
  const conversation = new Conversation({ clientSecurity: noise, ...options })
  conversation.run(50)
  say(conversation, 'from here', 'from there')
  conversation.run(200)
  conversation.client.close(conversation.now, 7, 'bye')
  conversation.run(200)
  return conversation
}

function say(conversation: Conversation, up: string, down: string): void {
  const { client, server, now } = conversation
  client.send(now, encoder.encode(up), 'reliable', 0)
  server?.send(now, encoder.encode(down), 'reliable', 0)
}

describe('a session under Noise', () => {
  it('takes its course', () => {
    const conversation = play()
    const { clientEvents, serverEvents, requests } = conversation
    expect(conversation.heard(serverEvents)).toEqual(['from here'])
    expect(conversation.heard(clientEvents)).toEqual(['from there'])
    expect(clientEvents.at(-1)).toMatchObject({ type: 'closed' })
    expect(serverEvents.find(({ type }) => type === 'ended')).toMatchObject({ code: 7, reason: 'bye' })
    expect(requests).toHaveLength(1)
  })

  it('has its HELLO answered again while it lasts, with the same bytes, and nobody is let in anew', () => {
    const conversation = new Conversation({ clientSecurity: noise })
    conversation.run(50)
    const [hello, connect] = conversation.passed
    if (hello === undefined) throw new Error('nothing was said')
    conversation.deliver(hello, { host: '192.0.2.66', port: 1 })
    const into = new Uint8Array(600)
    const answer = conversation.door.pollTransmit(conversation.now, into)
    expect(toHex(into.subarray(0, answer?.lengthBytes))).toBe(toHex(connect?.bytes ?? into))
    expect(answer?.destination).toEqual({ host: '192.0.2.66', port: 1 })
    expect(conversation.requests).toHaveLength(1)
  })

  it('takes no packet twice, however long after', () => {
    const conversation = new Conversation({ clientSecurity: noise })
    const { client } = conversation
    conversation.run(20)
    const early: Passing[] = []
    let sent = 0
    // Within the window of 4,096 packets, across its end, and beyond it.
    for (const distance of [8, 40, 1_023, 1_024, 4_080, 4_100]) {
      for (; sent < distance; sent += 1) {
        client.send(conversation.now, encoder.encode(`${sent}`), 'unreliable', 0)
        conversation.run(5)
        const upward = conversation.passed.splice(0).filter(({ to }) => to === 'server')
        if (early.length < 8) early.push(...upward)
      }
      for (const packet of early) conversation.deliver(packet)
      conversation.run(5)
      expect(conversation.heard(conversation.serverEvents)).toHaveLength(sent)
    }
    expect(early.length).toBeGreaterThanOrEqual(8)
  })

  it('comes to nothing with a wrong token', () => {
    const conversation = new Conversation({ clientSecurity: noise, clientToken: 'wrong' })
    conversation.run(300)
    expect(conversation.badTokens).toBe(1)
    expect(conversation.requests).toHaveLength(0)
    expect(conversation.clientEvents).toContainEqual(
      expect.objectContaining({ type: 'refused', code: refusalCodes.badToken }),
    )
  })

  it('comes to nothing with a server that has not the key that the client pins', () => {
    const pinned = cryptography.keyPair(new Random(8).bytes(32)).publicKey
    for (const serverPrivateKey of [undefined, new Random(9).bytes(32)]) {
      const conversation = new Conversation({
        clientSecurity: noiseSecurity(cryptography, { serverKey: pinned }),
        serverSecurity: noiseSecurity(cryptography, { serverPrivateKey }),
      })
      conversation.run(300)
      expect(conversation.badTokens).toBe(0)
      expect(conversation.requests).toHaveLength(0)
      const refused = { type: 'refused', code: refusalCodes.wrongServerKey }
      expect(conversation.clientEvents).toContainEqual(expect.objectContaining(refused))
    }
  })

  it('is closed, and nothing is lost, long before a nonce could come again', () => {
    const conversation = new Conversation({
      clientSecurity: noise,
      firstPacketNumber: MAX_SEALED_PACKETS - 6,
    })
    conversation.run(50)
    const sent: string[] = []
    for (let i = 0; i < 40 && conversation.client.state === 'connected'; i += 1) {
      say(conversation, `${i}`, '')
      sent.push(`${i}`)
      conversation.run(20)
    }
    conversation.run(500)
    expect(sent.length).toBeLessThan(40)
    expect(conversation.heard(conversation.serverEvents)).toEqual(sent)
    const { clientEvents, serverEvents } = conversation
    for (const events of [clientEvents, serverEvents]) {
      expect(events.find(({ type }) => type === 'ended')).toMatchObject({ code: 0, reason: 'the keys are worn out' })
    }
  })

  it('is closed when it has withstood as many forged packets as its keys are good for', () => {
    const conversation = new Conversation({ clientSecurity: changed((sealer) => withLimit(sealer, 20)) })
    conversation.run(50)
    const forged = Uint8Array.of(0x80, 0, 9, ...new Random(3).bytes(40))
    for (let i = 0; i < 19; i += 1) conversation.deliver({ to: 'server', bytes: forged })
    conversation.run(50)
    expect(conversation.server?.state).toBe('connected')
    conversation.deliver({ to: 'server', bytes: forged })
    conversation.run(300)
    expect(conversation.clientEvents.find(({ type }) => type === 'ended')).toMatchObject({
      reason: 'the keys are worn out',
    })
    expect(conversation.server?.state).toBe('closed')
  })

  it('overwrites its keys at the end, and those of an opening that comes to nothing', () => {
    const sealers: Sealer[] = []
    const { client, server } = play({
      clientSecurity: changed((sealer) => {
        sealers.push(sealer)
        return sealer
      }),
    })
    expect(client.state).toBe('closed')
    server?.handleTimeout(100_000, 100_000)
    expect(sealers).toHaveLength(2)
    for (const sealer of sealers) expect(() => sealer.seal(1, new Uint8Array(50), 3, 10)).toThrow('wiped')
  })
})

/** The same security with other sealers. */
function changed(change: (sealer: Sealer) => Sealer): SecurityFactory {
  return {
    createSealer: (keys) => change(noise.createSealer(keys)),
    create: (token, randomBytes) => {
      const security = noise.create(token, randomBytes)
      return {
        kind: security.kind,
        helloOverheadBytes: security.helloOverheadBytes,
        connectOverheadBytes: security.connectOverheadBytes,
        initiate: (binding) => {
          const initiator = security.initiate(binding)
          return {
            writeHello: (payload, into) => initiator.writeHello(payload, into),
            readConnect: (message) => initiator.readConnect(message),
            createSealer: () => change(initiator.createSealer()),
            wipe: () => initiator.wipe(),
          }
        },
        respond: (message, binding) => security.respond(message, binding),
        provesToken: (message, binding) => security.provesToken(message, binding),
      }
    },
  }
}

function withLimit(sealer: Sealer, integrityLimit: number): Sealer {
  return {
    overheadBytes: sealer.overheadBytes,
    confidentialityLimit: sealer.confidentialityLimit,
    integrityLimit,
    seal: (packetNumber, buffer, headerLength, length) => sealer.seal(packetNumber, buffer, headerLength, length),
    open: (packetNumber, bytes, headerLength) => sealer.open(packetNumber, bytes, headerLength),
    wipe: () => sealer.wipe(),
  }
}
