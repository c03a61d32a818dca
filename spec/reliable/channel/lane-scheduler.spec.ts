import { describe, expect, it } from 'vitest'
import { contentsOf, full, SendingRig } from '../../support/sending.ts'

describe('whose turn it is to write', () => {
  it('is small messages before bulk, whichever came first', () => {
    const rig = new SendingRig()
    rig.send(5000, 'reliable', 1)
    rig.send(full(1), 'reliable', 2)
    rig.send(full(2), 'sequenced', 3)
    expect(contentsOf(rig.packet()).slice(0, 2)).toEqual(['1', '2'])
  })

  it('is bulk not at all where it is not allowed', () => {
    const rig = new SendingRig()
    rig.send(5000, 'reliable', 1)
    rig.send(500, 'reliable', 2)
    expect(contentsOf(rig.packet({ allowBulk: false }))).toEqual([])
    expect([rig.packet(), rig.packet()].flatMap(contentsOf)).toEqual(['fragment 0', '0'])
  })

  it('tells small from large reliable messages at 256 bytes, and takes all unreliable ones that fit a packet for small', () => {
    const rig = new SendingRig()
    rig.send(full(1, 256), 'reliable', 1)
    rig.send(full(2, 257), 'reliable', 2)
    rig.send(full(3, 600), 'unreliable', 3)
    expect(contentsOf(rig.packet({ allowBulk: false }))).toEqual(['1', '3'])
    expect([rig.channels.hasThin(rig.now), rig.channels.hasBulk(rig.now)]).toEqual([false, true])
  })

  it('is a small message not before the large one that it has to follow', () => {
    const rig = new SendingRig()
    rig.send(2000, 'reliable', 1)
    rig.send(full(1), 'reliable', 1)
    expect(rig.channels.hasThin(rig.now)).toBe(false)
    expect(contentsOf(rig.packet())).toEqual(['fragment 0'])
    expect(contentsOf(rig.packet())).toEqual(['fragment 1'])
    expect(contentsOf(rig.packet())).toEqual(['1'])
  })

  it('goes round the channels', () => {
    const rig = new SendingRig()
    for (let count = 0; count < 100; count += 1) rig.send(full(1), 'reliable', 1)
    for (let count = 0; count < 3; count += 1) rig.send(full(2), 'reliable', 2)
    const contents = contentsOf(rig.packet())
    expect(contents.indexOf('2')).toBeGreaterThan(0)
    expect(contents.indexOf('2')).toBeLessThan(20)
    expect(contents.length).toBeGreaterThan(80)
  })

  it('is that of a lower priority number first, with small messages and with bulk', () => {
    const rig = new SendingRig()
    rig.channels.setPriority(7, 0)
    rig.channels.setPriority(9, 3)
    for (const channel of [9, 8, 7]) {
      rig.send(full(channel), 'unreliable', channel)
      rig.send(full(channel, 1000), 'reliable', channel)
    }
    expect(contentsOf(rig.packet({ allowBulk: false }))).toEqual(['7', '8', '9'])
    expect([rig.packet(), rig.packet(), rig.packet()].flatMap(contentsOf)).toEqual(['7', '8', '9'])
  })

  it('follows a priority that is changed while messages wait', () => {
    const rig = new SendingRig()
    rig.send(full(1), 'reliable', 1)
    rig.send(full(2), 'reliable', 2)
    rig.channels.setPriority(2, 0)
    expect(contentsOf(rig.packet())).toEqual(['2', '1'])
  })

  it('throws for a priority or a channel that does not exist', () => {
    const { channels } = new SendingRig()
    for (const priority of [-1, 4, 0.5]) expect(() => channels.setPriority(0, priority)).toThrow(RangeError)
    expect(() => channels.setPriority(256, 0)).toThrow(RangeError)
  })

  it('is first in the next packet for a message that did not fit, and smaller ones pass it meanwhile', () => {
    const rig = new SendingRig()
    rig.send(full(1, 200), 'reliable', 1)
    rig.send(full(2, 200), 'reliable', 2)
    rig.send(full(3, 20), 'reliable', 3)
    expect(contentsOf(rig.packet({ room: 250 }))).toEqual(['1', '3'])
    rig.send(full(4, 200), 'reliable', 4)
    expect(contentsOf(rig.packet({ room: 250 }))).toEqual(['2'])
  })

  it('is one fragmented reliable message at a time, to its end', () => {
    const rig = new SendingRig()
    rig.send(2500, 'reliable', 1)
    rig.send(2500, 'reliable', 2)
    rig.send(2500, 'reliable-unordered', 2)
    const written = rig
      .packets()
      .map(({ frames }) => frames.map((frame) => (frame.type === 'DATA' ? frame.channel : -1)))
    expect(written.flat()).toEqual([1, 1, 1, 2, 2, 2, 2, 2, 2])
    expect(rig.channels.queuedMessages).toBe(0)
  })

  it('lets fragmented messages that cost no credit go beside one that does', () => {
    const rig = new SendingRig()
    rig.send(3000, 'reliable', 1)
    rig.send(3000, 'unreliable', 2)
    const channels = rig
      .packets()
      .flatMap(({ frames }) => frames.map((frame) => (frame.type === 'DATA' ? frame.channel : -1)))
    expect(channels).toEqual([1, 2, 1, 2, 1, 2])
  })
})
