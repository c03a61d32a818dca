import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

/** Pages that are not in `docs/`, by where they are in the repository, and what they are called in the site. */
const otherPages: Readonly<Record<string, string>> = {
  'README.md': 'index.md',
  'CHANGELOG.md': 'changelog.md',
  'CONTRIBUTING.md': 'contributing.md',
  'lib/network/README.md': 'network-wire.md',
  'lib/reliable/README.md': 'protocol.md',
  'lib/websocket/README.md': 'websocket-and-lua.md',
}

/** The guides, in the order in which they are read; what `docs/` has besides follows. */
export const guides: readonly (readonly [name: string, title: string])[] = [
  ['index', 'Start here'],
  ['first-game', 'First game in 30 minutes'],
  ['deliveries', 'Deliveries and channels'],
  ['testing', 'Bad networks and testing'],
  ['reconnect', 'Reconnect'],
  ['lifecycle', 'The life of a connection'],
  ['security', 'Security'],
  ['deploying', 'Deploying'],
  ['migrating', 'Migrating'],
  ['troubleshooting', 'Troubleshooting'],
  ['faq', 'FAQ'],
  ['runtimes', 'Runtimes'],
  ['network', 'Tables to another process'],
  ['websocket', 'WebSockets'],
  ['options', 'Options'],
  ['errors', 'Errors'],
  ['performance', 'Performance'],
  ['examples', 'Examples'],
  ['protocol', 'The protocol'],
  ['network-wire', 'The wire of tables'],
  ['websocket-and-lua', 'What is Lua’s of the WebSockets'],
  ['changelog', 'Changelog'],
  ['contributing', 'Contributing'],
]

/** Writes the pages of the site into `folder`, and returns their names: the repository's Markdown, with links that hold there. */
export function writePages(root: string, folder: string): ReadonlySet<string> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(root, 'docs'), folder, { recursive: true })
  const sources = [...Object.keys(otherPages), ...markdownIn(join(root, 'docs')).map((name) => `docs/${name}`)]
  const names = new Set<string>(['examples'])
  for (const source of sources) {
    const page = pageOf(source) ?? source
    names.add(page.replace(/\.md$/, ''))
    writeFileSync(join(folder, page), rewriteLinks(readFileSync(join(root, source), 'utf8'), source))
  }
  writeFileSync(join(folder, 'examples.md'), examplesPage(join(root, 'examples')))
  return names
}

function markdownIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.md'))
}

/** What a file of the repository is in the site; `undefined` for what is not there. */
function pageOf(source: string): string | undefined {
  if (source.startsWith('examples')) return 'examples.md'
  return otherPages[source] ?? /^docs\/([\w-]+\.md)$/.exec(source)?.[1]
}

/** Links between files of the repository become links between pages of the site. */
function rewriteLinks(text: string, source: string): string {
  return text.replaceAll(
    /\]\((?!\w+:|#)([^)#]+)(#[^)]*)?\)/g,
    (link, path: string, anchor: string | undefined = '') => {
      const target = posix.normalize(posix.join(dirname(source), path)).replace(/\/$/, '')
      const page = pageOf(target)
      if (page === undefined) return link
      const section = page === 'examples.md' && anchor === '' ? anchorOfExample(target) : anchor
      return `](./${page}${section})`
    },
  )
}

function anchorOfExample(path: string): string {
  const name = /^examples\/([\w-]+)\.ts$/.exec(path)?.[1]
  return name === undefined ? '' : `#${name}-ts`
}

function examplesPage(folder: string): string {
  const programs = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  const sections = programs.map((name) => {
    return `## ${name}\n\n\`\`\`ts\n${readFileSync(join(folder, name), 'utf8').trimEnd()}\n\`\`\`\n`
  })
  return ['# Examples\n', 'They are in the package, too, in `examples/`.\n', ...sections].join('\n')
}
