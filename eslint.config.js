import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** The folders that know no socket, clock or randomness: time and bytes come in as arguments. */
const pureFolders = ['session', 'classic', 'protocol', 'security', 'simulator']
const pureFiles = pureFolders.map((folder) => `lib/${folder}/**/*.ts`)

/** The imports of a pure folder: its own files and those of other pure folders, as a regular expression of paths. */
function pureImports(allowed) {
  const message = 'A pure folder imports only pure folders: time, bytes and randomness come in as arguments.'
  return ['error', { patterns: [{ regex: `^(?!${allowed})`, message }] }]
}

const impureGlobals = [
  'Buffer',
  'process',
  'performance',
  'crypto',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'console',
  'fetch',
]

/** The sibling modules, which stand on the core and on lib/sockets, and never on each other. */
const siblings = ['router', 'websocket', 'iot', 'network']
const above = [...siblings, 'sockets']

/** What a folder outside lib/transport may not import: sockets, names, the packages of lib/sockets, and the folders that are named. */
function impureImports(folders, modules = ['node:dgram', 'dgram', 'node:dns', 'node:crypto']) {
  const paths = modules.map((name) => ({ name, message: transportOnly }))
  const packages = { group: ['ws', 'https-proxy-agent'], message: 'Only lib/sockets loads them, on first use.' }
  const rooms = { regex: `/(?:${folders.join('|')})/`, message: 'Each room imports only what stands below it.' }
  return ['error', { paths, patterns: folders.length === 0 ? [packages] : [packages, rooms] }]
}

/** What only lib/transport may import, as a regular expression of an attribute. */
const transportModules = '/^(node:)?(dgram|dns|crypto)$/'
const transportOnly = 'Only lib/transport touches sockets, names and the random source.'

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '**/node_modules/', 'bench/build/', 'spec/build/'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Callbacks of the public class are methods that do nothing until a subclass overrides them.
      '@typescript-eslint/no-empty-function': ['error', { allow: ['methods', 'arrowFunctions'] }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
      eqeqeq: 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['**/*.config.ts', '*.config.js'],
    rules: { 'no-restricted-exports': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    name: 'udpipe/pure',
    files: pureFiles,
    rules: {
      'no-restricted-imports': pureImports(`\\./|\\.\\./(?:${pureFolders.join('|')})/`),
      'no-restricted-globals': [
        'error',
        ...impureGlobals.map((name) => ({ name, message: 'Pure folders are handed what they need as arguments.' })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes in as an argument.' },
        { object: 'Math', property: 'random', message: 'Randomness comes in as an argument.' },
        { object: 'globalThis', message: 'Pure folders are handed what they need as arguments.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date']", message: 'Time comes in as an argument.' },
        { selector: 'ImportExpression', message: 'A pure folder imports statically, and only pure folders.' },
        { selector: 'TSImportType', message: 'A pure folder imports statically, and only pure folders.' },
        {
          selector: "CallExpression[callee.property.name='slice'][arguments.length=0]",
          message: 'Of a Buffer, which bytes off the wire are, this is a view: copyBytes copies.',
        },
      ],
    },
  },
  {
    name: 'udpipe/pure-subfolders',
    files: pureFolders.map((folder) => `lib/${folder}/*/**/*.ts`),
    rules: {
      'no-restricted-imports': pureImports(`\\./|\\.\\./(?!\\.\\.)|\\.\\./\\.\\./(?:${pureFolders.join('|')})/`),
    },
  },
  {
    name: 'udpipe/transport-only',
    files: ['lib/**/*.ts'],
    ignores: ['lib/transport/**', ...pureFiles],
    rules: {
      'no-restricted-imports': impureImports(above),
      // The rule above knows import declarations only: neither import('node:dgram') nor the type of that name.
      'no-restricted-syntax': [
        'error',
        ...[
          'ImportExpression > Literal.source',
          'ImportExpression > TemplateLiteral.source > TemplateElement',
          'TSImportType > Literal.source',
        ].map((source) => ({
          selector: `${source}[${source.endsWith('Element') ? 'value.raw' : 'value'}=${transportModules}]`,
          message: transportOnly,
        })),
      ],
    },
  },
  { name: 'udpipe/command', files: ['lib/cli/**/*.ts'], rules: { 'no-restricted-imports': impureImports([]) } },
  {
    // A WebSocket's key is hashed.
    name: 'udpipe/sockets',
    files: ['lib/sockets/**/*.ts'],
    rules: { 'no-restricted-imports': impureImports(siblings, ['node:dgram', 'dgram', 'node:dns']) },
  },
  ...siblings.map((sibling) => ({
    name: `udpipe/${sibling}`,
    files: [`lib/${sibling}/**/*.ts`],
    rules: { 'no-restricted-imports': impureImports(siblings.filter((other) => other !== sibling)) },
  })),
  {
    name: 'udpipe/public-name',
    files: ['examples/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '(^|/)lib/', message: 'Examples import the public name "udpipe".' }] },
      ],
    },
  },
)
