import { describe, expect, it } from 'vitest';
import {
  entriesOf,
  packBag,
  sealedBag,
  TAR_END,
  tarEntry,
  tarOf,
  type TarEntry,
} from '../../../test/fakes/archive-builder.js';
import { judge, trustedKey } from '../../../test/fakes/tamper.js';

describe('tar', () => {
  const bag = sealedBag(trustedKey);
  const entries = entriesOf(bag);
  const { mtimeSeconds, root } = bag;
  const blocks = entries.map((entry) => tarEntry(entry, mtimeSeconds));
  const insertAt = (index: number, block: Buffer): Buffer =>
    Buffer.concat([...blocks.slice(0, index), block, ...blocks.slice(index), TAR_END]);
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
    [
      'seal/ before the tagmanifest',
      tarOf(
        [...entries].sort((a, b) => (a.path.endsWith('bagit.txt') ? -1 : a.path < b.path ? -1 : 1)),
        mtimeSeconds,
      ),
    ],
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
    [
      'a name that differs in case only',
      tarOf([...entries.slice(0, 1), empty(`${root}/VERIFY.MD`), ...entries.slice(1)], mtimeSeconds),
    ],
    ['an escape sequence in a name', insertAt(3, tarEntry(empty(`${root}/data/\x1b[2J`), mtimeSeconds))],
    [
      'another folder',
      tarOf(
        entries.map(({ path, bytes }) => ({ path: path.replace(root, 'case-abcd-x0002'), bytes })),
        mtimeSeconds,
      ),
    ],
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

  it('any file twice', async () => {
    for (const [index, block] of blocks.entries()) {
      const { verdict, failed } = await judge(insertAt(index, block));
      expect(verdict, entryAt(index).path).toBe('TAMPERED');
      expect(failed, entryAt(index).path).toContain('grammar');
    }
  });

  it('bytes in the padding', async () => {
    const tar = packBag(bag);
    tar[512 + (entryAt(0).bytes.length || 1)] = 1;
    expect(await judge(tar)).toMatchObject({ verdict: 'TAMPERED', failed: ['grammar'] });
  });
});
