import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { makeTsa } from '../fakes/token-maker.js';
import { inMemory, startTsa, type TsaServer } from '../fakes/tsa-server.js';
import { User } from './exhibit.js';

let user: User;
let sandbox: Sandbox;
let tsa: TsaServer;
let caPath: string;

beforeEach(async () => {
  const authority = makeTsa();
  user = new User();
  [sandbox, tsa] = await Promise.all([user.sandbox(), startTsa(inMemory(authority))]);
  caPath = join(user.directory, 'tsa-ca.pem');
  writeFileSync(caPath, authority.root.pem);
  await user.run('key', 'new');
});
afterEach(async () => {
  await sandbox.stop();
  await tsa.stop();
  user.remove();
});

interface Report {
  readonly verdict: string;
  readonly timestamps: readonly { readonly path: string; readonly result: string }[];
  readonly findings: readonly { readonly exhibitId: string; readonly expected: string }[];
  readonly archives: readonly { readonly verdict: string }[];
}

const collect = (...more: string[]): string[] => [
  ...['collect', '--namespace', 'exhibit-quiet', '--profile', 'triage', '--kubeconfig', sandbox.kubeconfigPath],
  ...more,
];

async function sealed(...flags: string[]): Promise<string> {
  return (await user.json('seal', ...flags)).document['archivePath'] as string;
}

describe('collect --tsa', () => {
  it('stamps the opening of the custody log, and seal --tsa its end: both pass, and by openssl as VERIFY.md has it', async () => {
    expect((await user.run(...collect('--tsa', tsa.url))).exitCode).toBe(0);
    const archive = await sealed('--tsa', tsa.url);
    // Over the first line, for the time before the statement is closed, and over the signature.
    expect(tsa.queries).toHaveLength(3);
    const { exitCode, document } = await user.json('verify', archive, '--tsa-ca', caPath);
    expect(exitCode).toBe(0);
    const report = document as unknown as Report;
    expect(report.verdict).toBe('VERIFIED');
    expect(report.timestamps.map(({ path, result }) => [path, result])).toEqual([
      ['seal/seal.tsr', 'passed'],
      ['custody/open.tsr', 'passed'],
    ]);
    const stock = spawnSync(
      'bash',
      [
        '-c',
        `set -e; command -v openssl > /dev/null || { echo no openssl; exit 0; }
         mkdir out && tar -xzf "$0" -C out && cd out/*
         head -n 1 custody/acquisition.jsonl > ../first-line
         openssl ts -verify -data ../first-line -in custody/open.tsr -CAfile "$1" -untrusted seal/tsa-chain.pem`,
        archive,
        caPath,
      ],
      { cwd: user.directory, encoding: 'utf8' },
    );
    expect(stock.stdout + stock.stderr).toMatch(/Verification: OK|no openssl/);
    expect(stock.status).toBe(0);
  });

  it('collects all the same when the authority is down, and says so once', async () => {
    tsa.behaviour = 'not-found';
    const { exitCode, stderr } = await user.run(...collect('--tsa', tsa.url));
    expect(exitCode).toBe(0);
    expect(stderr.match(/no time-stamp over the custody log/g)).toHaveLength(1);
    expect((await user.json('verify', await sealed())).document).toMatchObject({ verdict: 'VERIFIED', timestamps: [] });
  });
});

describe('case verify', () => {
  it('accepts the archives of a case together, and names the one that is missing', async () => {
    const archives: string[] = [];
    for (let number = 1; number <= 3; number += 1) {
      expect((await user.run(...collect())).exitCode).toBe(0);
      archives.push(await sealed());
    }
    const whole = await user.run('case', 'verify');
    expect(whole.exitCode).toBe(0);
    expect(whole.stdout).toContain('none missing up to the last');
    const [, second = ''] = archives;
    expect(existsSync(second)).toBe(true);
    rmSync(second);
    const { exitCode, document, stderr } = await user.json('case', 'verify', join(second, '..'));
    expect(exitCode).toBe(4);
    const { findings, archives: reports } = document as unknown as Report;
    expect(findings).toMatchObject([{ expected: 'the archive: a later exhibit is chained to it' }]);
    expect(findings[0]?.exhibitId).toMatch(/-x0002$/);
    expect(reports.map(({ verdict }) => verdict)).toEqual(['VERIFIED', 'VERIFIED']);
    expect(stderr).toContain('VERIFY_FAILED');
  });
});
