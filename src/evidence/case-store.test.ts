import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NEW_CASE, newExhibit, temporaryStore } from '../../test/fakes/evidence-case.js';

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('case store', () => {
  it('creates a private case, uses it, and lists it', async () => {
    const { store, home } = temporaryStore();
    expect(await store.current()).toBeNull();
    expect(await store.list()).toEqual([]);
    const file = await store.create(NEW_CASE);
    expect(file).toMatchObject({ ...NEW_CASE, state: 'open' });
    expect(file.caseId).toMatch(/^[a-z][a-z0-9]{9}$/);
    expect(await store.current()).toBe(file.caseId);
    const directory = join(home, 'cases', file.caseId);
    expect([
      mode(join(home, 'cases')),
      mode(directory),
      mode(join(directory, 'case.json')),
      mode(join(directory, 'case.jsonl')),
    ]).toEqual(['700', '700', '600', '600']);
    expect(await store.list()).toEqual([
      { caseId: file.caseId, reference: 'REF-1', state: 'open', openedAt: file.openedAt, exhibits: [] },
    ]);
  });

  it('switches between cases and closes them', async () => {
    const { store } = temporaryStore();
    const first = await store.create(NEW_CASE);
    const second = await store.create(NEW_CASE);
    expect(await store.current()).toBe(second.caseId);
    await store.use(first.caseId);
    expect(await store.current()).toBe(first.caseId);
    expect(await store.close(first.caseId)).toMatchObject({ state: 'closed' });
    expect(await store.current()).toBeNull();
    await expect(store.use(first.caseId)).rejects.toMatchObject({ code: 'CASE_CLOSED' });
    const openCase = await store.open(first.caseId);
    await expect(openCase.openExhibit({ kind: 'drill' })).rejects.toMatchObject({ code: 'CASE_CLOSED' });
    await openCase.release();
  });

  it.each(['nosuchcase', '../escape', 'UPPER', ''])('knows no case %j', async (caseId) => {
    const { store } = temporaryStore();
    await expect(store.open(caseId)).rejects.toMatchObject({ code: 'CASE_INVALID' });
    await expect(store.use(caseId)).rejects.toMatchObject({ code: 'CASE_INVALID' });
  });

  it('numbers exhibits in order, uses up each number, and keeps a case with an open one open', async () => {
    const { store } = temporaryStore();
    const { openCase, exhibit } = await newExhibit(store);
    expect(exhibit).toMatchObject({ exhibitId: `${openCase.file.caseId}-x0001`, sequence: 1, kind: 'drill' });
    await expect(openCase.openExhibit({ kind: 'drill' })).rejects.toMatchObject({ code: 'INTERNAL' });
    await openCase.giveUp(exhibit, 'a test');
    const second = await openCase.openExhibit({ kind: 'incident' });
    expect(second).toMatchObject({ sequence: 2, kind: 'incident' });
    await openCase.release();
    await expect(store.close(openCase.file.caseId)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    expect((await store.list())[0]?.exhibits).toEqual([
      { exhibitId: `${openCase.file.caseId}-x0001`, sequence: 1, state: 'given-up', encryption: null },
      { exhibitId: `${openCase.file.caseId}-x0002`, sequence: 2, state: 'open', encryption: null },
    ]);
  });

  it('refuses a second writer', async () => {
    const { store } = temporaryStore();
    const { openCase } = await newExhibit(store);
    await expect(store.open(openCase.file.caseId)).rejects.toMatchObject({ code: 'CASE_LOCKED' });
    await openCase.release();
    await (await store.open(openCase.file.caseId)).release();
  });

  it('opens an exhibit whose number was used before its folder had its name', async () => {
    const { store } = temporaryStore();
    const { openCase, exhibit } = await newExhibit(store);
    await openCase.release();
    renameSync(exhibit.directory, `${exhibit.directory}.new`);
    const again = await store.open(openCase.file.caseId);
    expect(await again.exhibit()).toMatchObject({ exhibitId: exhibit.exhibitId, kind: 'drill' });
    await again.release();
  });
});

describe('case store on a disk that is not as it must be', () => {
  it('refuses directories that others can use, that are links, or no directories', async () => {
    const { store, home } = temporaryStore();
    const { openCase, exhibit } = await newExhibit(store);
    const { caseId } = openCase.file;
    await openCase.release();
    const openAll = async (): Promise<void> => {
      const opened = await store.open(caseId);
      try {
        await opened.exhibit();
      } finally {
        await opened.release();
      }
    };
    for (const path of [exhibit.directory, dirname(exhibit.directory), openCase.directory]) {
      chmodSync(path, 0o750);
      await expect(openAll()).rejects.toMatchObject({ code: 'STORAGE_UNSAFE' });
      chmodSync(path, 0o700);
      const moved = join(home, 'moved');
      renameSync(path, moved);
      symlinkSync(moved, path);
      await expect(openAll()).rejects.toMatchObject({ code: 'STORAGE_UNSAFE' });
      renameSync(path, `${moved}.link`);
      renameSync(moved, path);
      renameSync(`${moved}.link`, join(home, `used-${String(path.length)}`));
    }
    chmodSync(join(home, 'cases'), 0o755);
    await expect(store.create(NEW_CASE)).rejects.toMatchObject({ code: 'STORAGE_UNSAFE' });
  });

  it('opens a case whose history has a torn end longer than a record, and keeps all of its bytes', async () => {
    const { store, home } = temporaryStore();
    const { caseId } = await store.create(NEW_CASE);
    const log = join(home, 'cases', caseId, 'case.jsonl');
    const tail = 'x'.repeat(2 * 1024 * 1024);
    appendFileSync(log, tail);
    for (let opened = 0; opened < 2; opened += 1) await (await store.open(caseId)).release();
    const entries = readFileSync(log, 'latin1').trimEnd().split('\n');
    expect(entries).toHaveLength(2);
    expect(JSON.parse(entries[1] ?? '')).toMatchObject({ event: 'interrupted', tornSizeBytes: tail.length });
    expect(readFileSync(`${log}.torn-kept-1`, 'latin1')).toBe(tail);
  });

  it('names the damaged line of case.jsonl, and repairs a torn last one without losing its bytes', async () => {
    const { store } = temporaryStore();
    const { openCase } = await newExhibit(store);
    await openCase.release();
    const path = join(openCase.directory, 'case.jsonl');
    const good = readFileSync(path, 'latin1');
    appendFileSync(path, '{"seq":3,"pre');
    const again = await store.open(openCase.file.caseId);
    expect((await again.exhibit())?.sequence).toBe(1);
    await again.release();
    const repaired = readFileSync(path, 'latin1');
    expect(repaired.startsWith(good)).toBe(true);
    expect(JSON.parse(repaired.slice(good.length))).toMatchObject({
      seq: 3,
      event: 'interrupted',
      tornB64: Buffer.from('{"seq":3,"pre').toString('base64'),
    });
    writeFileSync(path, repaired.replace('exhibit-opened', 'exhibit-closed'));
    await expect(store.open(openCase.file.caseId)).rejects.toMatchObject({
      code: 'CASE_CORRUPT',
      message: expect.stringContaining('line 2') as string,
    });
    await expect(store.list()).rejects.toMatchObject({ code: 'CASE_CORRUPT' });
  });

  it('passes over what is no case', async () => {
    const { store, home } = temporaryStore();
    await store.create(NEW_CASE);
    mkdirSync(join(home, 'cases', 'emptyfolder'));
    mkdirSync(join(home, 'cases', '.unfinished.new'));
    expect(await store.list()).toHaveLength(1);
  });
});
