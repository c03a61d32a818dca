import type { WriteStream } from 'node:tty'
import picocolors from 'picocolors'

export type Colors = ReturnType<typeof picocolors.createColors>

/**
 * Colours for what is written to `stream`, or none: only a terminal that has them gets them, whatever CI or FORCE_COLOR
 * say. A pipe or a file is read by programs.
 */
export function terminalColors(stream: Pick<WriteStream, 'isTTY' | 'hasColors'>): Colors {
  return picocolors.createColors(isTerminal(stream) && stream.hasColors())
}

/** Node leaves `isTTY` undefined where there is no terminal, and picocolors takes undefined for "find out yourself". */
function isTerminal(stream: { isTTY?: boolean }): boolean {
  return stream.isTTY === true
}
