import { execFile } from 'node:child_process'
import { once, type EventEmitter } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type * as Library from '../../lib/websocket/index.ts'
import { loadPeer } from '../adapters/load.ts'
import { parameter, type Workload } from './workload.ts'

/** The module as it is published: what the build made of it. */
const built = new URL('../../dist/websocket/index.js', import.meta.url)
const loadBuilt = async (): Promise<typeof Library> => (await import(built.href)) as typeof Library

/** Who serves: bare `ws`, or ours with one of its two ways to receive. */
export const servers = { ws: 0, receive: 1, onMessage: 2 } as const

interface Socket extends EventEmitter {
  readonly readyState: number
  send(message: string | Buffer, options?: { binary: boolean }): void
  close(): void
  terminate(): void
}

interface WsModule {
  readonly WebSocket: new (url: string, options: object) => Socket
  readonly WebSocketServer: new (
    options: object,
  ) => EventEmitter & { readonly clients: Set<Socket>; address(): AddressInfo }
}

const loadWs = async (): Promise<WsModule> => (await loadPeer('ws')) as unknown as WsModule

/** How often a server broadcasts. */
const BROADCAST_INTERVAL_MS = 40

interface Serving {
  readonly port: number
  readonly counters: { connections: number }
  readonly broadcast: (message: string) => void
}

/** Listens, echoes each message, decoded as a program wants it, and counts who came. */
async function serve(kind: number): Promise<Serving> {
  const counters = { connections: 0 }
  if (kind === servers.ws) {
    const { WebSocketServer } = await loadWs()
    const bare = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 5_000, maxPayload: 16 * 1024 * 1024 })
    bare.on('connection', (socket: Socket) => {
      counters.connections += 1
      socket.on('error', () => {})
      socket.on('message', (data: Buffer, isBinary: boolean) => socket.send(isBinary ? data : data.toString()))
    })
    await once(bare, 'listening')
    const broadcast = (message: string): void => {
      const bytes = Buffer.from(message)
      for (const socket of bare.clients) if (socket.readyState === 1) socket.send(bytes, { binary: false })
    }
    return { port: bare.address().port, counters, broadcast }
  }
  const handler = kind === servers.receive ? echoByReceive : echoByOnMessage
  const { server } = await loadBuilt()
  const listening = await server.listen({
    port: 0,
    interface: '127.0.0.1',
    default: (ws) => {
      counters.connections += 1
      void handler(ws)
    },
  })
  return { port: listening.port, counters, broadcast: (message) => void listening.broadcast(undefined, message) }
}

async function echoByReceive(ws: Library.ServerClient): Promise<void> {
  for (;;) {
    const [message, opcode] = await ws.receive()
    if (message === undefined) return
    await ws.send(message, opcode)
  }
}

function echoByOnMessage(ws: Library.ServerClient): undefined {
  ws.onMessage((message, opcode) => ws.send(message, opcode))
}

async function connect(port: number, module: WsModule): Promise<Socket> {
  const socket = new module.WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false })
  socket.on('error', () => {})
  await once(socket, 'open')
  return socket
}

async function connectMany(port: number, count: number, module: WsModule): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(200, count - sockets.length) }, () => connect(port, module))
    sockets.push(...(await Promise.all(batch)))
  }
  return sockets
}

/** Clients that each keep some messages under way. */
export const websocketEcho: Workload = {
  async serve(_adapter, _options, parameters) {
    const { port } = await serve(parameter(parameters, 'server'))
    return { port, counters: () => ({}) }
  },
  async drive(_adapter, { port }, parameters) {
    const bytes = parameter(parameters, 'bytes')
    const message = bytes > 1_000 ? Buffer.alloc(bytes, 'm') : 'm'.repeat(bytes)
    let messages = 0
    for (const socket of await connectMany(port, parameter(parameters, 'clients'), await loadWs())) {
      socket.on('message', () => {
        messages += 1
        socket.send(message)
      })
      for (let i = 0; i < parameter(parameters, 'outstanding'); i += 1) socket.send(message)
    }
    return { counters: () => ({ messages }) }
  },
}

/** A server that broadcasts, many clients that listen. */
export const websocketBroadcast: Workload = {
  async serve(_adapter, _options, parameters) {
    const { port, broadcast } = await serve(parameter(parameters, 'server'))
    const message = 'm'.repeat(parameter(parameters, 'bytes'))
    setInterval(() => broadcast(message), BROADCAST_INTERVAL_MS)
    return { port, counters: () => ({}) }
  },
  async drive(_adapter, { port }, parameters) {
    let messages = 0
    for (const socket of await connectMany(port, parameter(parameters, 'clients'), await loadWs())) {
      socket.on('message', () => (messages += 1))
    }
    return { counters: () => ({ messages }) }
  },
}

/** Clients that connect, say goodbye, and connect again. */
export const websocketConnect: Workload = {
  async serve(_adapter, _options, parameters) {
    const { port, counters } = await serve(parameter(parameters, 'server'))
    return { port, counters: () => ({ ...counters }) }
  },
  async drive(_adapter, { port }, parameters) {
    const module = await loadWs()
    const walk = async (): Promise<void> => {
      for (;;) {
        const socket = await connect(port, module)
        socket.close()
        await once(socket, 'close')
      }
    }
    for (let i = 0; i < parameter(parameters, 'clients'); i += 1) void walk()
    return { counters: () => ({}) }
  },
}

/** Clients that are there and say nothing. */
export const websocketIdle: Workload = {
  async serve(_adapter, _options, parameters) {
    const { port, counters } = await serve(parameter(parameters, 'server'))
    // What the first clients cost once is not each client's.
    for (const socket of await connectMany(port, 50, await loadWs())) socket.terminate()
    const before = process.memoryUsage().rss
    return {
      port,
      counters: () => ({ rssPerClientKiB: (process.memoryUsage().rss - before) / 1024 / (counters.connections - 50) }),
    }
  },
  async drive(_adapter, { port }, parameters) {
    await connectMany(port, parameter(parameters, 'clients'), await loadWs())
    return { counters: () => ({}) }
  },
}

/** Who asks: our client that blocks, or LuaSocket's. */
export const blockingClients = { 'client.sync': 0, LuaSocket: 1 } as const

/** One blocking client asks, and waits for the answer, over and over. */
export const websocketBlocking: Workload = {
  async serve() {
    const { port } = await serve(servers.ws)
    return { port, counters: () => ({}) }
  },
  drive(_adapter, { port }, parameters) {
    const echoes = parameter(parameters, 'echoes')
    const isLua = parameter(parameters, 'client') === blockingClients.LuaSocket
    const result = (isLua ? askByLua(port, echoes) : askBySync(port, echoes)).then((echoUs) => ({
      figures: { echoUs },
    }))
    return Promise.resolve({ result })
  },
}

async function askBySync(port: number, echoes: number): Promise<number> {
  // The report that this end is ready goes out before it blocks.
  await new Promise((resolve) => setTimeout(resolve, 100))
  const { client, TEXT } = await loadBuilt()
  const one = client.sync()
  const [ok, error] = one.connect(`ws://127.0.0.1:${port}`)
  if (ok !== true) throw new Error(error)
  const ask = (times: number): void => {
    for (let i = 0; i < times; i += 1) {
      one.send('m'.repeat(64), TEXT)
      one.receive()
    }
  }
  ask(echoes / 4)
  const startMs = performance.now()
  ask(echoes)
  return ((performance.now() - startMs) * 1000) / echoes
}

async function askByLua(port: number, echoes: number): Promise<number> {
  const script = fileURLToPath(new URL('websocket-echo.lua', import.meta.url))
  const { stdout } = await promisify(execFile)('lua5.1', [script, String(port), String(echoes)])
  return Number(stdout)
}
