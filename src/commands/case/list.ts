import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { listCases } from '../../cli/case-shown.js';
import { describe } from '../../cli/exit-codes-help.js';
import { outputFlags } from '../../cli/flags.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import type { caseListResult } from '../../cli/results/case-results.js';
import { exhibitState } from '../../cli/present-case.js';
import { renderTable } from '../../cli/table.js';

export default class CaseList extends BaseCommand<typeof CaseList> {
  static override summary = 'List the cases of this machine.';

  static override description = describe('The case in use is marked with a star.', [
    'STORAGE_FAILED',
    'STORAGE_UNSAFE',
    'CASE_CORRUPT',
  ]);

  static override examples = [
    '<%= config.bin %> case list',
    '<%= config.bin %> case list -o name',
    '<%= config.bin %> case list -o ndjson',
  ];

  static override flags = { ...outputFlags };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof caseListResult>>> {
    const cases = await listCases(this.context);
    if (cases.length === 0) this.io.emit('NOTE', 'no case yet; open one: exhibit case open');
    const rows = cases.map(({ caseId, state, openedAt, inUse, reference, exhibits }) => {
      const last = exhibits.at(-1);
      return [
        `${caseId}${inUse ? ' *' : ''}`,
        state,
        openedAt,
        reference,
        last === undefined ? 'none' : exhibitState(last),
      ];
    });
    return {
      result: { cases },
      text: cases.length === 0 ? '' : renderTable(['case', 'state', 'opened', 'reference', 'last exhibit'], rows),
      wide: renderTable(
        ['case', 'state', 'opened', 'reference', 'last exhibit', 'archive'],
        cases.map(({ exhibits }, index) => [...(rows[index] ?? []), exhibits.at(-1)?.archive ?? '']),
      ),
      rows: cases,
      names: cases.map(({ caseId }) => caseId),
    };
  }
}
