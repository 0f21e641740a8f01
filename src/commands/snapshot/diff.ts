import { isAbsolute, join } from 'node:path';
import { Args } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { blockFlags, openBlockPlatform } from '../../cli/block-platform.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { presentSnapshotDiff } from '../../cli/present-snapshot-blocks.js';
import type { snapshotDiffResult } from '../../cli/results/snapshot-block-results.js';
import { SNAPSHOT_BLOCK_CODES } from '../../cli/snapshot-block-codes.js';
import { diffManifests, diffSnapshots, type SnapshotDiff as Diff } from '../../workflows/snapshot/diff-snapshots.js';

export default class SnapshotDiff extends BaseCommand<typeof SnapshotDiff> {
  static override summary = 'What changed between two snapshots, as ranges of bytes.';

  static override description = describe(
    `Asks EBS which blocks differ between two snapshots of one volume; a block that was written again with the same bytes may be among them.
Given two files, compares two block manifests of snapshot hash instead, by digest and without any cloud: for snapshots of different volumes,
or of a time when they still existed. It writes nothing into a case.`,
    SNAPSHOT_BLOCK_CODES,
  );

  static override examples = [
    '<%= config.bin %> snapshot diff snap-0123456789abcdef0 snap-0fedcba9876543210',
    '<%= config.bin %> snapshot diff before/blocks.jsonl after/blocks.jsonl --json',
  ];

  static override args = {
    first: Args.string({
      ignoreStdin: true,
      required: true,
      description: 'The earlier snapshot, or its block manifest.',
    }),
    second: Args.string({ ignoreStdin: true, required: true, description: 'The later one.' }),
  };

  static override flags = { ...blockFlags };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof snapshotDiffResult>>> {
    const result = await this.#diff();
    return { result, text: presentSnapshotDiff(result) };
  }

  async #diff(): Promise<Diff> {
    const { first, second } = this.args;
    if (first.startsWith('snap-') && second.startsWith('snap-'))
      return await diffSnapshots({ first, second }, await openBlockPlatform(this.context, this.flags, null));
    return await diffManifests({ first: this.#path(first), second: this.#path(second) });
  }

  #path(path: string): string {
    return isAbsolute(path) ? path : join(this.environment.workingDirectory, path);
  }
}
