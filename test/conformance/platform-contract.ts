/**
 * The contract of `Platform` and its `CloudActuator`. A harness has one machine with all that the kinds of changes are about, and leaves it to
 * the tests as they left it: each one takes back what it did.
 */
import type { JSONType } from 'zod';
import { expect, it } from 'vitest';
import { CLOUD_ACTION_KINDS, type CloudActionKindName, type CloudSubject } from '../../src/model/cloud.js';
import type { CloudAnswer, CloudLook } from '../../src/ports/cloud-actuator.js';
import type { CloudInstance, NodeMachine, Platform } from '../../src/ports/platform.js';

export interface CloudChange {
  readonly kind: CloudActionKindName;
  readonly subject: CloudSubject;
  readonly before: JSONType;
  readonly intended: JSONType;
}

export interface PlatformHarness {
  readonly platform: Platform;
  readonly node: NodeMachine;
  /** The machine of the node as it was read before the test. */
  readonly instance: CloudInstance;
  /** One change of each kind. */
  readonly changes: readonly CloudChange[];
  /** The id of another machine, which was ended. */
  ended(): Promise<string>;
}

export const CASE_TOKEN = 'casetoken7';

export async function look(
  { platform }: PlatformHarness,
  { kind, subject, intended }: CloudChange,
): Promise<CloudLook> {
  return await platform.actuator.look(kind, subject, intended);
}

export async function viewNow(harness: PlatformHarness, change: CloudChange): Promise<JSONType> {
  const looked = await look(harness, change);
  return looked.state === 'there' ? looked.view : looked.detail;
}

/** From one view to another. */
export async function set(
  { platform }: PlatformHarness,
  { kind, subject }: CloudChange,
  { from, view, dryRun = false }: { readonly from: JSONType; readonly view: JSONType; readonly dryRun?: boolean },
): Promise<CloudAnswer> {
  return await platform.actuator.set(kind, subject, { from, view, caseToken: CASE_TOKEN, plan: '1' }, { dryRun });
}

export function changeOf({ changes }: PlatformHarness, kind: CloudActionKindName): CloudChange {
  const found = changes.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`the harness has no change of the kind ${kind}`);
  return found;
}

/** What is about something that a machine may leave behind. */
const OUTLASTING: readonly CloudActionKindName[] = [
  ...(['quarantine-group', 'interface-groups', 'deny-sessions', 'scaling-processes'] as const),
];

export function platformContract(harness: () => PlatformHarness): void {
  it.each(CLOUD_ACTION_KINDS)('%s is tried without an effect, made, and taken back exactly', async (kind) => {
    const at = harness();
    const one = changeOf(at, kind);
    const { before, intended } = one;
    expect(await viewNow(at, one)).toEqual(before);
    expect(await set(at, one, { from: before, view: intended, dryRun: true })).toMatchObject({ outcome: 'done' });
    expect(await viewNow(at, one)).toEqual(before);
    const answer = await set(at, one, { from: before, view: intended });
    expect(answer).toMatchObject({ outcome: 'done' });
    expect(answer.requestIds.length).toBeGreaterThan(0);
    expect(await viewNow(at, one)).toEqual(intended);
    expect(await set(at, one, { from: intended, view: before })).toMatchObject({ outcome: 'done' });
    expect(await viewNow(at, one)).toEqual(before);
    const after = await at.platform.instanceOf(at.node);
    expect({ ...after, requestIds: [] }).toEqual({ ...at.instance, requestIds: [] });
  });

  it('finds everything gone that is about a machine that was ended', async () => {
    const at = harness();
    const ended = await at.ended();
    for (const kind of CLOUD_ACTION_KINDS.filter((one) => !OUTLASTING.includes(one))) {
      const { subject, ...one } = changeOf(at, kind);
      const looked = await look(at, { ...one, subject: { ...subject, instance: ended } });
      expect([kind, looked.state]).toEqual([kind, 'gone']);
    }
  });

  it('leaves an interface alone that is at another machine now', async () => {
    const at = harness();
    const one = changeOf(at, 'interface-groups');
    const elsewhere = { ...one, subject: { ...one.subject, instance: await at.ended() } };
    expect(await look(at, elsewhere)).toMatchObject({ state: 'gone' });
  });

  it('does nothing in an account that we are not in', async () => {
    const at = harness();
    const one = changeOf(at, 'termination-protection');
    const foreign = { ...one, subject: { ...one.subject, account: '999999999999' } };
    await expect(set(at, foreign, { from: one.before, view: one.intended })).rejects.toMatchObject({
      code: 'PLATFORM_UNSUITABLE',
    });
    expect(await viewNow(at, one)).toEqual(one.before);
  });

  it.each([
    ['another address', { addresses: ['203.0.113.99'] }, 'TARGET_REPLACED'],
    ['another cloud', { providerId: 'somewhere:///zone/machine-1' }, 'PLATFORM_UNSUITABLE'],
    ['no cloud', { providerId: '' }, 'PLATFORM_UNSUITABLE'],
  ])('refuses a node of %s', async (_, fields, code) => {
    const { platform, node } = harness();
    await expect(platform.instanceOf({ ...node, ...fields })).rejects.toMatchObject({ code });
  });

  it('asks for rights without a change to anything', async () => {
    const { platform, node, instance } = harness();
    const rights = await platform.rights(instance, CLOUD_ACTION_KINDS);
    expect(rights.filter(({ allowed }) => allowed === false)).toEqual([]);
    expect(rights.map(({ action }) => action)).toEqual([...new Set(rights.map(({ action }) => action))].sort());
    expect({ ...(await platform.instanceOf(node)), requestIds: [] }).toEqual({ ...instance, requestIds: [] });
  });
}
