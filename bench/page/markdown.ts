import type { BenchmarkResult, Results } from '../run/results.ts'
import { formatCell } from '../run/table.ts'
import { listLosses } from './losses.ts'
import { drawPictures, type Picture } from './pictures.ts'

/** The page, and the pictures that it shows. */
export interface Page {
  readonly markdown: string
  readonly pictures: readonly Picture[]
}

/** Makes the page of the results; no figure on it comes from anywhere else. */
export function composePage(results: Results, pictureFolder: string): Page {
  const chapters = results.benchmarks.map((result) => composeChapter(result, pictureFolder))
  const markdown = [
    '# Performance',
    'This page is made by `npm run bench:page` from the results of `npm run bench -- --json`; none of its figures is written by hand.',
    describeMethod(results),
    ...chapters.map(({ markdown }) => markdown),
    describeLosses(results),
  ].join('\n\n')
  return { markdown: `${markdown}\n`, pictures: chapters.flatMap(({ pictures }) => pictures) }
}

function describeMethod({ machine, isQuick, repetitions, security, startedAt, peers }: Results): string {
  const place = machine.isPinned ? 'pinned to a core each' : 'not pinned to a core'
  const list = peers.map(({ name, version, absence }) =>
    absence === undefined ? `| ${name} | ${version} |` : `| ${name} | absent: ${absence} |`,
  )
  return [
    '## How it was measured',
    `A server and a client in two processes, ${place}. ${isQuick ? 'A quick look: shorter than a full run. ' : ''}Each ` +
      `figure is the median of ${repetitions} repetition${repetitions === 1 ? '' : 's'} after a warm-up, with the least and the most in ` +
      `brackets. The order is interleaved: each repetition has every peer once. udpipe’s option \`security\` was: ${security}.`,
    `On ${machine.cores} cores of ${machine.cpu} with ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}, ` +
      `TCP with ${machine.tcpCongestionControl}; ${startedAt.slice(0, 10)}, commit ${machine.commit}. The load average before it was ` +
      `${machine.loadAverage.toFixed(1)}: above 0.5, others were at work on these cores, and figures that are not a share of CPU suffer.`,
    ['| peer | version |', '| --- | --- |', ...list].join('\n'),
    'ENet is driven through a pipe by a C program, and what the pipe costs is in its figures. KCP runs without congestion control, flushed ' +
      'after every turn. QUIC and node-datachannel encrypt, whatever udpipe does. net, ws and ENet do not.',
  ].join('\n\n')
}

function composeChapter(result: BenchmarkResult, pictureFolder: string): Page {
  const pictures = drawPictures(result)
  const markdown = [
    `## ${result.title}`,
    result.method,
    ...(result.rows.length === 0
      ? ['It did not run: links with loss need root, network namespaces and a C compiler.']
      : []),
    ...pictures.map(({ file, caption }) => `![${caption}](${pictureFolder}/${file})`),
    ...(result.rows.length === 0 ? [] : [composeTable(result)]),
    ...describeTheft(result),
    ...describeOwnRun(result),
  ].join('\n\n')
  return { markdown, pictures }
}

/** Whether the machine was there for what was measured. */
function describeTheft({ stolenPercent = 0 }: BenchmarkResult): string[] {
  if (stolenPercent < NOTABLE_THEFT_PERCENT) return []
  return [
    `While this ran, the host of this virtual machine gave ${stolenPercent.toFixed(0)} % of the time that was wanted of its cores to others.`,
  ]
}

const NOTABLE_THEFT_PERCENT = 2

function describeOwnRun({ ownRun }: BenchmarkResult): string[] {
  if (ownRun === undefined) return []
  const { startedAt, machine } = ownRun
  const load = machine.loadAverage.toFixed(1)
  return [
    `Measured in a run of its own: ${startedAt.slice(0, 10)}, commit ${machine.commit}, load average ${load} before it.`,
  ]
}

function composeTable({ columns, rows }: BenchmarkResult): string {
  const header = ['', '', ...columns.map(({ title }) => title)]
  const lines = rows.map((row) => [
    row.scenario,
    row.adapter === 'udpipe' ? '**udpipe**' : row.adapter,
    ...columns.map((column) => formatCell(row, column)),
  ])
  const alignment = header.map((_, i) => (i < 2 ? '---' : '---:'))
  return [header, alignment, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function describeLosses({ benchmarks }: Results): string {
  const losses = listLosses(benchmarks)
  const text = losses.length === 0 ? 'Nowhere, in this run.' : losses.map((loss) => `- ${loss}`).join('\n')
  return `## What we lose at\n\n${text}`
}
