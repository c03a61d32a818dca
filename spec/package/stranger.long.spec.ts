import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { snippets } from '../docs/snippets.ts'
import { ChildProgram } from '../support/child-program.ts'
import { installPackages, packPackage, runProgram, temporaryFolder } from '../support/packed-package.ts'

const folder = temporaryFolder()
const project = join(folder.path, 'game')
const installed = join(project, 'node_modules/udpipe')

beforeAll(async () => {
  await installPackages(project, await packPackage(folder.path))
  for (const { page, info, code } of snippets) {
    const [, name] = /^\[(.+)\]$/.exec(info) ?? []
    if (page === 'README.md' && name !== undefined) writeFileSync(join(project, name), code)
  }
}, 300_000)

afterAll(folder.remove)

/** A program in the stranger's folder. */
function node(file: string, ...args: readonly string[]): ChildProgram {
  return new ChildProgram(join(project, file), args, { insteadOfNode: [process.execPath] })
}

describe('a stranger with the packed package, an empty folder and the two files of the README', () => {
  it('talks, is found again after a restart, is kicked for good, and leaves', async () => {
    const server = node('server.mjs', '0')
    const [, port = ''] = await server.until(/^listening on (\d+)$/m)
    const client = node('client.mjs', port)
    await client.until(/^connected\nyou said hello\n/)
    const friend = node('client.mjs', port)
    await client.until(/\nplayer \d+ joins\n/)
    friend.write('hi\n')
    await friend.until(/\nyou said hi\n/)
    friend.end()
    await server.until(/^player \d+ is gone: left$/m)
    expect(await friend.ended).toBe(0)

    server.kill('SIGINT')
    expect(await server.ended).toBe(0)
    await client.until(/\nlost, dialing again\n/)
    const next = node('server.mjs', port)
    await client.until(/\nlost, dialing again\n(?:.*\n)*connected\nyou said hello\n/)

    client.write('cheat\n')
    expect(await client.ended).toBe(0)
    expect(client.stdout).toMatch(/\nover: no cheating\n$/)
    await next.until(/^player \d+ is gone: no cheating$/m)
    next.kill('SIGINT')
    expect(await next.ended).toBe(0)
    expect([server.stderr, next.stderr, friend.stderr].map(withoutAdvice)).toEqual(['', '', ''])
  })

  it('finds docs, changelog and examples in the package, and nothing that leads out of it', async () => {
    const files = (await runProgram('find', ['.', '-type', 'f'], installed)).split('\n').filter((path) => path !== '')

    for (const path of ['./CHANGELOG.md', './docs/first-game.md', './docs/options.md', './examples/arena.ts']) {
      expect(files).toContain(path)
    }
    for (const path of files.filter((name) => name.endsWith('.map'))) {
      const { sources } = JSON.parse(readFileSync(join(installed, path), 'utf8')) as { sources: readonly string[] }
      for (const source of sources)
        expect(existsSync(join(installed, dirname(path), source)), `${path}: ${source}`).toBe(true)
    }
    for (const path of files.filter((name) => /\.(?:d\.ts|js)$/.test(name))) {
      const [, map] = /^\/\/# sourceMappingURL=(.+)$/m.exec(readFileSync(join(installed, path), 'utf8')) ?? []
      if (map !== undefined) expect(existsSync(join(installed, dirname(path), map)), map).toBe(true)
    }
  })

  it('may require it from JavaScript, and from TypeScript where README says so', async () => {
    expect(await runProgram(process.execPath, ['-p', "typeof require('udpipe').UDPipe"], project)).toBe('function\n')

    const types = join(import.meta.dirname, '../../node_modules/@types')
    const compile = async (module: string): Promise<string> => {
      writeFileSync(join(project, 'game.cts'), "import { UDPipe } from 'udpipe'\nnew UDPipe()\n")
      writeFileSync(
        join(project, 'tsconfig.json'),
        JSON.stringify({
          compilerOptions: { module, noEmit: true, types: ['node'], typeRoots: [types] },
          files: ['game.cts'],
        }),
      )
      const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
      return runProgram(tsc, ['-p', 'tsconfig.json'], project).catch(
        (error: unknown) => (error as { stdout: string }).stdout,
      )
    }
    expect(await compile('nodenext')).toBe('')
    expect(await compile('node16')).toContain('TS1479')
  })
})

/** A small receive buffer is said once, and is no fault of the program. */
function withoutAdvice(text: string): string {
  return text.replace(/^udpipe: The kernel granted a receive buffer .*\n/m, '')
}
