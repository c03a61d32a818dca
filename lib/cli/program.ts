import { createRequire } from 'node:module'
import { Command } from 'commander'
import { defineConnect } from './connect.ts'
import { exitCodesHelp } from './exit-codes.ts'
import { defineKey } from './key.ts'
import { defineListen } from './listen.ts'
import { definePing } from './ping.ts'
import { defineSim } from './sim.ts'
import { defineTable } from './table.ts'
import { defineToken } from './token.ts'
import { defineWs } from './ws.ts'
import { terminalColors } from '../node/terminal-colors.ts'

/** The command `udpipe`. It throws a `CommanderError` where commander would end the process. */
export function createProgram(): Command {
  const program = new Command('udpipe')
    .description('Connections over UDP, in the manners of nc: standard input comes out at the other side.')
    .version(version())
    .exitOverride()
    .showHelpAfterError('Try --help.')
    .configureHelp({ styleTitle: (title) => terminalColors(process.stdout).bold(title), sortSubcommands: false })
    .helpCommand(false)
    .addHelpText('after', help)
  defineListen(program)
  defineConnect(program)
  definePing(program)
  defineSim(program)
  defineKey(program)
  defineToken(program)
  defineTable(program)
  defineWs(program)
  return program
}

const help = `
What is typed or piped into one side comes out at the other, whole and in order. Events go to standard error. With the classic
protocol each line is a message, and what a network loses stays lost. sim is such a network, to try programs on.
${exitCodesHelp}

Examples:
  udpipe listen 1234                         in one terminal, and in another:
  udpipe connect localhost 1234

  udpipe listen --once 1234 > copy.txt       a file, from one machine
  udpipe connect host 1234 < original.txt    to another

  udpipe ping host 1234                      how far away a server is
  udpipe sim --help                          the same over a bad network
  udpipe token --help                        who may connect, by the word of a backend
  udpipe table --help                        tables of udpipe/network, a line of JSON each
  udpipe ws --help                           the same over WebSockets, for browsers`

/** The package names itself, so this holds for the source as for what is built from it. */
function version(): string {
  const manifest = createRequire(import.meta.url)('udpipe/package.json') as { readonly version: string }
  return manifest.version
}
