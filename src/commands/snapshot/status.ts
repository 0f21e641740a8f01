import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import type { snapshotResult } from '../../cli/results/snapshot-results.js';
import { SNAPSHOT_CODES } from '../../cli/snapshot-codes.js';
import { snapshotCommand, snapshotWaitFlags } from '../../cli/snapshot-flags.js';
import { snapshotStatusOutcome } from '../../cli/snapshot-outcome.js';

export default class SnapshotStatus extends BaseCommand<typeof SnapshotStatus> {
  static override summary = 'Look at the snapshots of the case again, and write down what has changed.';

  static override description = describe(
    `Asks the cloud for every snapshot that the case knows, copies among them, and writes what is not as the exhibits of the case say into the
open one, or into the next one where the last is sealed. --wait waits until they are completed; --lock, --copy-to-region and --share-with do
with all of them what snapshot node does.`,
    SNAPSHOT_CODES,
  );

  static override examples = [
    '<%= config.bin %> snapshot status',
    '<%= config.bin %> snapshot status --wait --wait-limit 3h',
    '<%= config.bin %> snapshot status --lock governance --lock-days 365',
  ];

  static override flags = { ...snapshotWaitFlags };

  protected override goOn(): string {
    return snapshotCommand(super.goOn(), { name: undefined, flags: this.flags });
  }

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof snapshotResult>>> {
    const { context, flags, answers } = this;
    return await snapshotStatusOutcome({ flags, context, answers, resume: `${this.goOn()} --wait` });
  }
}
