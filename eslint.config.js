// The lint rules, and the ports rule of docs/ARCHITECTURE.md: engine code reaches time, timers, chance, files,
// sockets, processes and NATS through ports alone. Import direction and cycles: tools/architecture.test.ts.
import eslint from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const engine = ['core', 'transport', 'snapshot', 'operators', 'actors'].map((folder) => `${folder}/**/*.ts`)
/** Where the ports are implemented. */
const adapters = ['**/system/**', 'transport/nats/**']
const tests = ['**/*.test.ts']

const throughAPort = 'engine code takes it as a port (core/ports)'

/** Only the codec decides how values become bytes. */
const msgpackr = { group: ['msgpackr', 'msgpackr/*'], message: 'Only core/codec imports msgpackr.' }

/** Pure and synchronous: what engine code may use of Node's own modules. */
const pureBuiltins = [
  ...['assert', 'buffer', 'events', 'path', 'path/posix', 'string_decoder', 'url', 'util', 'crypto', 'zlib'],
]

const engineImports = {
  paths: [
    {
      name: 'node:crypto',
      allowImportNames: ['createHash', 'Hash'],
      message: `Hashes are allowed; for the rest, ${throughAPort}.`,
    },
    {
      name: 'node:zlib',
      allowImportNames: ['crc32', 'deflateSync', 'inflateSync', 'gzipSync', 'gunzipSync', 'constants'],
      message: `crc32 and the synchronous forms are allowed; for the rest, ${throughAPort}.`,
    },
  ],
  patterns: [
    {
      regex: `^node:(?!(?:${pureBuiltins.join('|')})$)`,
      message: `Node's files, sockets, threads, processes, timers and system: ${throughAPort}.`,
    },
    {
      regex: '^(?:fs|net|tls|http|https|dns|dgram|os|child_process|worker_threads|crypto|process)(?:/|$)',
      message: `Write the node: prefix; and ${throughAPort}.`,
    },
    { group: ['@nats-io/*'], message: `Only transport/nats and */system know NATS; ${throughAPort}.` },
  ],
}

const ambientGlobals = [
  ...['performance', 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'],
  ...['clearImmediate', 'queueMicrotask', 'process', 'crypto', 'fetch', 'WebSocket', 'Worker'],
  ...['MessageChannel', 'BroadcastChannel'],
].map((name) => ({ name, message: `${name} is ambient: ${throughAPort}.` }))

// A date made of a given number is a value; one made of nothing is the clock.
const ambientSyntax = [
  {
    selector:
      ":matches(NewExpression[callee.name='Date'][arguments.length=0], CallExpression[callee.name='Date'])",
    message: `The present time is ambient: ${throughAPort}.`,
  },
  {
    selector: 'ImportExpression[source.value=/^(?:node:|@nats-io\\u002F)/]',
    message: `Dynamic imports of Node's modules and of NATS: ${throughAPort}.`,
  },
]

const ambientProperties = [
  { object: 'Date', property: 'now', message: `The present time is ambient: ${throughAPort}.` },
  { object: 'Math', property: 'random', message: `Chance is ambient: ${throughAPort}.` },
  { object: 'AbortSignal', property: 'timeout', message: `It starts a timer: ${throughAPort}.` },
  { object: 'Atomics', property: 'waitAsync', message: `It starts a timer: ${throughAPort}.` },
]

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', '**/fixtures/']),
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          caughtErrors: 'all',
          caughtErrorsIgnorePattern: '^_',
        },
      ],
      // An implementation of an asynchronous port need not await.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNever: true },
      ],
      // A default that throws is how an unexpected event fails loudly, so one may stand for the rest.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['core/codec/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [msgpackr] }] },
  },
  {
    files: engine,
    ignores: [...adapters, ...tests],
    rules: {
      'no-console': 'error',
      'no-restricted-globals': ['error', { globals: ambientGlobals, checkGlobalObject: true }],
      'no-restricted-properties': ['error', ...ambientProperties],
      'no-restricted-syntax': ['error', ...ambientSyntax],
      'no-restricted-imports': [
        'error',
        { ...engineImports, patterns: [...engineImports.patterns, msgpackr] },
      ],
    },
  },
  {
    files: ['core/codec/**/*.ts'],
    ignores: tests,
    rules: { 'no-restricted-imports': ['error', engineImports] },
  },
  {
    files: tests,
    rules: {
      // Asymmetric matchers are typed any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: {
        ...Object.fromEntries(
          ['console', 'process', 'URL', 'Atomics', 'SharedArrayBuffer'].map((name) => [name, 'readonly']),
        ),
      },
    },
  },
)
