import { describe, expect, it } from 'vitest'
import { Answers } from '../../lib/session/answers.ts'
import { createFrontDoorStats } from '../../lib/session/front-door.ts'

const addressOf = (port: number) => ({ host: '192.0.2.1', port })

describe('Answers', () => {
  it('are written oldest first, each with where it goes', () => {
    const answers = new Answers(createFrontDoorStats())
    answers.push({ bytes: Uint8Array.of(1), destination: addressOf(1) })
    answers.push({ bytes: Uint8Array.of(2, 3), destination: addressOf(2) })
    const into = new Uint8Array(4)
    expect(answers.pollTransmit(into)).toMatchObject({ lengthBytes: 1, destination: addressOf(1) })
    expect(answers.pollTransmit(into)).toMatchObject({ lengthBytes: 2, destination: addressOf(2) })
    expect([...into]).toEqual([2, 3, 0, 0])
    expect(answers.pollTransmit(into)).toBeUndefined()
  })

  it('are dropped and counted when too many wait, and taken again once they do not', () => {
    const stats = createFrontDoorStats()
    const answers = new Answers(stats)
    const answer = { bytes: Uint8Array.of(1), destination: addressOf(1) }
    for (let i = 0; i < 1_030; i += 1) answers.push(answer)
    expect(stats.droppedAnswers).toBe(6)
    answers.pollTransmit(new Uint8Array(1))
    answers.push(answer)
    expect(stats.droppedAnswers).toBe(6)
  })
})
