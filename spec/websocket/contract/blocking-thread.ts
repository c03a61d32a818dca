// A thread that holds blocking clients and does what it is told to with them.

import { parentPort } from 'node:worker_threads'
import { client, type SyncClient } from 'udpipe/websocket'
import type { BlockingCall, BlockingResult } from './sync-stage.ts'

const clients = new Map<number, SyncClient>()

parentPort?.on('message', ([number, method, ...args]: BlockingCall) => {
  parentPort?.postMessage(run(number, method, args))
})

function run(number: number, method: string, args: unknown[]): BlockingResult {
  try {
    if (method === 'create') {
      clients.set(number, client.sync(args[0] as object))
      return { result: undefined }
    }
    const target = clients.get(number) as unknown as Record<string, unknown>
    const member = target[method]
    return {
      result: typeof member === 'function' ? (member as (...a: unknown[]) => unknown).apply(target, args) : member,
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { code, message }
  }
}
