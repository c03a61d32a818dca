/**
 * What a user of the package gets: builds and packs it, checks the packed file, installs it in an empty folder, and uses it
 * there. Ends with 1 at the first check that fails, and says what it printed.
 */
import { spawn } from 'node:child_process'
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))

/** A program that hangs must not hang the check. */
const PROGRAM_LIMIT_MS = 120_000

/** Without a look at the registry for what the cache holds. */
const INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock']

/** Without the optional peer, the module loads, and its first use throws. */
const WITHOUT_WS = `
  import { client } from 'udpipe/websocket'
  try { client.copas().connect('ws://127.0.0.1') } catch (error) { console.log(error.code, error.message) }`

/** What may be in the package, and what must be. */
const allowedFiles = /^(?:(?:dist|lib|docs|examples)\/.+|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/
const neededFiles = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'docs/first-game.md',
  'examples/arena.ts',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/cli/main.js',
  'dist/websocket/index.js',
  'dist/websocket/sync-worker.js',
  'lib/index.ts',
  'dist/network/index.js',
  'dist/network/index.d.ts',
  'lib/network/README.md',
]

/** A user's settings: strict, and the declarations of the package are checked, too. */
const consumerSettings = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    skipLibCheck: false,
    types: ['node'],
    lib: ['es2023', 'esnext.disposable'],
  },
  files: ['consumer.ts', 'websocket-consumer.ts'],
}

const folder = await mkdtemp(join(tmpdir(), 'udpipe-package-'))
try {
  await checkPackage(join(folder, 'packed'), join(folder, 'consumer'), join(folder, 'game'))
} catch (error) {
  console.error(`✗ ${error.message}`)
  process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function checkPackage(packed, consumer, game) {
  await mkdir(packed)
  await mkdir(consumer)
  await mkdir(game)

  await check('builds', () => run('npm', ['run', 'build'], root))
  const tarball = await check('packs nothing but what it is made of', () => pack(packed))
  await check('publint finds nothing', () => run(tool('publint'), [tarball, '--strict'], root))
  await check('its types resolve from every kind of module', () =>
    run(tool('attw'), [tarball, '--profile', 'esm-only'], root),
  )
  await check('knip finds nothing unused', () => run(tool('knip'), [], root))

  await check('installs in an empty folder', () => install(tarball, consumer))
  await check('is imported', () => node(consumer, 'import', "const { UDPipe } = await import('udpipe'); new UDPipe()"))
  await check('is required', () => node(consumer, 'commonjs', "const { UDPipe } = require('udpipe'); new UDPipe()"))
  await check('has a command that helps', () => expectOutput(/Usage: udpipe/, 'npx', ['udpipe', '--help'], consumer))
  await check('type-checks in a strict program, its declarations included', () =>
    run(tool('tsc'), ['-p', consumer], root),
  )
  await check('echoes a message between two UDPipes', () =>
    expectOutput(/^echo of a message\n$/, process.execPath, ['consumer.js'], consumer),
  )

  if (process.argv.includes('--all')) await checkBeside(tarball, consumer, game)
}

/** What stands beside it in other projects, which takes longer: a game with its tests, and WebSockets. */
async function checkBeside(tarball, consumer, game) {
  await check('installs beside the tests of a game', () => installGame(tarball, game))
  await check('simulates them in vitest', () =>
    expectOutput(/10 passed/, 'npx', ['vitest', 'run', '--reporter=default'], game),
  )
  await check('simulates them in node:test', () =>
    expectOutput(/pass 2\n/, process.execPath, ['--import', 'tsx', '--test', 'game.node-test.ts'], game),
  )
  await check('says what WebSockets need where that is not installed', () =>
    expectOutput(/npm install ws/, process.execPath, ['--input-type=module', '--eval', WITHOUT_WS], consumer),
  )
  await check('echoes over WebSockets, blocking, where it is', async () => {
    await run('npm', [...INSTALL, `ws@${devDependencies.ws}`], consumer)
    await expectOutput(/^A MESSAGE\n$/, process.execPath, ['websocket-consumer.js'], consumer)
  })
}

/** Runs one check, and says how it went. */
async function check(what, act) {
  const startedAt = Date.now()
  try {
    const result = await act()
    console.log(`✓ ${what} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`)
    return result
  } catch (error) {
    throw new Error(`${what}\n\n${error.message}`, { cause: error })
  }
}

/** Packs what the last check built, looks at the list of files, and returns the path of the packed file. */
async function pack(destination) {
  const json = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', destination], root)
  const [{ filename, files }] = JSON.parse(json)
  const paths = files.map(({ path }) => path)
  const strays = paths.filter((path) => !allowedFiles.test(path))
  if (strays.length > 0) throw new Error(`These do not belong in the package: ${strays.join(', ')}`)
  const missing = neededFiles.filter((path) => !paths.includes(path))
  if (missing.length > 0) throw new Error(`These are missing in the package: ${missing.join(', ')}`)
  return join(destination, filename)
}

/** Makes a user's project, with the types of Node that our declarations speak of. */
async function install(tarball, consumer) {
  await writeFile(join(consumer, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  await writeFile(join(consumer, 'tsconfig.json'), JSON.stringify(consumerSettings))
  for (const name of consumerSettings.files) await copyFile(new URL(name, import.meta.url), join(consumer, name))
  await run('npm', [...INSTALL, tarball, `@types/node@${devDependencies['@types/node']}`], consumer)
}

/** Makes the project of somebody who tests a game: `examples/testing`, and what runs its tests. */
async function installGame(tarball, game) {
  await cp(join(root, 'examples', 'testing'), game, { recursive: true })
  await writeFile(join(game, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const runners = ['vitest', 'vite', 'tsx'].map((name) => `${name}@${devDependencies[name]}`)
  await run('npm', [...INSTALL, tarball, ...runners], game)
}

/** Runs a line of code as a module of the given kind. */
function node(consumer, kind, code) {
  const type = kind === 'import' ? 'module' : 'commonjs'
  return run(process.execPath, [`--input-type=${type}`, '--eval', code], consumer)
}

async function expectOutput(expected, command, args, folder) {
  const output = await run(command, args, folder)
  if (!expected.test(output))
    throw new Error(`Expected ${expected} of ${command} ${args.join(' ')}; it said:\n${output}`)
}

/** A program of ours, without npm in between. */
function tool(name) {
  return join(root, 'node_modules', '.bin', name)
}

/** Runs a program to its end and returns what it wrote to standard output; throws all it wrote when it failed. */
function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, timeout: PROGRAM_LIMIT_MS, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let all = ''
    child.stdout.on('data', (text) => {
      output += text
      all += text
    })
    child.stderr.on('data', (text) => (all += text))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}:\n${all}`))
    })
  })
}
