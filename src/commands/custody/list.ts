import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { custodyListOf, custodyVerifyOf, presentCustodyList } from '../../cli/present-custody.js';
import { presentCustodyForm } from '../../cli/present-custody-form.js';
import type { custodyFormResult, custodyListResult } from '../../cli/results/custody-results.js';
import { trustFlags, verifyFlags } from '../../cli/verify-flags.js';
import { custodyFormOf } from '../../evidence/post-seal/custody-form.js';
import { type CustodyRecordRead, readCustodyRecord } from '../../workflows/custody-record.js';

type Result = z.infer<typeof custodyListResult> | z.infer<typeof custodyFormResult>;

export default class CustodyList extends BaseCommand<typeof CustodyList> {
  static override summary = 'Show what happened to an archive since its seal, as a table or as a custody form.';

  static override description = describe(
    `Shows every event, also of a record that is not in order, and says in its first line whether it is; exit 0 does not mean that it is:
that is custody verify. What the form says of the collection comes from the archive and is not verified.`,
    ['VERIFY_FAILED', 'KEY_INVALID', 'STORAGE_FAILED'],
  );

  static override examples = [
    '<%= config.bin %> custody list k7m2p9-x0001.tar.gz',
    '<%= config.bin %> custody list k7m2p9-x0001.tar.gz --form > custody-form.txt',
    '<%= config.bin %> custody list k7m2p9-x0001.tar.gz -o ndjson',
  ];

  static override args = {
    archive: Args.string({ required: true, ignoreStdin: true, description: 'The sealed .tar.gz or .tar.gz.age.' }),
  };

  static override flags = {
    form: Flags.boolean({ default: false, summary: 'The custody form: facts, transfers to sign by hand, all events.' }),
    output: Flags.option({ options: ['text', 'json', 'yaml', 'ndjson'] as const, multiple: false })({
      char: 'o',
      exclusive: ['json'],
      default: 'text',
      summary: 'Form of the result; ndjson is one event a line.',
    }),
    ...trustFlags,
    receipt: verifyFlags.receipt,
  };

  protected override async execute(): Promise<CommandOutcome<Result>> {
    const { context, flags } = this;
    const { archive } = this.args;
    const read = await readCustodyRecord(
      {
        archivePath: archive,
        receiptPath: flags.receipt ?? null,
        allowedSigners: await context.trustList(flags['allowed-signers'], flags.revoked),
        comparePath: null,
      },
      { clock: context.clock },
    );
    return flags.form ? formOf(read) : listOf(archive, read);
  }
}

function listOf(archive: string, read: CustodyRecordRead): CommandOutcome<Result> {
  const result = custodyListOf(archive, read);
  return { result, text: presentCustodyList(result, custodyVerifyOf(archive, read).line), rows: result.events };
}

function formOf({ reading, events, statement, sealedBy }: CustodyRecordRead): CommandOutcome<Result> {
  const form = custodyFormOf({ exhibit: reading.exhibit, statement, sealedBy, reading, events });
  return { result: form, shape: 'custody:form', text: presentCustodyForm(form) };
}
