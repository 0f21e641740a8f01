import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readArchiveFile } from '../fakes/read-archive-file.js';
import { type BareClients, bareClients } from './machine.js';
import { hasMoto, type Moto, needsMoto, startMoto } from './moto.js';
import { phasesOf, Responding } from './responding.js';

type Document = Readonly<Record<string, unknown>>;
const outcomes = (document: Document) => phasesOf(document).map(({ phase, outcome }) => `${phase} ${outcome}`);
const archiveOf = (document: Document) => (document['sealed'] as { readonly archivePath: string }).archivePath;
const linesOf = (archive: string, path: string) =>
  readArchiveFile(archive, path)
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Document);

describe.skipIf(!hasMoto)(`a response with a cloud${needsMoto}`, () => {
  let moto: Moto;
  let clients: BareClients;
  let world: Responding;
  beforeAll(async () => {
    moto = await startMoto();
    clients = bareClients(moto.endpoint);
  });
  afterAll(() => moto.stop());
  beforeEach(async () => {
    world = await Responding.open(clients, moto.endpoint);
  });
  afterEach(() => world.close());

  it('protects the machine, has its disks copied once, severs it, seals, and gives everything back', async () => {
    const { user } = world;
    const before = await world.scene();
    const keepsIt = world.command('sever').filter((word, at, all) => ![word, all[at - 1]].includes('--lose-volatile'));
    const refused = await user.run(...keepsIt);
    expect(refused.exitCode, refused.stderr).toBe(5);
    expect(refused.stderr).toContain('--lose-volatile node1');
    expect(await world.scene()).toEqual(before);

    const { document, stderr } = await user.json(...world.command('sever'));
    expect(outcomes(document), stderr).toEqual([
      ...['vanishing done', 'protect done', 'snapshot partial', 'volatile done', 'contain done', 'rest partial'],
      'seal done',
    ]);
    // What no snapshot has is said, and nothing else.
    const snapshot = phasesOf(document).find(({ phase }) => phase === 'snapshot');
    expect(snapshot?.reason).toMatch(/^1 disks of \S+ are of its instance store/);
    const during = await world.scene();
    expect(during).toMatchObject({ isProtected: true, shutdown: 'stop', metadata: 'disabled', policies: 1, made: 1 });
    expect(new Set(during.groups.flat()).size).toBe(1);
    const caseId = String(document['case']);
    const copies = await world.snapshotsOf(caseId);
    expect(copies).toHaveLength(2);

    const archive = archiveOf(document);
    const external = linesOf(archive, 'meta/external.jsonl');
    expect(external.map(({ id }) => id).sort()).toEqual([...copies].sort());
    const custody = linesOf(archive, 'custody/acquisition.jsonl');
    const at = (wanted: Document) =>
      custody.findIndex((line) => Object.entries(wanted).every(([key, value]) => line[key] === value));
    const order = [
      at({ event: 'action', kind: 'termination-protection' }),
      at({ phase: 'protect', outcome: 'done' }),
      at({ phase: 'volatile', outcome: 'done' }),
      at({ event: 'action', kind: 'detach-pod' }),
      at({ event: 'action', kind: 'interface-groups' }),
    ];
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect((await user.json('verify', archive)).document['verdict']).toMatch(/^VERIFIED/);

    const told = execFileSync(process.execPath, ['test/bench/respond-times.js', archive], { encoding: 'utf8' });
    process.stderr.write(`seconds since the confirmation: ${told}`);
    const times = JSON.parse(told) as Readonly<Record<string, number>>;
    expect(times['protected']).toBeGreaterThan(0);
    expect(times['snapshotsCalled']).toBeGreaterThan(times['protected'] ?? 0);
    expect(times['firstVolatile']).toBeGreaterThan(times['protected'] ?? 0);

    const again = await user.json(...world.command('sever'));
    expect(outcomes(again.document), again.stderr).toContain('contain done');
    expect(await world.snapshotsOf(caseId)).toEqual(copies);
    expect(await world.scene()).toEqual(during);

    const back = await user.json('release', '--yes', '--readopt');
    expect(back.document, back.stderr).toMatchObject({ verdict: 'released' });
    expect(await world.scene()).toEqual(before);
  }, 240_000);
});
