import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** The folders that know no socket, clock or randomness: time and bytes come in as arguments. */
const pureFolders = ['core', 'session', 'classic', 'protocol', 'security', 'simulator']
/** The pure rooms of the sibling modules. */
const pureRooms = ['network/wire']
const pureFiles = [...pureFolders, ...pureRooms].map((folder) => `lib/${folder}/**/*.ts`)

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
    name: 'udpipe/pure-rooms',
    files: pureRooms.map((folder) => `lib/${folder}/*.ts`),
    rules: { 'no-restricted-imports': pureImports(`\\./|\\.\\./\\.\\./(?:${pureFolders.join('|')})/`) },
  },
  {
    name: 'udpipe/transport-only',
    files: ['lib/**/*.ts'],
    ignores: ['lib/transport/**', 'lib/network/transport/**', ...pureFiles],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:dgram', 'dgram', 'node:dns', 'node:crypto'].map((name) => ({
            name,
            message: transportOnly,
          })),
        },
      ],
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
