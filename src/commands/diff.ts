import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { diffRow, presentDiff } from '../cli/present-diff.js';
import { executableRow, presentExhibitsDiff } from '../cli/present-exhibits-diff.js';
import type { diffExhibitsResult } from '../cli/results/diff-exhibits-result.js';
import type { diffResult } from '../cli/results/diff-result.js';
import { verifyFlags, verifyRequestOf } from '../cli/verify-flags.js';
import { DRIFT_CLASSES } from '../model/drift.js';
import { VERDICTS } from '../model/verdict.js';
import { diffExhibits } from '../workflows/diff-exhibits.js';
import { diff } from '../workflows/diff.js';
import type { VerifyRequest } from '../workflows/verify.js';

export default class Diff extends BaseCommand<typeof Diff> {
  static override summary = 'Say what containers have that their images have not, the gravest first.';

  static override description = describe(
    `Reads the diffs of containers that collect took with --node-access, after verifying the archive. Each change is judged by rules of
twelve classes (X1 new executable, X2 modified binary, X3 rights, X4 persistence, X5 deletion, X6 tools, X7 package manager, X8
credentials, X9 special files, X10 noise, X11 running but deleted, X12 interactive traces) and compared with the other containers of the
same image. Without --all it shows what a rule speaks about.

With two archives, of two disks, two moments, or a disk and its live node, the executables of their nodes are compared by hash, mode, owner
and package; what a disk has and the live node does not show is a finding. --receipt is then that of the first.`,
    ['VERIFY_FAILED', 'USAGE_INVALID', 'STORAGE_FAILED'],
  );

  static override examples = [
    '<%= config.bin %> diff k7m2p9-x0001.tar.gz',
    '<%= config.bin %> diff k7m2p9-x0001.tar.gz --container shop/web-1/app --all',
    '<%= config.bin %> diff k7m2p9-x0001.tar.gz --class X1 --class X11 -o ndjson',
    '<%= config.bin %> diff disk-x0001.tar.gz live-x0001.tar.gz',
  ];

  static override args = {
    archive: Args.string({ required: true, ignoreStdin: true, description: 'The .tar.gz that seal wrote.' }),
    other: Args.string({
      required: false,
      ignoreStdin: true,
      description: 'A second one: the executables of their nodes are compared instead.',
    }),
  };

  static override flags = {
    container: Flags.string({
      helpValue: 'NS/POD/CONTAINER',
      summary: 'Only this one; also NS/POD or a container id.',
    }),
    class: Flags.option({ options: DRIFT_CLASSES, multiple: true, multipleNonGreedy: true })({
      summary: 'Only findings of this class; repeatable.',
    }),
    all: Flags.boolean({ default: false, summary: 'Every change, also those that no rule speaks about.' }),
    accept: Flags.option({ options: VERDICTS, multiple: false })({
      summary: 'Go on although the verdict is this one.',
    }),
    output: Flags.option({ options: ['text', 'json', 'yaml', 'ndjson'] as const, multiple: false })({
      char: 'o',
      exclusive: ['json'],
      default: 'text',
      summary: 'Form of the result; ndjson is one change a line.',
    }),
    ...verifyFlags,
  };

  protected override async execute(): Promise<
    CommandOutcome<z.infer<typeof diffResult> | z.infer<typeof diffExhibitsResult>>
  > {
    const { context, flags } = this;
    const archive = await verifyRequestOf(context, this.args.archive, flags);
    if (this.args.other !== undefined) return await this.#compared(archive, this.args.other);
    const found = await diff(
      {
        archive,
        container: flags.container ?? null,
        classes: flags.class ?? [],
        isAll: flags.all,
        accepted: flags.accept ?? null,
      },
      { clock: context.clock, scratchDirectory: context.scratchDirectory },
    );
    const rows = found.rows.map(diffRow);
    const { report, leftOut, isCut, unreadable } = found;
    const containers = found.containers.map(({ source, counts }) => ({
      ...source,
      counts: Object.fromEntries(counts),
    }));
    return {
      result: { archive: this.args.archive, report, containers, rows, leftOut, isCut, unreadable },
      text: presentDiff(found, this.environment.columns),
      rows,
    };
  }

  async #compared(a: VerifyRequest, other: string): Promise<CommandOutcome<z.infer<typeof diffExhibitsResult>>> {
    const { context, flags } = this;
    const b = { ...(await verifyRequestOf(context, other, flags)), receiptPath: null };
    const deps = { clock: context.clock, scratchDirectory: context.scratchDirectory };
    const found = await diffExhibits({ a, b, accepted: flags.accept ?? null }, deps);
    const rows = found.rows.map(executableRow);
    return {
      result: { a: this.args.archive, b: other, ...found, rows },
      shape: 'diff:exhibits',
      text: presentExhibitsDiff(found, this.environment.columns),
      rows,
    };
  }
}
