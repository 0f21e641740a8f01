import { Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { readPolicyFile } from '../../cli/policy-file.js';
import { auditReadinessDocument, presentAuditReadiness, requiredNotice } from '../../cli/present-audit-readiness.js';
import type { auditReadinessResult } from '../../cli/results/audit-results.js';
import { auditReadiness } from '../../workflows/audit-readiness.js';

export default class AuditReadiness extends BaseCommand<typeof AuditReadiness> {
  static override summary = 'Say which attacks an audit policy lets the log show, and which rule hides the others.';

  static override description = describe(
    `Reads an audit policy as the API server does: the first rule that matches decides. Requests of 44 detections are tried against it, in
several namespaces, by a person, a service account, a kubelet or nobody known, as each detection asks. "can fire": all of them leave
what is needed; "degraded": some do, or the gravity is not written; "blind": none. Faults of the rules are named with their lines: rules
that never match, resources in a wrong API group, identities that leave no trace, secrets in the log. Asks no cluster; how long the log
is kept and whether events are lost is not in a policy, and is not scored.`,
    ['AUDIT_POLICY_INVALID', 'AUDIT_NOT_READY'],
  );

  static override examples = [
    '<%= config.bin %> audit readiness --policy /etc/kubernetes/audit-policy.yaml',
    '<%= config.bin %> audit readiness --policy policy.yaml --require D19 --require D38',
    '<%= config.bin %> audit readiness --policy - --json < policy.yaml',
  ];

  static override flags = {
    policy: Flags.string({
      required: true,
      helpValue: 'FILE',
      summary: 'The audit policy, YAML or JSON; - reads standard input.',
    }),
    require: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'ID',
      summary: 'Fail unless this detection can fire; repeatable.',
    }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof auditReadinessResult>>> {
    const { policy, require } = this.flags;
    const text = await readPolicyFile(policy);
    const result = auditReadinessDocument(auditReadiness(text, policy), policy);
    const notice = requiredNotice(result, require ?? []);
    return {
      result,
      text: presentAuditReadiness(result, this.environment.columns),
      ...(notice === null ? {} : { notice }),
    };
  }
}
