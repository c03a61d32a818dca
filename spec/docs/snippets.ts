import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** The pages of the documentation, relative to the root. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** A piece of code in a page. */
export interface Snippet {
  readonly page: string
  /** Where in the page it begins, from 1. */
  readonly line: number
  readonly language: string
  /** What is written behind the language: which frame it belongs in, or `[what the file is called]`. */
  readonly info: string
  readonly code: string
}

/** The pieces of code of all pages, in their order. */
export const snippets: readonly Snippet[] = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```(\w+) ?(.*)\n([^]*?)^```$/gm)].map(
    ({ index, 1: language = '', 2: info = '', 3: code = '' }) => {
      return { page, line: text.slice(0, index).split('\n').length, language, info, code }
    },
  )
})

const IMPORTS = `
import { UDPipe, UDPipeError, closeCodes, refusalCodes, ticks } from 'udpipe'
import type { AdmissionAnswer, ConnectInfo, DisconnectInfo, MessageInfo, Peer } from 'udpipe'
`

const CONNECTED = `
const { port } = await server.start(0, '127.0.0.1')
void server.run()
const connecting = client.connect('127.0.0.1', port)
void client.run()
await connecting
while ([...server.peers()].length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
`

const CLOSED = `
await client.close()
await server.close()
`

/** What pieces that are no programs by themselves are put into; each ends by itself. */
const frames: Readonly<Record<string, (code: string) => string>> = {
  /** A whole program. */
  '': (code) => code,
  /** Lines that know `server`, `client`, and the client as the server's `peer`. */
  peer: (code) => `${IMPORTS}
    const [server, client] = [new UDPipe(), new UDPipe({ reconnect: false })]
    ${CONNECTED}
    const [peer] = server.peers() as Iterable<Peer>
    if (peer === undefined) throw new Error('Nobody came.')
    ${code}
    ${CLOSED}`,
  /** What is in the class of a server. */
  server: (code) => `${IMPORTS}
    const accounts = { find: (_name: string): Promise<{ isBanned: boolean } | undefined> => Promise.resolve({ isBanned: false }) }
    class Server extends UDPipe {
      ${code}
    }
    const [server, client] = [new Server(), new UDPipe({ reconnect: false })]
    ${CONNECTED}
    ${CLOSED}`,
  /** What is in the class of a client. */
  client: (code) => `${IMPORTS}
    class Client extends UDPipe {
      ${code}
    }
    const [server, client] = [new UDPipe(), new Client({ reconnect: false })]
    ${CONNECTED}
    ${CLOSED}`,
}

/** The program that shows that a piece of TypeScript does what it says. */
export function programOf({ page, line, info, code }: Snippet): string {
  const frame = frames[info]
  if (frame === undefined)
    throw new Error(`${page}:${line}: there is no frame '${info}'; there are ${Object.keys(frames).join(', ')}`)
  return `${frame(code)}\nexport {}\n`
}

/** What a piece says that it prints: the comment behind each \`console.log\`, in their order. */
export function promisedOutput({ code }: Snippet): readonly string[] {
  return [...code.matchAll(/console\.log\(.*\) *\/\/ (.+)$/gm)].map(([, output = '']) => output)
}
