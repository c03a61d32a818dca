import { afterEach, describe, expect, it, vi } from 'vitest'
import { Report } from '../../lib/cli/report.ts'

afterEach(() => vi.restoreAllMocks())

describe('Report', () => {
  it('says each thing on a line of standard error', () => {
    const lines = captureStderr()
    const report = new Report(false)

    report.event('listening')
    report.success('connected')
    report.warning('stalled')
    report.failure('lost')

    expect(lines).toEqual(['udpipe: listening\n', 'udpipe: connected\n', 'udpipe: stalled\n', 'udpipe: lost\n'])
  })

  it('says only failures when it is quiet', () => {
    const lines = captureStderr()
    const report = new Report(true)

    report.event('listening')
    report.success('connected')
    report.warning('stalled')
    report.failure('lost')

    expect(lines).toEqual(['udpipe: lost\n'])
  })

  it('turns a failure into the exit code 1', () => {
    captureStderr()
    const report = new Report(false)
    expect(report.exitCode).toBe(0)

    report.failure('lost')
    report.success('connected')

    expect(report.exitCode).toBe(1)
  })

  it('lets nothing it quotes steer the terminal', () => {
    const lines = captureStderr()

    new Report(false).event('closed by the other side (\u001b[2Jbye\r\n)')

    expect(lines).toEqual(['udpipe: closed by the other side (\uFFFD[2Jbye\uFFFD\uFFFD)\n'])
  })
})

function captureStderr(): string[] {
  const lines: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0)
  return lines
}
