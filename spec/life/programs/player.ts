/** A UDPipe in a process of its own, which does what its parent says, and tells it then how things stand. */
import type { CloseOptions, DisconnectInfo, Peer, UDPipeOptions } from 'udpipe'
import { RecordingPipe, type CallbackName } from '../../support/recording-pipe.ts'

/** What a player is told to do. */
export type Command =
  | { readonly do: 'start' | 'connect'; readonly options: UDPipeOptions }
  /** On a server, to every client. */
  | { readonly do: 'send'; readonly messages: readonly string[] }
  /** Answered when it is closed. */
  | { readonly do: 'close'; readonly options?: CloseOptions }
  /** Closes as soon as this callback fires, from within it. */
  | { readonly do: 'close on'; readonly name: CallbackName }
  /** Closes, and ends the process in the same turn of the event loop. */
  | { readonly do: 'close and exit' }
  | { readonly do: 'exit' }
  /** Its main loop does nothing for so long. */
  | { readonly do: 'block'; readonly ms: number }
  | { readonly do: 'look' }
  /** Hears nothing from its parent any more: what keeps the process is its own. */
  | { readonly do: 'part' }

/** How things stand with a player. */
export interface Standing {
  /** The port of a server's front door; 0 on a client. */
  readonly port: number
  readonly names: readonly CallbackName[]
  readonly messages: readonly string[]
  readonly undelivered: readonly string[]
  readonly ends: readonly DisconnectInfo[]
  readonly errors: readonly string[]
  /** Where its connections stood. */
  readonly remotes: readonly string[]
  readonly peers: number
  /** The states that they are in now. */
  readonly states: readonly Peer['state'][]
  /** How many messages `send` took. */
  readonly accepted: number
  /** What the kernel said of datagrams that did not arrive, each once; only with `debug`. */
  readonly hintCodes: readonly string[]
  /** The moves of its clients, `from to`. */
  readonly moves: readonly string[]
  readonly resumptions: number
  /** What keeps this process besides its parent. */
  readonly resources: readonly string[]
}

class Playing extends RecordingPipe {
  closesOn: CallbackName | undefined

  protected override afterCall(name: CallbackName): void {
    if (name === this.closesOn) void this.close()
  }
}

const hintCodes = new Set<string>()
const pipe = new Playing({ logger: { debug: takeHint, warn: (line) => console.error(line) } })
/** 0 on a client. */
let port = 0
let accepted = 0

process.on('message', (command: Command) => void obey(command))
/** Whether its parent has let it go, and has not been killed. */
let isOnItsOwn = false
process.on('disconnect', () => {
  if (!isOnItsOwn) process.exit(1)
  process.removeAllListeners('message')
})

async function obey(command: Command): Promise<void> {
  switch (command.do) {
    case 'start':
      port = (await pipe.start(command.options)).port
      void pipe.run()
      break
    case 'connect':
      void pipe.connect(command.options)
      void pipe.run()
      break
    case 'send':
      for (const message of command.messages) accepted += Number(send(message))
      break
    case 'close':
      await pipe.close(undefined, command.options)
      break
    case 'close on':
      pipe.closesOn = command.name
      break
    case 'close and exit':
      void pipe.close()
      process.exit()
      break
    case 'exit':
      process.exit()
      break
    case 'block':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, command.ms)
      break
    case 'look':
      break
    case 'part':
      isOnItsOwn = true
      process.disconnect()
      return
  }
  process.send?.(look())
}

function takeHint(line: string): void {
  const [, code] = /hint: (\w+)/.exec(line) ?? []
  if (code !== undefined) hintCodes.add(code)
}

function send(message: string): boolean {
  return port === 0 ? pipe.send(message) : pipe.sendAll(message) > 0
}

function look(): Standing {
  return {
    port,
    names: pipe.names,
    messages: pipe.messages,
    undelivered: pipe
      .called('onUndelivered')
      .flatMap(([messages]) => messages.map(({ message }) => Buffer.from(message).toString())),
    ends: pipe.called('onDisconnect').map(([, info]) => info),
    errors: pipe.errorCodes,
    remotes: pipe.called('onConnect').map(([, ip, remotePort]) => `${ip}:${remotePort}`),
    peers: [...pipe.peers()].length,
    states: [...pipe.peers()].map(({ state }) => state),
    accepted,
    hintCodes: [...hintCodes],
    moves: pipe.called('onMigrated').map(([, from, to]) => `${from.host} ${to.host}`),
    resumptions: pipe.counters.resumptions,
    resources: process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap'),
  }
}
