import { client, server, type Client, type ClientOptions, type ListenConfig, type ServerClient } from 'udpipe/websocket'
import { RawPeer, RawServer } from '../../support/raw-peer.ts'
import type { Pair, Stage, Subject } from './subject.ts'

/** Calls what a program would call, and tells what it threw as a rejection. */
export function subjectOf(endpoint: Client | ServerClient): Subject {
  return {
    state: async () => Promise.resolve(endpoint.state),
    closed: async () => Promise.resolve(endpoint.closed),
    receive: async () => endpoint.receive(),
    tryReceive: async () => Promise.resolve(endpoint.tryReceive()),
    send: async (message, type) => endpoint.send(message, type as 1),
    close: async (code, reason) => endpoint.close(code, reason),
    terminate: () => {
      endpoint.terminate()
      return Promise.resolve()
    },
  }
}

/** The client of `client.copas`. */
export async function copasStage(): Promise<Stage> {
  const raw = await RawServer.listen()
  const opened: Client[] = []
  return {
    name: 'client.copas',
    isBlocking: false,
    isClient: true,
    async open(options?: ClientOptions): Promise<Pair> {
      const endpoint = client.copas(options)
      opened.push(endpoint)
      const [peer, [ok, error]] = await Promise.all([raw.accept(), endpoint.connect(`ws://127.0.0.1:${raw.port}`)])
      if (ok !== true) throw new Error(error)
      return { subject: subjectOf(endpoint), peer }
    },
    unconnected: () => Promise.resolve(subjectOf(client.copas())),
    async close() {
      for (const endpoint of opened) endpoint.terminate()
      await raw.close()
    },
  }
}

/** What the handler of a server is handed. */
export function serverStage(): Promise<Stage> {
  const closing: (() => Promise<void>)[] = []
  return Promise.resolve({
    name: 'a server’s client',
    isBlocking: false,
    isClient: false,
    async open(options?: ClientOptions): Promise<Pair> {
      let come: (ws: ServerClient) => void = () => {}
      const arrived = new Promise<ServerClient>((resolve) => (come = resolve))
      const listening = await server.copas.listen({
        port: 0,
        interface: '127.0.0.1',
        default: come,
        ...(options as Partial<ListenConfig>),
      })
      const [peer, endpoint] = await Promise.all([RawPeer.connect(listening.port), arrived])
      closing.push(async () => {
        peer.destroy()
        endpoint.terminate()
        await listening.close()
      })
      return { subject: subjectOf(endpoint), peer }
    },
    async close() {
      await Promise.all(closing.map((close) => close()))
    },
  })
}
