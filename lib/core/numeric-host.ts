/**
 * The one way to write a numeric host: dotted decimal for IPv4, also for an IPv4 address in IPv6 (`::ffff:192.0.2.1`), as which
 * sockets know no host here; RFC 5952 for IPv6 (lower case, the longest run of zeros shortened). `undefined` for everything
 * else: names, zones, nonsense.
 */
export function canonicalHost(text: string): string | undefined {
  if (isIPv4(text)) return text
  const groups = parseIPv6(text)
  return groups && formatIPv6(groups)
}

/** The family of a numeric host, which may have a zone (`fe80::1%eth0`); `undefined` for a name. */
export function familyOf(host: string): 4 | 6 | undefined {
  if (isIPv4(host)) return 4
  return parseIPv6(host.replace(/%.+$/, '')) === undefined ? undefined : 6
}

const IPV4_PART = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const IPV4 = new RegExp(`^${IPV4_PART}(?:\\.${IPV4_PART}){3}$`)
const IPV6_GROUP = /^[\da-f]{1,4}$/i
const IPV6_GROUPS = 8

function isIPv4(text: string): boolean {
  return IPV4.test(text)
}

/** The eight groups of an IPv6 address (RFC 4291, section 2.2); `undefined` for everything else. */
export function parseIPv6(text: string): number[] | undefined {
  const [left = '', right, ...more] = text.split('::')
  if (more.length > 0) return undefined
  const head = parseGroups(left, right === undefined)
  const tail = parseGroups(right ?? '', true)
  if (head === undefined || tail === undefined) return undefined
  const missing = IPV6_GROUPS - head.length - tail.length
  if (right === undefined ? missing !== 0 : missing < 1) return undefined
  return [...head, ...new Array<number>(missing).fill(0), ...tail]
}

/** Groups between colons; where they end the address, the last two may be written as an IPv4 address. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (IPV6_GROUP.test(part)) {
      groups.push(Number.parseInt(part, 16))
    } else if (isEnd && index === parts.length - 1 && isIPv4(part)) {
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number)
      groups.push(a * 256 + b, c * 256 + d)
    } else {
      return undefined
    }
  }
  return groups
}

/** RFC 5952, sections 4 and 5. */
function formatIPv6(groups: readonly number[]): string {
  const [g0, g1, g2, g3, g4, g5, high = 0, low = 0] = groups
  if (g0 === 0 && g1 === 0 && g2 === 0 && g3 === 0 && g4 === 0 && g5 === 0xffff) {
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  }
  const [start, length] = longestZeros(groups)
  if (length < 2) return formatGroups(groups)
  return `${formatGroups(groups.slice(0, start))}::${formatGroups(groups.slice(start + length))}`
}

/** Where the longest run of zero groups starts, the first of equals, and how long it is. */
function longestZeros(groups: readonly number[]): readonly [start: number, length: number] {
  let longestStart = 0
  let longest = 0
  let run = 0
  for (const [index, group] of groups.entries()) {
    run = group === 0 ? run + 1 : 0
    if (run > longest) {
      longest = run
      longestStart = index - run + 1
    }
  }
  return [longestStart, longest]
}

function formatGroups(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':')
}
