// Opens a server and a client, and lets the process end: because everything is closed, or because nothing holds it.

import * as network from 'udpipe/network'

const unref = process.argv[2] === 'unref'
const [server] = await network.Server('127.0.0.1', 0, '', { unref })
const [client] = await network.Client('127.0.0.1', server?.GetPort(), '', { unref })
const [isConnected] = (await client?.WaitForConnect(10)) ?? [false]
console.log(`connected ${isConnected}`)
if (!unref) {
  await Promise.all([client?.[Symbol.asyncDispose](), server?.Close()])
  console.log('closed')
}
