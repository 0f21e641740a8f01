import type { SnapshotLock } from '../../src/model/external.js';
import type {
  CopyRequest,
  KeyView,
  LockRequest,
  SnapshotAnswer,
  SnapshotList,
  SnapshotService,
  SnapshotView,
  StandaloneVolume,
  TakeRequest,
} from '../../src/ports/snapshots.js';

const GIB = 1024 ** 3;
export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';

/** A cloud with snapshots in memory. What a test wants is set before the call. */
export class MemorySnapshots implements SnapshotService {
  readonly region: string;
  readonly #letter: string;
  readonly made: SnapshotView[] = [];
  readonly locked = new Map<string, SnapshotLock>();
  readonly shared: string[] = [];
  readonly asked: string[] = [];
  /** Volumes of the machine, that of its root first. */
  attached: readonly string[] = [];
  state = 'completed';
  kmsKeyId: string | null = null;
  keyView: KeyView = { arn: null, isPlatformKey: false, state: 'Enabled', unknownBecause: null };
  /** Looks at a pending snapshot until it is completed. */
  looksLeft = 0;
  /** Looks until snapshots are told of at all. */
  hiddenLooks = 0;
  /** How the next changing calls end besides what they do. */
  ends: ('lost' | 'lost-unmade' | 'refused')[] = [];
  pending = 0;
  publicAccess: string | null = 'block-all-sharing';

  /** `letter`: with which ids begin; no two accounts have the same. */
  constructor(region = REGION, letter = region.startsWith('eu-west') ? 'b' : 'a') {
    this.region = region;
    this.#letter = letter;
  }

  volumes(ids: readonly string[]): Promise<readonly StandaloneVolume[]> {
    const facts = { deviceName: '', sizeBytes: GIB, isRoot: false, isEncrypted: false, kmsKeyId: null };
    const rest = { deleteOnTermination: false, tags: {}, instance: null, state: 'available' };
    return Promise.resolve(ids.map((id) => ({ id, ...facts, ...rest })));
  }

  async take(request: TakeRequest): Promise<SnapshotAnswer<readonly SnapshotView[]>> {
    const ofRoot = 'volume' in request || !request.excludeRoot ? [] : this.attached.slice(0, 1);
    const left = 'volume' in request ? [] : [...request.excludeVolumes, ...ofRoot];
    const volumes = 'volume' in request ? [request.volume] : this.attached.filter((id) => !left.includes(id));
    this.asked.push(`take ${volumes.join(' ')}`);
    return await this.#ended(() => volumes.map((volume) => this.#make(volume, request.tags)));
  }

  async find(tags: Readonly<Record<string, string>>): Promise<SnapshotList> {
    this.asked.push('find');
    const isMeant = (one: SnapshotView): boolean =>
      Object.entries(tags).every(([key, value]) => one.tags[key] === value);
    return await Promise.resolve({ snapshots: this.made.filter(isMeant), requestIds: ['r-find'] });
  }

  async describe(ids: readonly string[]): Promise<SnapshotList> {
    this.looksLeft -= 1;
    this.hiddenLooks -= 1;
    if (this.hiddenLooks >= 0) return { snapshots: [], requestIds: ['r-describe'] };
    const state = (one: SnapshotView): string =>
      one.state === 'pending' && this.looksLeft <= 0 ? 'completed' : one.state;
    const snapshots = this.made.filter(({ id }) => ids.includes(id)).map((one) => ({ ...one, state: state(one) }));
    return await Promise.resolve({ snapshots, requestIds: ['r-describe'] });
  }

  async copy({ snapshot, tags, kmsKey }: CopyRequest): Promise<SnapshotAnswer<{ readonly id: string }>> {
    this.asked.push(`copy ${snapshot} ${kmsKey ?? ''}`.trim());
    return await this.#ended(() => this.#make(null, tags));
  }

  async pendingSnapshots(): Promise<number> {
    return await Promise.resolve(this.pending);
  }

  async lock({ snapshot, mode }: LockRequest): Promise<SnapshotAnswer<SnapshotLock>> {
    this.asked.push(`lock ${snapshot}`);
    const lock: SnapshotLock = { mode, state: mode, until: '2027-01-01T00:00:00.000Z' };
    return await this.#ended(() => {
      this.locked.set(snapshot, lock);
      return lock;
    });
  }

  async locks(ids: readonly string[]): Promise<ReadonlyMap<string, SnapshotLock>> {
    // As EC2: one id that it does not know makes the whole question fail.
    const isAllThere = ids.every((id) => this.made.some((one) => one.id === id));
    const none: SnapshotLock = { mode: isAllThere ? 'none' : 'unknown', state: '', until: null };
    if (!isAllThere) return new Map(ids.map((id) => [id, none]));
    return await Promise.resolve(new Map(ids.map((id) => [id, this.locked.get(id) ?? none])));
  }

  async share(snapshot: string, account: string): Promise<SnapshotAnswer<null>> {
    return await this.#ended(() => {
      this.shared.push(`${snapshot} ${account}`);
      return null;
    });
  }

  async key(): Promise<KeyView> {
    return await Promise.resolve(this.keyView);
  }

  async blockPublicAccess(): Promise<string | null> {
    return await Promise.resolve(this.publicAccess);
  }

  close(): void {
    this.asked.push('close');
  }

  async #ended<Made>(make: () => Made): Promise<SnapshotAnswer<Made>> {
    const end = this.ends.shift();
    const requestIds = [`r-${String(this.asked.length)}`];
    if (end === 'refused') return { outcome: 'refused', detail: 'as the test wants it', isDenied: false, requestIds };
    if (end === 'lost-unmade') return { outcome: 'unknown', detail: 'nothing came back', requestIds };
    const made = make();
    if (end === 'lost') return { outcome: 'unknown', detail: 'nothing came back', requestIds };
    return await Promise.resolve({ outcome: 'done', made, requestIds });
  }

  #make(volume: string | null, tags: Readonly<Record<string, string>>): SnapshotView {
    const id = `snap-${this.#letter}${String(this.made.length).padStart(16, '0')}`;
    const view: SnapshotView = {
      ...{ account: ACCOUNT, region: this.region, id, arn: `arn:aws:ec2:${this.region}::snapshot/${id}`, volume },
      ...{ sizeBytes: GIB, isEncrypted: this.kmsKeyId !== null, kmsKeyId: this.kmsKeyId, state: this.state },
      ...{ stateDetail: this.state === 'error' ? 'the disk is gone' : null, progress: '50%' },
      ...{ startedAt: `2026-01-01T00:00:${String(this.made.length).padStart(2, '0')}.000Z`, completedAt: null, tags },
    };
    this.made.push(view);
    return view;
  }
}
