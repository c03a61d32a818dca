import { describe, expect, it } from 'vitest'
import type { AdmissionListener, ServerSession } from '../../lib/session/admission.ts'
import { AdmissionReporter } from '../../lib/session/admission-reporter.ts'

type Life = Pick<ServerSession, 'state' | 'wasEstablished' | 'resumeId'>

/** A session whose life is told, and what the door hears of it. */
function createReporter() {
  const heard: string[] = []
  const listener: AdmissionListener = {
    handleEstablished: (id) => heard.push(`${id} established`),
    handleReturned: (id, [first]) => heard.push(`${id} returned by ${first ?? NaN}`),
    handleEnding: (id) => heard.push(`${id} ending`),
    forget: (id) => heard.push(`${id} over`),
  }
  const life: { -readonly [Key in keyof Life]: Life[Key] } = {
    state: 'connecting',
    wasEstablished: false,
    resumeId: Uint8Array.of(1),
  }
  const reporter = new AdmissionReporter(listener, 'a', life as ServerSession)
  const report = (changes: Partial<Life> = {}): string[] => {
    Object.assign(life, changes)
    reporter.report()
    return heard.splice(0)
  }
  return { reporter, heard, report }
}

describe('AdmissionReporter', () => {
  it('tells each thing once, when it happens', () => {
    const { reporter, heard, report } = createReporter()
    expect(report()).toEqual([])
    expect(report({ state: 'connected', wasEstablished: true })).toEqual(['a established'])
    expect(report()).toEqual([])
    expect(report({ state: 'waiting' })).toEqual([])
    expect(report({ state: 'connected', resumeId: Uint8Array.of(2) })).toEqual(['a returned by 2'])
    expect(report({ state: 'stalled' })).toEqual([])
    expect(report({ state: 'closing' })).toEqual(['a ending'])
    expect(report({ state: 'closed' })).toEqual([])
    reporter.end()
    expect(heard).toEqual(['a over'])
  })

  it('tells at the end what it has not told before', () => {
    const { reporter, heard, report } = createReporter()
    report()
    const late = createReporter()
    expect(late.report({ state: 'closed', wasEstablished: true })).toEqual(['a established', 'a ending'])
    reporter.end()
    expect(heard).toEqual(['a over'])
  })

  it('tells that a client came even while its connection is being closed', () => {
    const { report } = createReporter()
    expect(report({ state: 'closing' })).toEqual(['a ending'])
    expect(report({ wasEstablished: true })).toEqual(['a established'])
  })
})
