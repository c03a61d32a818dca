import type { UDPipeError } from '../core/errors.ts'

/** Whether a socket did not open because its port is taken or reserved, so that another port may do. */
export function isPortTaken(error: UDPipeError): boolean {
  return error.code === 'ERR_ADDRESS_IN_USE' || error.code === 'ERR_ACCESS'
}

/** Whether a socket did not open because this process, or the machine, has as many as it may have. */
export function isOutOfSockets(error: UDPipeError): boolean {
  const code = (error.cause as { readonly code?: string } | undefined)?.code
  return code !== undefined && EXHAUSTIONS.has(code)
}

/** What systems say when there is no room for another socket, as they name it. */
const EXHAUSTIONS: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])
