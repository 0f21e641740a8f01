import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { User } from './exhibit.js';

const script = resolve(import.meta.dirname, '../../templates/completion/exhibit.bash');
const user = new User();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await user.sandbox();
});
afterAll(async () => {
  await sandbox.stop();
  user.remove();
});

/** What bash offers after the words; the last one is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const list = words.map((word) => `'${word}'`).join(' ');
  const { stdout, exitCode, stderr } = await user.shell(
    `source '${script}'; COMP_WORDS=(exhibit ${list}); COMP_CWORD=${String(words.length)}; _exhibit_live; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  it('offers contexts, nodes, cases and profiles as they are now', async () => {
    const kubeconfig = ['collect', '--kubeconfig', sandbox.kubeconfigPath];
    expect(await offered(...kubeconfig, '--context', '')).toEqual(['sandbox', 'sandbox-token']);
    // Names are given up rather than waited for, so a busy machine may need another key press.
    const nodes = async () => await offered(...kubeconfig, '--node', 'node');
    await expect.poll(nodes, { timeout: 30_000 }).toEqual(expect.arrayContaining(['node1', 'node2']));
    expect(await offered('collect', '--profile', 'tri')).toEqual(['triage']);
    const { document } = await user.json('case', 'open');
    expect(await offered('case', 'use', '')).toEqual([document['caseId']]);
  });

  it('offers nothing, silently, and waits for no answer, when the cluster gives none', async () => {
    await sandbox.setFaults([{ kind: 'no-answer', path: /nodes/ }]);
    expect(await offered('collect', '--kubeconfig', sandbox.kubeconfigPath, '--node', '')).toEqual([]);
    await sandbox.setFaults([]);
  });

  it('runs nothing that stands in a name', async () => {
    const path = join(user.directory, 'hostile');
    const context = (name: string) => ({ name, context: { cluster: 'c', user: 'u' } });
    const names = ['$(touch owned)', '`touch owned`', 'good', 'a b', '-rf', 'x;touch owned', '\u001b[2J'];
    writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'Config', contexts: names.map(context) }));
    expect(await offered('collect', '--kubeconfig', path, '--context', '')).toEqual(['good']);
    expect((await user.shell('ls owned')).exitCode).not.toBe(0);
  });
});
