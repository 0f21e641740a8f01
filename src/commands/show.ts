import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { presentArchive, presentItems } from '../cli/present-archive.js';
import type { showResult } from '../cli/results/show-result.js';
import { listItems, readArchiveSummary } from '../evidence/archive-reader.js';
import type { ItemRecord } from '../model/artifact.js';

const SHOWN_ITEMS = 1000;

export default class Show extends BaseCommand<typeof Show> {
  static override summary = 'Look into an archive without unpacking it: gaps first, then counts.';

  static override description = describe(
    'Shows what the archive says of itself and checks no hash and no signature: that is verify. -o wide lists files, -o ndjson all of them.',
    ['VERIFY_FAILED', 'STORAGE_FAILED'],
  );

  static override examples = [
    '<%= config.bin %> show k7m2p9-x0001.tar.gz',
    '<%= config.bin %> show k7m2p9-x0001.tar.gz -o ndjson | grep pod-logs',
    '<%= config.bin %> show k7m2p9-x0001.tar.gz --json',
  ];

  static override args = {
    archive: Args.string({ required: true, ignoreStdin: true, description: 'The .tar.gz that seal wrote.' }),
  };

  static override flags = {
    output: Flags.option({ options: ['text', 'wide', 'json', 'yaml', 'ndjson'] as const, multiple: false })({
      char: 'o',
      exclusive: ['json'],
      default: 'text',
      summary: 'Form of the result; ndjson is one payload file a line.',
    }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof showResult>>> {
    const { archive } = this.args;
    const summary = await readArchiveSummary(archive);
    const text = presentArchive(summary);
    return {
      result: { archive, verified: false, ...summary },
      text,
      ...(this.flags.output === 'wide' ? { wide: `${text}\n\n${await this.#items()}` } : {}),
      eachRow: async (onRow) => await listItems(archive, onRow),
    };
  }

  async #items(): Promise<string> {
    const items: ItemRecord[] = [];
    let total = 0;
    await listItems(this.args.archive, (item) => {
      total += 1;
      if (items.length < SHOWN_ITEMS) items.push(item);
    });
    return presentItems(items, total);
  }
}
