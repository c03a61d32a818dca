import type { Target } from '../link/arguments.ts'
import type { LinkOwner, Link, LinkNetwork } from '../link/link.ts'
import type { ServerSettings } from '../link/options.ts'
import { result, type Result } from '../link/result.ts'

/** What listens for a server. */
export interface Listener {
  /** The numeric address that was bound, and the port. */
  readonly address: string
  readonly port: number
  /** Lets nobody in any more; resolves when the port is free. Links end by themselves. */
  close(): Promise<void>
}

/** Whom a listener listens for. */
export interface ListenerHost extends LinkOwner {
  readonly network: LinkNetwork & { nextSocketId(): number }
  readonly settings: ServerSettings
  /** A stranger has come. */
  addHandshake(link: Link): void
  /** Something went wrong with listening, or with somebody of whom there is no link. */
  handleStranger(error: Result): void
}

/** The key that hexadecimal digits spell; `undefined` for none. */
export function cipherKeyOf({ cypherkey }: Target): Uint8Array | undefined {
  return cypherkey === '' ? undefined : Uint8Array.from(Buffer.from(cypherkey, 'hex'))
}

/** What the system says when it refuses to listen. */
export function listenFailure({ code = '', message }: NodeJS.ErrnoException, { address, port }: Target): Result {
  switch (code) {
    case 'EADDRINUSE':
    case 'ERR_ADDRESS_IN_USE':
      return result(
        'ERR_ADDRESS_IN_USE',
        `somebody else has the port ${port} of ${address}: choose another, or 0 for any free one`,
      )
    case 'EADDRNOTAVAIL':
    case 'ERR_ADDRESS_NOT_AVAILABLE':
      return result('ERR_ADDRESS_NOT_AVAILABLE', `this machine does not have the address ${address}`)
    case 'EACCES':
    case 'EPERM':
    case 'ERR_ACCESS':
      return result('ERR_ACCESS', `the system does not let this program listen on port ${port} of ${address}`)
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ERR_HOST_NOT_FOUND':
      return result('ERR_HOST_NOT_FOUND', `there is no host called '${address}'`)
    default:
      return result('ERR_SOCKET', `listening on ${address}, port ${port}: ${message}`)
  }
}
