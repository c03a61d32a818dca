import { describe, expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'

const KEY = '0C03EA65238DD2C25EB87CE563868098'

describe('the table echo', () => {
  it.each([[[]], [[KEY]]])('sends back what it gets: %o', async (key) => {
    const server = new ChildProgram('examples/table-echo.ts', ['serve', '0', ...key])
    const [, port = ''] = await server.until(/Listening on port (\d+)/)

    const client = new ChildProgram('examples/table-echo.ts', ['connect', port, ...key])

    expect(await client.ended).toBe(0)
    expect(client.stdout).toBe(
      [
        "Echo: { OpCode: 10, Data: 'Hello' }",
        "Echo: [ 'a list', 2.5, null, <Buffer 62 79 74 65 73> ]",
        "Echo: Map(2) { 1 => 'one', 'ten' => 10 }",
        '',
      ].join('\n'),
    )
  })

  it('says so when nobody is there', async () => {
    const server = new ChildProgram('examples/table-echo.ts', ['serve', '0'])
    const [, port = ''] = await server.until(/Listening on port (\d+)/)
    await server.destroy()
    const client = new ChildProgram('examples/table-echo.ts', ['connect', port])
    expect(await client.ended).toBe(0)
    expect(client.stdout).toMatch(/^ERR_CONNECT_REFUSED/)
  })
})

it('the guests of a chat of tables read what the others write, and who comes and goes', async () => {
  const room = new ChildProgram('examples/chat-tables.ts', ['serve', '0', KEY])
  const [, port = ''] = await room.until(/The room is open on port (\d+)/)
  const ada = new ChildProgram('examples/chat-tables.ts', ['join', 'Ada', port, KEY])
  await room.until(/\* Ada has come/)
  const ben = new ChildProgram('examples/chat-tables.ts', ['join', 'Ben', port, KEY])
  await ada.until(/\* Ben has come/)

  ben.write('Good evening!\n')
  await ada.until(/\nBen: Good evening!\n/)
  ada.write('Hello, Ben\n')
  await ben.until(/\nAda: Hello, Ben\n/)
  ben.end()

  expect(await ben.ended).toBe(0)
  await ada.until(/\n\* Ben has left\n/)
  room.kill('SIGINT')
  expect(await room.ended).toBe(0)
  expect(await ada.ended).toBe(0)
  expect(ada.stdout).toBe('* You are in\n* Ben has come\nBen: Good evening!\n* Ben has left\n* Goodbye\n')
})
