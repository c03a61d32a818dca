import { expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'

it('the admitted of a chat room read what the others write, and who comes and goes', async () => {
  const room = chat('serve', '0')
  const [, port = ''] = await room.until(/The room is open on port (\d+)/)
  const ada = chat('join', 'Ada', port)
  await ada.until(/^\* You are the first here\n/)
  const ben = chat('join', 'Ben', port)
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
  expect(room.stdout.split('\n').slice(1, -1)).toEqual([
    '* Ada has come',
    '* Ben has come',
    'Ben: Good evening!',
    'Ada: Hello, Ben',
    '* Ben has left',
    '* Ada has left',
  ])
})

function chat(...args: readonly string[]): ChildProgram {
  return new ChildProgram('examples/chat.ts', args)
}
