import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentSchemaOf, type ResultId } from '../../src/cli/json-schemas.js';
import { errorResult } from '../../src/cli/results/error-result.js';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { User } from './exhibit.js';

const user = new User();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await user.sandbox();
});
afterAll(async () => {
  await sandbox.stop();
  user.remove();
});

describe('standard output', () => {
  it('is one document of the schema of its command with --json', async () => {
    const kubeconfig = ['--kubeconfig', sandbox.kubeconfigPath];
    const runs: readonly (readonly [ResultId, readonly string[]])[] = [
      ['key:new', ['key', 'new']],
      ['key:show', ['key', 'show']],
      ['case:open', ['case', 'open', '--reason', 'a test']],
      ['case:list', ['case', 'list']],
      ['case:show', ['case', 'show']],
      ['explain', ['explain', 'CUT']],
      ['complete', ['complete', 'contexts', ...kubeconfig]],
      ['collect:plan', ['collect', '--all', '--kubelet', '--dry-run', ...kubeconfig]],
      ['collect', ['collect', '--namespace', 'kube-system', ...kubeconfig]],
      ['seal', ['seal']],
    ];
    for (const [id, args] of runs) {
      const { document, exitCode } = await user.json(...args);
      expect({ id, exitCode, error: documentSchemaOf(id).safeParse(document).error }).toEqual({
        id,
        exitCode: 0,
        error: undefined,
      });
    }
  });

  it.each([
    ['USAGE_INVALID', ['colect']],
    ['USAGE_INVALID', ['collect']],
    ['USAGE_INVALID', ['collect', '--al']],
    ['USAGE_INVALID', ['explain', 'NO_SUCH_CODE']],
    ['USAGE_INVALID', ['case', 'list', '-o', 'xml']],
    ['CASE_INVALID', ['case', 'show', 'nosuchcase']],
    ['KUBECONFIG_INVALID', ['collect', '--all', '--kubeconfig', '/nonexistent', '--dry-run']],
    ['PROFILE_INVALID', ['collect', '--all', '--profile', 'nosuchprofile']],
    ['CLUSTER_UNREACHABLE', ['collect', '--all', '--server', 'https://127.0.0.1:1', '--dry-run']],
  ])('is one error document %s for %j', async (code, args) => {
    const { document, exitCode, stderr } = await user.json(...args);
    expect(errorResult.parse(document).error.code).toBe(code);
    expect(exitCode).toBe(errorResult.parse(document).error.exitCode);
    expect(stderr).not.toContain('Error:');
  });

  it('stays empty when a command fails without --json', async () => {
    const { stdout, stderr, exitCode } = await user.run('case', 'show', 'nosuchcase');
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr).toMatch(/^Error: .*\n(?:.*\n)*Try: exhibit case list\nCode: CASE_INVALID/);
  });

  it('may go away: a reader that stops reading is no error', async () => {
    const { exitCode, stderr } = await user.shell('set -o pipefail; exhibit explain CUT --json | true');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  it('that cannot be written is an error, not a success without a result', async () => {
    expect(await user.shell('exhibit explain CUT >/dev/full')).toMatchObject({ exitCode: 30 });
    expect(await user.shell('exhibit explain CUT 1</dev/null')).toMatchObject({ exitCode: 30 });
    expect(await user.shell('exhibit explain CUT >&-')).toMatchObject({ exitCode: 0 });
  });

  it('streams the coded messages apart from it, as JSON lines', async () => {
    const { stderr, stdout } = await user.run('case', 'open', '--events', 'jsonl', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'exhibit-case-open/1' });
    const codes = stderr
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { code: string }).code);
    expect(codes).toEqual(['CASE_OPENED', 'CASE_NOT_STATED']);
  });

  it('leaves the text on stderr where the messages go to a file', async () => {
    const { stderr, exitCode } = await user.run(
      'case',
      'open',
      '--events',
      `jsonl=${join(user.directory, 'events.jsonl')}`,
    );
    expect(exitCode).toBe(0);
    expect(stderr).toContain('was opened');
    const lines = readFileSync(join(user.directory, 'events.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { code: string }).code)).toEqual([
      'CASE_OPENED',
      'CASE_NOT_STATED',
    ]);
  });
});
