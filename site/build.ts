/** Makes the documentation's site in `site/build/`: the guides from `docs/`, and the reference from the docstrings. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application } from 'typedoc'
import { build } from 'vitepress'
import { guides, writePages } from './pages.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'site/pages')
const [siteFolder = join(root, 'site/build')] = process.argv.slice(2)

const names = writePages(root, folder)
await writeReference()
writeFileSync(join(folder, '.gitignore'), '*\n')
cpSync(join(root, 'site/config.ts'), join(folder, '.vitepress/config.ts'))
writeFileSync(join(folder, '.vitepress/guides.json'), JSON.stringify(guides.filter(([name]) => names.has(name))))
await build(folder, { outDir: siteFolder })

/** One page for each public name, in `reference/`. A link in a docstring that leads nowhere ends the build. */
async function writeReference(): Promise<void> {
  // TypeDoc empties where it writes, which by default is docs/.
  const output = join(folder, 'reference')
  const markdown = { entryFileName: 'index', out: output, outputs: [{ name: 'markdown', path: output }] }
  const application = await Application.bootstrapWithPlugins({
    ...markdown,
    entryPoints: [join(root, 'lib/index.ts'), join(root, 'lib/simulator/index.ts')],
    tsconfig: join(root, 'lib/tsconfig.json'),
    plugin: ['typedoc-plugin-markdown'],
    readme: 'none',
    disableSources: true,
    excludeInternal: true,
    excludePrivate: true,
    validation: { notExported: false, invalidLink: true, notDocumented: false },
    logLevel: 'Warn',
  })
  const project = await application.convert()
  if (project === undefined) throw new Error('The docstrings could not be read.')
  application.validate(project)
  await application.generateOutputs(project)
  if (application.logger.hasWarnings() || application.logger.hasErrors()) process.exit(1)
}
