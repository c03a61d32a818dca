import type { UDPipeOptions } from 'udpipe'
import type { LinkOptions } from '../../lib/simulator/index.ts'
import { ChildProgram } from '../support/child-program.ts'
import { parseSecurity } from '../support/securities.ts'
import { Distribution } from './distribution.ts'
import type { MeasureOptions } from './measurement.ts'
import type { ClientCommand, Scene } from './programs/client.ts'
import type { ServerCommand } from './programs/server.ts'

const SERVER_HOST = '127.0.0.1'
const RELAY_HOST = '127.0.0.2'

/** What is played before the times are taken, until the compilers have seen what there is to see. */
const rehearsals: Readonly<Record<Scene['name'], Partial<Scene>>> = {
  streams: { messages: 120 },
  echoes: { messages: 100 },
  transfers: { count: 20 },
}

/**
 * Plays a scene over real sockets: clients and server in a process each, and the link another between them, which is `udpipe sim`. Returns
 * how long the messages took.
 */
export async function playOnSockets(
  scene: Scene,
  link: LinkOptions,
  { redundancy, firstSeed }: MeasureOptions,
  hz?: number,
): Promise<Distribution> {
  const server = new ChildProgram('spec/measure/programs/server.ts')
  const client = new ChildProgram('spec/measure/programs/client.ts')
  const shared = { security: parseSecurity(process.env['SECURITY'] ?? 'none'), redundancy }
  const port = (await server.ask({
    do: 'start',
    options: { ...shared, host: SERVER_HOST, port: 0, privatePorts: 'shared', advertisedHost: RELAY_HOST },
    isEchoing: scene.name === 'echoes',
    hz,
  } satisfies ServerCommand)) as number
  const to = [String(port), SERVER_HOST, String(port)]
  const relay = new ChildProgram('lib/cli/main.ts', [
    'sim',
    ...to,
    '-a',
    RELAY_HOST,
    ...relayArguments(link, firstSeed),
  ])
  await relay.until(/relaying/)
  const play = async (played: Scene): Promise<readonly number[]> => {
    const options: UDPipeOptions = { ...shared, host: RELAY_HOST, port }
    const echoTimes = await client.ask({ options, scene: played } satisfies ClientCommand)
    const times = await server.ask({ do: 'report' } satisfies ServerCommand)
    return [...(echoTimes as number[]), ...(times as number[])]
  }
  await play({ ...scene, ...rehearsals[scene.name] } as Scene)
  const distribution = new Distribution()
  distribution.addAll(await play(scene))
  await Promise.all([client, server, relay].map((program) => program.destroy()))
  return distribution
}

function relayArguments(link: LinkOptions, seed: number): string[] {
  const { delayMs = 0, jitterMs = 0, keepOrder = false, loss = 0, rateBitsPerSecond, queuePackets } = link
  const given = ['--seed', seed, '--delay', delayMs, '--jitter', jitterMs, '--loss', loss * 100]
  if (keepOrder) given.push('--keep-order')
  if (rateBitsPerSecond !== undefined) given.push('--rate', rateBitsPerSecond / 1_000)
  if (queuePackets !== undefined) given.push('--queue', queuePackets)
  return given.map(String)
}
