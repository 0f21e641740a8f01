import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import { SNAPSHOT_CODES } from '../../cli/snapshot-codes.js';
import { checkRegion, snapshotCommand, snapshotTakeFlags } from '../../cli/snapshot-flags.js';
import { snapshotOutcome, type SnapshotOutcome } from '../../cli/snapshot-outcome.js';
import { volumeSource } from '../../workflows/snapshot/volume-source.js';

export default class SnapshotVolume extends BaseCommand<typeof SnapshotVolume> {
  static override summary = 'Take a snapshot of a volume of EBS, attached or not.';

  static override description = describe(
    `For a volume without its machine: one that was detached, or whose node is gone. No cluster is asked. The volumes of a running machine are
better taken together, with snapshot node. A case has one snapshot of a volume; the same command finds it, --again makes another.`,
    SNAPSHOT_CODES,
  );

  static override examples = [
    '<%= config.bin %> snapshot volume vol-0123456789abcdef0 --region eu-central-1 --dry-run',
    '<%= config.bin %> snapshot volume vol-0123456789abcdef0 --region eu-central-1 --wait --yes',
  ];

  static override args = {
    volume: Args.string({ ignoreStdin: true, required: true, description: 'Id of the volume: vol-...' }),
  };

  static override flags = {
    region: Flags.string({ required: true, helpValue: 'NAME', summary: 'Region of the volume.' }),
    ...snapshotTakeFlags,
  };

  protected override goOn(): string {
    const args = this.args as { readonly volume?: string } | undefined;
    return snapshotCommand(super.goOn(), { name: args?.volume, flags: this.flags });
  }

  protected override async execute(): Promise<SnapshotOutcome> {
    const { context, flags, answers } = this;
    const region = checkRegion(flags.region);
    return await snapshotOutcome({
      ...{ flags, context, answers, resume: `${this.goOn()} --wait` },
      region: async () => await Promise.resolve(region),
      sources: async ({ account, serviceOf }) => [
        await volumeSource([this.args.volume], { account, claim: null }, await serviceOf(region)),
      ],
    });
  }
}
