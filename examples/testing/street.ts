import { simulate, type LinkOptions, type World } from 'udpipe/simulator'
import { GameClient } from './game-client.ts'
import { GameServer } from './game-server.ts'

const PORT = 1234
const HZ = 30
const TOKEN = 'street'

/** A server of the game and two players who have joined, in a simulation. */
export interface Street {
  readonly world: World
  readonly server: GameServer
  readonly alice: GameClient
  readonly bob: GameClient
}

/** Plays a test of the game in a simulation: the server and both players run main loops, as the game does. */
export function onTheStreet(seed: number, link: LinkOptions, play: (street: Street) => void): void {
  simulate({ seed, link }, (world) => {
    const server = startServer(world)
    const [alice, bob] = ['alice', 'bob'].map((name) =>
      world.connect(new GameClient(name, { token: TOKEN }), PORT, { name, hz: HZ }),
    ) as [GameClient, GameClient]
    if (!world.waitFor(() => server.players.size === 2, 10_000)) throw new Error('The players have not joined.')
    play({ world, server, alice, bob })
  })
}

/** Starts a server of the game, also in the place of one that has crashed. */
export function startServer(world: World): GameServer {
  const server = new GameServer({ token: TOKEN })
  return world.start(server, PORT, { hz: HZ, onTick: (dt) => server.update(dt) })
}
