import { GrepRecords } from '../grep-records.js';

/** Compares two lists that the kernel makes of its modules: one that only one of them has is hidden from the other. */
export class KernelModules {
  readonly #listed = new Map<string, string>();
  readonly #inSysfs = new Set<string>();
  readonly #records = new GrepRecords('LF', ({ name, content }) => {
    const line = content.toString('latin1');
    if (name.endsWith('/modules'))
      this.#listed.set(line.split(' ', 1)[0] ?? '', / \(([A-Z+-]{1,8})\)$/.exec(line)?.[1] ?? '');
    // Only what was loaded has a state; what is built in has a folder, too.
    const loaded = /\/sys\/module\/([^/]+)\/initstate$/.exec(name)?.[1];
    if (loaded !== undefined) this.#inSysfs.add(loaded);
  });

  feed(chunk: Buffer): void {
    this.#records.feed(chunk);
  }

  /** One line per module, sorted by name. `hiddenFrom` is a finding, unless it was loaded or unloaded between the two reads. */
  lines(): object[] {
    const names = [...new Set([...this.#listed.keys(), ...this.#inSysfs])].filter((name) => name !== '').toSorted();
    return names.map((name) => {
      const isListed = this.#listed.has(name);
      return {
        module: name.slice(0, 64),
        inProcModules: isListed,
        inSysfs: this.#inSysfs.has(name),
        hiddenFrom: isListed ? (this.#inSysfs.has(name) ? null : 'sysfs') : 'proc-modules',
        taint: this.#listed.get(name) ?? '',
      };
    });
  }
}
