import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentSchemaOf } from '../../src/cli/json-schemas.js';
import { type Ended, User } from './exhibit.js';

const user = new User();
const stranger = new User();
let drill: Ended & { readonly document: Record<string, unknown> };
const text = (key: string): string => String(drill.document[key]);
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

beforeAll(async () => {
  drill = await user.json('drill', 'run', '--sandbox');
});
afterAll(() => {
  user.remove();
  stranger.remove();
});

describe('a drill without a cluster', () => {
  it('ends well and prints one document of its schema', () => {
    expect(drill.exitCode).toBe(0);
    expect(documentSchemaOf('drill:run').safeParse(drill.document).error).toBeUndefined();
    expect(drill.document['scorecard']).toMatchObject({ verdict: 'VERIFIED', gaps: 0, kind: 'sandbox' });
  });

  it('keeps the scorecard beside the archive, for its owner only', () => {
    expect(JSON.parse(readFileSync(text('scorecardPath'), 'utf8'))).toEqual(drill.document['scorecard']);
    expect(statSync(text('scorecardPath')).mode & 0o777).toBe(0o600);
  });

  it('leaves no case in use into which a real collection could fall', async () => {
    const shown = await user.json('case', 'show');
    expect(shown.exitCode).toBe(2);
    expect(shown.document['error']).toMatchObject({ code: 'CASE_INVALID' });
  });

  it('leaves no sandbox behind', () => {
    expect(spawnSync('sh', ['-c', `ls -d ${user.directory}/exhibit-sandbox-*`]).status).not.toBe(0);
  });
});

describe('a stranger with the archive, the receipt and a trust list', () => {
  it('gets VERIFIED with the trust list, UNTRUSTED_SIGNER without', async () => {
    const archive = join(stranger.directory, 'evidence.tar.gz');
    copyFileSync(text('archivePath'), archive);
    const trusted = await stranger.json(
      'verify',
      archive,
      '--allowed-signers',
      text('allowedSigners'),
      '--receipt',
      text('receiptPath'),
    );
    expect(trusted).toMatchObject({ exitCode: 0, document: { verdict: 'VERIFIED' } });
    expect(documentSchemaOf('verify').safeParse(trusted.document).error).toBeUndefined();
    const untrusted = await stranger.json('verify', archive);
    expect(untrusted).toMatchObject({ exitCode: 4, document: { verdict: 'UNTRUSTED_SIGNER' } });
  });

  it('can look inside, is told that nothing was verified, and can list every file', async () => {
    const shown = await stranger.json('show', text('archivePath'));
    expect(documentSchemaOf('show').safeParse(shown.document).error).toBeUndefined();
    expect((await stranger.run('show', text('archivePath'))).stdout).toMatch(/^Not verified.*\n\nGaps: none\n/);
    const lines = (await stranger.run('show', text('archivePath'), '-o', 'ndjson')).stdout.trim().split('\n');
    expect(lines.length).toBe((shown.document['statement'] as { payloadFiles: number }).payloadFiles);
    expect((await stranger.run('show', text('archivePath'), '-o', 'wide')).stdout).toContain('data/cluster/');
  });

  it('gets exit 4 for an archive of which one byte was changed, and the result is still one document', async () => {
    const archive = join(stranger.directory, 'changed.tar.gz');
    copyFileSync(text('archivePath'), archive);
    spawnSync('sh', [
      '-c',
      `printf X | dd of="${archive}" bs=1 seek=$(( $(stat -c %s "${archive}") / 2 )) conv=notrunc`,
    ]);
    const verified = await stranger.json('verify', archive, '--allowed-signers', text('allowedSigners'));
    expect(verified).toMatchObject({ exitCode: 4, document: { verdict: 'TAMPERED' } });
    expect(verified.stderr).toContain('VERIFY_FAILED');
  });

  it.skipIf(!has('ssh-keygen') || !has('sha256sum'))(
    'comes to the same verdict with the printed commands of stock tools',
    async () => {
      const printed = (await user.run('drill', 'run', '--sandbox', '--quiet')).stdout;
      const commands = printed.split('Check it without this program:\n')[1] ?? '';
      const { exitCode, stdout, stderr } = await user.shell(`set -e\n${commands}`);
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      expect(stdout).toContain('Good "exhibit-seal@v1" signature');
    },
  );
});
