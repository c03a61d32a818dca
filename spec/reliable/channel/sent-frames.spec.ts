import { describe, expect, it } from 'vitest'
import { CONNECTION, SentFrames, WHOLE } from '../../../lib/reliable/channel/sent-frames.ts'
import { MessagePool } from '../../../lib/reliable/channel/outgoing-message.ts'

describe('SentFrames', () => {
  it('remembers messages, fragments and credit', () => {
    const pool = new MessagePool()
    const [whole, fragmented] = [pool.take(), pool.take()]
    const sentFrames = new SentFrames()
    sentFrames.addMessage(whole, WHOLE)
    sentFrames.addMessage(fragmented, 3)
    sentFrames.addWindow(CONNECTION)
    sentFrames.addWindow(200)
    expect([sentFrames.messageCount, sentFrames.messageAt(0), sentFrames.indexAt(0)]).toEqual([2, whole, WHOLE])
    expect([sentFrames.messageAt(1), sentFrames.indexAt(1)]).toEqual([fragmented, 3])
    expect([sentFrames.windowCount, sentFrames.windowAt(0), sentFrames.windowAt(1)]).toEqual([2, CONNECTION, 200])
  })

  it('knows no message that is gone, though its record is used again', () => {
    const pool = new MessagePool()
    const message = pool.take()
    const sentFrames = new SentFrames()
    sentFrames.addMessage(message, WHOLE)
    pool.give(message)
    expect(pool.take()).toBe(message)
    expect(sentFrames.messageAt(0)).toBeUndefined()
  })

  it('is as new after it was cleared', () => {
    const sentFrames = new SentFrames()
    expect(sentFrames.isEmpty).toBe(true)
    sentFrames.addWindow(1)
    sentFrames.addMessage(new MessagePool().take(), 0)
    Object.assign(sentFrames, { newBytes: 1, resentBytes: 2, copyBytes: 3, bulkBytes: 4, isLost: true })
    expect(sentFrames.isEmpty).toBe(false)
    sentFrames.clear()
    expect(sentFrames).toMatchObject({ newBytes: 0, resentBytes: 0, copyBytes: 0, bulkBytes: 0, isLost: false })
    expect([sentFrames.isEmpty, sentFrames.messageCount, sentFrames.windowCount]).toEqual([true, 0, 0])
  })
})
