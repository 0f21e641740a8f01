import { Args } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import { codesOfExit, explainCode, listCodes } from '../cli/explain-code.js';
import type { CommandOutcome } from '../cli/outcome.js';
import type { explainListResult, explainResult } from '../cli/results/key-results.js';
import { renderFacts, renderTable } from '../cli/table.js';

type Outcome = CommandOutcome<z.infer<typeof explainResult>> | CommandOutcome<z.infer<typeof explainListResult>>;

export default class Explain extends BaseCommand<typeof Explain> {
  static override summary = 'Say what a code of an error or a message means.';

  static override description = describe(
    'Works without a network, a cluster and a case. Without a code it lists all; a number is an exit status.',
    [],
  );

  static override examples = [
    '<%= config.bin %> explain',
    '<%= config.bin %> explain CASE_LOCKED',
    '<%= config.bin %> explain 30',
    '<%= config.bin %> explain COLLECT_GAP --json',
  ];

  static override args = {
    code: Args.string({ ignoreStdin: true, description: 'The code, in any case, or an exit status.' }),
  };

  protected override async execute(): Promise<Outcome> {
    const { code } = this.args;
    if (code === undefined) return await Promise.resolve(listed(listCodes()));
    if (/^\d{1,9}$/.test(code)) return listed(codesOfExit(Number(code)));
    const explained = explainCode(code);
    return {
      result: explained,
      text: renderFacts([
        [explained.code, explained.meaning],
        ['exit code', explained.exitCode === null ? null : String(explained.exitCode)],
        ['level', explained.level],
        ['what to do', explained.remedy],
      ]),
    };
  }
}

function listed(codes: z.infer<typeof explainListResult>['codes']): Outcome {
  const rows = codes.map(({ code, exitCode, meaning }) => [code, exitCode === null ? '' : String(exitCode), meaning]);
  return { result: { codes }, shape: 'explain:list', text: renderTable(['code', 'exit', 'meaning'], rows) };
}
