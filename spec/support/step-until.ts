import { setImmediate as turn } from 'node:timers/promises'
import type { UDPipe } from 'udpipe'

/** How long real datagrams over loopback, and a busy machine, are waited for: a bound for a spec that fails. */
const PATIENCE_MS = 60_000

/** Steps every pipe that is not over, and lets the sockets be read, turn by turn, until the condition holds. */
export async function stepUntil(pipes: Iterable<UDPipe>, condition: () => boolean): Promise<void> {
  const startedAt = performance.now()
  while (!condition()) {
    if (performance.now() - startedAt > PATIENCE_MS) throw new Error(`Waited in vain for ${condition.toString()}`)
    await turn()
    for (const pipe of pipes) stepOnce(pipe)
  }
}

/** Steps every pipe that is not over for so many turns of the event loop. */
export async function stepTurns(pipes: Iterable<UDPipe>, turns: number): Promise<void> {
  for (let i = 0; i < turns; i += 1) {
    await turn()
    for (const pipe of pipes) stepOnce(pipe)
  }
}

function stepOnce(pipe: UDPipe): void {
  if (!pipe.signal.aborted) pipe.step()
}
