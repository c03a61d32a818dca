import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { isPinned } from './cores.ts'

/** What the figures were measured on. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
  readonly tcpCongestionControl: string
  readonly isPinned: boolean
  readonly loadAverage: number
  readonly commit: string
}

export function describeMachine(): Machine {
  const [first] = cpus()
  return {
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
    tcpCongestionControl: attempt(() => readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim()),
    isPinned,
    loadAverage: loadavg()[0] ?? 0,
    commit: attempt(() => execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()),
  }
}

function attempt(read: () => string): string {
  try {
    return read()
  } catch {
    return 'unknown'
  }
}
