import type { Command } from 'commander'
import { defineWsConnect } from './ws-connect.ts'
import { defineWsListen } from './ws-listen.ts'

/** Adds `udpipe ws listen` and `udpipe ws connect`. */
export function defineWs(program: Command): void {
  const command = program
    .command('ws')
    .description('The same over WebSockets, for browsers and whatever speaks RFC 6455: listen and connect.')
    .addHelpText('after', help)
  defineWsListen(command)
  defineWsConnect(command)
}

const help = `
It needs the package ‘ws’: npm install ws

Examples:
  udpipe ws listen 8080                        in one terminal, and in another:
  udpipe ws connect ws://localhost:8080`
