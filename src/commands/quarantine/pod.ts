import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import { CONTAINMENT_CODES } from '../../cli/containment-codes.js';
import { describe } from '../../cli/exit-codes-help.js';
import { quarantineFlags, requestedBy } from '../../cli/quarantine-flags.js';
import {
  type GivenFlags,
  quarantineCommand,
  quarantineOutcome,
  type QuarantineOutcome,
} from '../../cli/quarantine-outcome.js';
import { ExhibitError } from '../../model/errors.js';
import type { QuarantineRequest } from '../../workflows/quarantine/quarantine-request.js';
import { parseSuspect } from '../../workflows/quarantine/suspect-selector.js';

export default class QuarantinePod extends BaseCommand<typeof QuarantinePod> {
  static override summary =
    'Hold a pod, or those that --suspect chooses, against loss, and ask for a deny policy; not shown to hold.';

  static override description = describe(
    `As exhibit quarantine node, for pods wherever they run. Their nodes are kept from autoscalers, and are neither cordoned nor tainted: a
replacement may be scheduled beside the suspect. Suspects on more nodes than --max-nodes are refused.`,
    CONTAINMENT_CODES,
  );

  static override examples = [
    '<%= config.bin %> quarantine pod shop/cart-7d9f --dry-run',
    '<%= config.bin %> quarantine pod --suspect owner=shop/Deployment/cart --max-nodes 3',
    '<%= config.bin %> quarantine pod shop/cart-7d9f --node-access collector-pod --probe 10.0.0.5:443',
  ];

  static override args = { pod: Args.string({ ignoreStdin: true, description: 'NAMESPACE/NAME of the pod.' }) };

  static override flags = { ...quarantineFlags };

  protected override goOn(): string {
    const flags = this.flags as GivenFlags | undefined;
    const args = this.args as { readonly pod?: string } | undefined;
    return quarantineCommand({ target: 'pod', names: args?.pod === undefined ? [] : [args.pod], flags });
  }

  protected override async execute(): Promise<QuarantineOutcome> {
    const { context, flags, answers } = this;
    return await quarantineOutcome({ request: this.#request(), flags, context, answers });
  }

  #request(): QuarantineRequest {
    const { suspect = [] } = this.flags;
    const { pod } = this.args;
    const suspects = [...(pod === undefined ? [] : [pod]), ...suspect].map(parseSuspect);
    if (suspects.length === 0)
      throw new ExhibitError('USAGE_INVALID', 'which pod is meant?', {
        hints: ['exhibit quarantine pod NAMESPACE/NAME', 'exhibit quarantine pod --suspect label=app=cart'],
      });
    const names = pod === undefined ? [] : [pod];
    return { target: 'pod', names, suspects, ...requestedBy(this.flags, this.context.config) };
  }
}
