/** A user's program with WebSockets: compiled against the packed package, and run with it. A worker serves, and this thread blocks. */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { client, server, TEXT, type ReceiveResult } from 'udpipe/websocket'

if (isMainThread) ask(await serveElsewhere())
else await serve()

function ask(port: number): void {
  using one = client.sync({ timeout: 10 })
  const [ok, error] = one.connect(`ws://127.0.0.1:${port}`)
  if (!ok) throw new Error(error)
  one.send('a message')
  console.log(textOf(one.receive()))
}

/** The results narrow as they are destructured. */
function textOf([message, opcode, wasClean]: ReceiveResult): string {
  if (message === undefined) return `ended, ${wasClean ? 'clean' : 'lost'}`
  return opcode === TEXT ? message.toUpperCase() : message.toString('hex')
}

async function serveElsewhere(): Promise<number> {
  const worker = new Worker(new URL(import.meta.url))
  worker.unref()
  const [port] = (await once(worker, 'message')) as [number]
  return port
}

async function serve(): Promise<void> {
  const listening = await server.listen({
    port: 0,
    interface: '127.0.0.1',
    default: (ws) => ws.onMessage((message) => ws.send(message)),
  })
  parentPort?.postMessage(listening.port)
}
