import n from 'eslint-plugin-n';
import tseslint from 'typescript-eslint';

const TESTS = ['src/**/*.test.ts', 'test/**/*.ts'];
const CLI = ['src/cli/**/*.ts'];
const HASHING = [
  'src/{evidence,custody,http,node-access,platforms,cluster,collectors,sandbox}/**/*.ts',
  'src/lib/safe-path.ts',
  ...TESTS,
];
const CLOCK = 'src/lib/clock.ts';

/** Each restriction is one object, so that an exemption removes exactly one and not the whole rule. */
const UNBOUNDED = {
  selector:
    'CallExpression[callee.object.name="Promise"][callee.property.name=/^(all|allSettled|any|race)$/]' +
    '[arguments.0.type="CallExpression"][arguments.0.callee.property.name=/^(map|flatMap|from)$/]',
  message: 'Unbounded concurrency. Use the bounded map of src/lib.',
};
const PIPE = {
  selector: 'CallExpression[callee.property.name="pipe"]',
  message: 'pipe() loses errors. Use pipeline() of node:stream/promises.',
};
const AS_ANY = {
  selector: 'TSAsExpression > TSAnyKeyword',
  message: 'Parse untrusted values; never cast to any.',
};
const HASH = {
  selector: ':matches(ImportSpecifier[imported.name="createHash"], MemberExpression[property.name="createHash"])',
  message: 'Bytes are hashed where evidence is written, read or received, nowhere else.',
};
const WEAK_HASH = {
  selector: 'CallExpression[callee.name="createHash"][arguments.0.value=/^(md5|sha1)$/i]',
  message: 'SHA-256 or better.',
};
const RANDOM = {
  selector: 'MemberExpression[object.name="Math"][property.name="random"]',
  message: 'Randomness is injected: use Ids, or jitter() of src/lib/clock.ts.',
};
const PROCESS = {
  selector:
    'MemberExpression[object.name="process"][property.name=/^(env|exit|exitCode|stdout|stderr|stdin|argv|once|abort)$/]',
  message: 'Only src/cli prints, prompts, exits and reads the environment.',
};
const PROCESS_IMPORT = {
  selector: 'ImportDeclaration[source.value=/^(node:)?process$/]',
  message: 'Use the global, whose members are checked.',
};
const ENUM = { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' };
const EVERYWHERE = [PIPE, AS_ANY, WEAK_HASH, ENUM, PROCESS_IMPORT];

const restrict = (...restrictions) => ({ 'no-restricted-syntax': ['error', ...restrictions] });

const CORRECTNESS = {
  'eqeqeq': 'error',
  'no-console': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'no-eval': 'error',
  'no-new-func': 'error',
  'no-param-reassign': 'error',
  'no-return-assign': 'error',
  'no-self-compare': 'error',
  'no-sequences': 'error',
  'no-template-curly-in-string': 'error',
  'no-unreachable-loop': 'error',
  'no-useless-rename': 'error',
  'no-case-declarations': 'error',
  'no-cond-assign': 'error',
  'no-constant-binary-expression': 'error',
  'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
  'no-debugger': 'error',
  'no-dupe-else-if': 'error',
  'no-duplicate-case': 'error',
  'no-empty': 'error',
  'no-empty-character-class': 'error',
  'no-empty-pattern': 'error',
  'no-ex-assign': 'error',
  'no-fallthrough': 'error',
  'no-irregular-whitespace': 'error',
  'no-loss-of-precision': 'error',
  'no-misleading-character-class': 'error',
  'no-prototype-builtins': 'error',
  'no-regex-spaces': 'error',
  'no-self-assign': 'error',
  'no-sparse-arrays': 'error',
  'no-unmodified-loop-condition': 'error',
  'no-unsafe-finally': 'error',
  'no-unsafe-negation': 'error',
  'no-unused-labels': 'error',
  'no-useless-escape': 'error',
  'object-shorthand': ['error', 'properties'],
  'require-yield': 'error',
  'use-isnan': 'error',
  'valid-typeof': 'error',
};

const SIZE = {
  'max-lines': ['error', 300],
  'max-lines-per-function': ['error', 60],
  'complexity': ['error', 12],
  'max-params': ['error', 3],
};

const TYPED = {
  '@typescript-eslint/return-await': ['error', 'always'],
  '@typescript-eslint/switch-exhaustiveness-check': [
    'error',
    { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
  ],
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/consistent-type-exports': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/prefer-promise-reject-errors': 'error',
  '@typescript-eslint/no-shadow': 'error',
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
  '@typescript-eslint/no-confusing-void-expression': [
    'error',
    { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
  ],
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
};

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      '.cache/**',
      'package/**',
      'coverage/**',
      '**/fixtures/**',
      'test/bench/results/**',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    plugins: { n },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...CORRECTNESS,
      ...SIZE,
      ...TYPED,
      'n/no-process-exit': 'error',
      'n/prefer-node-protocol': 'error',
      'no-restricted-globals': ['error', 'Date', 'fetch'],
      ...restrict(...EVERYWHERE, UNBOUNDED, RANDOM, HASH, PROCESS),
    },
  },
  { files: HASHING, rules: restrict(...EVERYWHERE, UNBOUNDED, RANDOM, PROCESS) },
  { files: CLI, rules: { 'no-console': 'off', ...restrict(...EVERYWHERE, UNBOUNDED, RANDOM, HASH) } },
  {
    files: [CLOCK],
    rules: { 'no-restricted-globals': ['error', 'fetch'], ...restrict(...EVERYWHERE, UNBOUNDED, HASH, PROCESS) },
  },
  {
    // Tests start programs, time them, look at the environment and hash what they wrote.
    files: TESTS,
    rules: {
      'max-lines': ['error', 600],
      'max-lines-per-function': 'off',
      'max-params': 'off',
      'complexity': ['error', 20],
      'no-restricted-globals': 'off',
      'no-template-curly-in-string': 'off',
      ...restrict(...EVERYWHERE),
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
    },
  },
  {
    files: ['vitest.config.ts'],
    rules: { 'no-restricted-globals': 'off', ...restrict(...EVERYWHERE) },
  },
  {
    files: ['**/*.js', '**/*.cjs', '**/*.mjs'],
    plugins: { n },
    languageOptions: { globals: n.configs['flat/recommended-module'].languageOptions.globals, ecmaVersion: 2024 },
    rules: {
      ...CORRECTNESS,
      ...SIZE,
      'no-undef': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'n/prefer-node-protocol': 'error',
      'no-console': 'off',
      ...restrict(UNBOUNDED, PIPE),
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: n.configs['flat/recommended-script'].languageOptions.globals },
  },
);
