import { describe, expect, it } from 'vitest'
import { Heartbeat } from '../../lib/sockets/heartbeat.ts'

describe('a heartbeat', () => {
  it('pings after an interval of silence, and tells death a timeout later', () => {
    const heartbeat = new Heartbeat(1_000, 300, 0)

    expect([heartbeat.deadline, heartbeat.poll(999), heartbeat.poll(1_000)]).toEqual([1_000, undefined, 'ping'])
    expect([heartbeat.deadline, heartbeat.poll(1_299), heartbeat.poll(1_300), heartbeat.poll(1_400)]).toEqual([
      1_300,
      undefined,
      'dead',
      'dead',
    ])
  })

  it('begins anew with every sign of life', () => {
    const heartbeat = new Heartbeat(1_000, 300, 0)
    heartbeat.poll(1_000)
    heartbeat.handleLife(1_200)

    expect([heartbeat.deadline, heartbeat.poll(1_300), heartbeat.poll(2_200)]).toEqual([2_200, undefined, 'ping'])
  })

  it('asks before it accuses, however late our own loop is', () => {
    const heartbeat = new Heartbeat(1_000, 300, 0)

    expect([heartbeat.poll(60_000), heartbeat.poll(60_299), heartbeat.poll(60_300)]).toEqual([
      'ping',
      undefined,
      'dead',
    ])
  })

  it('stands while reading is paused', () => {
    const heartbeat = new Heartbeat(1_000, 300, 0)
    heartbeat.poll(1_000)
    heartbeat.handlePause()

    expect([heartbeat.deadline, heartbeat.poll(1e9)]).toEqual([Infinity, undefined])
    heartbeat.handleResume(1e9)
    expect([heartbeat.deadline, heartbeat.poll(1e9 + 1_000)]).toEqual([1e9 + 1_000, 'ping'])
  })
})
