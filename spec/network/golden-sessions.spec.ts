import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { goldenKeys, playGoldenSession, type GoldenSession } from '../support/golden-sessions.ts'
import { ProseSide, type ProseFrame } from '../support/network-prose.ts'

const file = new URL('../vectors/network-sessions.json', import.meta.url)
const golden = JSON.parse(readFileSync(file, 'utf8')) as GoldenSession[]

describe.each(golden)('the golden session of mode $mode', (session) => {
  const { cipherKey, limit } = session
  const client = Buffer.from(session.client, 'hex')
  const server = Buffer.from(session.server, 'hex')
  const sides = (): [ProseSide, ProseSide] => {
    const ofClient = new ProseSide('client', cipherKey, limit, Buffer.from(session.clientSecret, 'hex'))
    const ofServer = new ProseSide('server', cipherKey, limit, Buffer.from(session.serverSecret, 'hex'))
    ofClient.agree(server.subarray(0, 48))
    ofServer.agree(client.subarray(0, 48))
    return [ofClient, ofServer]
  }

  it('is reproduced byte for byte', () => {
    expect(playGoldenSession(cipherKey)).toEqual(session)
  })

  it('is read by the decoder that was written from the prose alone', () => {
    const [ofClient, ofServer] = sides()
    expect(ofServer.decode(client.subarray(48)).map(named)).toEqual(session.clientFrames)
    expect(ofClient.decode(server.subarray(48)).map(named)).toEqual(session.serverFrames)
  })

  it('begins as the encoder that was written from the prose alone would have it', () => {
    const [ofClient] = sides()
    const ready = session.clientFrames.slice(0, 1).map(unnamed)
    const beginning = Buffer.concat([ofClient.hello, ofClient.encode(...ready)])
    expect(session.client.startsWith(beginning.toString('hex'))).toBe(true)
  })
})

it('there is one for each mode', () => {
  expect(golden.map(({ cipherKey }) => cipherKey)).toEqual(goldenKeys)
})

function named({ type, payload }: ProseFrame): [string, string] {
  return [type, payload.toString('hex')]
}

function unnamed([type, payload]: readonly [string, string]): ProseFrame {
  return { type: type as ProseFrame['type'], payload: Buffer.from(payload, 'hex') }
}
