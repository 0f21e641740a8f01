import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { archiveKeyOf, identityFlags } from '../cli/archive-key.js';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { presentArchive, presentItems } from '../cli/present-archive.js';
import { presentExternal } from '../cli/present-external.js';
import { presentNodeEvidence } from '../cli/present-node-evidence.js';
import { presentCoverage, presentPackages } from '../cli/present-node-files.js';
import type { showResult } from '../cli/results/show-result.js';
import { readNodeEvidence } from '../analysis/node-evidence/read-node-evidence.js';
import { readPackageFindings } from '../analysis/packages/read-package-findings.js';
import { listItems, readArchiveSummary } from '../evidence/archive-reader.js';
import type { OpenedArchive } from '../evidence/open-archive.js';
import type { ItemRecord } from '../model/artifact.js';

const SHOWN_ITEMS = 1000;
/** Collectors whose derived files say what stands out on a node. */
const OF_NODES = new Set([
  'node-access',
  'processes',
  'node-network',
  'os-files',
  'runtime-metadata',
  'container-diff',
  'ebpf',
  'stats-series',
]);

export default class Show extends BaseCommand<typeof Show> {
  static override summary = 'Look into an archive without unpacking it: gaps first, then counts.';

  static override description = describe(
    'Shows what the archive says of itself and checks no hash and no signature: that is verify. -o wide lists files, -o ndjson all of them.',
    ['VERIFY_FAILED', 'AGE_KEY_INVALID', 'DECRYPT_FAILED', 'STORAGE_FAILED'],
  );

  static override examples = [
    '<%= config.bin %> show k7m2p9-x0001.tar.gz',
    '<%= config.bin %> show k7m2p9-x0001.tar.gz -o ndjson | grep pod-logs',
    '<%= config.bin %> show k7m2p9-x0001.tar.gz --json',
    '<%= config.bin %> show k7m2p9-x0001.tar.gz.age --identity legal.txt',
  ];

  static override args = {
    archive: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'The .tar.gz or .tar.gz.age that seal wrote.',
    }),
  };

  static override flags = {
    ...identityFlags,
    output: Flags.option({ options: ['text', 'wide', 'json', 'yaml', 'ndjson'] as const, multiple: false })({
      char: 'o',
      exclusive: ['json'],
      default: 'text',
      summary: 'Form of the result; ndjson is one payload file a line.',
    }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof showResult>>> {
    const { archive } = this.args;
    const key = await archiveKeyOf(this.context, { archivePath: archive, flags: this.flags });
    const open = key === null ? undefined : async (path: string): Promise<OpenedArchive> => await key.open(path);
    let isListed = false;
    try {
      const summary = await readArchiveSummary(archive, open);
      // Read a second time, and only where there are files of a node.
      const hasNodeFiles = key === null && summary.collectors.some(({ collector }) => collector === 'os-files');
      const packages = hasNodeFiles ? await readPackageFindings(archive, summary.containerSha256) : [];
      const hasNodes = summary.collectors.some(({ collector }) => OF_NODES.has(collector));
      const isRead = hasNodes && key === null;
      const nodeEvidence = isRead ? await readNodeEvidence(archive, summary.containerSha256) : null;
      const ofNodes = hasNodes ? presentNodeEvidence(nodeEvidence) : '';
      const sections = [
        presentArchive(summary),
        presentExternal(summary.external),
        ofNodes,
        presentCoverage(summary.coverage),
        presentPackages(packages),
      ];
      const text = sections.filter((section) => section !== '').join('\n\n');
      const wide = this.flags.output === 'wide' ? { wide: `${text}\n\n${await this.#items(open)}` } : {};
      isListed = this.flags.output === 'ndjson';
      const eachRow = async (onRow: (row: object) => void): Promise<void> => {
        try {
          await listItems(archive, onRow, open);
        } finally {
          key?.dispose();
        }
      };
      return { result: { archive, verified: false, ...summary, packages, nodeEvidence }, text, ...wide, eachRow };
    } finally {
      if (!isListed) key?.dispose();
    }
  }

  async #items(open: ((path: string) => Promise<OpenedArchive>) | undefined): Promise<string> {
    const items: ItemRecord[] = [];
    let total = 0;
    const onItem = (item: ItemRecord): void => {
      total += 1;
      if (items.length < SHOWN_ITEMS) items.push(item);
    };
    await listItems(this.args.archive, onItem, open);
    return presentItems(items, total);
  }
}
