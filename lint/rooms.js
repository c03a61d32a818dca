import { dirname, relative, resolve, sep } from 'node:path'

/** The room of a file: the longest name in `rooms` that its path under `lib/` begins with, or `.`; `undefined` outside `lib/`. */
function roomOf(path, lib, rooms) {
  const inside = relative(lib, path).split(sep).join('/')
  if (inside.startsWith('..')) return undefined
  const names = Object.keys(rooms).filter((name) => inside.startsWith(`${name}/`))
  return names.sort((a, b) => b.length - a.length)[0] ?? '.'
}

function isAllowed(to, allowed) {
  return allowed.some((name) => name === to || (name.endsWith('/*') && to.startsWith(name.slice(0, -1))))
}

/** A room of `lib/` imports itself and what its entry in the option `rooms` names, in whatever way it imports. */
export const roomsRule = {
  meta: {
    type: 'problem',
    schema: [{ type: 'object' }],
    messages: {
      above: '{{from}} may not import {{to}}: a room imports only what stands below it.',
      foreign: '{{from}} may not import {{to}}: it has neither packages nor modules of Node.',
    },
  },
  create(context) {
    const { lib, rooms, bare = [] } = context.options[0]
    const from = roomOf(context.filename, lib, rooms)
    if (from === undefined || from === '.') return {}
    const check = (source) => {
      const specifier = source?.type === 'TemplateLiteral' ? source.quasis[0]?.value.raw : source?.value
      if (typeof specifier !== 'string') return
      if (!specifier.startsWith('.')) {
        if (!bare.includes(from)) context.report({ node: source, messageId: 'foreign', data: { from, to: specifier } })
        return
      }
      const to = roomOf(resolve(dirname(context.filename), specifier), lib, rooms)
      if (to === from || (to !== undefined && isAllowed(to, rooms[from]))) return
      context.report({ node: source, messageId: 'above', data: { from, to: specifier } })
    }
    return {
      ImportDeclaration: ({ source }) => check(source),
      ExportNamedDeclaration: ({ source }) => check(source),
      ExportAllDeclaration: ({ source }) => check(source),
      ImportExpression: ({ source }) => check(source),
      TSImportType: (node) => check(node.source ?? node.argument?.literal),
    }
  },
}
