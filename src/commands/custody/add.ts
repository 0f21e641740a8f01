import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { presentCustodyAdded } from '../../cli/present-custody.js';
import { principalOf } from '../../cli/principal-of.js';
import type { custodyAddResult } from '../../cli/results/custody-results.js';
import { signingFlags } from '../../cli/signing-flags.js';
import { verifyFlags, verifyRequestOf } from '../../cli/verify-flags.js';
import { CUSTODY_EVENT_KINDS } from '../../model/post-seal-custody.js';
import { addCustody } from '../../workflows/custody-add.js';

const TEXTS = ['from', 'to', 'location', 'purpose', 'authority', 'remarks'] as const;

export default class CustodyAdd extends BaseCommand<typeof CustodyAdd> {
  static override summary = 'Record what happens to a sealed archive: one signed file an event, chained, beside it.';

  static override description = describe(
    `The archive never changes; the record lies in EXHIBIT.custody beside it. The archive is verified first, and the event says with which
verdict. A transfer is two events: transfer-out by who hands over, transfer-in by who takes over, signed with another key after an own
check. Of an encrypted archive the digest is compared with the receipt.`,
    ['VERIFY_FAILED', 'CUSTODY_BROKEN', 'KEY_INVALID', 'CASE_LOCKED', 'STORAGE_FULL', 'STORAGE_FAILED'],
  );

  static override examples = [
    '<%= config.bin %> custody add transfer-out k7m2p9-x0001.tar.gz --from "Ann, SOC" --to "Ben, legal" --purpose "case 12 O 34"',
    '<%= config.bin %> custody add transfer-in k7m2p9-x0001.tar.gz --from "Ann, SOC" --to "Ben, legal" --location "safe 2"',
    '<%= config.bin %> custody add hold k7m2p9-x0001.tar.gz --authority "court order 5/26" --key legal',
  ];

  static override args = {
    event: Args.string({
      required: true,
      ignoreStdin: true,
      options: [...CUSTODY_EVENT_KINDS],
      description: 'What happened.',
    }),
    archive: Args.string({ required: true, ignoreStdin: true, description: 'The sealed .tar.gz or .tar.gz.age.' }),
  };

  static override flags = {
    'from': Flags.string({ helpValue: 'WHO', summary: 'Who hands over.' }),
    'to': Flags.string({ helpValue: 'WHO', summary: 'Who takes over, or where a copy went.' }),
    'location': Flags.string({ helpValue: 'PLACE', summary: 'Where the archive is after the event.' }),
    'purpose': Flags.string({ helpValue: 'TEXT', summary: 'What for.' }),
    'authority': Flags.string({ helpValue: 'TEXT', summary: 'On whose order, on what ground.' }),
    'remarks': Flags.string({
      helpValue: 'TEXT',
      summary: 'Anything else: number of a paper seal, state of a medium.',
    }),
    'no-verify': Flags.boolean({
      default: false,
      summary: 'Compare only the digest with what is known; the event says that the archive was not verified.',
    }),
    'report': Flags.string({
      helpValue: 'FILE',
      exclusive: ['no-verify'],
      summary: 'Write the report of the verification here, of which the event holds the digest.',
    }),
    ...signingFlags,
    ...verifyFlags,
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof custodyAddResult>>> {
    const { context, flags } = this;
    const { archive } = this.args;
    const said = TEXTS.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]] as const]));
    const kind = CUSTODY_EVENT_KINDS.find((name) => name === this.args.event) ?? 'access';
    const signer = await context.signer(flags.key, context.passphrases(flags['passphrase-fd']));
    const added = await addCustody(
      {
        archive: await verifyRequestOf(context, archive, flags),
        event: { event: kind, ...Object.fromEntries(said) },
        isVerified: !flags['no-verify'],
        reportPath: flags.report ?? null,
      },
      { signer, clock: context.clock, scratchDirectory: context.scratchDirectory },
    );
    const principal = await principalOf(context, signer.publicKey);
    return { result: added, text: presentCustodyAdded(added, archive, principal) };
  }
}
