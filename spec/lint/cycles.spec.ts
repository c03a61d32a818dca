import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const lib = fileURLToPath(new URL('../../lib', import.meta.url))

/** What each file or room imports, by its path. */
type Imports = ReadonlyMap<string, ReadonlySet<string>>

/** The room of a file: its folder. */
function roomOf(file: string): string {
  return posix.dirname(file)
}

/** The sibling modules: their public classes name each other as types, which leaves nothing when it runs. */
const SIBLINGS = ['network/', 'sockets/', 'websocket/']

/** The code without imports of types alone. */
function withoutTypes(code: string): string {
  return code.replace(/^(import|export) type [^;]*? from '[^']*'$/gm, '')
}

/** Every file of lib/, by its path in there. */
function readFiles(): ReadonlyMap<string, string> {
  const paths = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
  return new Map(paths.map((path) => [path.split(sep).join('/'), readFileSync(join(lib, path), 'utf8')]))
}

/** The files of its own package that a file imports or exports from, types included, however it does. */
function importsOf(file: string, code: string): string[] {
  const { importedFiles } = ts.preProcessFile(code, true, true)
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) =>
      relative('.', join(dirname(file), name))
        .split(sep)
        .join('/'),
    )
}

/** `hasTypes`: whether types of sibling modules count, too. */
function importsBetweenFiles(files: ReadonlyMap<string, string>, hasTypes = false): Imports {
  const imports = new Map<string, Set<string>>()
  for (const [file, code] of files) {
    const counted = SIBLINGS.some((room) => file.startsWith(room)) && !hasTypes ? withoutTypes(code) : code
    imports.set(file, new Set(importsOf(file, counted)))
  }
  return imports
}

function importsBetweenRooms(imports: Imports): Imports {
  const rooms = new Map<string, Set<string>>()
  for (const [file, imported] of imports) {
    const room = roomOf(file)
    const others = rooms.get(room) ?? new Set<string>()
    rooms.set(room, others)
    for (const other of imported) if (roomOf(other) !== room) others.add(roomOf(other))
  }
  return rooms
}

/** The shortest way from the first of these that is on a cycle back to itself; `undefined` when none is. */
function findCycle(imports: Imports): string | undefined {
  for (const start of imports.keys()) {
    const cameFrom = new Map<string, string>()
    const reached = [start]
    for (const at of reached) {
      for (const next of imports.get(at) ?? []) {
        if (next === start) return pathTo(at, start, cameFrom)
        if (cameFrom.has(next)) continue
        cameFrom.set(next, at)
        reached.push(next)
      }
    }
  }
  return undefined
}

function pathTo(end: string, start: string, cameFrom: ReadonlyMap<string, string>): string {
  const path = [start]
  for (let at: string | undefined = end; at !== undefined && at !== start; at = cameFrom.get(at)) path.unshift(at)
  return [start, ...path].join(' → ')
}

describe('the imports of lib/', () => {
  const files = importsBetweenFiles(readFiles())

  it('are all of files that are there', () => {
    const known = readFiles()
    const missing = [...files.values()].flatMap((imported) => [...imported].filter((file) => !known.has(file)))
    expect(missing).toEqual([])
    expect(files.size).toBeGreaterThan(60)
  })

  it('make no cycle between files', () => {
    expect(findCycle(files)).toBeUndefined()
  })

  it('make no cycle between rooms', () => {
    expect(findCycle(importsBetweenRooms(importsBetweenFiles(readFiles(), true)))).toBeUndefined()
  })
})

describe('what looks for cycles', () => {
  const imports = (...files: readonly (readonly [string, string])[]): Imports =>
    importsBetweenFiles(new Map(files.map(([file, code]) => [file, code])))

  it.each([
    ['a value', "import { b } from './b.ts'\nexport const a = b"],
    ['a type', "import type { B } from './b.ts'\nexport type A = B"],
    ['something in passing', "export { b } from './b.ts'"],
    ['the type of a module', "export type A = import('./b.ts').B"],
    ['something late', "export const a = import('./b.ts')"],
  ])('sees a file that imports %s', (_what, code) => {
    expect(findCycle(imports(['core/a.ts', code], ['core/b.ts', "import './a.ts'"]))).toBe(
      'core/a.ts → core/b.ts → core/a.ts',
    )
  })

  it('sees rooms that import each other where no two files do', () => {
    const files = imports(
      ['core/a.ts', "import '../session/b.ts'"],
      ['session/b.ts', ''],
      ['session/c.ts', "import '../security/d.ts'"],
      ['security/d.ts', "import '../core/e.ts'"],
      ['core/e.ts', ''],
    )
    expect(findCycle(files)).toBeUndefined()
    expect(findCycle(importsBetweenRooms(files))).toBe('core → session → security → core')
  })

  it('takes a file that is imported twice for no cycle', () => {
    const files = imports(
      ['core/a.ts', "import './b.ts'\nimport './c.ts'"],
      ['core/b.ts', "import './c.ts'"],
      ['core/c.ts', ''],
    )
    expect(findCycle(files)).toBeUndefined()
  })
})
