import { writeSync } from 'node:fs';
import {
  memorySigner,
  newExhibit,
  OPENING,
  planOf,
  draftOf,
  factsOf,
  outcomeOf,
  quietIo,
  SBOM,
  temporaryStore,
} from './evidence-case.js';
import { systemClock } from '../../src/lib/clock.js';
import { sealExhibit } from '../../src/evidence/seal-exhibit.js';

/**
 * A process that is made to be killed: `node crash-writer.mjs HOME collect|seal SEED`. It says on stdout, unbuffered, what it was
 * promised to be durable, one line each: `item PATH SHA256`, `outcome ARTIFACT`.
 */
const [home = '', mode = 'collect', seedText = '1'] = process.argv.slice(2);
const say = (text: string): void => {
  writeSync(1, `${text}\n`);
};

const { store } = temporaryStore({ home });
const caseId = await store.current();
const openCase = caseId === null ? (await newExhibit(store)).openCase : await store.open(caseId);
const exhibit = (await openCase.exhibit()) ?? (await openCase.openExhibit({ kind: 'drill' }));
if (exhibit.opening() === null) await exhibit.writeOpening(OPENING);
say('ready');

async function collect(name: string, sizeBytes: number): Promise<void> {
  const artifact = `logs/${name}`;
  await exhibit.plan(planOf(artifact));
  const seq = exhibit.requestLog.begin({
    method: 'GET',
    url: `https://x/${name}`,
    auditIdSent: 'id',
    sentAt: '2026-01-01T00:00:00.000Z',
  });
  const writer = await exhibit.sink.open(draftOf(artifact, `data/pods/${name}/current.log`));
  for (let left = sizeBytes; left > 0; left -= 5000) await writer.write(Buffer.alloc(Math.min(left, 5000), name));
  exhibit.requestLog.end(seq, {
    status: 200,
    auditIdAnswered: null,
    serverDate: null,
    sizeBytes,
    sha256: null,
    tlsPeerSha256: null,
    firstByteAt: null,
    lastByteAt: null,
    error: null,
  });
  const { path, sha256 } = await writer.commit(factsOf(artifact));
  say(`item ${path} ${sha256}`);
  await exhibit.outcome(outcomeOf(artifact));
  say(`outcome ${artifact}`);
}

if (mode === 'collect') {
  let n = 0;
  const work = async (): Promise<void> => {
    for (;;) {
      n += 1;
      await collect(`${seedText}-${String(n)}`, (n * 7919) % 20_000);
    }
  };
  await Promise.all([work(), work(), work(), work(), work(), work()]);
} else {
  const policy = { requireTimestamp: false, requireSigners: 1 };
  await sealExhibit({ openCase, exhibit, signer: memorySigner(), clock: systemClock, io: quietIo, policy, sbom: SBOM });
  say('sealed');
}
await openCase.release();
