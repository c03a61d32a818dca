import { constants } from 'node:os'

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Calls `close` on the first signal that asks this process to end; the second one ends it at once, with 128 and its number. */
export function closeOnSignals(close: (signal: NodeJS.Signals) => void): void {
  let isClosing = false
  for (const name of names) {
    process.on(name, () => {
      if (isClosing) process.exit(128 + constants.signals[name])
      isClosing = true
      close(name)
    })
  }
}
