import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  entriesOf, gzipOf, jsonLines, listBag, makeBag, packBag, sealedBag, sha256, signBag, TAR_END, tarEntry, tarOf, type Bag, type TarEntry,
} from '../../../test/fakes/archive-builder.js';
import { verifyBytes } from '../../../test/fakes/verify-bytes.js';
import { signSshsig } from '../sshsig.js';
import type { CheckName } from '../../model/verdict.js';

const key = generateKeyPairSync('ed25519').privateKey;
const otherKey = generateKeyPairSync('ed25519').privateKey;

const LOG = 'data/pods/shop/web-1.4f3a9c21/app/current.log';

/** The verdict on a tar, and the checks that failed. */
async function judge(tar: Buffer): Promise<{ verdict: string; failed: CheckName[] }> {
  const report = await verifyBytes(gzipOf(tar), key);
  expect(report.findings.length).toBe(Math.min(100, report.findingsTotal));
  for (const { path, expected, found } of report.findings) expect(path + expected + found).toMatch(/^[\x20-\x7e]*$/);
  expect(report.line).toMatch(/^[\x20-\x7e]*$/);
  return { verdict: report.verdict, failed: report.checks.filter(({ result }) => result === 'failed').map(({ check }) => check) };
}

function textOf(bag: Bag, path: string): string {
  return bag.files.get(path)?.toString('latin1') ?? '';
}

function edit(bag: Bag, path: string, change: (text: string) => string): void {
  const before = textOf(bag, path);
  const after = change(before);
  if (before === after) throw new Error(`the change does not touch ${path}`);
  bag.files.set(path, Buffer.from(after, 'latin1'));
}

function editRecords(bag: Bag, path: string, change: (records: Record<string, unknown>[]) => Record<string, unknown>[]): void {
  const records = textOf(bag, path).trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  bag.files.set(path, jsonLines(change(records)));
}

type Change = (bag: Bag) => void;

/** Somebody without the key changes files of a sealed archive, and may list everything again. */
const withoutKey: [string, CheckName, Change][] = [
  ['a payload byte changed', 'hashes', (bag) => { edit(bag, LOG, (text) => text.replace('one', 'two')); }],
  ['a payload file emptied', 'hashes', (bag) => { bag.files.set(LOG, Buffer.alloc(0)); }],
  ['a payload file removed', 'closure', (bag) => { bag.files.delete(LOG); }],
  ['a payload file added', 'closure', (bag) => { bag.files.set('data/zzz', Buffer.from('planted')); }],
  ['a payload file renamed', 'closure', (bag) => { bag.files.set('data/zzz', bag.files.get(LOG) ?? Buffer.alloc(0)); bag.files.delete(LOG); }],
  ['a tag file changed', 'hashes', (bag) => { edit(bag, 'VERIFY.md', (text) => `${text}rm -rf\n`); }],
  ['a tag file removed', 'closure', (bag) => { bag.files.delete('meta/clock.jsonl'); }],
  ['a tag file planted', 'closure', (bag) => { bag.files.set('meta/extra.jsonl', Buffer.alloc(0)); }],
  ['fetch.txt planted', 'closure', (bag) => { bag.files.set('fetch.txt', Buffer.from('http://x 1 data/x\n')); }],
  ['an MD5 manifest planted', 'closure', (bag) => { bag.files.set('manifest-md5.txt', Buffer.alloc(0)); }],
  ['a file planted under seal/', 'closure', (bag) => { bag.files.set('seal/allowed_signers', Buffer.from('x')); }],
  ['a lone token', 'closure', (bag) => { bag.files.set('seal/seal.tsr', Buffer.from('x')); }],
  ['a lone opening token', 'closure', (bag) => { bag.files.set('custody/open.tsr', Buffer.from('x')); }],
  ['a third signer without a second', 'closure', (bag) => { signBag(bag, otherKey, 3); }],
  ['the signature removed, its key left', 'closure', (bag) => { bag.files.delete('seal/tagmanifest-sha256.txt.sig'); }],
  ['the key removed, its signature left', 'closure', (bag) => { bag.files.delete('seal/signer.pub'); }],
  ['another key beside the signature', 'signature', (bag) => { bag.files.set('seal/signer.pub', signBag(sealedBag(key), otherKey).files.get('seal/signer.pub') ?? Buffer.alloc(0)); }],
  ['a comment in signer.pub', 'signature', (bag) => { edit(bag, 'seal/signer.pub', (text) => text.replace('\n', ' me\n')); }],
  ['the signature armored otherwise', 'signature', (bag) => { edit(bag, 'seal/tagmanifest-sha256.txt.sig', (text) => text.replace(/\n(?=-----END)/, '\n\n')); }],
  ['text after the signature', 'signature', (bag) => { edit(bag, 'seal/tagmanifest-sha256.txt.sig', (text) => `${text}x`); }],
  ['everything changed and listed again', 'signature', (bag) => { edit(bag, LOG, () => 'forged'); listBag(bag); }],
  ['a signature from another archive', 'signature', (bag) => {
    const other = sealedBag(key, { statement: { classification: 'other' } });
    bag.files.set('seal/tagmanifest-sha256.txt.sig', other.files.get('seal/tagmanifest-sha256.txt.sig') ?? Buffer.alloc(0));
  }],
  ['a manifest line removed', 'closure', (bag) => { edit(bag, 'manifest-sha256.txt', (text) => text.slice(text.indexOf('\n') + 1)); }],
  ['the manifest reordered', 'grammar', (bag) => { edit(bag, 'manifest-sha256.txt', (text) => `${text.trimEnd().split('\n').reverse().join('\n')}\n`); }],
  ['a manifest line doubled', 'grammar', (bag) => { edit(bag, 'manifest-sha256.txt', (text) => text.replace(/^.*\n/, '$&$&')); }],
  ['a comment in the manifest', 'grammar', (bag) => { edit(bag, 'manifest-sha256.txt', (text) => `# all good\n${text}`); }],
  ['upper case in the manifest', 'grammar', (bag) => { edit(bag, 'manifest-sha256.txt', (text) => text.replace(/[a-f]/, (digit) => digit.toUpperCase())); }],
  ['CRLF in the manifest', 'grammar', (bag) => { edit(bag, 'manifest-sha256.txt', (text) => text.replaceAll('\n', '\r\n')); }],
  ['the manifest without its last LF', 'grammar', (bag) => { edit(bag, 'manifest-sha256.txt', (text) => text.trimEnd()); }],
  ['the tagmanifest without its last LF', 'grammar', (bag) => { edit(bag, 'tagmanifest-sha256.txt', (text) => text.trimEnd()); }],
  ['the seal listed in the tagmanifest', 'closure', (bag) => { edit(bag, 'tagmanifest-sha256.txt', (text) => `${text}${sha256('x')}  zzz\n`); }],
];

/** Somebody with the key, or a bug of ours, makes an archive that is consistent by its hashes and says something impossible. */
const withKey: [string, CheckName, Change][] = [
  ['a custody line removed', 'chain', (bag) => { edit(bag, 'custody/acquisition.jsonl', (text) => text.replace(/\n.*\n/, '\n')); }],
  ['the custody log cut', 'chain', (bag) => { edit(bag, 'custody/acquisition.jsonl', (text) => text.replace(/[^\n]*\n$/, '')); }],
  ['the custody log empty', 'chain', (bag) => { bag.files.set('custody/acquisition.jsonl', Buffer.alloc(0)); }],
  ['a custody line changed', 'chain', (bag) => { edit(bag, 'custody/acquisition.jsonl', (text) => text.replace('tester', 'nobody')); }],
  ['the last custody line changed', 'chain', (bag) => { edit(bag, 'custody/acquisition.jsonl', (text) => text.replace(/tester(?=[^\n]*\n$)/, 'nobody')); }],
  ['an unknown custody event', 'grammar', (bag) => { edit(bag, 'custody/acquisition.jsonl', (text) => text.replace('"item"', '"magic"')); }],
  ['payloadFiles wrong', 'counts', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace('"payloadFiles":3', '"payloadFiles":4')); }],
  ['payloadBytes wrong', 'counts', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace(/"payloadBytes":\d+/, '"payloadBytes":1')); }],
  ['outcomeCounts wrong', 'counts', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace('"denied":0', '"denied":1')); }],
  ['custodyEntries wrong', 'chain', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace(/"custodyEntries":\d+/, '"custodyEntries":1')); }],
  ['completeness wrong', 'statement', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace('"completeness":"complete"', '"completeness":"partial"')); }],
  ['another exhibit id', 'statement', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace('case-abcd-x0001', 'case-abcd-x0002')); }],
  ['another sequence', 'statement', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace('"sequence":1', '"sequence":2')); }],
  ['another time', 'statement', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace('03:04:05.678Z', '03:04:06.678Z')); }],
  ['a time that is spelled otherwise', 'statement', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace('03:04:05.678Z', '03:04:05.6780Z')); }],
  ['a field too many', 'statement', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace('"holdId"', '"extra":1,"holdId"')); }],
  ['another format', 'statement', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace('exhibit/1', 'exhibit/2')); }],
  ['spaces in the statement', 'statement', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace(':', ': ')); }],
  ['a duplicate key in the statement', 'statement', (bag) => { edit(bag, 'meta/exhibit.json', (text) => text.replace('"kind":"drill"', '"kind":"incident","kind":"drill"')); }],
  ['bagit.txt of another version', 'grammar', (bag) => { edit(bag, 'bagit.txt', (text) => text.replace('1.0', '0.97')); }],
  ['a BOM in bagit.txt', 'grammar', (bag) => { edit(bag, 'bagit.txt', (text) => `\xef\xbb\xbf${text}`); }],
  ['another Payload-Oxum', 'counts', (bag) => { edit(bag, 'bag-info.txt', (text) => text.replace(/Oxum: \d+/, 'Oxum: 1')); }],
  ['a line too many in bag-info.txt', 'counts', (bag) => { edit(bag, 'bag-info.txt', (text) => `${text}Note: x\n`); }],
  ['an items line removed', 'closure', (bag) => { editRecords(bag, 'meta/items.jsonl', (records) => records.slice(1)); }],
  ['an items line of no file', 'closure', (bag) => { editRecords(bag, 'meta/items.jsonl', (records) => [...records, { ...records[0], path: 'data/zzz' }]); }],
  ['the items reordered', 'grammar', (bag) => { editRecords(bag, 'meta/items.jsonl', (records) => records.reverse()); }],
  ['an items line doubled', 'grammar', (bag) => { editRecords(bag, 'meta/items.jsonl', ([first = {}, ...rest]) => [first, first, ...rest]); }],
  ['another hash in items', 'hashes', (bag) => { edit(bag, 'meta/items.jsonl', (text) => text.replace(/"sha256":"[0-9a-f]{64}"/, `"sha256":"${sha256('x')}"`)); }],
  ['another hash of the second reading', 'hashes', (bag) => { edit(bag, 'meta/items.jsonl', (text) => text.replace(/"rereadSha256":"[0-9a-f]{64}"/, `"rereadSha256":"${sha256('x')}"`)); }],
  ['another size in items', 'counts', (bag) => { edit(bag, 'meta/items.jsonl', (text) => text.replace(/"sizeBytes":\d+/, '"sizeBytes":99')); }],
  ['an item of no planned artifact', 'closure', (bag) => { edit(bag, 'meta/items.jsonl', (text) => text.replace('list/core.v1.pods', 'list/unplanned')); }],
  ['a part that is none', 'grammar', (bag) => { editRecords(bag, 'meta/items.jsonl', ([first = {}, ...rest]) => [{ ...first, part: { n: 1, of: 2, wholeSha256: sha256('x'), wholeSizeBytes: 1 } }, ...rest]); }],
  ['a float in items', 'grammar', (bag) => { edit(bag, 'meta/items.jsonl', (text) => text.replace(/"sizeBytes":(\d+)/, '"sizeBytes":$1.0')); }],
  ['spaces in items', 'grammar', (bag) => { edit(bag, 'meta/items.jsonl', (text) => text.replace(',', ', ')); }],
  ['a duplicate key in items', 'grammar', (bag) => { edit(bag, 'meta/items.jsonl', (text) => text.replace('"path":', '"path":"data/other","path":')); }],
  ['UTF-8 in items', 'grammar', (bag) => { edit(bag, 'meta/items.jsonl', (text) => text.replace('"kubelet"', '"kubel\xc3\xa9t"')); }],
  ['items without the last LF', 'grammar', (bag) => { edit(bag, 'meta/items.jsonl', (text) => text.trimEnd()); }],
  ['an empty line in items', 'grammar', (bag) => { edit(bag, 'meta/items.jsonl', (text) => `\n${text}`); }],
  ['an endless line in requests', 'grammar', (bag) => { bag.files.set('meta/requests.jsonl', Buffer.alloc(3_000_000, '[')); }],
  ['an outcome removed', 'closure', (bag) => { editRecords(bag, 'meta/outcomes.jsonl', (records) => records.slice(1)); }],
  ['a plan line removed', 'closure', (bag) => { editRecords(bag, 'meta/plan.jsonl', (records) => records.slice(1)); }],
  ['the plan empty', 'closure', (bag) => { bag.files.set('meta/plan.jsonl', Buffer.alloc(0)); }],
  ['plan and outcome differ in required', 'closure', (bag) => { edit(bag, 'meta/plan.jsonl', (text) => text.replace('true', 'false')); }],
  ['plan and outcome differ in the collector', 'closure', (bag) => { edit(bag, 'meta/plan.jsonl', (text) => text.replace('"sample"', '"other"')); }],
  ['the outcomes reordered', 'grammar', (bag) => { editRecords(bag, 'meta/outcomes.jsonl', (records) => records.reverse()); }],
  ['an outcome doubled', 'grammar', (bag) => { editRecords(bag, 'meta/outcomes.jsonl', ([first = {}, ...rest]) => [first, first, ...rest]); }],
  ['an unknown outcome', 'grammar', (bag) => { edit(bag, 'meta/outcomes.jsonl', (text) => text.replace('"collected"', '"fine"')); }],
  ['a collected artifact without an item', 'closure', (bag) => {
    const more = (records: Record<string, unknown>[]): Record<string, unknown>[] => [...records, { ...records[0], artifact: 'zzz' }];
    editRecords(bag, 'meta/plan.jsonl', more);
    editRecords(bag, 'meta/outcomes.jsonl', more);
  }],
  ['a control character in an artifact', 'grammar', (bag) => {
    for (const file of ['plan', 'outcomes', 'items']) edit(bag, `meta/${file}.jsonl`, (text) => text.replaceAll('list/core.v1.pods', 'list/\\u001b[2J'));
  }],
  ['a request without its status', 'grammar', (bag) => { bag.files.set('meta/requests.jsonl', jsonLines([{ seq: 1 }])); }],
  ['a clock record of another shape', 'grammar', (bag) => { bag.files.set('meta/clock.jsonl', jsonLines([{ source: 'ntp' }])); }],
  ['a list instead of an action', 'grammar', (bag) => { bag.files.set('meta/actions.jsonl', jsonLines([[1]])); }],
];

describe('changes without the key', () => {
  it.each(withoutKey)('%s: %s', async (_what, check, change) => {
    const bag = sealedBag(key);
    change(bag);
    const { verdict, failed } = await judge(packBag(bag));
    expect(verdict).toBe('TAMPERED');
    expect(failed).toContain(check);
  });
});

describe('impossible archives under a good signature', () => {
  it.each(withKey)('%s: %s', async (_what, check, change) => {
    const bag = makeBag();
    change(bag);
    const { verdict, failed } = await judge(packBag(signBag(listBag(bag), key)));
    expect(verdict).toBe('TAMPERED');
    expect(failed).toContain(check);
  });
});

describe('tar', () => {
  const bag = sealedBag(key);
  const entries = entriesOf(bag);
  const { mtimeSeconds, root } = bag;
  const blocks = entries.map((entry) => tarEntry(entry, mtimeSeconds));
  const insertAt = (index: number, block: Buffer): Buffer => Buffer.concat([...blocks.slice(0, index), block, ...blocks.slice(index), TAR_END]);
  const entryAt = (index: number): TarEntry => entries[index] ?? { path: '', bytes: Buffer.alloc(0) };

  /** A header with some fields changed and its checksum made to fit. */
  function header(entry: TarEntry, fields: Readonly<Record<number, string>>): Buffer {
    const block = tarEntry(entry, mtimeSeconds);
    for (const [offset, text] of Object.entries(fields)) block.write(text, Number(offset), 'latin1');
    block.write('        ', 148, 'latin1');
    const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return block;
  }

  const replaceAt = (index: number, fields: Readonly<Record<number, string>>): Buffer =>
    Buffer.concat([...blocks.slice(0, index), header(entryAt(index), fields), ...blocks.slice(index + 1), TAR_END]);
  const empty = (path: string): TarEntry => ({ path, bytes: Buffer.alloc(0) });
  const pax = Buffer.from('30 path=case-abcd-x0001/data/x\n');

  it.each([
    ['unchanged files in another order', tarOf([...entries].reverse(), mtimeSeconds)],
    ['bagit.txt not first', tarOf([...entries.slice(1), entryAt(0)], mtimeSeconds)],
    ['seal/ before the tagmanifest', tarOf([...entries].sort((a, b) => (a.path.endsWith('bagit.txt') ? -1 : a.path < b.path ? -1 : 1)), mtimeSeconds)],
    ['a file twice', insertAt(3, blocks[3] ?? TAR_END)],
    ['a pax header', insertAt(3, header({ path: `${root}/paxheader`, bytes: pax }, { 156: 'x' }))],
    ['a global pax header', insertAt(0, header({ path: 'pax_global_header', bytes: pax }, { 156: 'g' }))],
    ['a GNU long name', insertAt(3, header({ path: '././@LongLink', bytes: Buffer.from('x\0') }, { 156: 'L' }))],
    ['a symbolic link', insertAt(3, header(empty(`${root}/data/link`), { 156: '2', 157: '/etc/passwd' }))],
    ['a hard link', insertAt(3, header(empty(`${root}/data/link`), { 156: '1', 157: `${root}/bagit.txt` }))],
    ['a directory', insertAt(3, header(empty(`${root}/data`), { 156: '5' }))],
    ['a device', insertAt(3, header(empty(`${root}/data/null`), { 156: '3' }))],
    ['a FIFO', insertAt(3, header(empty(`${root}/data/fifo`), { 156: '6' }))],
    ['an old regular type', replaceAt(3, { 156: '\0' })],
    ['another mode', replaceAt(3, { 100: '0000755' })],
    ['another owner', replaceAt(3, { 108: '0001750' })],
    ['an owner name', replaceAt(3, { 265: 'root' })],
    ['another time', replaceAt(3, { 136: '00000000000' })],
    ['GNU magic', replaceAt(3, { 257: 'ustar  \0' })],
    ['a base-256 size', replaceAt(3, { 124: '\x80' })],
    ['an absolute path', insertAt(blocks.length, tarEntry(empty('/etc/zzz'), mtimeSeconds))],
    ['a path upwards', insertAt(blocks.length, tarEntry(empty(`${root}/../zzz`), mtimeSeconds))],
    ['a path outside the folder', insertAt(blocks.length, tarEntry(empty('zzz/zzz'), mtimeSeconds))],
    ['a name that differs in case only', tarOf([...entries.slice(0, 1), empty(`${root}/VERIFY.MD`), ...entries.slice(1)], mtimeSeconds)],
    ['an escape sequence in a name', insertAt(3, tarEntry(empty(`${root}/data/\x1b[2J`), mtimeSeconds))],
    ['another folder', tarOf(entries.map(({ path, bytes }) => ({ path: path.replace(root, 'case-abcd-x0002'), bytes })), mtimeSeconds)],
    ['another time in every header', tarOf(entries, mtimeSeconds + 1)],
    ['no end', Buffer.concat(blocks)],
    ['one zero block at the end', Buffer.concat([...blocks, TAR_END.subarray(512)])],
    ['one zero block in between', insertAt(3, TAR_END.subarray(512))],
    ['the end in between', insertAt(3, TAR_END)],
    ['a third zero block', Buffer.concat([...blocks, TAR_END, TAR_END.subarray(512)])],
    ['padded to ten kilobytes', Buffer.concat([...blocks, TAR_END, Buffer.alloc(10_240)])],
    ['a byte after the end', Buffer.concat([...blocks, TAR_END, Buffer.from('x')])],
    ['a second tar', Buffer.concat([...blocks, TAR_END, ...blocks, TAR_END])],
    ['nothing but the end', TAR_END],
    ['nothing', Buffer.alloc(0)],
  ])('%s', async (_what, tar) => {
    const { verdict } = await judge(tar);
    expect(verdict).toBe('TAMPERED');
  });

  it('bytes in the padding', async () => {
    const tar = packBag(bag);
    tar[512 + (entryAt(0).bytes.length || 1)] = 1;
    expect(await judge(tar)).toMatchObject({ verdict: 'TAMPERED', failed: ['grammar'] });
  });
});

describe('signature', () => {
  it('in another namespace does not count', async () => {
    const bag = sealedBag(key);
    const signature = signSshsig(key, bag.files.get('tagmanifest-sha256.txt') ?? Buffer.alloc(0), 'exhibit-custody@v1');
    bag.files.set('seal/tagmanifest-sha256.txt.sig', Buffer.from(signature));
    expect(await judge(packBag(bag))).toMatchObject({ verdict: 'TAMPERED', failed: ['signature'] });
  });
});

describe('findings', () => {
  it('keeps a hundred and counts all', async () => {
    const bag = sealedBag(key);
    for (let index = 0; index < 250; index += 1) bag.files.set(`data/zz-${String(index)}`, Buffer.alloc(0));
    const report = await verifyBytes(gzipOf(packBag(bag)), key);
    expect(report.findings).toHaveLength(100);
    expect(report.findingsTotal).toBeGreaterThanOrEqual(500);
  });
});
