import { Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { collectFlags } from '../cli/collect-flags.js';
import { collectOutcome } from '../cli/collect-outcome.js';
import { collectRequestOf } from '../cli/collect-request.js';
import { describe } from '../cli/exit-codes-help.js';
import { clusterFlags } from '../cli/flags.js';
import { authorityOf, caseForCollection } from '../cli/open-case.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { refuseSandbox } from '../cli/refuse-sandbox.js';
import { resumeCommand } from '../cli/resume-command.js';
import { timestampersOf, tsaFlags } from '../cli/timestampers.js';
import { memoryFlags } from '../cli/memory-flags.js';
import { withoutClusterFlags } from '../cli/node-flags.js';
import { withoutClusterOf } from '../cli/without-cluster.js';
import { presentPlan } from '../cli/present-collect.js';
import type { collectResult, planResult } from '../cli/results/archive-results.js';
import { collect } from '../workflows/collect.js';
import type { CollectRequest } from '../workflows/collect-request.js';
import { disclosuresOf } from '../workflows/disclosures.js';
import { planCollection } from '../workflows/plan-collection.js';
import { checkScope } from '../workflows/targets/scope-request.js';

type Outcome = CommandOutcome<z.infer<typeof collectResult>> | CommandOutcome<z.infer<typeof planResult>>;

export default class Collect extends BaseCommand<typeof Collect> {
  static override summary = 'Gather evidence of the suspects into the open exhibit of the case.';

  static override description = describe(
    `Reads only, most volatile first; every planned artifact ends in exactly one outcome with its reason. Interrupted at any moment, it
goes on with resume, and seal can always close what is there. Without a case in use one is opened. With --tsa the first line of the
custody log, and one every ten minutes, get a time-stamp: nothing that follows can be older than it. With --node-access read-only
scripts run on the nodes; with --local or --disk one machine or mounted disk is read and no cluster is asked anything.`,
    [
      'CONFIG_INVALID',
      'PROFILE_INVALID',
      'CASE_CLOSED',
      'COLLECT_PARTIAL',
      'LIMIT_OF_AUTHORITY',
      'CLUSTER_UNREACHABLE',
      'CLUSTER_UNAUTHENTICATED',
      'KUBECONFIG_INVALID',
      'CLUSTER_FORBIDDEN',
      'TARGET_GONE',
      'NODE_ACCESS_REFUSED',
      'STORAGE_FULL',
      'CASE_LOCKED',
      'INTERRUPTED',
      'TERMINATED',
    ],
  );

  static override examples = [
    '<%= config.bin %> collect --node worker-3',
    '<%= config.bin %> collect --pod shop/cart-7d9f --kubelet',
    '<%= config.bin %> collect --namespace shop --since 6h --dry-run',
    '<%= config.bin %> collect --node worker-3 --node-access ssh --ssh admin@10.0.0.13 --ssh-sudo',
    '<%= config.bin %> collect --disk /mnt/worker-3 --node worker-3',
  ];

  static override flags = {
    ...collectFlags,
    ...withoutClusterFlags,
    ...memoryFlags,
    'kind': Flags.option({ options: ['incident', 'drill'] as const, multiple: false })({
      default: 'incident',
      summary: 'What the archive says it is.',
    }),
    'dry-run': Flags.boolean({
      default: false,
      summary: 'Show what, in which order, at what cost and with which rights; write nothing.',
    }),
    ...tsaFlags,
    ...clusterFlags,
  };

  protected override goOn(): string {
    return resumeCommand((this.flags as { readonly case?: string | undefined } | undefined)?.case);
  }

  protected override async execute(): Promise<Outcome> {
    const { context, flags } = this;
    const withoutCluster = await withoutClusterOf(flags, context);
    const { node: nodes = [], pod: pods = [], namespace: namespaces = [] } = flags;
    if (withoutCluster === null) checkScope({ all: flags.all, nodes, pods, namespaces });
    if (flags.kubelet && !flags.all && flags.node === undefined && flags.pod === undefined) {
      this.io.emit('COLLECT_NO_EFFECT', 'no node is selected; --kubelet has no effect; add --node, --pod or --all');
    }
    const collectors = await context.collectors();
    const request = await collectRequestOf(flags, context, { kind: flags.kind, collectors, withoutCluster });
    if (flags['dry-run']) return await this.#plan(request);
    for (const text of disclosuresOf(request)) this.io.emit('NOTE', text);
    const caseId = await caseForCollection(context);
    await refuseSandbox(context, caseId);
    const timestampers = await timestampersOf(context, flags.tsa);
    const deps = await context.collectDeps(caseId, context.clusterTarget(flags));
    const summary = await collect(request, { ...deps, timestampers });
    return await collectOutcome(context, summary);
  }

  async #plan(request: CollectRequest): Promise<Outcome> {
    const { context } = this;
    const plan = await planCollection(request, {
      clock: context.clock,
      io: this.io,
      collectors: await context.collectors(),
      connect: context.connector(context.clusterTarget(this.flags), 'dry-run'),
      signal: context.signal,
      authority: await authorityOf(context),
      scratchDirectory: context.scratchDirectory,
    });
    return { result: plan, shape: 'collect:plan', text: presentPlan(plan, request.scope) };
  }
}
