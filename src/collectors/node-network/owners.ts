import { cgroupOwner, type CgroupOwner } from '../cgroup-container.js';
import { GrepRecords } from '../grep-records.js';

const MAX_PROCESSES = 100_000;
const MAX_BYTES = 16_384;
/** Four times what a kernel gives. */
const MAX_COMM_BYTES = 64;

export interface Owner {
  /** What the process calls itself, at most 15 bytes. */
  readonly comm: Buffer;
  readonly cgroup: CgroupOwner;
}

const LF = Buffer.from('\n');

/** Reads `<pid>/stat` and `<pid>/cgroup` of all processes as they go by. */
export class Owners {
  readonly byPid = new Map<number, Owner>();
  readonly #records = new GrepRecords('LF', ({ name, content }) => {
    const [pid = '', file = ''] = name.split('/');
    if (pid !== this.#pid) this.end();
    this.#pid = pid;
    const before = this.#files.get(file);
    if ((before?.length ?? 0) > MAX_BYTES) return;
    this.#files.set(file, before === undefined ? Buffer.from(content) : Buffer.concat([before, LF, content]));
  });
  readonly #files = new Map<string, Buffer>();
  #pid = '';

  feed(chunk: Buffer): void {
    this.#records.feed(chunk);
  }

  end(): void {
    const stat = this.#files.get('stat');
    const cgroup = this.#files.get('cgroup');
    if (/^\d{1,10}$/.test(this.#pid) && stat !== undefined && this.byPid.size < MAX_PROCESSES) {
      const name = stat.subarray(stat.indexOf(0x28) + 1, Math.max(0, stat.lastIndexOf(0x29)));
      const comm = Buffer.from(name.subarray(0, MAX_COMM_BYTES));
      this.byPid.set(Number(this.#pid), { comm, cgroup: cgroupOwner(cgroup?.toString('latin1') ?? '') });
    }
    this.#files.clear();
  }
}
