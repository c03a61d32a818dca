import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { transitions as classicTransitions } from '../../lib/classic/phase.ts'
import { nodePlatform } from '../../lib/node/platform.ts'
import { parseOptions } from '../../lib/options/parse-options.ts'
import { transitions as reliableTransitions } from '../../lib/reliable/connection/connection-state.ts'
import { scenarios } from '../sim/registry.ts'
import { pages, root } from './snippets.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
/** The guide to bad networks comes with another change; once it is there, nothing is awaited. */
const AWAITED = existsSync(join(root, 'docs/testing.md')) ? undefined : 'docs/testing.md'

/** The names by which the headings of a page are linked to, as GitHub makes them. */
function placesIn(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    return heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
  })
}

describe('README.md', () => {
  it('is short enough to be read', () => {
    expect(read('README.md').split('\n').length - 1).toBeLessThan(200)
  })

  it('names only commands that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...read('README.md').matchAll(/npm (?:run )?(start|test|(?<=run )[\w:]+)/g)].map(
      ([, name = '']) => name,
    )
    for (const name of named.filter((candidate) => candidate !== 'ci')) expect(scripts).toHaveProperty(name)
  })
})

describe.each(pages)('%s', (page) => {
  it('links to files, and to places in pages, that exist', () => {
    for (const [, path = '', anchor = ''] of read(page).matchAll(/\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)/g)) {
      const target = path === '' ? page : normalize(join(dirname(page), path))
      if (target === AWAITED) continue
      expect(existsSync(join(root, target)), target).toBe(true)
      if (anchor !== '') expect(placesIn(read(target)), `${target}#${anchor}`).toContain(anchor)
    }
  })
})

describe('docs/errors.md', () => {
  it('lists every code that the library has, and no other', () => {
    const listed = [...read('docs/errors.md').matchAll(/^\| `(ERR_\w+)`/gm)].map(([, code]) => code)
    const existing = [...read('lib/core/errors.ts').matchAll(/'(ERR_\w+)'/g)].map(([, code]) => code)
    expect([...listed].sort()).toEqual([...existing].sort())
  })
})

describe('docs/options.md', () => {
  it('lists every option, in the order of the source', () => {
    const listed = [...read('docs/options.md').matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
    expect(listed).toEqual(Object.keys(parseOptions({}, nodePlatform)))
  })
})

describe('docs/security.md', () => {
  const [, model = ''] = read('docs/security.md').split('## Threat model\n')
  const rows = [...(model.split('\n## ')[0] ?? '').matchAll(/^\| (?!attacker|---)(.*) \|$/gm)].map(([, row = '']) => {
    return row.split(' | ')
  })

  it('has for each attacker what they try, what happens, and what shows it', () => {
    expect(rows.length).toBeGreaterThan(25)
    for (const cells of rows)
      expect([cells, cells.length, cells.at(-1)]).toEqual([cells, 4, expect.stringMatching(/`/)])
  })

  it.each(rows.flatMap(([attacker = '', , , shown = '']) => shown.split('; ').map((proof) => [attacker, proof])))(
    'names what there is: %s: %s',
    (_attacker, proof) => {
      const [, spec, words = ''] = /^`([\w/-]+\.spec\.ts)`(?:: \*(.+)\*)?$/.exec(proof) ?? []
      if (spec !== undefined) expect(read(`spec/${spec}`)).toContain(words)
      else expect(scenarios.map(({ name }) => `\`${name}\``)).toContain(proof)
    },
  )
})

describe('docs/lifecycle.md', () => {
  const text = read('docs/lifecycle.md')

  it.each([
    ['Reliable', reliableTransitions],
    ['Classic', classicTransitions],
  ])('has every transition of %s sessions, and no other', (name, transitions) => {
    const [, section = ''] = text.split(`### ${name} sessions\n`)
    const [table = ''] = section.split('\n#')
    const listed: Record<string, Record<string, string>> = {}
    for (const [, state = '', moves = ''] of table.matchAll(/^\| `(\w+)` \| (.*)\|$/gm)) {
      const row: Record<string, string> = (listed[state] = {})
      for (const [, transition = '', next = ''] of moves.matchAll(/`(\w+)` → `(\w+)`/g)) row[transition] = next
    }
    expect(listed).toEqual(transitions)
  })

  it('explains every state and every transition', () => {
    const explained = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
    for (const table of [reliableTransitions, classicTransitions]) {
      for (const [state, moves] of Object.entries(table)) {
        for (const name of [state, ...Object.keys(moves)]) expect(explained).toContain(name)
      }
    }
  })

  it('draws only transitions that there are', () => {
    const drawn = [...text.matchAll(/^ {4}(\w+) --> (\w+): (\w+)$/gm)]
    expect(drawn.length).toBeGreaterThan(0)
    for (const [, from = '', to, transition = ''] of drawn) {
      const moves: Readonly<Record<string, string>> = reliableTransitions[from as keyof typeof reliableTransitions]
      expect(moves[transition]).toBe(to)
    }
  })

  it('names scenarios and specs that there are', () => {
    const [, section = ''] = text.split('## What it was tested against')
    const paths = [...section.matchAll(/`(spec\/[\w/.-]+\.ts)`/g)].map(([, path = '']) => path)
    const names = [...section.matchAll(/`([a-z]+(?:-[a-z]+)*)`/g)].map(([, name = '']) => name)
    expect(paths.length).toBeGreaterThan(0)
    expect(names.length).toBeGreaterThan(0)
    for (const path of paths) expect(existsSync(join(root, path)), path).toBe(true)
    expect(scenarios.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
  })
})
