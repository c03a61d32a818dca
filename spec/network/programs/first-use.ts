// Opens a server, and says how that went.

import * as network from 'udpipe/network'

try {
  const [server, result] = await network.Server('127.0.0.1')
  console.log(result)
  await server?.Close()
} catch (error) {
  if (!(error instanceof network.UDPipeError)) throw error
  console.log(`${error.code}: ${error.message}`)
}
