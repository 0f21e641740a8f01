import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExhibitSpool } from '../exhibit-spool.js';
import { parseRedactionRules } from '../../model/redaction.js';
import { collectOne } from '../../../test/fakes/evidence-case.js';
import { sealedCase, type SealedCase } from '../../../test/fakes/sealed-case.js';
import { copyPass } from './copy-pass.js';
import { ParentRecords } from './parent-records.js';
import { RuleSet } from './rule-set.js';

const SECRET = 'hunter2-and-more';
const PART_BYTES = 1014;
const TEXT = `${'x'.repeat(1000)}password=${SECRET}\n${'y'.repeat(1000)}\npassword=${SECRET}\n`;

const made: SealedCase[] = [];

afterEach(() => {
  for (const { home } of made.splice(0)) rmSync(home, { recursive: true, force: true });
});

async function pass(rule: Record<string, unknown>, collect: (exhibit: ExhibitSpool) => Promise<void>) {
  const sealed = await sealedCase(collect, { partBytes: PART_BYTES });
  made.push(sealed);
  const archive = { path: sealed.sealed.archivePath, containerSha256: sealed.sealed.receipt.containerSha256 };
  const records = await ParentRecords.read(archive, mkdtempSync(join(tmpdir(), 'exhibit-pass-')));
  const rules = new RuleSet(
    parseRedactionRules(
      {
        apiVersion: 'kubexhibit.dev/v1',
        kind: 'RedactionRules',
        metadata: { name: 'test' },
        rules: [{ id: 'rule', paths: ['data/pods/*/current.log'], ...rule }],
      },
      'test',
    ),
  );
  const files = new Map<string, string>();
  const told: unknown[] = [];
  let path = '';
  await copyPass({
    archive,
    records,
    rules,
    dropped: new Map(),
    newSalt: () => Buffer.alloc(32),
    signal: undefined,
    visitor: {
      begin: (item) => {
        path = item.path;
        files.set(path, '');
      },
      bytes: (bytes) => {
        files.set(path, (files.get(path) ?? '') + bytes.toString('latin1'));
      },
      redaction: ({ path: where, kind, redaction }) => {
        told.push([where, kind, redaction.offset, redaction.lengthBytes]);
      },
      end: () => undefined,
      removed: (item) => {
        told.push(item.path);
      },
      undecidable: (item, { what }) => {
        throw new Error(`${item.path}: ${what}`);
      },
    },
  });
  return { files, told };
}

const PASSWORDS = { text: { after: 'password=', match: '\\S+' } };

describe('a file that was split', () => {
  it('is one file for the rules, and the ledger names the part in which a range begins', async () => {
    const { files, told } = await pass(
      PASSWORDS,
      async (exhibit) => await collectOne(exhibit, 'big', Buffer.from(TEXT)),
    );
    expect([...files.keys()]).toEqual(['data/pods/big/current.log']);
    expect(files.get('data/pods/big/current.log')).toBe(TEXT.replaceAll(SECRET, '[redacted]'));
    const second = TEXT.lastIndexOf(SECRET);
    expect(told).toEqual([
      ['data/pods/big/current.log.p0001', 'masked', 1009, SECRET.length],
      ['data/pods/big/current.log.p0003', 'masked', second - 2 * PART_BYTES, SECRET.length],
    ]);
  });

  it('goes part by part when it goes as a whole', async () => {
    const { files, told } = await pass({ remove: true }, async (exhibit) => {
      await collectOne(exhibit, 'big', Buffer.from(TEXT));
      await collectOne(exhibit, 'empty', Buffer.alloc(0));
    });
    expect([...files.keys()]).toEqual([]);
    expect(told).toEqual([
      ['data/pods/big/current.log.p0001', 'removed', 0, PART_BYTES],
      ['data/pods/big/current.log.p0002', 'removed', 0, PART_BYTES],
      ['data/pods/big/current.log.p0003', 'removed', 0, TEXT.length - 2 * PART_BYTES],
      'data/pods/big/current.log',
      ['data/pods/empty/current.log', 'removed', 0, 0],
      'data/pods/empty/current.log',
    ]);
  });

  it('of which a rule finds too much to decide is named', async () => {
    const wide = { text: { match: 'password=[^!]+!' } };
    const long = Buffer.from(`password=${'x'.repeat(600_000)}\n`);
    await expect(pass(wide, async (exhibit) => await collectOne(exhibit, 'big', long))).rejects.toMatchObject({
      code: 'REDACTION_UNDECIDED',
      subject: 'data/pods/big/current.log',
    });
  });
});
