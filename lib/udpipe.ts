/** The public names that need a machine to run on, on Node. */
import { UDPipe as HostedUDPipe } from './host/udpipe.ts'
import { nodePlatform } from './node/platform.ts'
import type { CallArguments } from './options/call-arguments.ts'
import { sealedConnectToken, type ConnectTokenOptions } from './options/connect-token.ts'
import { newServerKey, type ServerKey } from './options/server-key.ts'

/**
 * Connections over UDP, as a server or as a client. Subclass it, override the callbacks, and call `step` from your main loop:
 *
 * ```ts
 * class Game extends UDPipe {
 *   override onConnect() { this.send('HelloWorld') }
 *   override onNewMessage(message: Buffer) { console.log('Got message:', message.toString()) }
 * }
 * const client = new Game()
 * client.connect('127.0.0.1', 1234)
 * for await (const dt of ticks(60)) client.step(dt)
 * ```
 *
 * `UDPipe<Player>` types what the program keeps in `peer.userData`.
 *
 * Wrong calls throw a `UDPipeError` at once. Whatever arrives from the network never throws.
 */
export class UDPipe<UserData = unknown> extends HostedUDPipe<UserData> {
  /**
   * @param args `(port?, host?, timeoutSeconds?, options?)` or `(options?)`: what `start` and `connect` take when they name nothing else
   * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`, `ERR_TOKEN_INVALID`, `ERR_UNSUPPORTED`
   */
  constructor(...args: CallArguments<number, string>) {
    super(nodePlatform, ...args)
  }
}

/**
 * Makes a connect token: a backend hands it to a client that has proved to it who they are, over HTTPS, and the client hands it to
 * `connect`. A server with the same key takes it once, until it expires, and knows from it who that is.
 *
 * @returns the token as base64url, at most about 1,200 characters. It is a secret: whoever has it first is that client.
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`
 */
export function createConnectToken(options: ConnectTokenOptions): string {
  return sealedConnectToken(nodePlatform, options)
}

/** A new X25519 key pair by which clients know a server for the one that they mean. */
export function generateServerKey(): ServerKey {
  return newServerKey(nodePlatform)
}
