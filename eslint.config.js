import js from '@eslint/js'
import { resolve } from 'node:path'
import tseslint from 'typescript-eslint'
import { roomsRule } from './lint/rooms.js'

/**
 * The rooms of `lib/`, from the ground up, and what each may import besides itself. A room with floors of its own has one entry a floor. What
 * lies at the root of `lib/` are the public names, which belong to no room.
 */
const rooms = {
  core: [],
  session: ['core'],
  security: ['core', 'session'],
  'reliable/wire': ['core', 'session', 'security'],
  'reliable/recovery': ['core', 'session', 'security', 'reliable/wire'],
  'reliable/congestion': ['core', 'session', 'security', 'reliable/wire', 'reliable/recovery'],
  'reliable/channel': ['core', 'session', 'security', 'reliable/wire', 'reliable/recovery', 'reliable/congestion'],
  'reliable/connection': [
    ...['core', 'session', 'security'],
    ...['reliable/wire', 'reliable/recovery', 'reliable/congestion', 'reliable/channel'],
  ],
  'reliable/handshake': ['core', 'session', 'security', 'reliable/*'],
  classic: ['core', 'session'],
  port: ['core', 'security'],
  node: ['core', 'security', 'port'],
  options: ['core', 'session', 'security', 'port'],
  host: ['core', 'session', 'security', 'reliable/*', 'classic', 'port', 'options'],
  simulator: ['core', 'session', 'security', 'port', 'options', 'host'],
  'network/wire': ['core'],
  'network/link': ['core', 'options', 'network/wire'],
  'network/transport': ['.', 'core', 'node', 'options', 'network/link', 'network/wire'],
  network: ['.', 'core', 'options', 'network/*'],
  sockets: ['core', 'node', 'options'],
  websocket: ['core', 'options', 'sockets'],
  relay: ['core', 'security', 'reliable/wire', 'classic', 'port', 'node', 'host', 'simulator'],
}

/** The rooms that import modules of Node and packages; nobody else does, but the command line. */
const roomsWithPackages = ['node', 'sockets', 'websocket', 'network', 'network/link', 'network/transport']

/** The rooms that know no socket, clock or randomness: time, bytes and all that is impure come in as arguments. */
const impureRooms = [...roomsWithPackages, 'relay']
const pureFiles = Object.keys(rooms)
  .filter((room) => !impureRooms.includes(room))
  .map((room) => `lib/${room}/**/*.ts`)

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

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '**/node_modules/', 'bench/build/', 'spec/build/', 'site/build/', 'site/pages/'] },
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
    files: ['**/*.config.ts', '*.config.js', 'site/config.ts'],
    rules: { 'no-restricted-exports': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    name: 'udpipe/rooms',
    files: ['lib/**/*.ts'],
    plugins: { udpipe: { rules: { rooms: roomsRule } } },
    rules: {
      'udpipe/rooms': ['error', { lib: resolve(import.meta.dirname, 'lib'), rooms, bare: roomsWithPackages }],
    },
  },
  {
    name: 'udpipe/pure',
    files: pureFiles,
    rules: {
      'no-restricted-globals': [
        'error',
        ...impureGlobals.map((name) => ({ name, message: 'Pure rooms are handed what they need as arguments.' })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes in as an argument.' },
        { object: 'Math', property: 'random', message: 'Randomness comes in as an argument.' },
        { object: 'globalThis', message: 'Pure rooms are handed what they need as arguments.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date']", message: 'Time comes in as an argument.' },
        {
          selector: "CallExpression[callee.property.name='slice'][arguments.length=0]",
          message: 'Of a Buffer, which bytes off the wire are, this is a view: copyBytes copies.',
        },
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
