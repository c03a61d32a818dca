import type { Command } from 'commander'
import { generateServerKey } from '../index.ts'

/** Adds `udpipe key`. */
export function defineKey(program: Command): void {
  program
    .command('key')
    .description('Make a key pair by which clients know a server for the one that they mean.')
    .addHelpText('after', help)
    .action(() => {
      const { publicKey, privateKey } = generateServerKey()
      process.stdout.write(`private ${privateKey}\npublic  ${publicKey}\n`)
    })
}

const help = `
Keep the private key where only the server reads it; the public one is no secret.

Example:
  udpipe key
  UDPIPE_PRIVATE_KEY=… udpipe listen 1234
  udpipe connect --server-key … host 1234`
