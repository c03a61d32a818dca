import { describe, expect, it } from 'vitest'
import { Link, LinkedList } from '../../../lib/reliable/channel/linked-list.ts'

function owners(list: LinkedList<string>): string[] {
  const found: string[] = []
  for (let link = list.first; link !== undefined; link = link.next) found.push(link.owner)
  return found
}

function listOf(...names: string[]): { list: LinkedList<string>; links: Link<string>[] } {
  const list = new LinkedList<string>()
  const links = names.map((name) => new Link(name))
  for (const link of links) list.append(link)
  return { list, links }
}

describe('LinkedList', () => {
  it('keeps what was appended in order', () => {
    const { list } = listOf('a', 'b', 'c')
    expect(owners(list)).toEqual(['a', 'b', 'c'])
    expect([list.size, list.first?.owner, list.last?.owner]).toEqual([3, 'a', 'c'])
  })

  it('takes links in at the beginning, too', () => {
    const list = new LinkedList<string>()
    for (const name of ['b', 'a']) list.prepend(new Link(name))
    expect(owners(list)).toEqual(['a', 'b'])
    expect([list.size, list.first?.owner, list.last?.owner]).toEqual([2, 'a', 'b'])
    list.first?.leave()
    expect(owners(list)).toEqual(['b'])
  })

  it.each([
    { name: 'first', at: 0, left: ['b', 'c'] },
    { name: 'middle', at: 1, left: ['a', 'c'] },
    { name: 'last', at: 2, left: ['a', 'b'] },
  ])('takes out the $name one', ({ at, left }) => {
    const { list, links } = listOf('a', 'b', 'c')
    links[at]?.leave()
    expect(owners(list)).toEqual(left)
    expect([list.size, list.first?.owner, list.last?.owner]).toEqual([2, left[0], left[1]])
  })

  it('is empty again after the only one has left', () => {
    const { list, links } = listOf('a')
    links[0]?.leave()
    expect([list.size, list.first, list.last]).toEqual([0, undefined, undefined])
  })

  it('moves one that is in it already to its end', () => {
    const { list, links } = listOf('a', 'b', 'c')
    if (links[0]) list.append(links[0])
    expect(owners(list)).toEqual(['b', 'c', 'a'])
    expect(list.size).toBe(3)
  })

  it('takes one out of the list that it was in before', () => {
    const { list, links } = listOf('a', 'b')
    const other = new LinkedList<string>()
    if (links[0]) other.append(links[0])
    expect([owners(list), owners(other)]).toEqual([['b'], ['a']])
  })

  it('does not mind one leaving that is in no list', () => {
    const link = new Link('a')
    link.leave()
    expect(link.list).toBeUndefined()
  })
})
