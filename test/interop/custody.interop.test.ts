/** Custody events and extracted folders through the tools that a stranger has. */
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractArchive } from '../../src/evidence/extract/extract-archive.js';
import { verifyArchive } from '../../src/evidence/verify/verify-archive.js';
import { addAll, temporaryCustody, VERIFIED } from '../fakes/custody-record.js';
import { allowedSignersOf, gzipOf, packBag, sealedBag } from '../fakes/archive-builder.js';
import { memorySigner } from '../fakes/evidence-case.js';
import { hasPythonModule, hasTool, needs, runTool } from '../fakes/stock-tools.js';
import { NOW_MS } from '../fakes/verify-bytes.js';

const has = {
  sshKeygen: hasTool('ssh-keygen', ['-?']),
  sha256sum: hasTool('sha256sum'),
  python: hasTool('python3'),
  bagit: hasPythonModule('bagit'),
};
const releaser = memorySigner();
const receiver = memorySigner();
const { archivePath, folder } = temporaryCustody();
const directory = mkdtempSync(join(tmpdir(), 'exhibit-custody-interop-'));
const list = join(directory, 'allowed_signers');

beforeAll(async () => {
  writeFileSync(
    list,
    `ann@test namespaces="exhibit-custody@v1" ${releaser.publicKey}\nben@test namespaces="exhibit-custody@v1" ${receiver.publicKey}\n`,
  );
  await addAll(archivePath, [
    [releaser, { event: 'transfer-out', to: 'Ben', remarks: '\u202e\u001b[31m "quoted" \\ back' }],
    [receiver, { event: 'transfer-in', from: 'Ann', verified: VERIFIED }],
  ]);
});
afterAll(() => {
  rmSync(directory, { recursive: true });
  rmSync(join(folder, '..'), { recursive: true });
});

describe.skipIf(!has.sshKeygen)(`ssh-keygen${needs('ssh-keygen', has.sshKeygen)}`, () => {
  const check = (name: string, principal: string, namespace = 'exhibit-custody@v1', bytes?: Buffer): number | null =>
    runTool(
      'ssh-keygen',
      ['-Y', 'verify', '-f', list, '-I', principal, '-n', namespace, '-s', join(folder, `${name}.sig`)],
      { input: bytes ?? readFileSync(join(folder, name)) },
    ).status;

  it('accepts the signature of each event by its signer, for custody only, over these bytes only', () => {
    expect(check('0001-transfer-out.json', 'ann@test')).toBe(0);
    expect(check('0002-transfer-in.json', 'ben@test')).toBe(0);
    expect(check('0001-transfer-out.json', 'ben@test')).not.toBe(0);
    expect(check('0001-transfer-out.json', 'ann@test', 'exhibit-seal@v1')).not.toBe(0);
    const changed = Buffer.from(readFileSync(join(folder, '0001-transfer-out.json'), 'latin1').replace('Ben', 'Eve'));
    expect(check('0001-transfer-out.json', 'ann@test', undefined, changed)).not.toBe(0);
  });
});

const hasBoth = has.sha256sum && has.python;

describe.skipIf(!hasBoth)(`sha256sum and Python${needs('one of them', hasBoth)}`, () => {
  it('follow the chain and the pair', () => {
    const sha256 = runTool('sha256sum', ['0001-transfer-out.json'], { cwd: folder }).stdout.slice(0, 64);
    const script = 'import json, sys; e = json.load(sys.stdin); print(e["prev"], e["answers"], e["seq"])';
    const input = readFileSync(join(folder, '0002-transfer-in.json'));
    expect(runTool('python3', ['-c', script], { input }).stdout).toBe(`${sha256} ${sha256} 2\n`);
  });
});

describe.skipIf(!has.bagit)(`bagit.py${needs('bagit', has.bagit)}`, () => {
  it('validates an extracted folder, and not one that was changed', async () => {
    const key = generateKeyPairSync('ed25519').privateKey;
    const archive = join(directory, 'sample.tar.gz');
    writeFileSync(archive, gzipOf(packBag(sealedBag(key))));
    const allowedSigners = { source: 'test', text: allowedSignersOf(key) };
    const report = await verifyArchive({
      archivePath: archive,
      allowedSigners,
      now: NOW_MS,
      scratchDirectory: directory,
    });
    const outputPath = join(directory, 'bag');
    const { signal } = new AbortController();
    await extractArchive({ archivePath: archive, report, outputPath, prefixes: [], signal });
    const validate = (bag: string): number | null => runTool('python3', ['-m', 'bagit', '--validate', bag]).status;
    expect(validate(outputPath)).toBe(0);
    const changed = join(directory, 'changed');
    cpSync(outputPath, changed, { recursive: true });
    writeFileSync(join(changed, 'data/cluster/lists/core.v1.pods/page-0001.json'), '{"items":[1]}');
    expect(validate(changed)).not.toBe(0);
  });
});
