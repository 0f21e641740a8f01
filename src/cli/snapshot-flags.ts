import { Flags } from '@oclif/core';
import { parseInstant, toRfc3339 } from '../lib/clock.js';
import { shellWord } from '../lib/shell-word.js';
import { ExhibitError } from '../model/errors.js';
import type { CopyWish } from '../workflows/snapshot/copy-snapshot.js';
import type { LockWish } from '../workflows/snapshot/lock-snapshot.js';
import type { SnapshotWishes } from '../workflows/snapshot/run-snapshots.js';
import { parseDurationMs } from './quantities.js';
import { accountOfRole } from './role-arn.js';

/** Copies into one region that AWS lets an account have under way; half of it is what we use. */
const COPIES_QUOTA = 20;
const MAX_LOCK_DAYS = 36_500;

/** For commands that look at snapshots until they are completed. */
export const snapshotWaitFlags = {
  'wait': Flags.boolean({ default: false, summary: 'Wait until every snapshot is completed.' }),
  'wait-limit': Flags.string({
    default: '1h',
    helpValue: 'DURATION',
    summary: 'How long to wait at most; then exit 69, and the cloud works on.',
  }),
  'copy-to-region': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'REGION',
    summary: 'Copy each snapshot there once it is completed, which is waited for; repeatable.',
  }),
  'copy-role': Flags.string({
    helpValue: 'ARN',
    summary: 'A role of another account that makes the copies there; without --copy-to-region in the same region.',
  }),
  'kms-key': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'ARN',
    summary: 'The key that copies in its region are encrypted under; repeatable, one a region.',
  }),
  'share-with': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'ACCOUNT',
    summary: 'An account that may copy the snapshots, or their copies where there are some; waits; repeatable.',
  }),
  'whole-quota': Flags.boolean({ default: false, summary: 'Use all of the quota for copies, not half of it.' }),
  'lock': Flags.option({ options: ['governance', 'compliance'] as const })({
    summary: 'Let nobody delete them: governance can be taken off by who has the right, compliance by nobody.',
  }),
  'lock-days': Flags.integer({ min: 1, max: MAX_LOCK_DAYS, helpValue: 'N', summary: 'Days that governance lasts.' }),
  'lock-until': Flags.string({ helpValue: 'DATE', summary: 'Day on which compliance ends: 2027-06-30.' }),
  'confirm': Flags.string({ helpValue: 'DATE', summary: 'The date of --lock-until again: nobody can take it back.' }),
};

/** For commands that make snapshots. */
export const snapshotTakeFlags = {
  ...snapshotWaitFlags,
  'again': Flags.boolean({ default: false, summary: 'Make new ones although the case has some.' }),
  'dry-run': Flags.boolean({ default: false, summary: 'Show what would be made, and whether it is allowed.' }),
  'price-per-gib-month': Flags.string({
    helpValue: 'PRICE',
    summary: 'What a GiB costs in a month, as 0.05: the plan then says what the snapshots cost at most.',
  }),
};

export interface SnapshotFlagValues {
  readonly 'wait': boolean;
  readonly 'wait-limit': string;
  readonly 'copy-to-region'?: readonly string[] | undefined;
  readonly 'copy-role'?: string | undefined;
  readonly 'kms-key'?: readonly string[] | undefined;
  readonly 'share-with'?: readonly string[] | undefined;
  readonly 'whole-quota': boolean;
  readonly 'lock'?: 'governance' | 'compliance' | undefined;
  readonly 'lock-days'?: number | undefined;
  readonly 'lock-until'?: string | undefined;
  readonly 'confirm'?: string | undefined;
  readonly 'again'?: boolean | undefined;
  readonly 'price-per-gib-month'?: string | undefined;
}

function usage(what: string, hint: string): ExhibitError {
  return new ExhibitError('USAGE_INVALID', what, { hints: [hint], safe: 'Nothing was changed.' });
}

function lockOf(flags: SnapshotFlagValues, nowMs: number): LockWish | null {
  const { lock, 'lock-days': days, 'lock-until': until } = flags;
  if (lock === undefined) {
    if (days === undefined && until === undefined) return null;
    throw usage('how long is told, and not which lock', 'Repeat the command with --lock governance');
  }
  if (lock === 'governance') {
    if (days === undefined || until !== undefined)
      throw usage('governance lasts a number of days', 'Repeat the command with --lock governance --lock-days 90');
    return { mode: lock, until: { days } };
  }
  if (days !== undefined)
    throw usage('compliance ends on a day', 'Repeat the command with --lock-until 2027-06-30 and no --lock-days');
  return { mode: lock, until: { date: endOf(until ?? '', nowMs) } };
}

function endOf(until: string, nowMs: number): string {
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(until) ? parseInstant(`${until}T00:00:00Z`) : null;
  if (atMs === null)
    throw usage('compliance ends on a day', 'Repeat the command with --lock compliance --lock-until 2027-06-30');
  const days = (atMs - nowMs) / 86_400_000;
  if (days < 1 || days > MAX_LOCK_DAYS)
    throw usage('the day must be after tomorrow, and within 100 years', 'Repeat the command with a later --lock-until');
  return toRfc3339(atMs);
}

const KEY = /^arn:aws[a-z-]{0,12}:kms:([a-z0-9-]{4,40}):\d{12}:(?:key|alias)\/[\w/-]{1,256}$/;
const REGION = /^[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/;

export function checkRegion(region: string): string {
  if (REGION.test(region)) return region;
  throw usage(`this is no region of AWS: ${region}`, 'aws ec2 describe-regions');
}

interface Places {
  readonly regions: readonly string[];
  /** Of the role that makes the copies; `null` = the caller's own. */
  readonly account: string | null;
}

/** The region of a key that copies can be encrypted under. */
function regionOfKey(key: string, { regions, account }: Places): string {
  const region = KEY.exec(key)?.[1];
  if (region === undefined) throw usage(`this is no ARN of a key: ${key}`, 'aws kms list-keys');
  if (account !== null && key.split(':')[4] !== account)
    throw usage(`the key is not of the account of the role: ${key}`, 'aws kms list-keys');
  const isAnywhere = account !== null && regions.length === 0;
  if (!isAnywhere && !regions.includes(region))
    throw usage(`the key is in ${region}, and nothing is copied there: ${key}`, `Add --copy-to-region ${region}`);
  return region;
}

function copiesOf(flags: SnapshotFlagValues): readonly CopyWish[] {
  const { 'copy-to-region': regions = [], 'copy-role': role = null, 'kms-key': keys = [] } = flags;
  const places = { regions, account: role === null ? null : accountOfRole(role) };
  const keyOf = new Map(keys.map((key) => [regionOfKey(key, places), key]));
  const maxPending = flags['whole-quota'] ? COPIES_QUOTA : COPIES_QUOTA / 2;
  const [only = null] = keyOf.values();
  if (role !== null && regions.length === 0) return [{ region: null, role, kmsKey: only, maxPending }];
  return regions.map((region) => ({
    ...{ region: checkRegion(region), role, kmsKey: keyOf.get(region) ?? null, maxPending },
  }));
}

/** Throws `USAGE_INVALID`. */
export function snapshotWishes(flags: SnapshotFlagValues, nowMs: number): SnapshotWishes {
  const copies = copiesOf(flags);
  const { 'share-with': shareWith = [], again = false } = flags;
  const account = shareWith.find((one) => !/^\d{12}$/.test(one));
  if (account !== undefined) throw usage(`this is no account of AWS: ${account}`, 'Write twelve digits');
  const { 'price-per-gib-month': pricePerGibMonth = null } = flags;
  if (pricePerGibMonth !== null && !/^\d{1,6}(?:\.\d{1,6})?$/.test(pricePerGibMonth))
    throw usage(`this is no price: ${pricePerGibMonth}`, 'Repeat the command with --price-per-gib-month 0.05');
  const mustWait = flags.wait || copies.length > 0 || shareWith.length > 0;
  const waitLimitMs = mustWait ? parseDurationMs(flags['wait-limit']) : null;
  return { again, waitLimitMs, lock: lockOf(flags, nowMs), copies, shareWith, pricePerGibMonth };
}

const SAID_AGAIN = [
  ...(['region', 'exclude-volume', 'wait-limit', 'copy-to-region', 'copy-role', 'kms-key', 'share-with'] as const),
  ...(['lock', 'lock-days', 'lock-until', 'confirm'] as const),
] as const;

type GivenFlags = Readonly<Partial<Record<(typeof SAID_AGAIN)[number], unknown>>> & {
  readonly 'whole-quota'?: boolean | undefined;
};

/**
 * The command that goes on with the same snapshots: without --exclude-volume it would take what was left out. --again is not said again.
 * `flags` is missing where they could not be parsed.
 */
export function snapshotCommand(
  command: string,
  { name, flags = {} }: { readonly name: string | undefined; readonly flags: GivenFlags | undefined },
): string {
  const words = SAID_AGAIN.flatMap((flag) => {
    const values: readonly unknown[] = [flags[flag] ?? []].flat();
    return values.map(String).flatMap((value) => (flag === 'wait-limit' && value === '1h' ? [] : `--${flag}=${value}`));
  });
  const all = [
    ...(name === undefined ? [] : [name]),
    ...words,
    ...(flags['whole-quota'] === true ? ['--whole-quota'] : []),
  ];
  return [command, ...all.map(shellWord)].join(' ');
}
