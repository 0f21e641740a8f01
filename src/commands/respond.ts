import { Args } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.js';
import { CONTAINMENT_CODES } from '../cli/containment-codes.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { respondFlags } from '../cli/respond-flags.js';
import { respondOutcome } from '../cli/respond-outcome.js';
import { resumeCommand } from '../cli/resume-command.js';

export default class Respond extends BaseCommand<typeof Respond> {
  static override summary = 'The whole response to an incident, guided: preserve, collect, contain, seal.';

  static override description = describe(
    `Shows what it will do, asks for the name of the target, and then goes through its phases: what vanishes with the suspects; keep others
from taking the targets away; snapshots; what lives in memory; take the network from the suspects; the rest; seal. Containment waits for
the volatile tiers, and for no longer than --contain-after. A phase that fails stops no other one: it is in the summary with its reason,
the exit code is 3, and the exhibit is sealed all the same. After an interruption, a crash or an expired credential, exhibit resume or the
same command go on where it stopped. Without a terminal --confirm NAME is needed, --yes is not enough. Everything that it changes is taken
back by exhibit release.`,
    [
      'RESPOND_PARTIAL',
      'KEY_INVALID',
      'PROFILE_INVALID',
      ...CONTAINMENT_CODES.filter((code) => code !== 'QUARANTINE_PARTIAL'),
    ],
  );

  static override examples = [
    '<%= config.bin %> respond node/worker-3 --suspect shop/cart-7d9f --node-access collector-pod',
    '<%= config.bin %> respond pod/shop/cart-7d9f --contain-after 2m',
    '<%= config.bin %> respond pod/shop/cart-7d9f --order contain-first --confirm shop/cart-7d9f',
  ];

  static override args = {
    target: Args.string({
      ignoreStdin: true,
      required: true,
      description: 'node/NAME, pod/NAMESPACE/NAME, or a name that fits one thing alone.',
    }),
  };

  static override flags = respondFlags;

  protected override goOn(): string {
    return resumeCommand((this.flags as { readonly case?: string | undefined } | undefined)?.case);
  }

  protected override async execute(): Promise<CommandOutcome<object>> {
    const { context, flags, answers } = this;
    return await respondOutcome({ text: this.args.target, flags, context, answers });
  }
}
