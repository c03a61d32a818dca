import { Command, InvalidArgumentError, Option } from 'commander'
import type { Measurement, MeasureOptions, Row } from './measurement.ts'
import { measurements } from './measurements.ts'
import { securityCost } from './security-cost.ts'
import { sockets } from './sockets.ts'

const byDefault: readonly Measurement[] = [...measurements, securityCost]
const all = [...byDefault, sockets]

const program = new Command('measure')
  .description(
    'Measures the reliable protocol, in the simulator but for security and sockets, and prints a table for each measurement.',
  )
  .argument('[names...]', `which: ${all.map(({ name }) => name).join(', ')}; all but sockets by default`)
  .option('--seeds <n>', 'how many seeds each', parseCount, 10)
  .option('--from <seed>', 'the first seed', parseCount, 1)
  .option('--seconds <s>', 'how long the streams last', parseCount, 60)
  .addOption(
    new Option('--security <name>', 'what protects the packets; as SECURITY in the environment')
      .choices(['none', 'noise'])
      .default(process.env['SECURITY'] ?? 'none'),
  )
  .option('--redundancy <auto|off|n>', "'auto', 'off' or a number of copies", parseRedundancy, 'auto')
  .action(
    async (
      names: string[],
      options: { seeds: number; from: number; seconds: number; redundancy: 'auto' | 'off' | number; security: string },
    ) => {
      const unknown = names.find((name) => !all.some((measurement) => measurement.name === name))
      if (unknown !== undefined) program.error(`There is no measurement '${unknown}'.`)
      process.env['SECURITY'] = options.security
      const { seeds, from: firstSeed, seconds, redundancy } = options
      const chosen = names.length === 0 ? byDefault : all.filter(({ name }) => names.includes(name))
      for (const measurement of chosen) {
        const settings: MeasureOptions = { seeds, firstSeed, seconds, redundancy }
        console.log(`\n${measurement.name}: ${measurement.title}`)
        const rows: Row[] = []
        for await (const row of measurement.rows(settings)) rows.push(row)
        printTable(rows)
      }
    },
  )

await program.parseAsync()

function printTable(rows: readonly Row[]): void {
  const lines: Record<string, string>[] = rows.map(({ cells, isMet }) => ({ ...cells, '': isMet ? 'ok' : 'NOT MET' }))
  const columns = Object.keys(lines[0] ?? {})
  const widths = columns.map((column) =>
    Math.max(...[column, ...lines.map((line) => line[column] ?? '')].map((cell) => cell.length)),
  )
  const print = (cells: string[]) =>
    console.log('  ' + cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  '))
  print(columns)
  for (const line of lines) print(columns.map((column) => line[column] ?? ''))
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError('It must be a whole number of at least 1.')
  return count
}

function parseRedundancy(text: string): 'auto' | 'off' | number {
  return text === 'auto' || text === 'off' ? text : parseCount(text)
}
