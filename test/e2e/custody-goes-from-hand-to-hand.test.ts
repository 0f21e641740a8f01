import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentSchemaOf, type ResultId } from '../../src/cli/json-schemas.js';
import { type Ended, User } from './exhibit.js';

const ann = new User();
const ben = new User();
const HOSTILE = '\u001b[31mred\u202e=1+1\n';
let archive: string;
let folder: string;
let trust: string;

/** The other party's place: archive, receipt and custody folder as they were handed over. */
function handOver(to: User): string {
  const place = join(to.directory, 'taken-over');
  mkdirSync(place, { recursive: true });
  for (const name of readdirSync(dirname(archive)).filter((file) => !file.endsWith('.scorecard.json')))
    cpSync(join(dirname(archive), name), join(place, name), { recursive: true });
  return join(place, basename(archive));
}

/** A copy of archive and receipt that nothing was recorded of yet. */
function unrecorded(name: string): string {
  const place = join(ann.directory, name);
  mkdirSync(place);
  for (const path of [archive, archive.replace('.tar.gz', '.receipt.json')]) cpSync(path, join(place, basename(path)));
  return join(place, basename(archive));
}

async function documentOf(
  user: User,
  id: ResultId,
  ...args: string[]
): Promise<Ended & { document: Record<string, unknown> }> {
  const ended = await user.json(...args);
  expect(documentSchemaOf(id).safeParse(ended.document).error).toBeUndefined();
  return ended;
}

beforeAll(async () => {
  const drill = await ann.json('drill', 'run', '--sandbox');
  archive = String(drill.document['archivePath']);
  folder = archive.replace('.tar.gz', '.custody');
  await ann.run('key', 'new');
  await ben.run('key', 'new');
  trust = join(ann.directory, 'trust');
  const own = [
    String(drill.document['allowedSigners']),
    join(ann.home, 'allowed_signers'),
    join(ben.home, 'allowed_signers'),
  ];
  writeFileSync(trust, own.map((path) => readFileSync(path, 'utf8')).join(''));
});
afterAll(() => {
  ann.remove();
  ben.remove();
});

describe('custody after the seal', () => {
  it('goes from hand to hand, countersigned, and every break has a name', async () => {
    const none = await ann.json('custody', 'verify', archive);
    expect(none).toMatchObject({ exitCode: 4, document: { verdict: 'CUSTODY_EMPTY', events: 0 } });

    const report = join(ann.directory, 'report.json');
    const trusting = ['--allowed-signers', trust];
    const out = await documentOf(
      ann,
      'custody:add',
      ...[
        'custody',
        'add',
        'transfer-out',
        archive,
        '--to',
        'Ben',
        '--remarks',
        HOSTILE,
        '--report',
        report,
        ...trusting,
      ],
    );
    expect(out).toMatchObject({ exitCode: 0, document: { sequence: 1, verdict: 'VERIFIED', event: 'transfer-out' } });
    const event = JSON.parse(readFileSync(String(out.document['path']), 'utf8')) as { verified: unknown };
    const reportSha256 = createHash('sha256').update(readFileSync(report)).digest('hex');
    expect(event.verified).toEqual({ verdict: 'VERIFIED', reportSha256 });
    const open = await documentOf(ann, 'custody:verify', 'custody', 'verify', archive, ...trusting);
    expect(open).toMatchObject({ exitCode: 3, document: { verdict: 'CUSTODY_OPEN' } });

    const theirs = handOver(ben);
    const into = await documentOf(
      ben,
      'custody:add',
      'custody',
      'add',
      'transfer-in',
      theirs,
      '--from',
      'Ann',
      ...trusting,
    );
    expect(into).toMatchObject({ exitCode: 0, document: { sequence: 2, verdict: 'VERIFIED' } });
    const behind = await documentOf(
      ann,
      'custody:verify',
      ...['custody', 'verify', archive, ...trusting, '--compare', theirs.replace('.tar.gz', '.custody')],
    );
    expect(behind).toMatchObject({
      exitCode: 4,
      document: { verdict: 'CUSTODY_BROKEN', findings: [{ kind: 'unpaired' }, { kind: 'missing', seq: 2 }] },
    });
    for (const name of ['0002-transfer-in.json', '0002-transfer-in.json.sig'])
      cpSync(join(theirs.replace('.tar.gz', '.custody'), name), join(folder, name));
    const whole = await documentOf(ann, 'custody:verify', 'custody', 'verify', archive, ...trusting);
    expect(whole).toMatchObject({ exitCode: 0, document: { verdict: 'CUSTODY_INTACT', events: 2 } });
    expect(await ann.run('custody', 'verify', archive)).toMatchObject({ exitCode: 4 });

    await documentOf(ann, 'custody:list', 'custody', 'list', archive, ...trusting);
    await documentOf(ann, 'custody:form', 'custody', 'list', archive, '--form', ...trusting);
    for (const flags of [[], ['--form'], ['-o', 'ndjson']]) {
      const { stdout, exitCode } = await ann.run('custody', 'list', archive, ...flags, ...trusting);
      expect(exitCode).toBe(0);
      expect(stdout).not.toContain('\u001b');
      if (flags[0] === '--form') expect(stdout).toContain('\\x1b[31mred\\u{202e}=1+1\\n');
    }

    const path = join(folder, '0001-transfer-out.json');
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.toString('latin1').replace('"Ben"', '"Eve"'));
    const broken = await documentOf(ann, 'custody:verify', 'custody', 'verify', archive, ...trusting);
    expect(broken).toMatchObject({ exitCode: 4, document: { verdict: 'CUSTODY_BROKEN' } });
    expect(broken.document['line']).toContain('first: bad-signature 0001-transfer-out.json.sig');
    const refused = await ann.json('custody', 'add', 'copy', archive, ...trusting);
    expect(refused).toMatchObject({ exitCode: 4, document: { error: { code: 'CUSTODY_BROKEN' } } });
    writeFileSync(path, bytes);
  });

  it('writes no event about an archive that is tampered with, except that it is', async () => {
    const copy = unrecorded('tampered');
    const bytes = readFileSync(archive);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    writeFileSync(copy, bytes);
    for (const flags of [[], ['--no-verify']]) {
      const refused = await ann.json('custody', 'add', 'access', copy, ...flags);
      expect(refused).toMatchObject({ exitCode: 4, document: { error: { code: 'VERIFY_FAILED' } } });
    }
    expect(existsSync(copy.replace('.tar.gz', '.custody'))).toBe(false);
    const told = await ann.json('custody', 'add', 'verify', copy);
    expect(told).toMatchObject({ exitCode: 0, document: { verdict: 'TAMPERED' } });
    const event = JSON.parse(readFileSync(String(told.document['path']), 'utf8')) as Record<string, unknown>;
    expect(event['data']).toEqual({ foundSha256: createHash('sha256').update(bytes).digest('hex') });
  });

  it('says when the archive was not verified, and what an event lacks', async () => {
    const copy = unrecorded('quick');
    const quick = await ann.json('custody', 'add', 'access', copy, '--no-verify');
    expect(quick).toMatchObject({ exitCode: 0, document: { verdict: null } });
    for (const [kind, code] of [
      ['transfer-out', 'USAGE_INVALID'],
      ['dispose', 'USAGE_INVALID'],
      ['retimestamp', 'USAGE_INVALID'],
      ['steal', 'USAGE_INVALID'],
    ] as const)
      expect(await ann.json('custody', 'add', kind, copy)).toMatchObject({ document: { error: { code } } });
    const long = await ann.json('custody', 'add', 'access', copy, '--no-verify', '--purpose', 'x'.repeat(501));
    expect(long).toMatchObject({ exitCode: 2, document: { error: { code: 'USAGE_INVALID' } } });
  });
});
