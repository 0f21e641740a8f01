import { Flags } from '@oclif/core';
import type { z } from 'zod';
import { auditFileFlags, auditFiles } from '../../cli/audit-files.js';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { readPolicyFile } from '../../cli/policy-file.js';
import { auditReadinessDocument, presentAuditReadiness, requiredNotice } from '../../cli/present-audit-readiness.js';
import type { auditReadinessResult } from '../../cli/results/audit-results.js';
import { auditReadiness } from '../../workflows/audit-readiness.js';

/** As retention is counted in contracts. */
const DAYS_OF_A_MONTH = 30;

export default class AuditReadiness extends BaseCommand<typeof AuditReadiness> {
  static override summary = 'Say which attacks an audit policy lets the log show, and which rule hides the others.';

  static override description = describe(
    `Reads an audit policy as the API server does: the first rule that matches decides. Requests of 44 detections are tried against it, in
several namespaces, by a person, a service account, a kubelet or nobody known, as each detection asks. "can fire": all of them leave
what is needed; "degraded": some do, or the gravity is not written; "blind": none. Faults of the rules are named with their lines: rules
that never match, resources in a wrong API group, identities that leave no trace, secrets in the log. With --audit-file the log that the
policy wrote is measured: what in it is no event, whether each event is as the policy writes it, and, with the server's own flags of
rotation, how far back it reaches. Asks no cluster; what is not given is not scored.`,
    ['AUDIT_POLICY_INVALID', 'AUDIT_LOG_UNREADABLE', 'AUDIT_NOT_READY'],
  );

  static override examples = [
    '<%= config.bin %> audit readiness --policy /etc/kubernetes/audit-policy.yaml',
    '<%= config.bin %> audit readiness --policy policy.yaml --require D19 --require D38',
    '<%= config.bin %> audit readiness --policy policy.yaml --audit-file audit.log --audit-log-maxbackup 10 --audit-log-maxage 30',
    '<%= config.bin %> audit readiness --policy - --json < policy.yaml',
  ];

  static override flags = {
    'policy': Flags.string({
      required: true,
      helpValue: 'FILE',
      summary: 'The audit policy, YAML or JSON; - reads standard input.',
    }),
    'audit-log-maxsize': Flags.integer({ min: 0, helpValue: 'MB', summary: "The API server's flag of that name." }),
    'audit-log-maxbackup': Flags.integer({ min: 0, helpValue: 'N', summary: "The API server's flag of that name." }),
    'audit-log-maxage': Flags.integer({ min: 0, helpValue: 'DAYS', summary: "The API server's flag of that name." }),
    'target-months': Flags.integer({ min: 1, max: 240, default: 3, summary: 'How far back the log is to reach.' }),
    ...auditFileFlags,
    'require': Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'ID',
      summary: 'Fail unless this detection can fire; repeatable.',
    }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof auditReadinessResult>>> {
    const { policy, require, ...flags } = this.flags;
    const files = auditFiles(flags['audit-file'] ?? [], { isInputTaken: policy === '-' });
    const readiness = await auditReadiness({
      policy: await readPolicyFile(policy),
      source: policy,
      files,
      rotation: {
        maxSize: flags['audit-log-maxsize'] ?? null,
        maxBackup: flags['audit-log-maxbackup'] ?? null,
        maxAge: flags['audit-log-maxage'] ?? null,
      },
      targetDays: flags['target-months'] * DAYS_OF_A_MONTH,
    });
    const result = auditReadinessDocument(readiness, policy);
    const notice = requiredNotice(result, require ?? []);
    return {
      result,
      text: presentAuditReadiness(result, this.environment.columns),
      ...(notice === null ? {} : { notice }),
    };
  }
}
