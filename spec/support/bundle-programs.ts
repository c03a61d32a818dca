import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import type { TestProject } from 'vitest/node'
import { bundleNameOf, bundlesVariable } from './bundles.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FOLDERS = [
  'spec/life/programs',
  'spec/network/programs',
  'spec/node/programs',
  'spec/sim/programs',
  'spec/stress/programs',
]
const COMMAND = 'lib/cli/main.ts'

/**
 * Before any spec runs, makes one file of each program that specs run as a process, with all that it consists of: so it starts in a
 * quarter of the time that its hundred modules take to load.
 */
export async function setup(project: TestProject): Promise<() => void> {
  // Runs of the specs that overlap do not disturb each other.
  const folder = join(ROOT, 'spec/build', String(process.pid))
  process.env[bundlesVariable] = folder
  await bundlePrograms(folder)
  project.onTestsRerun(() => bundlePrograms(folder))
  return () => {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function bundlePrograms(folder: string): Promise<void> {
  const files = FOLDERS.flatMap((path) =>
    readdirSync(join(ROOT, path))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${path}/${name}`),
  )
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['@udpipe/source'] },
    // What is installed is not the programs' own.
    ssr: { noExternal: ['udpipe'], resolve: { conditions: ['@udpipe/source'] } },
    build: {
      ssr: true,
      target: 'node20',
      minify: false,
      outDir: folder,
      rolldownOptions: {
        input: Object.fromEntries([...files, COMMAND].map((file) => [bundleNameOf(file), join(ROOT, file)])),
        output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
      },
    },
  })
}
