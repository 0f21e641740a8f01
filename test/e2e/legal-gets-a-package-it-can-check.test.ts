import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentSchemaOf } from '../../src/cli/json-schemas.js';
import { type Ended, User } from './exhibit.js';

const user = new User();
const lawyer = new User();
const output = join(user.directory, 'usb');
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

type Documented = Ended & { readonly document: Record<string, unknown> };
let drill: Documented;
let refused: Documented;
let writtenByRefusal: string[];
let made: Documented;
let archive: string;
let exhibitId: string;
let folder: string;

beforeAll(async () => {
  drill = await user.json('drill', 'run', '--sandbox');
  archive = String(drill.document['archivePath']);
  exhibitId = /([^/]+)\.tar\.gz$/.exec(archive)?.[1] ?? '';
  folder = join(output, `${exhibitId}-legal`);
  mkdirSync(output);
  refused = await user.json('handover', archive, '--to', 'legal', '--output', output);
  writtenByRefusal = readdirSync(output);
  const args = ['--to', 'legal', '--output', output, '--plaintext', '--recipient', 'Doe LLP', '--privilege', 'MARKED'];
  made = await user.json('handover', exhibitId, ...args);
});
afterAll(() => {
  user.remove();
  lawyer.remove();
});

describe('a hand-over to legal', () => {
  it('of secrets in the clear is refused until --plaintext is typed', () => {
    expect(refused).toMatchObject({ exitCode: 5, document: { error: { code: 'PLAINTEXT_REFUSED' } } });
    expect(writtenByRefusal).toEqual([]);
  });

  it('makes a folder and a ZIP, and prints one document of its schema', () => {
    expect(made).toMatchObject({ exitCode: 0, document: { exhibitId, custody: { event: 'transfer-out' } } });
    expect(documentSchemaOf('handover').safeParse(made.document).error).toBeUndefined();
    expect(readdirSync(output).sort()).toEqual([`${exhibitId}-legal`, `${exhibitId}-legal.zip`]);
    expect(readFileSync(join(folder, 'START-HERE.html'), 'utf8')).toContain('THIS IS A SANDBOX DRILL');
    expect(readFileSync(join(folder, 'custody-form.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
    expect(existsSync(join(folder, 'verify.html'))).toBe(true);
  });

  it.skipIf(!has('sha256sum'))('is as its manifest says', () => {
    expect(spawnSync('sh', ['-c', 'sha256sum --strict --quiet -c MANIFEST.txt'], { cwd: folder }).status).toBe(0);
  });

  it('lets a stranger verify the archive, its receipt and its custody record', async () => {
    const inside = join(folder, 'evidence', exhibitId);
    const signers = ['--allowed-signers', String(drill.document['allowedSigners'])];
    const verified = await lawyer.json('verify', `${inside}.tar.gz`, '--receipt', `${inside}.receipt.json`, ...signers);
    expect(verified).toMatchObject({ exitCode: 0, document: { verdict: 'VERIFIED' } });
    const custody = await lawyer.json('custody', 'verify', `${inside}.tar.gz`, ...signers);
    expect(custody.document).toMatchObject({ verdict: 'CUSTODY_OPEN' });
  });

  it('goes over nothing, and says what to do', async () => {
    const again = await user.run('handover', archive, '--to', 'legal', '--output', output, '--plaintext');
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain('--output');
  });
});

describe('a case with a privilege', () => {
  it('keeps the marking for what is handed over later', async () => {
    const opened = await user.json('case', 'open', '--reason', 'test', '--privilege', 'Attorney work product');
    expect(opened.document).toMatchObject({ privilege: 'Attorney work product' });
    const shown = await user.json('case', 'show', '--case', String(opened.document['caseId']));
    expect(shown.document).toMatchObject({ privilege: 'Attorney work product' });
  });
});
