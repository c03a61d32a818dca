import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'
import { installPackages, packPackage, runProgram, temporaryFolder } from '../support/packed-package.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>
}

/** The oldest versions that are known to run it; newer ones may stand here when these specs pass. */
const runtimes = [
  { name: 'bun', version: '1.4.5', args: ['run'] },
  { name: 'deno', version: '2.9.6', args: ['run', '--allow-all', '--no-check', '--node-modules-dir=manual'] },
] as const

const folder = temporaryFolder()
const project = join(folder.path, 'project')
/** Without `sodium-native`. */
const bare = join(folder.path, 'bare')
const absent = new Map<string, string>()

beforeAll(async () => {
  const tarball = await packPackage(folder.path)
  await installPackages(project, tarball, `sodium-native@${devDependencies['sodium-native'] ?? ''}`)
  await installPackages(bare, tarball)
  for (const path of [project, bare]) cpSync(join(root, 'spec/runtimes/programs'), path, { recursive: true })
  cpSync(join(root, 'examples/chat.ts'), join(project, 'chat.ts'))
  for (const { name, version } of runtimes) {
    try {
      await installPackages(join(folder.path, name), `${name}@${version}`)
      execFileSync(programOf(name), ['--version'])
    } catch (error) {
      absent.set(name, String(error))
    }
  }
}, 600_000)

afterAll(folder.remove)

function programOf(name: string): string {
  return join(folder.path, name, 'node_modules/.bin', name)
}

describe.each(runtimes)('under $name $version', ({ name, args }) => {
  it('is there where it must be', ({ skip }) => {
    const reason = absent.get(name)
    if (process.env['CI'] === undefined) skip(reason !== undefined, `${name} could not be installed: ${reason ?? ''}`)
    expect(reason).toBeUndefined()
  })

  it('a message of each delivery is echoed, on private ports and on a shared one', async ({ skip }) => {
    skip(absent.has(name), `${name} could not be installed`)

    const output = await runProgram(programOf(name), [...args, 'echo.ts'], project)

    const all = 'large latest reliable reliable-unordered sequenced unreliable\n'
    expect(output).toBe(all.repeat(2))
  })

  it('echoes without sodium-native, or says that it is needed', async ({ skip }) => {
    skip(absent.has(name), `${name} could not be installed`)

    const output = await runProgram(programOf(name), [...args, 'bare.ts'], bare)

    expect(output).toBe(name === 'bun' ? 'ERR_DEPENDENCY_MISSING, but without encryption: pong\n' : 'pong\n')
  })

  it('a connection that was lost goes on, and a client finds the next server at its port', async ({ skip }) => {
    skip(absent.has(name), `${name} could not be installed`)

    const output = await runProgram(programOf(name), [...args, 'reconnect.ts'], project)

    expect(output.trim().split(', ')).toEqual([
      'connected',
      'lost',
      'connected',
      'heard said while nobody stepped',
      'lost',
      'connected',
      'heard and said to the next',
      'over',
    ])
  })

  it('people chat, with whoever is there by Node', async ({ skip }) => {
    skip(absent.has(name), `${name} could not be installed`)
    const runBy = [programOf(name), ...args]
    const chat = join(project, 'chat.ts')
    const room = new ChildProgram(chat, ['serve', '0'], { insteadOfNode: runBy })
    const [, port = ''] = await room.until(/The room is open on port (\d+)/)
    const ada = new ChildProgram('examples/chat.ts', ['join', 'Ada', port])
    await ada.until(/^\* You are the first here\n/)
    const ben = new ChildProgram(chat, ['join', 'Ben', port], { insteadOfNode: runBy })
    await ben.until(/^\* Here with you: Ada\n/)

    ben.write('Good evening!\n')
    await ada.until(/\nBen: Good evening!\n/)
    ada.write('Hello, Ben\n')
    await ben.until(/\nAda: Hello, Ben\n/)
    ben.end()

    expect(await ben.ended).toBe(0)
    await ada.until(/\n\* Ben has left\n/)
    room.kill('SIGINT')
    expect(await room.ended).toBe(0)
  })
})
