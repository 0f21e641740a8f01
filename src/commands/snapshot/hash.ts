import { Args } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { blockFlags } from '../../cli/block-platform.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import type { snapshotHashResult } from '../../cli/results/snapshot-block-results.js';
import { SNAPSHOT_BLOCK_CODES } from '../../cli/snapshot-block-codes.js';
import { snapshotHashOutcome } from '../../cli/snapshot-hash-outcome.js';
import { shellWord } from '../../lib/shell-word.js';

export default class SnapshotHash extends BaseCommand<typeof SnapshotHash> {
  static override summary =
    'Hash the disk image that a snapshot of EBS holds, block by block, without a machine in the cloud.';

  static override description = describe(
    `Reads each block that the snapshot holds by the direct API of EBS, checks its length and checksum, and puts into the open exhibit the
SHA-256 of the whole image, what was never written being zeros, and a manifest with the SHA-256 of each block. Blocks are read in parallel,
as fast as the service takes it. After an interruption it begins anew: a whole digest needs every byte once more.`,
    SNAPSHOT_BLOCK_CODES,
  );

  static override examples = [
    '<%= config.bin %> snapshot hash snap-0123456789abcdef0',
    '<%= config.bin %> snapshot hash snap-0123456789abcdef0 --region eu-central-1 --requests-per-second 100 --json',
  ];

  static override args = {
    snapshot: Args.string({ ignoreStdin: true, required: true, description: 'Id of the snapshot: snap-...' }),
  };

  static override flags = { ...blockFlags };

  protected override goOn(): string {
    const args = this.args as { readonly snapshot?: string } | undefined;
    return args?.snapshot === undefined ? super.goOn() : `${super.goOn()} ${shellWord(args.snapshot)}`;
  }

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof snapshotHashResult>>> {
    return await snapshotHashOutcome({ snapshot: this.args.snapshot, exportTo: null }, this.flags, this.context);
  }
}
