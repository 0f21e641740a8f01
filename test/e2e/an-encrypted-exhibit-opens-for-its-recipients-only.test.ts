import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Encrypter } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentSchemaOf } from '../../src/cli/json-schemas.js';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { ageKey } from '../fakes/age-world.js';
import { type Ended, User } from './exhibit.js';

const user = new User();
const legal = new User();
const team = await ageKey();
const escrow = await ageKey();
const stranger = await ageKey();
const hasAge = spawnSync('age', ['--version']).status === 0;
let sandbox: Sandbox;
let sealed: Ended & { readonly document: Record<string, unknown> };
let trust: string;

async function collect(): Promise<void> {
  const cluster = ['--kubeconfig', sandbox.kubeconfigPath];
  await user.run('collect', '--namespace', 'exhibit-quiet', '--profile', 'triage', ...cluster);
}

beforeAll(async () => {
  sandbox = await user.sandbox();
  await user.run('key', 'new');
  trust = join(user.home, 'allowed_signers');
  await collect();
  const recipients = join(user.directory, 'escrow.txt');
  writeFileSync(recipients, `# the safe of the legal department\n${escrow.recipient}\n`);
  sealed = await user.json('seal', '--encrypt-to', team.recipient, '--encrypt-to', recipients);
});
afterAll(async () => {
  await sandbox.stop();
  user.remove();
  legal.remove();
});

const archive = (): string => String(sealed.document['archivePath']);
const receiptPath = (): string => String(sealed.document['receiptPath']);

/** What legal gets: the encrypted archive and, on another way, the receipt. */
function handedOver(name: string): { file: string; receipt: string } {
  const file = join(legal.directory, `${name}.tar.gz.age`);
  const receipt = join(legal.directory, `${name}-kept-elsewhere.json`);
  copyFileSync(archive(), file);
  copyFileSync(receiptPath(), receipt);
  return { file, receipt };
}

describe('seal --encrypt-to', () => {
  it('leaves the encrypted archive and the receipt with both digests, and nothing else of the exhibit', async () => {
    expect(sealed.exitCode).toBe(0);
    expect(documentSchemaOf('seal').safeParse(sealed.document).error).toBeUndefined();
    expect(archive()).toMatch(/-x0001\.tar\.gz\.age$/);
    const receipt = JSON.parse(readFileSync(receiptPath(), 'utf8')) as Record<string, unknown>;
    expect(receipt).toEqual(sealed.document['receipt']);
    expect(receipt['encryptedSha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(Buffer.byteLength(JSON.stringify(receipt))).toBeLessThan(1024);
    const exhibitId = basename(archive(), '.tar.gz.age');
    expect(readdirSync(dirname(archive())).filter((name) => name.startsWith(exhibitId))).toEqual([
      `${exhibitId}.custody`,
      `${exhibitId}.receipt.json`,
      `${exhibitId}.tar.gz.age`,
    ]);
    expect(readdirSync(join(dirname(archive()), '..', 'exhibits'))).not.toContain(exhibitId);
    const shown = await user.run('case', 'show');
    expect(shown.stdout).toMatch(/sealed, encrypted, incident\) \/.*\.tar\.gz\.age/);
  });

  it('is refused by verify and show with the command that opens it', async () => {
    for (const command of ['verify', 'show']) {
      const refused = await user.json(command, archive());
      expect(refused).toMatchObject({ exitCode: 2, document: { error: { code: 'USAGE_INVALID' } } });
      const { hints } = refused.document['error'] as { hints: string[] };
      expect(hints[0]).toBe(`exhibit decrypt ${archive()} --identity KEYFILE`);
    }
  });
});

describe('verify and show with a key', () => {
  it('read the archive without a plaintext on the disk, and say whose the age file is', async () => {
    const { file, receipt } = handedOver('read');
    const key = ['--identity', escrow.identityPath];
    const trusted = ['--allowed-signers', trust];
    const compared = await legal.json('verify', file, ...key, ...trusted, '--receipt', receipt);
    expect(compared).toMatchObject({
      exitCode: 0,
      document: { verdict: 'VERIFIED', ciphertext: { receipt: 'matches' } },
    });
    expect(documentSchemaOf('verify').safeParse(compared.document).error).toBeUndefined();
    const text = await legal.run('verify', file, ...key, ...trusted);
    expect(text.stdout.replaceAll(/\s+/g, ' ')).toContain('read out of an age file');
    expect(text.stdout.replaceAll(/\s+/g, ' ')).toContain('not compared with a receipt');
    const shown = await legal.json('show', file, ...key);
    expect(shown.document).toMatchObject({ verified: false, statement: { kind: 'incident' } });
    const listed = await legal.run('show', file, ...key, '-o', 'ndjson');
    expect(listed.stdout.trim().split('\n')).toHaveLength(
      (shown.document['statement'] as { payloadFiles: number }).payloadFiles,
    );
    expect(readdirSync(legal.directory).filter((name) => /^read.*gz$/.test(name))).toEqual([]);
  });

  it("find an archive that was encrypted anew, and open nothing with a stranger's key", async () => {
    const { file, receipt } = handedOver('anew');
    const opened = await legal.json('decrypt', file, '-i', team.identityPath, '--receipt', receipt);
    const anew = join(legal.directory, 'anew-again.tar.gz.age');
    const encrypter = new Encrypter();
    encrypter.addRecipient(team.recipient);
    writeFileSync(anew, await encrypter.encrypt(readFileSync(String(opened.document['output']))));
    const found = await legal.json(
      ...['verify', anew, '-i', team.identityPath, '--allowed-signers', trust, '--receipt', receipt],
    );
    expect(found).toMatchObject({
      exitCode: 4,
      document: { verdict: 'TAMPERED', findings: [{ check: 'receipt' }], ciphertext: { receipt: 'differs' } },
    });
    const refused = await legal.json('verify', file, '-i', stranger.identityPath);
    expect(refused).toMatchObject({ exitCode: 4, document: { error: { code: 'DECRYPT_FAILED' } } });
  });
});

describe('pull', () => {
  it('of an encrypted archive ends with 3 without the receipt, and keeps what it fetched', async () => {
    const { file, receipt } = handedOver('pulled');
    const bare = await legal.json('pull', file, '--output', join(legal.directory, 'bare'));
    expect(bare).toMatchObject({ exitCode: 3, document: { report: null, digestOfReceipt: 'none' } });
    expect(bare.stderr).toContain('PULL_UNCOMPARED');
    expect(bare.stderr).toContain('--receipt FILE');
    expect(existsSync(String(bare.document['path']))).toBe(true);
    const compared = await legal.json(
      ...['pull', file, '--output', join(legal.directory, 'compared'), '--receipt', receipt],
    );
    expect(compared).toMatchObject({ exitCode: 0, document: { report: null, digestOfReceipt: 'matches' } });
  });
});

describe('decrypt', () => {
  it.each([
    ['the team', team],
    ['escrow', escrow],
  ])('gives %s the archive that was sealed, and it verifies', async (name, { identityPath }) => {
    const { file, receipt } = handedOver(name.replace(' ', '-'));
    const opened = await legal.json('decrypt', file, '--identity', identityPath, '--receipt', receipt);
    expect(opened.exitCode).toBe(0);
    expect(documentSchemaOf('decrypt').safeParse(opened.document).error).toBeUndefined();
    expect(opened.document['receipt']).toMatchObject({ statesCiphertext: true });
    const plain = String(opened.document['output']);
    const verified = await legal.json('verify', plain, '--allowed-signers', trust, '--receipt', receipt);
    expect(verified).toMatchObject({ exitCode: 0, document: { verdict: 'VERIFIED' } });
  });

  it('gives a stranger nothing, and leaves nothing', async () => {
    const { file } = handedOver('stranger');
    const refused = await legal.json('decrypt', file, '-i', stranger.identityPath);
    expect(refused).toMatchObject({ exitCode: 4, document: { error: { code: 'DECRYPT_FAILED' } } });
    expect(existsSync(file.slice(0, -4)) || existsSync(`${file.slice(0, -4)}.partial`)).toBe(false);
  });

  it('finds a file that was cut off, with the receipt before anything is decrypted', async () => {
    const { file, receipt } = handedOver('cut');
    writeFileSync(file, readFileSync(file).subarray(0, -100));
    const alone = await legal.json('decrypt', file, '-i', team.identityPath);
    expect(alone).toMatchObject({ exitCode: 4, document: { error: { code: 'DECRYPT_FAILED' } } });
    const compared = await legal.run('decrypt', file, '-i', team.identityPath, '--receipt', receipt);
    expect(compared.exitCode).toBe(4);
    expect(compared.stderr).toContain('another SHA-256 than the receipt says');
    expect(readdirSync(legal.directory).filter((name) => /cut\.tar\.gz(?!\.age)/.test(name))).toEqual([]);
  });

  it.skipIf(!hasAge)(`age agrees${hasAge ? '' : ' (skipped: age is not installed)'}`, () => {
    const output = join(legal.directory, 'by-age.tar.gz');
    expect(spawnSync('age', ['-d', '-i', escrow.identityPath, '-o', output, archive()]).status).toBe(0);
    const { containerSha256 } = sealed.document['receipt'] as { containerSha256: string };
    expect(createHash('sha256').update(readFileSync(output)).digest('hex')).toBe(containerSha256);
  });
});

describe('a passphrase', () => {
  it('encrypts an archive that was sealed in plaintext, comes from a file descriptor, and opens it again', async () => {
    await collect();
    const plain = await user.run('seal');
    expect(plain.stderr).toMatch(/holds \d+ secret items and is not encrypted/);
    writeFileSync(join(user.directory, 'phrase'), 'kangaroo court session\n');
    const encrypted = await user.shell('exhibit seal --encrypt-passphrase-fd 3 --json 3<phrase');
    expect(encrypted.exitCode).toBe(0);
    const document = JSON.parse(encrypted.stdout) as { encrypted: { encryptedPath: string; recipients: string[] }[] };
    expect(documentSchemaOf('seal:encrypt').safeParse(document).error).toBeUndefined();
    expect(document.encrypted[0]?.recipients).toEqual([]);
    expect(encrypted.stderr).toContain('only one passphrase opens the encrypted archive');
    expect(encrypted.stderr + encrypted.stdout).not.toContain('kangaroo');
    const { encryptedPath = '' } = document.encrypted[0] ?? {};
    const opened = await user.shell(
      `exhibit decrypt "${encryptedPath}" --passphrase-fd 3 --output opened.tar.gz 3<phrase`,
    );
    expect(opened).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('both digests are as it says') as string,
    });
    expect((await user.run('verify', join(user.directory, 'opened.tar.gz'))).exitCode).toBe(0);
    const log = readFileSync(join(dirname(encryptedPath), '..', 'case.jsonl'), 'utf8');
    expect(log).not.toContain('kangaroo');
  });

  it('is never asked for where nobody can answer, before anything is sealed', async () => {
    await collect();
    const refused = await user.json('seal', '--encrypt-passphrase');
    expect(refused).toMatchObject({ exitCode: 5, document: { error: { code: 'DECLINED' } } });
    expect((await user.run('case', 'show')).stdout).toContain('complete, not sealed');
  });
});
