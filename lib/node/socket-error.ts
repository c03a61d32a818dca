import { UDPipeError } from '../core/errors.ts'
import { formatAddress, type Address } from '../core/address.ts'

/** Says what kept a socket from opening, and what to do about it. The operating system's own error is its cause. */
export function toOpenError(cause: NodeJS.ErrnoException, address: Address): UDPipeError {
  const place = formatAddress(address)
  switch (cause.code) {
    case 'EADDRINUSE':
      return new UDPipeError(
        'ERR_ADDRESS_IN_USE',
        `${place} is in use: stop the program that holds the port, or choose another one (0 is any free one).`,
        { cause },
      )
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return new UDPipeError(
        'ERR_ADDRESS_NOT_AVAILABLE',
        `${address.host} is not an address of this machine: bind one that is, or 0.0.0.0 (IPv4) or :: (IPv6) for all of them.`,
        { cause },
      )
    case 'EACCES':
    case 'EPERM':
      return new UDPipeError(
        'ERR_ACCESS',
        `This user may not open ${place}: systems reserve some ports, most of them those below 1024; choose another one.`,
        { cause },
      )
    default:
      return new UDPipeError('ERR_SOCKET', `No socket could be opened at ${place}: ${describe(cause)}.`, { cause })
  }
}

const exhaustions: Readonly<Record<string, string>> = {
  EMFILE: 'this process has as many files and sockets open as it may; raise the limit (ulimit -n)',
  ENFILE: 'this machine has as many files and sockets open as it may; raise the limit (sysctl fs.file-max)',
  ENOBUFS: 'the kernel has no memory left for sockets',
  ENOMEM: 'the kernel has no memory left for sockets',
}

function describe(cause: NodeJS.ErrnoException): string {
  return exhaustions[cause.code ?? ''] ?? cause.message
}
