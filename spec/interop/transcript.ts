import { readdirSync, readFileSync } from 'node:fs'

/** A client, a server's front door, a private port. */
export type Place = 'C' | 'S' | 'SC'

/** A line of a transcript: a datagram, or a stage direction. */
export type Line =
  | { readonly type: 'datagram'; readonly from: Place; readonly to: Place; readonly text: string }
  | { readonly type: 'direction'; readonly who: string; readonly what: string; readonly quoted: string | undefined }

/** What two ends of the classic protocol say to each other, byte for byte. */
export interface Transcript {
  readonly name: string
  readonly lines: readonly Line[]
}

const folder = new URL('transcripts/', import.meta.url)

const DATAGRAM = /^(S?C|S)→(S?C|S) +(.+)$/
const DIRECTION = /^(\S+) (.+?)(?: "(.*)")?$/

/**
 * Reads every transcript. Bytes are written as ASCII, or as `\xNN` where that could not be seen; `{SC}` is the number of the
 * private port.
 */
export function readTranscripts(): Transcript[] {
  return readdirSync(folder)
    .toSorted()
    .map((file) => ({
      name: file.replace(/^\d+-|\.txt$/g, ''),
      lines: readFileSync(new URL(file, folder), 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map(parseLine),
    }))
}

function parseLine(line: string): Line {
  const [, from, to, text = ''] = DATAGRAM.exec(line) ?? []
  if (from !== undefined) return { type: 'datagram', from: from as Place, to: to as Place, text: unescape(text) }
  const [, who = '', what = '', quoted] = DIRECTION.exec(line) ?? []
  return { type: 'direction', who, what, quoted: quoted === undefined ? undefined : unescape(quoted) }
}

/** The bytes of a line as Latin-1 text, one character for each. */
function unescape(text: string): string {
  return text.replace(/\\x([\da-f]{2})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}
