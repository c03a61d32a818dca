import { expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'

it('the minimal server answers the minimal client', async () => {
  const server = new ChildProgram('examples/minimal-server.ts', ['0'])
  const [, port = ''] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/)

  const client = new ChildProgram('examples/minimal-client.ts', [port])

  await client.until(/^Got message: Reply from server: HelloWorld\n/)
  expect(client.stderr).toBe('')
  expect(server.stderr).toBe('')
})

it('the minimal server outlives a client that closes right behind its message', async () => {
  const server = new ChildProgram('examples/minimal-server.ts', ['0'])
  const [, port = ''] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/)
  const hasty = new ChildProgram('lib/cli/main.ts', ['connect', '127.0.0.1', port])
  hasty.end('hello\n')
  expect(await hasty.ended).toBe(0)

  const client = new ChildProgram('examples/minimal-client.ts', [port])

  await client.until(/^Got message: Reply from server: HelloWorld\n/)
})
