import { expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'

/** Takes packages away from this process, as if they were not installed. */
function without(...packages: readonly string[]): string {
  const code = `
    import Module from 'node:module'
    const resolve = Module._resolveFilename
    Module._resolveFilename = function (name, ...rest) {
      if (${JSON.stringify(packages)}.includes(name)) throw Object.assign(new Error('Cannot find module ' + name), { code: 'MODULE_NOT_FOUND' })
      return resolve.call(this, name, ...rest)
    }`
  return `data:text/javascript,${encodeURIComponent(code)}`
}

function script(lines: string, ...missing: readonly string[]): ChildProgram {
  return new ChildProgram('spec/websocket/fixtures/blocking-script.ts', ['ws://127.0.0.1:9', lines], {
    nodeOptions: ['--import', without(...missing)],
  })
}

const attempts = `
  const { server } = await import('udpipe/websocket')
  const tries = [() => server.listen({ default: () => {} }), () => client.copas().connect(url), () => client.sync().connect(url), () => client.copas({ proxy: 'http://127.0.0.1:9' }).connect(url)]
  for (const attempt of tries) {
    try { print((await attempt())[1]) } catch (error) { print(error.code, error.message) }
  }`

it('without ws, the module loads, and connect and listen say what to install', async () => {
  const program = script(attempts, 'ws')

  expect(await program.ended).toBe(0)
  const lines = program.stdout.trim().split('\n')
  // The worker of client.sync has its own modules, and there ws is.
  for (const line of [lines[0], lines[1], lines[3]])
    expect(line).toMatch(/^"ERR_DEPENDENCY_MISSING" ".*npm install ws"$/)
})

it('without https-proxy-agent, only a proxy is out of reach', async () => {
  const program = script(attempts.replace('() => server.listen({ default: () => {} }), ', ''), 'https-proxy-agent')

  expect(await program.ended).toBe(0)
  expect(program.stdout.trim().split('\n')).toEqual([
    '"connection refused"',
    '"connection refused"',
    expect.stringMatching(/^"ERR_DEPENDENCY_MISSING" ".*npm install https-proxy-agent"$/),
  ])
})
