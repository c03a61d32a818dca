import { describe, expect, it } from 'vitest'
import { CONNECTION, Manifest, WHOLE } from '../../../lib/reliable/channel/sent-frames.ts'
import { MessagePool } from '../../../lib/reliable/channel/outgoing-message.ts'

describe('Manifest', () => {
  it('remembers messages, fragments and credit', () => {
    const pool = new MessagePool()
    const [whole, fragmented] = [pool.take(), pool.take()]
    const manifest = new Manifest()
    manifest.addMessage(whole, WHOLE)
    manifest.addMessage(fragmented, 3)
    manifest.addWindow(CONNECTION)
    manifest.addWindow(200)
    expect([manifest.messageCount, manifest.messageAt(0), manifest.indexAt(0)]).toEqual([2, whole, WHOLE])
    expect([manifest.messageAt(1), manifest.indexAt(1)]).toEqual([fragmented, 3])
    expect([manifest.windowCount, manifest.windowAt(0), manifest.windowAt(1)]).toEqual([2, CONNECTION, 200])
  })

  it('knows no message that is gone, though its record is used again', () => {
    const pool = new MessagePool()
    const message = pool.take()
    const manifest = new Manifest()
    manifest.addMessage(message, WHOLE)
    pool.give(message)
    expect(pool.take()).toBe(message)
    expect(manifest.messageAt(0)).toBeUndefined()
  })

  it('is as new after it was cleared', () => {
    const manifest = new Manifest()
    expect(manifest.isEmpty).toBe(true)
    manifest.addWindow(1)
    manifest.addMessage(new MessagePool().take(), 0)
    Object.assign(manifest, { newBytes: 1, resentBytes: 2, copyBytes: 3, bulkBytes: 4, isLost: true })
    expect(manifest.isEmpty).toBe(false)
    manifest.clear()
    expect(manifest).toMatchObject({ newBytes: 0, resentBytes: 0, copyBytes: 0, bulkBytes: 0, isLost: false })
    expect([manifest.isEmpty, manifest.messageCount, manifest.windowCount]).toEqual([true, 0, 0])
  })
})
