import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as simulator from '../../lib/simulator/index.ts'
import * as udpipe from '../../lib/index.ts'
import { root } from '../docs/snippets.ts'
import { runProgram, temporaryFolder } from '../support/packed-package.ts'

const folder = temporaryFolder()
const pages = new Map<string, string>()

beforeAll(async () => {
  const args = ['-C', '@udpipe/source', 'site/build.ts', folder.path]
  await runProgram(join(root, 'node_modules/.bin/tsx'), args, root)
  for (const path of readdirSync(folder.path, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('.html')) pages.set(path, readFileSync(join(folder.path, path), 'utf8'))
  }
}, 600_000)

afterAll(folder.remove)

/** The guide to bad networks comes with another change; until then pages may name it. */

/** The names that a module shows, types among them. */
function publicNames(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8')
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
    .flatMap(([, list = '']) => list.split(','))
    .map((name) => name.replace(/^\s*type\s/, '').trim())
    .filter((name) => name !== '')
}

describe('the site', () => {
  it('has a page of every guide', () => {
    for (const name of readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'))) {
      expect([...pages.keys()]).toContain(name.replace(/\.md$/, '.html'))
    }
  })

  it.each([
    ['lib/index.ts', Object.keys(udpipe)],
    ['lib/simulator/index.ts', Object.keys(simulator)],
  ])('has every public name of %s in the reference', (path, values) => {
    const names = publicNames(path)
    expect(names).toEqual(expect.arrayContaining(values))
    const documented = [...pages.keys()]
      .filter((page) => page.startsWith('reference/'))
      .map((page) => posix.basename(page, '.html'))
    for (const name of names) expect(documented).toContain(name)
  })

  it('has no link that leads nowhere, to a page or to a place in one', () => {
    const broken: string[] = []
    for (const [page, html] of pages) {
      if (page === '404.html') continue
      for (const [, href = ''] of html.matchAll(/<a [^>]*href="([^"]+)"/g)) {
        if (/^\w+:|^\/\//.test(href)) continue
        const [path = '', anchor = ''] = decodeURI(href).split('#')
        const target = path === '' ? page : targetOf(page, path)
        const text = pages.get(target)
        const isThere = text === undefined ? existsSync(join(folder.path, target)) : hasPlace(text, anchor)
        if (!isThere) broken.push(`${page}: ${href}`)
      }
    }
    expect(broken).toEqual([])
  })
})

function targetOf(page: string, path: string): string {
  const full = path.startsWith('/') ? path.slice(1) : posix.join(dirname(page), path)
  return full === '' || full.endsWith('/') ? `${full}index.html` : full
}

function hasPlace(html: string, anchor: string): boolean {
  return anchor === '' || html.includes(`id="${anchor}"`)
}
