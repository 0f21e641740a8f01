import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import { clusterFlags } from '../../cli/flags.js';
import { SNAPSHOT_CODES } from '../../cli/snapshot-codes.js';
import { snapshotCommand, snapshotTakeFlags } from '../../cli/snapshot-flags.js';
import { type Beginning, snapshotOutcome, type SnapshotOutcome } from '../../cli/snapshot-outcome.js';
import { nodeRegion, nodeSource } from '../../workflows/snapshot/node-source.js';

export default class SnapshotNode extends BaseCommand<typeof SnapshotNode> {
  static override summary = "Take snapshots of all disks of a node's machine, in one call.";

  static override description = describe(
    `Finds the machine of the node in EC2, matches it with the node, and takes one crash-consistent set of snapshots of its volumes, volumes of
claims of other pods among them unless they are left out with --exclude-volume. What the kernel had not written is not in them. Snapshots
bear the random id of the case as a tag; a case has one snapshot of a volume, and the same command finds what it made, also after its
answer was lost. Ids, keys, states and locks are written into the open exhibit; a pending snapshot never holds up the seal, and snapshot
status writes its end into the next exhibit. Disks of an instance store cannot be taken and are a gap.`,
    SNAPSHOT_CODES,
  );

  static override examples = [
    '<%= config.bin %> snapshot node worker-3 --dry-run',
    '<%= config.bin %> snapshot node worker-3 --exclude-volume shop/cart-data --lock governance --lock-days 90',
    '<%= config.bin %> snapshot node worker-3 --copy-to-region eu-west-1 --kms-key arn:aws:kms:eu-west-1:111122223333:key/0b1c --wait-limit 3h',
  ];

  static override args = { node: Args.string({ ignoreStdin: true, required: true, description: 'Name of the node.' }) };

  static override flags = {
    'exclude-volume': Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'VOLUME',
      summary: 'Leave a volume out: its id, its device, or its claim as NAMESPACE/NAME; repeatable.',
    }),
    ...snapshotTakeFlags,
    ...clusterFlags,
  };

  protected override goOn(): string {
    const args = this.args as { readonly node?: string } | undefined;
    return snapshotCommand(super.goOn(), { name: args?.node, flags: this.flags });
  }

  protected override async execute(): Promise<SnapshotOutcome> {
    const { context, flags, answers } = this;
    const { node } = this.args;
    const target = context.clusterTarget(flags);
    const reader = async ({ caseToken, requestLog }: Beginning) =>
      await context.connector(target, caseToken)(requestLog);
    return await snapshotOutcome({
      ...{ flags, context, answers, resume: `${this.goOn()} --wait` },
      region: async (beginning) => await nodeRegion(node, await reader(beginning)),
      sources: async ({ platform, ...beginning }) => [
        await nodeSource(
          { node, exclude: flags['exclude-volume'] ?? [] },
          { reader: await reader(beginning), platform },
        ),
      ],
    });
  }
}
