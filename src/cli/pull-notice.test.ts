import { describe, expect, it } from 'vitest';
import type { PullSummary } from '../workflows/pull.js';
import { pullNotice } from './pull-notice.js';

const ENCRYPTED: PullSummary = {
  location: 's3://vault/case-abcd-x0001.tar.gz.age',
  path: 'incoming/case-abcd-x0001.tar.gz.age',
  sizeBytes: 10,
  sha256: 'a'.repeat(64),
  versionId: null,
  digestOfSource: 'matches',
  digestOfReceipt: 'none',
  custodyPath: null,
  custodyEvents: 0,
  receiptPath: null,
  report: null,
};

describe('pullNotice', () => {
  it.each([
    ['matches', 'only with what the same store says of it'],
    ['none', 'with nothing'],
  ] as const)(
    'says of an encrypted archive without a receipt, where the digest of the store %s, how it was compared',
    (digestOfSource, how) => {
      const notice = pullNotice({ ...ENCRYPTED, digestOfSource });
      expect(notice).toMatchObject({ code: 'PULL_UNCOMPARED', exitCode: 3, subject: ENCRYPTED.path });
      expect(notice?.message).toContain(how);
      expect(notice?.message).toContain('--receipt');
      expect(notice?.hints[0]).toContain(`exhibit pull ${ENCRYPTED.location} --output`);
    },
  );

  it('says nothing of one that the receipt describes', () => {
    expect(pullNotice({ ...ENCRYPTED, digestOfReceipt: 'matches' })).toBeNull();
  });
});
