import { expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'

it('the echo speaks its protocols, sends strangers away, and ends', async () => {
  const echo = new ChildProgram('examples/websocket-echo.ts')

  expect(await echo.ended).toBe(0)
  expect(echo.stdout.split('\n').slice(1)).toEqual([
    'echo: hello',
    'echo-uppercase: HELLO',
    'unknown: goodbye strange client',
    '',
  ])
})

it('a script that blocks asks the echo, and ends', async () => {
  const echo = new ChildProgram('examples/websocket-echo.ts', ['0'])
  const [, port = ''] = await echo.until(/Listening on 127\.0\.0\.1:(\d+)/)

  const script = new ChildProgram('examples/websocket-blocking.ts', [`ws://127.0.0.1:${port}`])

  expect(await script.ended).toBe(0)
  expect(script.stdout).toBe('who: who\nwhat: what\nwhere: where\nclosed: clean, 4001, lost interest\n')
})
