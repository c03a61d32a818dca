import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const cores = pinnableCores()

/** Whether a server and a client have a core each. */
export const isPinned = cores.length >= 2

/** The command that runs another on a core of its own: the server's or the client's. */
export function pinned(role: 'serve' | 'drive'): string[] {
  return isPinned ? ['taskset', '-c', String(cores[role === 'serve' ? 0 : 1])] : []
}

/** The cores that this process may use, where `taskset` is there to choose among them. */
function pinnableCores(): number[] {
  try {
    execFileSync('taskset', ['-V'], { stdio: 'ignore' })
    const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
    return allowed.split(',').flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    })
  } catch {
    return []
  }
}
