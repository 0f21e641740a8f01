import { isAbsolute, join } from 'node:path';
import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { blockFlags } from '../../cli/block-platform.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import type { snapshotHashResult } from '../../cli/results/snapshot-block-results.js';
import { SNAPSHOT_BLOCK_CODES } from '../../cli/snapshot-block-codes.js';
import { snapshotHashOutcome } from '../../cli/snapshot-hash-outcome.js';
import { shellWord } from '../../lib/shell-word.js';

export default class SnapshotExport extends BaseCommand<typeof SnapshotExport> {
  static override summary =
    'Write the disk image that a snapshot of EBS holds into a file, and hash it in the same pass.';

  static override description = describe(
    `Does what snapshot hash does and writes the raw image beside it: a sparse file, in which what was never written takes no room. The file
gets its name when it is complete, and nothing is ever replaced. Until then it is FILE.partial, with FILE.partial.jsonl naming the blocks that
are on the disk; the same command goes on with them, after hashing them again. Read the image with collect --disk FILE.`,
    SNAPSHOT_BLOCK_CODES,
  );

  static override examples = [
    '<%= config.bin %> snapshot export snap-0123456789abcdef0 --to /evidence/root.img',
    '<%= config.bin %> collect --disk /evidence/root.img --node worker-3',
  ];

  static override args = {
    snapshot: Args.string({ ignoreStdin: true, required: true, description: 'Id of the snapshot: snap-...' }),
  };

  static override flags = {
    ...blockFlags,
    to: Flags.string({
      helpValue: 'FILE',
      required: true,
      summary: 'File that the image is written to; must not exist.',
    }),
  };

  protected override goOn(): string {
    const args = this.args as { readonly snapshot?: string } | undefined;
    const flags = this.flags as { readonly to?: string } | undefined;
    if (args?.snapshot === undefined || flags?.to === undefined) return super.goOn();
    return `${super.goOn()} ${shellWord(args.snapshot)} --to=${shellWord(flags.to)}`;
  }

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof snapshotHashResult>>> {
    const { to } = this.flags;
    const exportTo = isAbsolute(to) ? to : join(this.environment.workingDirectory, to);
    return await snapshotHashOutcome({ snapshot: this.args.snapshot, exportTo }, this.flags, this.context);
  }
}
