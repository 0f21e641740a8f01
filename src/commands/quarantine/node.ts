import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import { loseVolatileFlag, quarantineFlags, requestedBy, shiftFlags } from '../../cli/quarantine-flags.js';
import {
  type GivenFlags,
  quarantineCommand,
  quarantineOutcome,
  type QuarantineOutcome,
} from '../../cli/quarantine-outcome.js';
import { CONTAINMENT_CODES } from '../../cli/containment-codes.js';
import type { QuarantineRequest } from '../../workflows/quarantine/quarantine-request.js';
import { parseSuspect } from '../../workflows/quarantine/suspect-selector.js';

export default class QuarantineNode extends BaseCommand<typeof QuarantineNode> {
  static override summary =
    'Hold a node and the suspects on it against loss, and ask for a deny policy; not shown to hold.';

  static override description = describe(
    `Keeps autoscalers from taking the node, cordons and taints it, pins the suspects to it, and asks for a NetworkPolicy that allows nothing
and selects nothing but our own label: whether the network plugin enforces it is not shown; only then they get that label and lose those by which controllers and Services find them. No suspect
is restarted or evicted; --shift-others evicts the other pods of the node, as far as nothing is lost with them. Every change is written into the journal of the case before it is made and is taken back by exhibit release. The
same command goes on after an interruption, and does again what somebody put back. What is contained is confirmed by typing its name;
without a terminal --confirm NAME is needed, --yes is not enough. Whether it holds is
looked at again after 30, 60 and 120 s, and with --node-access by connections that are tried from and into the suspects: the verdict is
verified, partly or unverified, with its reasons. With --cloud the machine and its disks are protected from being ended as well;
--level isolate takes its network but for what keeps the node in its cluster, --level sever all of it, and its role.`,
    CONTAINMENT_CODES,
  );

  static override examples = [
    '<%= config.bin %> quarantine node worker-3 --dry-run',
    '<%= config.bin %> quarantine node worker-3 --suspect shop/cart-7d9f --suspect owner=shop/DaemonSet/agent',
    '<%= config.bin %> quarantine node worker-3 --cloud aws --level isolate --keep-reachable 10.0.0.0/16',
    '<%= config.bin %> quarantine node worker-3 --shift-others --dry-run',
    '<%= config.bin %> quarantine node worker-3 worker-4 --max-nodes 2 --skip taint --confirm "worker-3, worker-4"',
  ];

  static override args = {
    node: Args.string({ ignoreStdin: true, required: true, multiple: true, description: 'Names of the nodes.' }),
  };

  static override flags = {
    ...loseVolatileFlag,
    ...shiftFlags,
    ...quarantineFlags,
  };

  protected override goOn(): string {
    const flags = this.flags as GivenFlags | undefined;
    const args = this.args as { readonly node?: readonly string[] } | undefined;
    return quarantineCommand({ target: 'node', names: args?.node ?? [], flags });
  }

  protected override async execute(): Promise<QuarantineOutcome> {
    const { context, flags, answers } = this;
    return await quarantineOutcome({ request: this.#request(), flags, context, answers });
  }

  #request(): QuarantineRequest {
    const { suspect = [], 'lose-volatile': loseVolatile = [], 'shift-others': shiftOthers } = this.flags;
    const names = [...new Set(this.args.node)];
    const suspects = suspect.map(parseSuspect);
    return {
      target: 'node',
      names,
      suspects,
      loseVolatile,
      shiftOthers,
      ...requestedBy(this.flags, this.context.config),
    };
  }
}
