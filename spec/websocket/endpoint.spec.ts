import { afterAll, beforeAll, describe } from 'vitest'
import { client, server, type Client, type ServerClient } from 'udpipe/websocket'
import { RawPeer, RawServer } from '../support/raw-peer.ts'
import { copasStage, serverStage } from './contract/async-stages.ts'
import { specifyClose } from './contract/close-contract.ts'
import { specifyConcurrent } from './contract/concurrent-contract.ts'
import { specifyReceive } from './contract/receive-contract.ts'
import { specifySend } from './contract/send-contract.ts'
import type { Stage } from './contract/subject.ts'
import { syncStage } from './contract/sync-stage.ts'

describe.each([
  ['client.copas', copasStage],
  ['client.sync', syncStage],
  ['a server’s client', serverStage],
])('%s', (_name, makeStage) => {
  let stage: Stage
  beforeAll(async () => {
    stage = await makeStage()
  })
  afterAll(() => stage.close())

  describe('receive', () => specifyReceive(() => stage))
  describe('send', () => specifySend(() => stage))
  describe('close', () => specifyClose(() => stage))
})

describe('client.copas, with several calls at a time', () => {
  let raw: RawServer
  const opened: Client[] = []
  beforeAll(async () => {
    raw = await RawServer.listen()
  })
  afterAll(async () => {
    for (const endpoint of opened) endpoint.terminate()
    await raw.close()
  })

  specifyConcurrent(async (options) => {
    const endpoint = client.copas(options)
    opened.push(endpoint)
    const [peer] = await Promise.all([raw.accept(), endpoint.connect(`ws://127.0.0.1:${raw.port}`)])
    return { endpoint, peer }
  })
})

describe('a server’s client, with several calls at a time', () => {
  const closing: (() => Promise<void>)[] = []
  afterAll(async () => {
    await Promise.all(closing.map((close) => close()))
  })

  specifyConcurrent(async (options) => {
    let come: (ws: ServerClient) => void = () => {}
    const arrived = new Promise<ServerClient>((resolve) => (come = resolve))
    const listening = await server.copas.listen({ port: 0, interface: '127.0.0.1', default: come, ...options })
    const [peer, endpoint] = await Promise.all([RawPeer.connect(listening.port), arrived])
    closing.push(() => {
      endpoint.terminate()
      return listening.close()
    })
    return { endpoint, peer }
  })
})
