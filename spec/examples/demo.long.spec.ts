import { describe, expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'

describe('the demonstration', () => {
  it('shows what it claims, sums it up, and ends by itself with 0', async () => {
    const demo = new ChildProgram('examples/demo/main.ts', [])

    expect(await demo.ended).toBe(0)
    expect(demo.stderr).toBe('')
    expect(demo.stdout.match(/(?<=^ \d {2}).*$/gm)).toEqual([
      'The handshake',
      'Messages, both ways',
      'A client is killed',
      'A client is frozen',
      'The same messages over a bad link',
      'Tables to another process',
      'WebSockets',
      'Goodbye',
    ])
    expect(demo.stdout).toMatch(
      /→ .* HELLO .*\n(.*\n)*.*← .* CONNECT .*\n(.*\n)*.*→ .* CONNECT .*\n(.*\n)*.*← .* CONNECTED /,
    )
    const [, summary = ''] = demo.stdout.split('\n Summary\n')
    expect(summary).toMatch(/ waited +500 of 500 {2}✓\n/)
    expect(summary).toMatch(/ in order when it thawed +500 after [\d.,]+ ms {2}✓\n/)
    expect(demo.stdout).toMatch(/^ +reliable( +[\d.,]+ ms){4} +180 of 180$/m)
    expect(demo.stdout).toMatch(/^ +unreliable( +[\d.,]+ ms){4} +\d+ of 180$/m)
    expect(summary).toMatch(/ once each and in order.* +180 of 180, [\d.]+ ms {2}✓\n/)
    expect(summary).toMatch(/ encrypted tables, there and back in order +1,000 of 1,000, [\d.,]+ ms {2}✓\n/)
    expect(summary).toMatch(/ with another key +ERR_KEY_MISMATCH, on both sides {2}✓\n/)
    expect(summary).toMatch(/ to each client +20 and 20 of 20 {2}✓\n/)
    expect(summary).toMatch(/ 300 questions of a client that blocks, median +[\d.]+ ms {2}✓\n/)
    expect(summary).not.toContain('✗')
  })

  it('takes its processes with it when it is interrupted', async () => {
    const demo = new ChildProgram('examples/demo/main.ts', [])
    await demo.until(/four processes are ready/)

    demo.kill('SIGINT')

    // Its end is seen when the last of those who share its output has ended, too.
    expect(await demo.ended).toBe(130)
  })
})
