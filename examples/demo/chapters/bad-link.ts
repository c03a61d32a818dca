import { Actor } from '../actor.ts'
import { BadLink } from '../bad-link.ts'
import type { Arrivals, FarClientCommand, FarClientReport, FarServerCommand, FarServerReport } from '../reports.ts'
import { milliseconds } from '../screen.ts'
import type { Chapter } from '../stage.ts'

const MESSAGES = 180

/** The same messages, reliable and not, over a link that loses a tenth of everything in each direction. */
export const badLink: Chapter = async (stage) => {
  const { screen } = stage
  await screen.chapter(
    'The same messages over a bad link',
    'udpipe sim: 25 ms one way, 10 % of the datagrams lost each way; 64 bytes, 60 times a second, for 3 s.',
  )
  const server = stage.hire(new Actor<FarServerCommand, FarServerReport>('./far-server.ts', 'the far server'))
  const client = stage.hire(new Actor<FarClientCommand, FarClientReport>('./far-client.ts', 'the far client'))
  await server.until('ready')
  server.command({ type: 'start' })
  const link = stage.hire(new BadLink((await server.until('listening')).port, ['--delay', '25', '--loss', '10']))
  const port = await link.port()
  await client.until('ready')

  client.command({ host: BadLink.host, port, messages: MESSAGES })
  await client.until('sent')
  server.command({ type: 'report' })
  const { arrivals } = await server.until('arrivals')
  await link.end()
  server.kill('SIGTERM')

  const columns = ['p50', 'p95', 'p99', 'max']
  screen.row('', [...columns, 'arrived'])
  for (const { delivery, latenciesMs } of arrivals) {
    const times = [0.5, 0.95, 0.99, 1].map((share) => milliseconds(quantile(latenciesMs, share)))
    screen.row(delivery, [...times, `${latenciesMs.length} of ${MESSAGES}`])
  }
  return arrivals.filter(({ delivery }) => delivery === 'reliable').map(finding)
}

function finding({ numbers, latenciesMs }: Arrivals): Awaited<ReturnType<Chapter>>[number] {
  return {
    claim: `reliable over 10 % loss: once each and in order, p99 one way`,
    measured: `${numbers.length} of ${MESSAGES}, ${milliseconds(quantile(latenciesMs, 0.99))}`,
    isTrue: numbers.length === MESSAGES && numbers.every((number, i) => number === i),
  }
}

/** The value that this share of them does not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN
}
