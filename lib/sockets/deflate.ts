import type { ConnectionLimits } from './limits.ts'
import type { ExtensionParameters, WsModule } from './ws-module.ts'

const EXTENSION = 'permessage-deflate'

/** Little messages grow, and cost time, when they are compressed. */
const THRESHOLD_BYTES = 1024

/** What `ws` is told of permessage-deflate (RFC 7692): no context is kept between messages, so an idle connection costs no window. */
const settings = {
  threshold: THRESHOLD_BYTES,
  zlibDeflateOptions: { level: 3, memLevel: 7 },
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
}

/** The option of `ws` at a server. */
export function serverDeflate({ perMessageDeflate }: ConnectionLimits): object | false {
  return perMessageDeflate && settings
}

/** The option of `ws` at a client. It does not offer smaller windows: of 8 bits, zlib makes 9. */
export function clientDeflate({ perMessageDeflate }: ConnectionLimits): object | false {
  return perMessageDeflate && { ...settings, clientMaxWindowBits: false }
}

/**
 * The first offer of a `Sec-WebSocket-Extensions` header that a server can take; `undefined` when there is none. What is unknown or
 * illegal is declined, not answered with an error (RFC 7692, 7.1), which `ws` would do.
 */
export function acceptableOffer(header: string, { extension, PerMessageDeflate }: WsModule): string | undefined {
  for (const offer of offersOf(header, extension)) {
    if (!canServe(offer)) continue
    const text = extension.format({ [EXTENSION]: [offer] })
    try {
      new PerMessageDeflate({ ...settings, isServer: true }).accept([offer])
      return text
    } catch {
      // Declined; there may be another.
    }
  }
  return undefined
}

function offersOf(header: string, extension: WsModule['extension']): ExtensionParameters[] {
  try {
    return extension.parse(header)[EXTENSION] ?? []
  } catch {
    return []
  }
}

/** zlib's smallest window has 9 bits; a client that asks for 8 could not read what it gets. */
function canServe(offer: ExtensionParameters): boolean {
  return !offer['server_max_window_bits']?.includes('8')
}
