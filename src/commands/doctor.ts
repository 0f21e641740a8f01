import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { collectorPodFlags } from '../cli/collector-pod-flags.js';
import { collectorPodPlan, doctorCollection, parseDoctorTarget } from '../cli/doctor-request.js';
import { doctorSurroundings } from '../cli/doctor-surroundings.js';
import { describe } from '../cli/exit-codes-help.js';
import { clusterFlags } from '../cli/flags.js';
import { nodeFlags } from '../cli/node-flags.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { doctorDocument, doctorNotice, presentDoctor, presentFix } from '../cli/present-doctor.js';
import type { doctorResult } from '../cli/results/doctor-result.js';
import { tsaFlags } from '../cli/timestampers.js';
import { NOT_STATED } from '../model/case.js';
import { cloudSchema } from '../model/cloud.js';
import { runDoctor } from '../workflows/doctor/run-doctor.js';

type Outcome = CommandOutcome<z.infer<typeof doctorResult>>;

const NO_LOG = { begin: () => 0, end: () => undefined };

export default class Doctor extends BaseCommand<typeof Doctor> {
  static override summary = 'Say what would work now and what not, before anything is begun.';

  static override description = describe(
    `Reads only, and asks the server what we may: rights to collect with a profile, to hold and to release; version, clocks and credential;
nodes on which something cannot work, by their labels; autoscalers, network plugin and audit log, each a guess that says so; collector
image and namespace; key, trust list, disk and time-stamping authorities of this machine. Every check works, is degraded, fails, or is
unknown: what nobody can tell from here. Exit 0 says that nothing fails and nothing is degraded. --fix-rbac prints the smallest manifest
for the rights that are missing, and applies nothing.`,
    [
      'DOCTOR_FINDINGS',
      'CONFIG_INVALID',
      'PROFILE_INVALID',
      'CLUSTER_UNREACHABLE',
      'CLUSTER_UNAUTHENTICATED',
      'KUBECONFIG_INVALID',
      'CLUSTER_FORBIDDEN',
      'TARGET_GONE',
      'PLATFORM_UNAUTHENTICATED',
      'INTERRUPTED',
    ],
  );

  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor node/worker-3 --node-access collector-pod --cloud aws',
    '<%= config.bin %> doctor pod/shop/cart-7d9f --fix-rbac > missing.yaml',
  ];

  static override args = {
    target: Args.string({
      ignoreStdin: true,
      description: 'node/NAME or pod/NAMESPACE/NAME (default: the whole cluster).',
    }),
  };

  static override flags = {
    'profile': Flags.string({
      helpValue: 'NAME|FILE',
      summary: 'Which collectors are to work (EXHIBIT_PROFILE; default: triage).',
    }),
    'kubelet': Flags.boolean({ default: false, summary: 'Kubelets are to be asked, too.' }),
    'cloud': Flags.option({ options: cloudSchema.options, multiple: false })({
      summary: 'Look at the login, the machines and the rights in this cloud, too.',
    }),
    'key': Flags.string({ helpValue: 'KEY', summary: 'The key that is to sign (EXHIBIT_KEY).' }),
    'fix-rbac': Flags.boolean({
      default: false,
      summary: 'Print a manifest that grants exactly what is missing; apply nothing.',
    }),
    ...tsaFlags,
    ...nodeFlags,
    ...collectorPodFlags,
    ...clusterFlags,
  };

  protected override async execute(): Promise<Outcome> {
    const { context, flags } = this;
    const target = parseDoctorTarget(this.args.target);
    const clusterTarget = context.clusterTarget(flags);
    const connect = context.connector(clusterTarget, 'doctor');
    const collectors = await context.collectors();
    const { clock, io, signal, scratchDirectory } = context;
    const local = await doctorSurroundings(context, { key: flags.key, tsa: flags.tsa });
    const collect = await doctorCollection(flags, context, { target, collectors });
    const request = { target, collect, collectorPod: collectorPodPlan(flags, context), cloud: flags.cloud ?? null };
    const summary = await runDoctor(request, {
      survey: { clock, io, collectors, connect, signal, authority: NOT_STATED, scratchDirectory },
      connect: async () => await connect(NO_LOG),
      credential: async () => await context.credentialExpiry(clusterTarget),
      platform: flags.cloud === undefined ? null : await context.aws({ caseToken: 'doctor', requestLog: NO_LOG }),
      local,
    });
    const document = doctorDocument(summary);
    const notice = doctorNotice(document);
    const text = flags['fix-rbac'] ? presentFix(document) : presentDoctor(document);
    return { result: document, text, ...(notice === null ? {} : { notice }) };
  }
}
