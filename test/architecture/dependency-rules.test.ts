import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Config {
  readonly forbidden: readonly { readonly name: string }[];
  readonly options: ICruiseOptions & { readonly tsConfig: { readonly fileName: string } };
}

const root = resolve(import.meta.dirname, '../..');
const config = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs')) as Config;

/** For each rule: the file that breaks it and what that file imports. Targets that do not exist are made. */
const SAMPLES: Readonly<Record<string, { readonly file: string; readonly imports: string; readonly target?: string }>> =
  {
    'no-cycles': { file: 'src/lib/ring-a.ts', imports: './ring-b.js' },
    'no-orphans': { file: 'src/lib/alone.ts', imports: '' },
    'no-unresolvable': { file: 'src/lib/broken.ts', imports: './not-there.js' },
    'no-development-dependency-at-run-time': { file: 'src/evidence/dev.ts', imports: 'fast-check' },
    'production-imports-no-test': { file: 'src/evidence/fake.ts', imports: '../../test/fakes/clock.js' },
    'bin-has-no-logic': { file: 'bin/direct.js', imports: '../src/workflows/target.js' },
    'nothing-imports-commands': { file: 'src/cli/calls.ts', imports: '../commands/target.js' },
    'commands-import-no-adapter': { file: 'src/commands/direct.ts', imports: '../cluster/target.js' },
    'only-context-wires-adapters': { file: 'src/cli/direct.ts', imports: '../http/target.js' },
    'only-context-and-tests-import-sandbox': { file: 'src/cli/range.ts', imports: '../sandbox/target.js' },
    'workflows-import-no-cli': { file: 'src/workflows/flags.ts', imports: '../cli/target.js' },
    'workflows-import-no-adapter': { file: 'src/workflows/direct.ts', imports: '../collectors/target.js' },
    'evidence-imports-downwards': { file: 'src/evidence/up.ts', imports: '../analysis/target.js' },
    'custody-imports-downwards': { file: 'src/custody/up.ts', imports: '../evidence/target.js' },
    'plan-imports-downwards': { file: 'src/plan/side.ts', imports: '../evidence/target.js' },
    'analysis-imports-downwards': { file: 'src/analysis/side.ts', imports: '../custody/target.js' },
    'report-imports-downwards': { file: 'src/report/side.ts', imports: '../evidence/target.js' },
    'ports-import-model': { file: 'src/ports/up.ts', imports: '../evidence/target.js' },
    'model-imports-nothing-above': { file: 'src/model/up.ts', imports: '../ports/target.js' },
    'lib-imports-nothing-of-ours': { file: 'src/lib/up.ts', imports: '../model/target.js' },
    'index-exports-workflows-ports-model': { file: 'src/index.ts', imports: './cluster/target.js' },
    'nothing-imports-index': { file: 'src/workflows/outside.ts', imports: '../index.js' },
    'adapter-http-imports-ports': { file: 'src/http/side.ts', imports: '../cluster/target.js' },
    'adapter-cluster-imports-ports': { file: 'src/cluster/side.ts', imports: '../evidence/target.js' },
    'adapter-notify-imports-ports': { file: 'src/notify/side.ts', imports: '../workflows/target.js' },
    'adapter-node-access-imports-ports': { file: 'src/node-access/side.ts', imports: '../cluster/target.js' },
    'adapter-platforms-imports-ports': { file: 'src/platforms/aws/side.ts', imports: '../../evidence/target.js' },
    'adapter-collectors-imports-ports': { file: 'src/collectors/pod-logs/side.ts', imports: '../../http/target.js' },
    'adapter-sandbox-imports-ports': { file: 'src/sandbox/side.ts', imports: '../http/target.js' },
    'a-collector-imports-no-other': { file: 'src/collectors/events/other.ts', imports: '../objects/target.js' },
    'a-collector-imports-no-sdk': { file: 'src/collectors/events/sdk.ts', imports: 'pkijs' },
    'a-platform-imports-no-other': { file: 'src/platforms/aws/other.ts', imports: '../gcp/target.js' },
    'only-adapters-touch-the-network': { file: 'src/evidence/dials.ts', imports: 'node:tls' },
    'only-http-imports-undici': { file: 'src/cluster/client.ts', imports: 'undici' },
    'only-cluster-imports-client-node': { file: 'src/http/kube.ts', imports: '@kubernetes/client-node' },
    'only-cluster-and-sandbox-import-ws': { file: 'src/http/socket.ts', imports: 'ws' },
    'only-aws-imports-the-aws-sdk': { file: 'src/platforms/gcp/sdk.ts', imports: '@aws-sdk/client-s3' },
    'only-cli-and-commands-import-oclif': { file: 'src/workflows/framework.ts', imports: '@oclif/core' },
  };

/** What the architecture allows, one import per sentence that a rule might wrongly forbid. */
const LEGAL: readonly (readonly [file: string, imports: string])[] = [
  ['src/commands/legal.ts', '../cli/target.js'],
  ['src/commands/legal-oclif.ts', '@oclif/core'],
  ['src/commands/legal-workflow.ts', '../workflows/target.js'],
  ['src/cli/context.ts', '../sandbox/target.js'],
  ['src/workflows/legal.ts', '../evidence/target.js'],
  ['src/evidence/legal.ts', '../custody/target.js'],
  ['src/analysis/legal.ts', '../evidence/target.js'],
  ['src/report/legal.ts', '../analysis/target.js'],
  ['src/cluster/legal.ts', '../http/target.js'],
  ['src/notify/legal.ts', '../http/target.js'],
  ['src/collectors/events/legal.ts', '../../ports/target.js'],
  ['src/collectors/index.gen.ts', './events/target.js'],
  ['src/ports/legal.ts', '../model/target.js'],
  ['src/evidence/legal.test.ts', '../sandbox/target.js'],
];

let folder = '';
let result: ICruiseResult;

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text, { flag: 'w' });
}

function writeImporter(file: string, imports: string): void {
  write(file, imports === '' ? 'export const x = 1;\n' : `import * as it from '${imports}';\nexport const x = it;\n`);
  if (!imports.startsWith('.') || imports.includes('not-there')) return;
  write(join(dirname(file), imports).replace(/\.js$/, '.ts'), 'export const y = 1;\n');
}

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dependency-rules-')));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const name of ['package.json', 'tsconfig.json']) symlinkSync(join(root, name), join(folder, name));
  for (const [file, imports] of LEGAL) writeImporter(file, imports);
  for (const { file, imports } of Object.values(SAMPLES)) writeImporter(file, imports);
  write('src/lib/ring-b.ts', `import * as a from './ring-a.js';\nexport const b = a;\n`);
  writeImporter('src/index.ts', './cluster/target.js');
  const { tsConfig, ...options } = config.options;
  const answer = await cruise(
    ['src', 'bin'],
    {
      ...options,
      baseDir: folder,
      validate: true,
      ruleSet: { forbidden: config.forbidden } as unknown as IFlattenedRuleSet,
    },
    undefined,
    { tsConfig: extractTsConfig(join(root, tsConfig.fileName)) },
  );
  result = answer.output as ICruiseResult;
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the dependency rules', () => {
  it('have a sample each, so that none is there for show', () => {
    expect(Object.keys(SAMPLES).sort()).toEqual(config.forbidden.map((rule) => rule.name).sort());
  });

  it.each(Object.entries(SAMPLES))('%s fires', (rule, { file }) => {
    const fired = result.summary.violations.filter((violation) => violation.from === file).map((one) => one.rule.name);
    expect(fired).toContain(rule);
  });

  it('let pass what the architecture allows', () => {
    const legal = new Set(LEGAL.map(([file]) => file));
    const wrong = result.summary.violations.filter((one) => legal.has(one.from) && one.rule.name !== 'no-orphans');
    expect(wrong.map((one) => `${one.rule.name}: ${one.from} -> ${one.to}`)).toEqual([]);
  });
});
