/** In which order the files of a run are begun. */
import { createHash } from 'node:crypto';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Where several files run at a time the longest are begun first (by what the last run took, else by their size), so that none is left
 * alone at the end. Where one follows the other, because they have something in common, their order is drawn by the seed of the run: none
 * may rest on what another left.
 */
export class FileOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const drawn = new Map<string, TestSpecification[]>();
    for (const file of sorted) {
      const { name, config } = file.project;
      if (config.maxWorkers > 1) continue;
      drawn.set(name, [...(drawn.get(name) ?? []), file]);
    }
    for (const [name, ofProject] of drawn)
      drawn.set(
        name,
        ofProject.toSorted((a, b) => (this.#draw(a) < this.#draw(b) ? -1 : 1)),
      );
    return sorted.map((file) => drawn.get(file.project.name)?.shift() ?? file);
  }

  #draw({ moduleId }: TestSpecification): string {
    return createHash('sha256')
      .update(`${String(this.ctx.config.sequence.seed)} ${moduleId}`)
      .digest('hex');
  }
}
