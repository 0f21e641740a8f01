import {
  CopySnapshotCommand,
  CreateSnapshotCommand,
  CreateSnapshotsCommand,
  DescribeLockedSnapshotsCommand,
  DescribeSnapshotsCommand,
  type DescribeSnapshotsCommandInput,
  DescribeVolumesCommand,
  GetSnapshotBlockPublicAccessStateCommand,
  LockSnapshotCommand,
  ModifySnapshotAttributeCommand,
  type TagSpecification,
} from '@aws-sdk/client-ec2';
import type { KMSClient } from '@aws-sdk/client-kms';
import { toDate, parseInstant } from '../../../lib/clock.js';
import type { SnapshotLock } from '../../../model/external.js';
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
} from '../../../ports/snapshots.js';
import { assumedRole } from '../assumed-role.js';
import { AwsCallFailed, AwsCalls } from '../aws-calls.js';
import { AwsClients } from '../aws-clients.js';
import type { AwsClientSettings } from '../ec2-client.js';
import { changingCall } from './changing-call.js';
import { lockView, NO_LOCK, UNKNOWN_LOCK } from './lock-view.js';
import { snapshotView } from './snapshot-view.js';
import { standaloneVolume } from './standalone-volume.js';

export interface Ec2SnapshotsOptions {
  readonly settings: AwsClientSettings & { readonly region: string };
  /** Of the caller: where an answer names no owner. */
  readonly account: string;
  readonly signal: AbortSignal;
  /** Of another account, which everything is then done in; default: as the user. */
  readonly role?: { readonly role: string; readonly session: string };
}

/** Snapshots that one question returns; the API allows 1,000. */
const PAGE = 200;
const MAX_PAGES = 50;

/** EC2's snapshots of one region. */
export class Ec2Snapshots implements SnapshotService {
  readonly region: string;
  readonly #options: Ec2SnapshotsOptions;
  readonly #clients: AwsClients;
  #keys: KMSClient | null = null;

  constructor(options: Ec2SnapshotsOptions) {
    const { settings, role } = options;
    const own = role === undefined ? settings : { ...settings, credentials: assumedRole(settings, role) };
    this.#options = { ...options, settings: own };
    this.region = settings.region;
    this.#clients = new AwsClients(own);
  }

  async volumes(ids: readonly string[]): Promise<readonly StandaloneVolume[]> {
    return await this.#reading(ids.join(', '), async (calls) => {
      // As in `describe`.
      const Filters = [{ Name: 'volume-id', Values: [...ids] }];
      const answer = await calls.read('ec2:DescribeVolumes', (sending) =>
        this.#clients.ec2.send(new DescribeVolumesCommand({ Filters }), sending),
      );
      return (answer.Volumes ?? []).map(standaloneVolume).filter((volume) => ids.includes(volume.id));
    });
  }

  async take(request: TakeRequest): Promise<SnapshotAnswer<readonly SnapshotView[]>> {
    const { tags, description, dryRun = false } = request;
    const shared = {
      ...{ Description: description, DryRun: dryRun },
      TagSpecifications: [tagsFor(tags)],
    };
    const client = this.#clients.ec2Once;
    if ('volume' in request)
      return await changingCall(this.#calls(request.volume), {
        permission: 'ec2:CreateSnapshot',
        send: () => client.send(new CreateSnapshotCommand({ ...shared, VolumeId: request.volume })),
        made: (answer) => (answer === null ? [] : this.#views([answer])),
      });
    const { instance, excludeRoot, excludeVolumes, copyTags = true } = request;
    const InstanceSpecification = {
      InstanceId: instance,
      ExcludeBootVolume: excludeRoot,
      ...(excludeVolumes.length === 0 ? {} : { ExcludeDataVolumeIds: [...excludeVolumes] }),
    };
    return await changingCall(this.#calls(instance), {
      permission: 'ec2:CreateSnapshots',
      send: () =>
        client.send(
          new CreateSnapshotsCommand({
            ...{ ...shared, InstanceSpecification },
            ...(copyTags ? { CopyTagsFromSource: 'volume' as const } : {}),
          }),
        ),
      made: (answer) => this.#views(answer?.Snapshots ?? []),
    });
  }

  async find(tags: Readonly<Record<string, string>>): Promise<SnapshotList> {
    const Filters = Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
    return await this.#list({ OwnerIds: ['self'], Filters }, this.region);
  }

  async describe(ids: readonly string[]): Promise<SnapshotList> {
    // By a filter, since one id that is gone would make the whole question fail.
    return await this.#list({ Filters: [{ Name: 'snapshot-id', Values: [...ids] }] }, ids.join(', '));
  }

  async copy(request: CopyRequest): Promise<SnapshotAnswer<{ readonly id: string }>> {
    const { snapshot, fromRegion, kmsKey, tags, description } = request;
    return await changingCall(this.#calls(snapshot), {
      permission: 'ec2:CopySnapshot',
      send: () =>
        this.#clients.ec2Once.send(
          new CopySnapshotCommand({
            ...{ SourceSnapshotId: snapshot, SourceRegion: fromRegion, Description: description },
            ...(kmsKey === null ? {} : { KmsKeyId: kmsKey, Encrypted: true }),
            TagSpecifications: [tagsFor(tags)],
          }),
        ),
      made: (answer) => ({ id: answer?.SnapshotId ?? '' }),
    });
  }

  async pendingSnapshots(): Promise<number> {
    const Filters = [{ Name: 'status', Values: ['pending'] }];
    return (await this.#list({ OwnerIds: ['self'], Filters }, this.region)).snapshots.length;
  }

  async lock({ snapshot, mode, until }: LockRequest): Promise<SnapshotAnswer<SnapshotLock>> {
    const end =
      'days' in until ? { LockDuration: until.days } : { ExpirationDate: toDate(parseInstant(until.date) ?? 0) };
    return await changingCall(this.#calls(snapshot), {
      permission: 'ec2:LockSnapshot',
      send: () => this.#clients.ec2Once.send(new LockSnapshotCommand({ SnapshotId: snapshot, LockMode: mode, ...end })),
      made: (answer) => lockView(answer ?? {}),
    });
  }

  async locks(ids: readonly string[]): Promise<ReadonlyMap<string, SnapshotLock>> {
    const calls = this.#calls(ids.join(', '));
    try {
      const { Snapshots: told = [] } = await calls.read('ec2:DescribeLockedSnapshots', (sending) =>
        this.#clients.ec2.send(new DescribeLockedSnapshotsCommand({ SnapshotIds: [...ids] }), sending),
      );
      const locked = new Map(told.map((one) => [one.SnapshotId ?? '', lockView(one)]));
      return new Map(ids.map((id) => [id, locked.get(id) ?? NO_LOCK]));
    } catch (error) {
      if (!(error instanceof AwsCallFailed) || error.failure.kind === 'credentials') throw calls.error(error);
      return new Map(ids.map((id) => [id, UNKNOWN_LOCK]));
    }
  }

  async share(snapshot: string, account: string): Promise<SnapshotAnswer<null>> {
    return await changingCall(this.#calls(snapshot), {
      permission: 'ec2:ModifySnapshotAttribute',
      send: () =>
        this.#clients.ec2Once.send(
          new ModifySnapshotAttributeCommand({
            ...{ SnapshotId: snapshot, Attribute: 'createVolumePermission', OperationType: 'add' },
            UserIds: [account],
          }),
        ),
      made: () => null,
    });
  }

  async key(keyId: string): Promise<KeyView> {
    // Loaded when the first key is asked for.
    const { openKeys, readKey } = await import('./read-key.js');
    this.#keys ??= openKeys(this.#options.settings);
    return await readKey(this.#calls(keyId), this.#keys, keyId);
  }

  async blockPublicAccess(): Promise<string | null> {
    const calls = this.#calls(this.region);
    try {
      const { State: state } = await calls.read('ec2:GetSnapshotBlockPublicAccessState', (sending) =>
        this.#clients.ec2.send(new GetSnapshotBlockPublicAccessStateCommand({}), sending),
      );
      return state ?? null;
    } catch (error) {
      if (!(error instanceof AwsCallFailed) || error.failure.kind === 'credentials') throw calls.error(error);
      return null;
    }
  }

  close(): void {
    this.#clients.destroy();
    this.#keys?.destroy();
  }

  #calls(subject: string): AwsCalls {
    const { settings, signal } = this.#options;
    return new AwsCalls({ clients: this.#clients, settings, signal, subject: subject.slice(0, 200) });
  }

  async #reading<T>(subject: string, read: (calls: AwsCalls) => Promise<T>): Promise<T> {
    const calls = this.#calls(subject);
    try {
      return await read(calls);
    } catch (error) {
      throw calls.error(error);
    }
  }

  #views(told: readonly Parameters<typeof snapshotView>[0][]): readonly SnapshotView[] {
    const { region } = this;
    const { account } = this.#options;
    return told.flatMap((one) => snapshotView(one, { region, account }) ?? []);
  }

  async #list(input: DescribeSnapshotsCommandInput, subject: string): Promise<SnapshotList> {
    return await this.#reading(subject, async (calls) => {
      const snapshots: SnapshotView[] = [];
      let NextToken: string | undefined;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const asked = { ...input, MaxResults: PAGE, ...(NextToken === undefined ? {} : { NextToken }) };
        const answer = await calls.read('ec2:DescribeSnapshots', (sending) =>
          this.#clients.ec2.send(new DescribeSnapshotsCommand(asked), sending),
        );
        snapshots.push(...this.#views(answer.Snapshots ?? []));
        if (answer.NextToken === undefined || answer.NextToken === '' || answer.NextToken === NextToken) break;
        NextToken = answer.NextToken;
      }
      return { snapshots, requestIds: calls.requestIds };
    });
  }
}

function tagsFor(tags: Readonly<Record<string, string>>): TagSpecification {
  const Tags = Object.entries(tags).map(([key, value]) => ({ Key: key, Value: value }));
  return { ResourceType: 'snapshot', Tags };
}
