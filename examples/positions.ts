// A tiny world: the server moves everybody, the clients only say where they want to go and draw what they are told.
// It shows a few snapshots and ends by itself.
//
//   npx tsx -C @udpipe/source examples/positions.ts [SNAPSHOTS]

import { ticks, UDPipe, type Peer } from 'udpipe'

const WORLD = 40
const SPEED = 12
const BYTES_PER_PLAYER = 6

class World extends UDPipe {
  readonly players = new Map<Peer, { x: number; direction: number }>()

  override onConnect(peer: Peer): void {
    this.players.set(peer, { x: WORLD / 2, direction: 0 })
  }

  override onDisconnect(peer: Peer): void {
    this.players.delete(peer)
  }

  /** One byte: the direction. How fast that is, and where it ends, is not the client's to say. */
  override onNewMessage(message: Buffer, peer: Peer): void {
    const player = this.players.get(peer)
    if (player !== undefined && message.length === 1) player.direction = Math.sign(message.readInt8())
  }

  advance(dt: number): void {
    const snapshot = Buffer.alloc(this.players.size * BYTES_PER_PLAYER)
    let offset = 0
    for (const [peer, player] of this.players) {
      player.x = Math.min(WORLD - 1, Math.max(0, player.x + player.direction * SPEED * dt))
      offset = snapshot.writeFloatLE(player.x, snapshot.writeUInt16LE(peer.id, offset))
    }
    if (offset > 0) this.sendAll(snapshot)
  }
}

class Avatar extends UDPipe {
  snapshots = 0
  view = ''

  override onNewMessage(snapshot: Buffer): void {
    const line = new Array<string>(WORLD).fill('·')
    for (let offset = 0; offset + BYTES_PER_PLAYER <= snapshot.length; offset += BYTES_PER_PLAYER) {
      line[Math.round(snapshot.readFloatLE(offset + 2))] = String(snapshot.readUInt16LE(offset) % 10)
    }
    this.snapshots += 1
    this.view = line.join('')
  }

  /** To and fro: the other way every `turnAt` ticks. */
  steer(tick: number, turnAt: number): void {
    const direction = tick % (2 * turnAt) < turnAt ? 1 : -1
    for (const server of this.peers()) server.send(Uint8Array.of(direction))
  }
}

const world = new World()
const { port } = await world.start(0, '127.0.0.1')
const watcher = new Avatar()
const avatars = [watcher, new Avatar(), new Avatar()]
for (const avatar of avatars) void avatar.connect('127.0.0.1', port)

let wanted = Number(process.argv[2] ?? 4)
let tick = 0
for await (const dt of ticks(30)) {
  world.step(dt)
  world.advance(dt)
  for (const [i, avatar] of avatars.entries()) {
    avatar.step(dt)
    avatar.steer(tick, 8 * (i + 1))
  }
  tick += 1
  if (tick % 10 !== 0 || world.players.size < avatars.length) continue
  console.log(`snapshot ${String(watcher.snapshots).padStart(3)}  ${watcher.view}`)
  if ((wanted -= 1) <= 0) break
}

await Promise.all([...avatars.map((avatar) => avatar.close()), world.close()])
console.log(`${avatars.length} players have left; ${world.getSentPackets()} datagrams were sent to them`)
