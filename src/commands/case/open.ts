import { Flags } from '@oclif/core';
import type { z } from 'zod';
import { parseAuthority } from '../../cli/authority.js';
import { BaseCommand } from '../../cli/base-command.js';
import { caseShown } from '../../cli/case-shown.js';
import { describe } from '../../cli/exit-codes-help.js';
import { openCase } from '../../cli/open-case.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { presentCase } from '../../cli/present-case.js';
import type { caseShowResult } from '../../cli/results/case-results.js';

export default class CaseOpen extends BaseCommand<typeof CaseOpen> {
  static override summary = 'Open a case and use it.';

  static override description = describe(
    `A case gets a random id; your reference stays on this machine and inside the sealed archives. Limits of the authority are enforced by
collect, not only recorded. What is left out is recorded as "not stated".`,
    ['CONFIG_INVALID', 'STORAGE_FAILED', 'STORAGE_UNSAFE'],
  );

  static override examples = [
    '<%= config.bin %> case open --reference INC-2041 --reason "miner in shop/cart"',
    `<%= config.bin %> case open --reason "order of the court" --authority-by "Judge A. Roe" --authority-ground "4 Gs 17/26" \\
      --limit namespace=shop --limit until=2026-12-31T23:00:00Z`,
  ];

  static override flags = {
    'reference': Flags.string({ helpValue: 'TEXT', summary: 'Your number or name for the case; never leaves it.' }),
    'reason': Flags.string({ helpValue: 'TEXT', summary: 'Why evidence is taken.' }),
    'authority-by': Flags.string({ helpValue: 'WHO', summary: 'Who ordered it.' }),
    'authority-ground': Flags.string({ helpValue: 'TEXT', summary: 'On what ground: policy, contract, order.' }),
    'authority-at': Flags.string({ helpValue: 'TIME', summary: 'When (RFC 3339 with zone; default: now).' }),
    'limit': Flags.string({
      helpValue: 'namespace=NAME|node=NAME|until=TIME',
      multiple: true,
      multipleNonGreedy: true,
      summary: 'Limit that the authority sets; repeatable.',
    }),
    'operator': Flags.string({ helpValue: 'WHO', summary: 'Who works on the case (default: user@host).' }),
    'hold': Flags.string({ helpValue: 'ID', summary: 'Legal hold that the evidence is under.' }),
    'privilege': Flags.string({
      helpValue: 'TEXT',
      summary: 'Marking at the top of every document of a hand-over, such as a privilege.',
    }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof caseShowResult>>> {
    const { context, flags } = this;
    const authority = parseAuthority(
      {
        by: flags['authority-by'],
        ground: flags['authority-ground'],
        at: flags['authority-at'],
        limits: flags.limit ?? [],
      },
      context.clock.nowMs(),
    );
    const { reference, reason, operator, hold, privilege } = flags;
    const caseId = await openCase(context, { reference, reason, authority, operator, hold, privilege });
    const shown = await caseShown(context, caseId);
    return { result: shown, text: `${presentCase(shown)}\n\nNext: exhibit collect --node NAME`, names: [shown.caseId] };
  }
}
