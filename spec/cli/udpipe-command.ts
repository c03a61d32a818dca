import { afterEach } from 'vitest'
import { ChildProgram, endPrograms } from '../support/child-program.ts'

// Those of one test must not take the time of the next.
afterEach(endPrograms)

/** Runs the command `udpipe`. */
export function udpipe(...args: readonly string[]): ChildProgram {
  return new ChildProgram('lib/cli/main.ts', args)
}

/** A `udpipe listen` on a free port of the loopback, and that port. */
export async function listen(...options: readonly string[]): Promise<{ listener: ChildProgram; port: string }> {
  const listener = udpipe('listen', '0', '--host', '127.0.0.1', ...options)
  const [, port = ''] = await listener.until(/listening on 127\.0\.0\.1:(\d+)/)
  return { listener, port }
}

/** A `udpipe connect` to such a listener, connected. */
export async function connect(port: string, ...options: readonly string[]): Promise<ChildProgram> {
  const connection = udpipe('connect', '127.0.0.1', port, ...options)
  await connection.until(/connected to/)
  return connection
}
