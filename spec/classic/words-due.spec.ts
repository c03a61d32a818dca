import { describe, expect, it } from 'vitest'
import { WordsDue, type DueWord } from '../../lib/classic/words-due.ts'

function takeAll(due: WordsDue): DueWord[] {
  const words: DueWord[] = []
  for (let word = due.take(); word !== undefined; word = due.take()) words.push(word)
  return words
}

describe('the words that are due', () => {
  it('are said as often as they are owed, answers first', () => {
    const due = new WordsDue()
    for (const word of ['PING', 'PONG', 'CONNECTED', 'PONG', 'CLOSED'] as const) due.owe(word)
    expect(due.isEmpty).toBe(false)
    expect(takeAll(due)).toEqual(['CLOSED', 'CONNECTED', 'PONG', 'PONG', 'PING'])
    expect(due.isEmpty).toBe(true)
  })

  it('are said once where once is enough', () => {
    const due = new WordsDue()
    due.oweOnce('PING')
    due.oweOnce('PING')
    expect(takeAll(due)).toEqual(['PING'])
    due.oweOnce('PING')
    expect(takeAll(due)).toEqual(['PING'])
  })

  it('can be dropped', () => {
    const due = new WordsDue()
    due.owe('PONG')
    due.oweOnce('PING')
    due.clear()
    expect(due.isEmpty).toBe(true)
    expect(takeAll(due)).toEqual([])
  })
})
