import { describe, expect, it } from 'vitest';
import { type ExternalRecord, externalKey, externalRecordSchema } from './external.js';

const RECORD: ExternalRecord = {
  ...{ kind: 'snapshot', observedAt: '2026-01-02T03:04:05.678Z', cloud: 'aws', account: '111122223333' },
  ...{ region: 'eu-central-1', id: 'snap-0abc', arn: 'arn:aws:ec2:eu-central-1::snapshot/snap-0abc', copyOf: null },
  ...{ volume: 'vol-0abc', node: null, instance: null, deviceName: null, claim: null, attempt: 'a', sizeBytes: 1 },
  ...{ isEncrypted: false, kmsKeyId: null, tags: [{ key: '__proto__', value: '' }], state: 'pending' },
  ...{ stateDetail: null, progress: '3%', startedAt: null, completedAt: null, sharedWith: [], requestIds: [] },
  lock: { mode: 'none', state: '', until: null },
};

describe('a line of meta/external.jsonl', () => {
  it('is read as it is written, whatever its tags are called', () => {
    expect(externalRecordSchema.parse(JSON.parse(JSON.stringify(RECORD)))).toEqual(RECORD);
    expect(externalKey(RECORD)).toBe('eu-central-1/snap-0abc');
  });

  it.each([
    ['another kind', { kind: 'hearsay' }],
    ['a time that is none', { observedAt: 'yesterday' }],
    ['a lock that is none', { lock: { mode: 'maybe', state: '', until: null } }],
    ['a size below nothing', { sizeBytes: -1 }],
    ['a member more', { more: 1 }],
  ])('is refused with %s', (_what, change) => {
    expect(externalRecordSchema.safeParse({ ...RECORD, ...change }).success).toBe(false);
  });
});
