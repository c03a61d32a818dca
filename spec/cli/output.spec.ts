import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Output } from '../../lib/cli/output.ts'

describe('Output', () => {
  it('writes what comes in one turn at once, each message a line', async () => {
    const { stream, writes } = recorder()
    const output = new Output(stream, true, fail)

    output.write(Buffer.from('one'))
    output.write(Buffer.from('two'), '7: ')
    expect(writes).toEqual([])
    await turn()

    expect(writes).toEqual(['one\n7: two\n'])
  })

  it('adds nothing to bytes', async () => {
    const { stream, writes } = recorder()
    const output = new Output(stream, false, fail)

    output.write(Buffer.from('one'))
    output.write(Buffer.from('two'))
    await turn()

    expect(writes).toEqual(['onetwo'])
  })

  it('drops and counts what a reader that does not read would have to wait for', async () => {
    const stuck = new Writable({ write: () => undefined })
    const output = new Output(stuck, false, fail, 10)

    for (let i = 0; i < 5; i += 1) {
      output.write(Buffer.from('four'))
      await turn()
    }

    expect(output.droppedMessages).toBe(2)
    expect(stuck.writableLength).toBe(12)
  })

  it('says once that nobody reads any more, and writes nothing after that', async () => {
    const errors: Error[] = []
    const broken = new Writable({ write: (_bytes, _encoding, done) => done(new Error('EPIPE')) })
    const output = new Output(broken, false, (error) => errors.push(error))

    output.write(Buffer.from('one'))
    await turn()
    output.write(Buffer.from('two'))
    await turn()

    expect(errors.map(({ message }) => message)).toEqual(['EPIPE'])
  })
})

function recorder(): { stream: Writable; writes: string[] } {
  const writes: string[] = []
  const stream = new Writable({
    write: (bytes: Buffer, _encoding, done) => {
      writes.push(bytes.toString())
      done()
    },
  })
  return { stream, writes }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function fail(error: Error): void {
  throw error
}
