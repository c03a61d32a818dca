import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { transitions as classicTransitions } from '../../lib/classic/phase.ts'
import { parseClientOptions, parseServerOptions } from '../../lib/network/link/options.ts'
import { nodePlatform } from '../../lib/node/platform.ts'
import { parseOptions } from '../../lib/options/parse-options.ts'
import { transitions as reliableTransitions } from '../../lib/reliable/connection/connection-state.ts'
import { parseClientOptions as parseWebsocketOptions, parseListenConfig } from '../../lib/websocket/options.ts'
import { scenarios } from '../sim/registry.ts'
import { ChildProgram } from '../support/child-program.ts'
import { runProgram } from './run-program.ts'
import { pages, root } from './snippets.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
/** Above those that systems hand out by themselves, and other for each process. */
const freePort = 61_000 + (process.pid % 4_000)

/** The names by which the headings of a page are linked to, as GitHub makes them. */
function placesIn(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    return heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
  })
}

describe('README.md', () => {
  it('is short enough to be read', () => {
    expect(read('README.md').split('\n').length - 1).toBeLessThan(200)
  })

  it('names only commands that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...read('README.md').matchAll(/npm (?:run )?(start|test|(?<=run )[\w:]+)/g)].map(
      ([, name = '']) => name,
    )
    for (const name of named.filter((candidate) => candidate !== 'ci')) expect(scripts).toHaveProperty(name)
  })
})

describe.each(pages)('%s', (page) => {
  it('links to files, and to places in pages, that exist', () => {
    for (const [, path = '', anchor = ''] of read(page).matchAll(/\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)/g)) {
      const target = path === '' ? page : normalize(join(dirname(page), path))
      expect(existsSync(join(root, target)), target).toBe(true)
      if (anchor !== '') expect(placesIn(read(target)), `${target}#${anchor}`).toContain(anchor)
    }
  })
})

describe('docs/network.md', () => {
  const text = read('docs/network.md')
  const snippets = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)

  it('has snippets that print what the text says', () => {
    expect(snippets.map(runProgram)).toEqual([
      "{ OpCode: 11, Data: { OpCode: 10, Data: 'From client' } }\n",
      'true true\n',
      'OK 0 0\n',
      "{ pos: [ 1, 2.5 ], items: Map(1) { 7 => 'sword' } }\ntable.players[0].owner: a Set cannot travel.\n",
    ])
  })

  it('lists every option, with its default', () => {
    const parsed = { ...parseClientOptions({}), ...parseServerOptions({}) }
    const rows = [...text.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|[^|]+\|[^|]*\|[^|]+\|$/gm)].map(([, names = '']) => names)
    const listed = rows.flatMap((names) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name))
    expect(listed.toSorted()).toEqual(Object.keys(parsed).toSorted())
    expect(parsed).toMatchObject({
      maxTableBytes: 2 ** 20,
      maxSendBytes: 2 ** 22,
      maxSendTables: 8_192,
      keepAliveMs: 5_000,
    })
    expect(parsed).toMatchObject({ timeoutMs: 15_000, slowMs: 30_000, maxConnections: 1_024, maxHandshakes: 256 })
    expect(parsed).toMatchObject({ handshakeTimeoutMs: 5_000, connectTimeoutMs: 10_000, maxDepth: 64 })
  })

  it('names only codes that there are, and files', () => {
    const codes = [...read('lib/core/errors.ts').matchAll(/'(ERR_\w+)'/g)].map(([, code]) => code)
    for (const [code] of text.matchAll(/ERR_\w+/g)) expect(codes).toContain(code)
    for (const [, path = ''] of text.matchAll(/\]\(\.\.\/([^#)]+)\)/g))
      expect(existsSync(join(root, path)), path).toBe(true)
  })
})

describe('docs/errors.md', () => {
  it('lists every code that the library has, and no other', () => {
    const listed = [...read('docs/errors.md').matchAll(/^\| `(ERR_\w+)`/gm)].map(([, code]) => code)
    const existing = [...read('lib/core/errors.ts').matchAll(/'(ERR_\w+)'/g)].map(([, code]) => code)
    expect([...listed].sort()).toEqual([...existing].sort())
  })
})

describe('docs/options.md', () => {
  it('lists every option, in the order of the source', () => {
    const listed = [...read('docs/options.md').matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
    expect(listed).toEqual(Object.keys(parseOptions({}, nodePlatform)))
  })
})

describe('docs/security.md', () => {
  const [, model = ''] = read('docs/security.md').split('## Threat model\n')
  const rows = [...(model.split('\n## ')[0] ?? '').matchAll(/^\| (?!attacker|---)(.*) \|$/gm)].map(([, row = '']) => {
    return row.split(' | ')
  })

  it('has for each attacker what they try, what happens, and what shows it', () => {
    expect(rows.length).toBeGreaterThan(25)
    for (const cells of rows)
      expect([cells, cells.length, cells.at(-1)]).toEqual([cells, 4, expect.stringMatching(/`/)])
  })

  it.each(rows.flatMap(([attacker = '', , , shown = '']) => shown.split('; ').map((proof) => [attacker, proof])))(
    'names what there is: %s: %s',
    (_attacker, proof) => {
      const [, spec, words = ''] = /^`([\w./-]+\.spec\.ts)`(?:: \*(.+)\*)?$/.exec(proof) ?? []
      if (spec !== undefined) expect(read(`spec/${spec}`)).toContain(words)
      else expect(scenarios.map(({ name }) => `\`${name}\``)).toContain(proof)
    },
  )
})

describe('docs/lifecycle.md', () => {
  const text = read('docs/lifecycle.md')

  it.each([
    ['Reliable', reliableTransitions],
    ['Classic', classicTransitions],
  ])('has every transition of %s sessions, and no other', (name, transitions) => {
    const [, section = ''] = text.split(`### ${name} sessions\n`)
    const [table = ''] = section.split('\n#')
    const listed: Record<string, Record<string, string>> = {}
    for (const [, state = '', moves = ''] of table.matchAll(/^\| `(\w+)` \| (.*)\|$/gm)) {
      const row: Record<string, string> = (listed[state] = {})
      for (const [, transition = '', next = ''] of moves.matchAll(/`(\w+)` → `(\w+)`/g)) row[transition] = next
    }
    expect(listed).toEqual(transitions)
  })

  it('explains every state and every transition', () => {
    const explained = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
    for (const table of [reliableTransitions, classicTransitions]) {
      for (const [state, moves] of Object.entries(table)) {
        for (const name of [state, ...Object.keys(moves)]) expect(explained).toContain(name)
      }
    }
  })

  it('draws only transitions that there are', () => {
    const drawn = [...text.matchAll(/^ {4}(\w+) --> (\w+): (\w+)$/gm)]
    expect(drawn.length).toBeGreaterThan(0)
    for (const [, from = '', to, transition = ''] of drawn) {
      const moves: Readonly<Record<string, string>> = reliableTransitions[from as keyof typeof reliableTransitions]
      expect(moves[transition]).toBe(to)
    }
  })

  it('names scenarios and specs that there are', () => {
    const [, section = ''] = text.split('## What it was tested against')
    const paths = [...section.matchAll(/`(spec\/[\w/.-]+\.ts)`/g)].map(([, path = '']) => path)
    const names = [...section.matchAll(/`([a-z]+(?:-[a-z]+)*)`/g)].map(([, name = '']) => name)
    expect(paths.length).toBeGreaterThan(0)
    expect(names.length).toBeGreaterThan(0)
    for (const path of paths) expect(existsSync(join(root, path)), path).toBe(true)
    expect(scenarios.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
  })
})

describe('docs/websocket.md', () => {
  const text = read('docs/websocket.md')
  const [, program = '', blocking = '', attached = ''] = text.split('```ts\n').map((part) => part.split('```')[0] ?? '')

  it('has a program that does what Lua’s does', () => {
    const expected = `msg sent\nmsg hello 1\ntrue 4001\n`
    expect(runProgram(program.replaceAll('8080', String(freePort)))).toBe(expected)
    const lua = /```lua\n(.*?)```/s.exec(text)?.[1] ?? ''
    for (const word of ['server.copas.listen', 'client.copas', 'goodbye strange client', 'lost interest'])
      expect([lua.includes(word), program.includes(word)]).toEqual([true, true])
  })

  it('has a script that blocks, and an endpoint on an HTTP server', async () => {
    const echo = new ChildProgram('examples/websocket-echo.ts', ['0'])
    const [, served = ''] = await echo.until(/Listening on 127\.0\.0\.1:(\d+)/)
    expect(runProgram(blocking.replace('localhost:8080', `127.0.0.1:${served}`))).toBe('Got message: hello\n')

    const port = String(freePort)
    const check = `
      import { client } from 'udpipe/websocket'
      await new Promise((resolve) => http.once('listening', resolve))
      const one = client.copas({ origin: 'https://example.org' })
      console.log((await one.connect('ws://localhost:${port}/chat?token=secret'))[0])
      await one.send('to all'); console.log((await one.receive())[0])
      console.log((await client.copas().connect('ws://localhost:${port}/chat'))[1])
      process.exit()`
    expect(runProgram(attached.replaceAll('8080', port) + check)).toBe(
      'true\nto all\nWebsocket Handshake failed: HTTP 401 Unauthorized\n',
    )
  })

  it.each([
    ['client', () => parseWebsocketOptions({}), ['limits', 'timeoutMs'], ['timeout']],
    [
      'listen',
      () => parseListenConfig({ default: () => {} }),
      ['limits', 'timeoutMs', 'host'],
      ['server', 'timeout', 'on_error'],
    ],
  ])('names every option of %s', (_what, parse, inner, outer) => {
    const settings = parse()
    const names = [
      ...Object.keys(settings).filter((name) => !inner.includes(name)),
      ...Object.keys(settings.limits),
      ...outer,
    ]
    for (const name of names) expect(text).toMatch(new RegExp(`\`${name}\``))
  })

  it('links to files that exist', () => {
    for (const [, path = ''] of text.matchAll(/\]\((?!http)([^#)]+)\)/g))
      expect(existsSync(join(root, 'docs', path)), path).toBe(true)
  })
})
