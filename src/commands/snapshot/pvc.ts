import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import { clusterFlags } from '../../cli/flags.js';
import { SNAPSHOT_CODES } from '../../cli/snapshot-codes.js';
import { checkRegion, snapshotCommand, snapshotTakeFlags } from '../../cli/snapshot-flags.js';
import { type Beginning, snapshotOutcome, type SnapshotOutcome } from '../../cli/snapshot-outcome.js';
import { type ClaimSource, claimSource, ebsOf } from '../../workflows/snapshot/claim-source.js';
import { volumeSource } from '../../workflows/snapshot/volume-source.js';

export default class SnapshotPvc extends BaseCommand<typeof SnapshotPvc> {
  static override summary = 'Take a snapshot of the EBS volume behind a persistent volume claim.';

  static override description = describe(
    `Finds the volume of the claim, of the in-tree kind or of EBS's CSI driver, and takes a snapshot of it in EC2, not in the cluster: whoever
owns the namespace cannot delete it there. Volumes of other drivers are refused. The region is that of the zone that the volume names.`,
    SNAPSHOT_CODES,
  );

  static override examples = [
    '<%= config.bin %> snapshot pvc shop/cart-data --dry-run',
    '<%= config.bin %> snapshot pvc shop/cart-data --region eu-central-1 --wait --yes',
  ];

  static override args = {
    claim: Args.string({ ignoreStdin: true, required: true, description: 'The claim: NAMESPACE/NAME.' }),
  };

  static override flags = {
    region: Flags.string({ helpValue: 'NAME', summary: 'Region of the volume, where it names no zone.' }),
    ...snapshotTakeFlags,
    ...clusterFlags,
  };

  protected override goOn(): string {
    const args = this.args as { readonly claim?: string } | undefined;
    return snapshotCommand(super.goOn(), { name: args?.claim, flags: this.flags });
  }

  protected override async execute(): Promise<SnapshotOutcome> {
    const { context, flags, answers } = this;
    const given = flags.region === undefined ? undefined : checkRegion(flags.region);
    const target = context.clusterTarget(flags);
    const source = async ({ caseToken, requestLog }: Beginning): Promise<ClaimSource> =>
      await claimSource(this.args.claim, await context.connector(target, caseToken)(requestLog));
    return await snapshotOutcome({
      ...{ flags, context, answers, resume: `${this.goOn()} --wait` },
      region: async (beginning) => ebsOf(await source(beginning), given).region,
      sources: async ({ account, serviceOf, ...beginning }) => {
        const found = await source(beginning);
        const { id, region } = ebsOf(found, given);
        return [await volumeSource([id], { account, claim: found.claim }, await serviceOf(region))];
      },
    });
  }
}
