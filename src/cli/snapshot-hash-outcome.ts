import type { z } from 'zod';
import { recordHashedBlocks } from '../workflows/snapshot/hash-external.js';
import { openHashRecord } from '../workflows/snapshot/hash-record.js';
import { hashSnapshot, type HashSnapshotRequest } from '../workflows/snapshot/hash-snapshot.js';
import type { SnapshotHash } from '../workflows/snapshot/snapshot-hash.js';
import { openBlockPlatform } from './block-platform.js';
import type { Context } from './context.js';
import { caseForCollection } from './open-case.js';
import type { CommandOutcome } from './outcome.js';
import { hashDocument, presentSnapshotHash } from './present-snapshot-blocks.js';
import { refuseSandbox } from './refuse-sandbox.js';
import type { snapshotHashResult } from './results/snapshot-block-results.js';
import { snapshotServices } from './snapshot-services.js';

interface HashFlagValues {
  readonly 'region': string | undefined;
  readonly 'requests-per-second': number;
}

/** Reads a snapshot into the case to collect into. */
export async function snapshotHashOutcome(
  request: HashSnapshotRequest,
  flags: HashFlagValues,
  context: Context,
): Promise<CommandOutcome<z.infer<typeof snapshotHashResult>>> {
  const caseId = await caseForCollection(context);
  await refuseSandbox(context, caseId);
  const { clock, io, signal, os } = context;
  const record = await openHashRecord({
    ...{ store: await context.store(), caseId, clock, tool: await context.tool(), os },
  });
  const { exhibit, log } = record;
  const { requestLog } = exhibit;
  const { serviceOf, close } = snapshotServices(context, { caseToken: caseId, requestLog, account: '' });
  try {
    const platform = await openBlockPlatform(context, flags, requestLog);
    const recordBlocks = async (one: Omit<SnapshotHash, 'record'>) =>
      await recordHashedBlocks(one, { exhibit, log, clock, serviceOf });
    const hash = await hashSnapshot(request, { exhibit, platform, clock, io, signal, recordBlocks });
    const result = hashDocument(caseId, exhibit.exhibitId, hash);
    return { result, text: presentSnapshotHash(result) };
  } finally {
    close();
    await record.close();
  }
}
