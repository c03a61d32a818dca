/** Makes `docs/performance.md` and its pictures: `npm run bench:page -- results.json [later.json…]`. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import type { Results } from '../run/results.ts'
import { composePage } from './markdown.ts'
import { mergeResults } from './merge-results.ts'

const docs = fileURLToPath(new URL('../../docs', import.meta.url))
const PICTURES = 'performance'

new Command('bench:page')
  .description('Makes docs/performance.md of the results of a run.')
  .argument('<json>', 'what `npm run bench -- --json` wrote')
  .argument('[later...]', 'the same of later runs, whose benchmarks take the places of the first one’s')
  .option('--folder <path>', 'where the page goes', docs)
  .action((json: string, later: readonly string[], { folder }: { readonly folder: string }) => {
    const results = mergeResults(readResults(json), later.map(readResults))
    const { markdown, pictures } = composePage(results, PICTURES)
    rmSync(join(folder, PICTURES), { recursive: true, force: true })
    mkdirSync(join(folder, PICTURES), { recursive: true })
    writeFileSync(join(folder, 'performance.md'), markdown)
    for (const { file, svg } of pictures) writeFileSync(join(folder, PICTURES, file), svg)
  })
  .parse()

function readResults(json: string): Results {
  return JSON.parse(readFileSync(json, 'utf8')) as Results
}
