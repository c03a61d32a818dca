import { describe, expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'

async function play(how: string, transport: string): Promise<string> {
  const program = new ChildProgram('spec/network/programs/collecting.ts', [how, transport], {
    nodeOptions: ['--expose-gc', '--no-warnings'],
  })
  expect(await program.ended).toBe(0)
  return program.stdout
}

describe.each(['tcp', 'udp'])('a connection over %s', (transport) => {
  it('that the program does not keep is closed when it is collected, with a warning and a stand-in', async () => {
    expect(await play('forget', transport)).toBe(
      [
        'queued: 1',
        'warning UDPIPE_NETWORK_COLLECTED',
        'closed ERR_COLLECTED true 0',
        'client: OK: the server does not keep this connection',
        'in the end: 0',
        '',
      ].join('\n'),
    )
  })

  it.each(['keep', 'option'])(
    'stays when the program keeps it, or the server has keepConnections (%s)',
    async (how) => {
      expect(await play(how, transport)).toBe(
        ['queued: 1', ...[0, 1, 2, 3, 4].map((i) => `table {"i":${i}}`), 'in the end: 1', ''].join('\n'),
      )
    },
  )
})
