import { UDPipe, type Peer } from 'udpipe'

/** How fast a player walks, in steps a second. */
const SPEED = 4

interface Player {
  readonly name: string
  x: number
  direction: number
}

/** A server of a small game: players walk along a street, and talk. */
export class GameServer extends UDPipe {
  readonly players = new Map<Peer, Player>()

  override onNewMessage(message: Buffer, peer: Peer): void {
    const [command = '', ...words] = message.toString().split(' ')
    const text = words.join(' ')
    const player = this.players.get(peer)
    if (command === 'join') this.players.set(peer, { name: text, x: 0, direction: 0 })
    else if (command === 'walk' && player !== undefined) player.direction = Math.sign(Number(text))
    else if (command === 'say' && player !== undefined) this.sendAll(`chat ${player.name}: ${text}`)
  }

  override onDisconnect(peer: Peer): void {
    this.players.delete(peer)
  }

  /** One tick of the game, `dt` seconds after the last: moves everybody, and tells everybody where everybody is. */
  update(dt: number): void {
    const places: string[] = []
    for (const player of this.players.values()) {
      player.x += player.direction * SPEED * dt
      places.push(`${player.name}=${player.x.toFixed(2)}`)
    }
    if (places.length > 0) this.sendAll(`places ${places.join(' ')}`, { delivery: 'sequenced', channel: 1 })
  }

  /** Where a player is; `undefined` for somebody who is not here. */
  placeOf(name: string): number | undefined {
    return [...this.players.values()].find((player) => player.name === name)?.x
  }
}
