import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The variable of the environment that says where this run of the specs has its bundles. */
export const bundlesVariable = 'UDPIPE_SPEC_BUNDLES'

/** What the bundle of a program is called, without its ending; `file` is relative to the root of the package. */
export function bundleNameOf(file: string): string {
  return file.replace(/\.ts$/, '').replaceAll('/', '-')
}

/** Where the bundle of a program is; `undefined` where there is none. */
export function bundleOf(file: string): string | undefined {
  const folder = process.env[bundlesVariable]
  if (folder === undefined) return undefined
  const path = join(folder, `${bundleNameOf(file)}.js`)
  return existsSync(path) ? path : undefined
}
