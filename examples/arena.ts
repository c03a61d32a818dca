// An arena of 20 players, in one program so that it can be watched at once. It shows a login in the HELLO, a refusal with a reason, a ban
// that holds, a room, and a player who drops out and comes back to where they stood. It ends by itself.
//
//   npx tsx -C @udpipe/source examples/arena.ts

import {
  ticks,
  UDPipe,
  type AdmissionAnswer,
  type ConnectInfo,
  type DisconnectInfo,
  type Peer,
  type UDPipeError,
} from 'udpipe'

const VERSION = 'v2'
const codes = { outdated: 1, banned: 2, taken: 3 } as const
/** Short, so that one need not wait long for a loss to be noticed. */
const quick = { timeoutMs: 1_000, stallTimeoutMs: 300, pingIntervalMs: 100 }

/** What the server knows of a player. */
interface Player {
  readonly name: string
  steps: number
}

class Arena extends UDPipe<Player> {
  readonly red = new Set<Peer<Player>>()
  readonly #banned = new Set<string>()
  readonly #names = new Set<string>()

  /** The door. A real game asks its backend here; it may return a promise. */
  override onNewClient(hello: Buffer): AdmissionAnswer {
    const [name = '', version] = hello.toString().split(' ')
    if (version !== VERSION) return { code: codes.outdated, reason: `please update to ${VERSION}`, reconnect: false }
    if (this.#banned.has(name)) return { code: codes.banned, reason: `${name} is banned`, reconnect: false }
    return this.#names.has(name) ? { code: codes.taken, reason: `there is a ${name} already` } : true
  }

  override onConnect(peer: Peer<Player>, _ip: string, _port: number, { isResumed }: ConnectInfo): void {
    if (isResumed) {
      console.log(`arena: ${peer.userData.name} is back, at step ${peer.userData.steps}`)
      return
    }
    const [name = ''] = (peer.hello?.toString() ?? '').split(' ')
    peer.userData = { name, steps: 0 }
    this.#names.add(name)
    if (this.#names.size % 2 === 0) this.red.add(peer)
  }

  override onNewMessage(message: Buffer, peer: Peer<Player>): void {
    if (message.toString() === 'step') peer.userData.steps += 1
    else if (message.toString() === 'cheat') this.ban(peer)
  }

  override onDisconnect(peer: Peer<Player>, { timedOut }: DisconnectInfo): void {
    // Who fell silent may come back to this very peer.
    if (timedOut) return
    this.red.delete(peer)
    this.#names.delete(peer.userData.name)
  }

  ban(peer: Peer<Player>): void {
    this.#banned.add(peer.userData.name)
    void peer.close({ code: codes.banned, reason: 'no cheating', reconnect: false })
  }
}

class Game extends UDPipe {
  readonly name: string
  readonly heard: string[] = []
  isAsleep = false
  connections = 0
  end = ''

  constructor(name: string, version = VERSION) {
    super({ ...quick, hello: `${name} ${version}` })
    this.name = name
  }

  override onConnect(): void {
    this.connections += 1
  }

  override onNewMessage(message: Buffer): void {
    this.heard.push(message.toString())
  }

  override onDisconnect(_peer: Peer, { reason, willReconnect }: DisconnectInfo): void {
    if (!willReconnect) this.end = reason
  }

  override onError(error: UDPipeError): void {
    this.end = error.refusal?.reason ?? error.message
  }
}

const arena = new Arena({ ...quick, privatePorts: 'shared', maxClients: 64 })
const { port } = await arena.start(0, '127.0.0.1')
const games = Array.from({ length: 20 }, (_, i) => new Game(`player${i + 1}`))

/** Lets time pass, and everybody live in it, until something is so. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  const startedAt = performance.now()
  for await (const dt of ticks(60)) {
    arena.step(dt)
    for (const game of games) if (!game.isAsleep && !game.signal.aborted) game.step(dt)
    if (isSo()) return
    if (performance.now() - startedAt > 30_000) throw new Error(`In vain: ${what}`)
  }
}

/** One more dials. `onError` hears what the promise rejects with. */
function join(game: Game): Game {
  if (!games.includes(game)) games.push(game)
  game.connect('127.0.0.1', port).catch(() => {})
  return game
}

games.forEach(join)
await until('all are in', () => arena.peerCount === 20)
console.log(`arena: ${arena.peerCount} players are in`)

const outdated = join(new Game('grandpa', 'v1'))
await until('the refusal', () => outdated.end !== '')
console.log(`grandpa: ${outdated.end}`)

const reached = arena.sendAll('red team, attack', { to: arena.red })
await until('the room', () => games.filter((game) => game.heard.includes('red team, attack')).length === reached)
console.log(`arena: the red room is ${reached} players`)

const [cheater, sleeper] = games as [Game, Game]
cheater.send('cheat')
await until('the ban', () => cheater.end !== '' && arena.peerCount === 19)
console.log(`${cheater.name}: ${cheater.end}`)
const again = join(new Game(cheater.name))
await until('the ban to hold', () => again.end !== '')
console.log(`${cheater.name} again: ${again.end}`)

sleeper.send('step')
await until('the step', () => [...arena.peers()].some(({ userData }) => userData.steps === 1))
sleeper.isAsleep = true
await until('the loss', () => arena.peerCount === 18)
sleeper.isAsleep = false
sleeper.send('step')
await until('the return', () => sleeper.connections === 2 && arena.peerCount === 19)

await Promise.all([...games.map((game) => game.close()), arena.close()])
console.log('arena: closed')
