import { Flags } from '@oclif/core';
import type { BlockPlatform } from '../ports/block-source.js';
import type { RequestLog } from '../ports/request-log.js';
import type { Context } from './context.js';

/** For commands that read snapshots block by block. */
export const blockFlags = {
  'region': Flags.string({
    helpValue: 'NAME',
    summary: 'Region of the snapshot; default: as the AWS command line finds it.',
  }),
  'requests-per-second': Flags.integer({
    helpValue: 'N',
    min: 1,
    max: 100_000,
    default: 500,
    summary: 'Blocks that are asked for in a second, at most; 500 is half of what AWS grants every account.',
  }),
};

interface BlockFlagValues {
  readonly 'region': string | undefined;
  readonly 'requests-per-second': number;
}

/** `requestLog`: where each call is written down; `null` = there is no exhibit to have it in. */
export async function openBlockPlatform(
  context: Context,
  flags: BlockFlagValues,
  requestLog: RequestLog | null,
): Promise<BlockPlatform> {
  const { createEbsBlocks } = await context.ebsBlocks();
  const { clock, signal, environment } = context;
  return await createEbsBlocks({
    ...{ region: flags.region, variables: environment.variables, clock, signal },
    maxPerSecond: flags['requests-per-second'],
    logging: requestLog === null ? null : { requestLog, clock },
  });
}
