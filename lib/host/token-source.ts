import { parseConnectToken, type ConnectTokenSource } from '../options/connect-token.ts'
import { UDPipeError } from '../core/errors.ts'
import type { ConnectToken } from '../session/session.ts'
import { dialableHost, type Address } from '../core/address.ts'

/** Where a client gets its connect tokens from: the one it was given, or the program, each time anew. */
export class TokenSource {
  /** Whether each token is another one. */
  readonly isFresh: boolean
  readonly #source: string | ConnectTokenSource
  readonly #server: Address | undefined

  /** Where a `server` is given, it is dialed, whichever ones the tokens name. */
  constructor(source: string | ConnectTokenSource, server: Address | undefined) {
    this.isFresh = typeof source === 'function'
    this.#source = source
    this.#server = server
  }

  /**
   * Gets a token.
   *
   * @throws UDPipeError `ERR_CONNECT_TOKEN_UNAVAILABLE`, `ERR_CONNECT_TOKEN_INVALID`
   */
  async next(): Promise<ConnectToken> {
    const token = parseConnectToken(typeof this.#source === 'string' ? this.#source : await ask(this.#source))
    const servers = this.#server === undefined ? token.servers : [this.#server]
    return { ...token, servers: servers.map(({ host, port }) => ({ host: dialableHost(host), port })) }
  }
}

async function ask(source: ConnectTokenSource): Promise<string> {
  try {
    return await source()
  } catch (error) {
    throw new UDPipeError(
      'ERR_CONNECT_TOKEN_UNAVAILABLE',
      'The function connectToken failed, so there is nothing to dial with; its error is the cause.',
      { cause: error },
    )
  }
}
