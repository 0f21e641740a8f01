/**
 * The direction of dependencies of docs/architecture.md, one named rule per sentence.
 * test/architecture/dependency-rules.test.ts proves that each of them can fire.
 */

const TEST = String.raw`\.test\.ts$`;
const ADAPTERS = 'http|cluster|node-access|platforms|collectors|notify|sandbox';

/** Everything of ours under src/ except the given folders; `lib`, `model` and `ports` are named where they are allowed. */
const oursExcept = (folders) => ({ path: '^src/', pathNot: [`^src/(${folders})/`] });

/** Production code only: a test may reach for whatever it compares with. */
const production = (path) => ({ path, pathNot: [TEST] });

const only = (name, [folders, packages], comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^(src|bin)/', pathNot: [`^src/(${folders})/`, TEST] },
  to: { path: `(^|/)node_modules/(${packages})(/|$)|^(${packages})(/|$)` },
});

const core = (folder, further) => ({
  name: `${folder}-imports-downwards`,
  comment: `${folder} imports ports, model, lib${further.map((one) => ` and ${one}`).join('')}.`,
  severity: 'error',
  from: production(`^src/${folder}/`),
  to: oursExcept([folder, ...further, 'ports', 'model', 'lib'].join('|')),
});

const adapter = (folder, further) => ({
  name: `adapter-${folder}-imports-ports`,
  comment: `The adapter ${folder} imports ports, model, lib${further.map((one) => ` and ${one}`).join('')}; nothing else of ours.`,
  severity: 'error',
  from: production(`^src/${folder}/`),
  to: oursExcept([folder, ...further, 'ports', 'model', 'lib'].join('|')),
});

const forbidden = [
  {
    name: 'no-cycles',
    comment: 'Modules that import each other cannot be understood one at a time.',
    severity: 'error',
    from: { path: '^(src|test)/' },
    to: { circular: true },
  },
  {
    name: 'no-orphans',
    comment: 'A module that nobody imports and that imports nobody is dead.',
    severity: 'error',
    from: { path: '^src/', orphan: true, pathNot: [TEST, '^src/index\\.ts$', '/fixtures/', '\\.d\\.ts$'] },
    to: {},
  },
  {
    name: 'no-unresolvable',
    comment: 'An import that does not resolve.',
    severity: 'error',
    from: { path: '^(src|test|bin|scripts)/', pathNot: ['/fixtures/'] },
    to: { couldNotResolve: true, pathNot: ['^\\.\\./dist/', '/dist/'] },
  },
  {
    name: 'no-development-dependency-at-run-time',
    comment: 'What runs at a user is in dependencies, not in devDependencies.',
    severity: 'error',
    from: { path: '^(src|bin)/', pathNot: [TEST, '/fixtures/', '^bin/dev\\.js$'] },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'production-imports-no-test',
    comment: 'Nothing that ships imports a test, a fixture or a fake.',
    severity: 'error',
    from: production('^(src|bin)/'),
    to: { path: ['^test/', TEST, '/fixtures/'] },
  },
  {
    name: 'bin-has-no-logic',
    comment: 'bin imports the framework and the built program, never the sources.',
    severity: 'error',
    from: { path: '^bin/', pathNot: ['^bin/dev\\.js$'] },
    to: { path: '^(src|test|scripts)/' },
  },
  {
    name: 'nothing-imports-commands',
    comment: 'Commands are the outermost layer; not even another command imports one.',
    severity: 'error',
    from: { path: '^src/', pathNot: [TEST] },
    to: { path: '^src/commands/' },
  },
  {
    name: 'commands-import-no-adapter',
    comment: 'A command is given its adapters by cli/context.ts.',
    severity: 'error',
    from: production('^src/commands/'),
    to: { path: `^src/(${ADAPTERS})/` },
  },
  {
    name: 'only-context-wires-adapters',
    comment: 'In cli, context.ts alone makes adapters and hands them in as ports.',
    severity: 'error',
    from: { path: '^src/cli/', pathNot: ['^src/cli/context\\.ts$', TEST] },
    to: { path: `^src/(${ADAPTERS})/` },
  },
  {
    name: 'only-context-and-tests-import-sandbox',
    comment: 'The embedded range is a product of its own: wired in one place.',
    severity: 'error',
    from: { path: '^src/', pathNot: ['^src/cli/context\\.ts$', '^src/sandbox/', TEST] },
    to: { path: '^src/sandbox/' },
  },
  {
    name: 'workflows-import-no-cli',
    comment: 'Workflows know neither flags nor terminals.',
    severity: 'error',
    from: production('^src/workflows/'),
    to: { path: '^src/(cli|commands)/' },
  },
  {
    name: 'workflows-import-no-adapter',
    comment: 'Workflows see ports only.',
    severity: 'error',
    from: production('^src/workflows/'),
    to: { path: `^src/(${ADAPTERS})/` },
  },
  core('evidence', ['custody']),
  core('custody', []),
  core('plan', ['custody']),
  core('analysis', ['evidence']),
  core('report', ['analysis']),
  {
    name: 'ports-import-model',
    comment: 'Ports are interfaces over the model.',
    severity: 'error',
    from: production('^src/ports/'),
    to: oursExcept('ports|model|lib'),
  },
  {
    name: 'model-imports-nothing-above',
    comment: 'The model is pure data and schemas.',
    severity: 'error',
    from: production('^src/model/'),
    to: oursExcept('model|lib'),
  },
  {
    name: 'lib-imports-nothing-of-ours',
    comment: 'lib is for all and therefore depends on none.',
    severity: 'error',
    from: production('^src/lib/'),
    to: oursExcept('lib'),
  },
  {
    name: 'index-exports-workflows-ports-model',
    comment: 'The public library is made of workflows, ports and model.',
    severity: 'error',
    from: { path: '^src/index\\.ts$' },
    to: oursExcept('workflows|ports|model'),
  },
  {
    name: 'nothing-imports-index',
    comment: 'The public library is for others.',
    severity: 'error',
    from: { path: '^src/', pathNot: [TEST] },
    to: { path: '^src/index\\.ts$' },
  },
  adapter('http', []),
  adapter('cluster', ['http']),
  adapter('notify', ['http']),
  adapter('node-access', []),
  adapter('platforms', []),
  adapter('collectors', []),
  adapter('sandbox', []),
  {
    name: 'a-collector-imports-no-other',
    comment: 'One folder per collector; only the generated index knows them all.',
    severity: 'error',
    from: { path: '^src/collectors/([^/]+)/', pathNot: [TEST] },
    to: { path: '^src/collectors/([^/]+)/', pathNot: ['^src/collectors/$1/'] },
  },
  {
    name: 'a-collector-imports-no-sdk',
    comment: 'A collector is given ports; zod and yaml parse, nothing else is needed.',
    severity: 'error',
    from: production('^src/collectors/'),
    to: { path: 'node_modules/', pathNot: ['node_modules/(zod|yaml)/'] },
  },
  {
    name: 'a-platform-imports-no-other',
    comment: 'One folder per cloud.',
    severity: 'error',
    from: { path: '^src/platforms/([^/]+)/', pathNot: [TEST] },
    to: { path: '^src/platforms/([^/]+)/', pathNot: ['^src/platforms/$1/'] },
  },
  {
    name: 'only-adapters-touch-the-network',
    comment: 'Everything else reaches a network through a port.',
    severity: 'error',
    from: { path: '^src/', pathNot: [`^src/(http|cluster|node-access|platforms|notify|sandbox)/`, TEST] },
    to: { path: '^(node:)?(net|tls|http|https|http2|dgram|dns)(/promises)?$' },
  },
  only('only-http-imports-undici', ['http', 'undici'], 'One HTTP client, one place for its limits.'),
  only(
    'only-cluster-imports-client-node',
    ['cluster', '@kubernetes/client-node'],
    'It is used for kubeconfigs and credentials, never for evidence bytes.',
  ),
  only(
    'only-cluster-and-sandbox-import-ws',
    ['cluster|sandbox', 'ws'],
    'Exec and attach, and the range that serves them.',
  ),
  only(
    'only-aws-imports-the-aws-sdk',
    ['platforms/aws', '@aws-sdk/[^/]+'],
    'Cloud code lives in the folder of its cloud.',
  ),
  {
    ...only(
      'only-cli-and-commands-import-oclif',
      ['cli|commands', '@oclif/[^/]+|oclif'],
      'Nothing else knows the framework.',
    ),
    from: { path: '^src/', pathNot: ['^src/(cli|commands)/', TEST] },
  },
];

module.exports = {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', '^coverage/', '^\\.cache/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'],
    },
  },
};
