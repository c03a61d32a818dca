import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createProgram } from '../../lib/cli/program.ts'
import { pages, programOf, promisedOutput, root, snippets } from './snippets.ts'

const folder = mkdtempSync(join(root, 'spec/docs/.snippet-'))
/** Pages whose pieces are run by specs of their own, which know what surrounds them. */
const ELSEWHERE = new Set(['docs/network.md', 'docs/testing.md', 'docs/websocket.md'])
const programs = snippets
  .filter(({ language, page }) => language === 'ts' && !ELSEWHERE.has(page))
  .map((snippet, i) => ({ ...snippet, path: join(folder, `${i}.ts`), name: `${snippet.page}:${snippet.line}` }))

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  for (const program of programs) writeFileSync(program.path, programOf(program))
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('a piece of TypeScript in the documentation', () => {
  it('is there on the pages that teach', () => {
    const taught = new Set(programs.map(({ page }) => page))
    expect([...taught]).toEqual(
      expect.arrayContaining([
        'README.md',
        ...['first-game', 'deliveries', 'reconnect', 'migrating'].map((name) => `docs/${name}.md`),
      ]),
    )
  })

  it('is right for the compiler', () => {
    const settings = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
      files: programs.map(({ path }) => path),
      include: [],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
    let complaints = ''
    try {
      execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
    } catch (error) {
      complaints = (error as { stdout: string }).stdout
    }
    const explained = complaints.replaceAll(
      /(\d+)\.ts\(/g,
      (_match, i: string) => `${programs[Number(i)]?.name ?? ''}(`,
    )
    expect(explained).toBe('')
  })

  it.each(programs)(
    'runs, ends, and prints what it says: $name',
    async (program) => {
      const printed: string[] = []
      const log = vi
        .spyOn(console, 'log')
        .mockImplementation((...args: unknown[]) => void printed.push(format(...args)))
      try {
        await import(program.path)
      } finally {
        log.mockRestore()
      }
      const promised = promisedOutput(program)
      if (promised.length > 0) expect(printed).toEqual(promised)
    },
    20_000,
  )
})

describe('a command in the documentation', () => {
  const lines = snippets
    .filter(({ language }) => language === 'sh')
    .flatMap(({ page, code }) => code.split('\n').map((line) => ({ page, line })))
    .filter(({ line }) => line.startsWith('udpipe '))

  it.each(lines)('is one that udpipe has: $line', ({ line }) => {
    const [command = '', ...rest] = line
      .slice('udpipe '.length)
      .replace(/\s[<>#|].*$/, '')
      .split(/\s+/)
    if (command.startsWith('--')) return
    const group = createProgram().commands.find((candidate) => candidate.name() === command)
    const defined = group?.commands.find((candidate) => candidate.name() === rest[0]) ?? group
    expect(defined, command).toBeDefined()
    const flags = defined?.options.flatMap(({ short, long }) => [short, long])
    for (const flag of rest.filter((word) => word.startsWith('-'))) expect(flags).toContain(flag)
  })
})

const units = snippets.filter(({ language }) => language === 'ini')
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

describe('a unit of systemd in the documentation', () => {
  it.skipIf(!hasSystemd).each(units)('is one that systemd takes: $page', ({ code }) => {
    const unit = join(folder, 'game.service')
    writeFileSync(unit, code)
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
    expect(`${stdout}${stderr}`).not.toContain('game.service')
  })
})

describe('what is not run by a spec', () => {
  it('is what belongs to another machine, and nothing else', () => {
    const known = ['ts', 'sh', 'ini', 'lua', 'nft', 'dockerfile', 'mermaid']
    const strangers = snippets
      .filter(({ language, info }) => !known.includes(language) && !(language === 'js' && info.startsWith('[')))
      .map(({ page, line }) => `${page}:${line}`)
    expect(strangers).toEqual([])
    expect(pages.length).toBeGreaterThan(5)
  })
})
