import { expect, it } from 'vitest';
import { snapshotCommand } from './snapshot-flags.js';

it('goes on with the same snapshots: what was left out is left out again, and what was wished for is wished for', () => {
  const flags = {
    ...{ 'exclude-volume': ['shop/cart-data', '/dev/x y'], 'wait-limit': '3h', 'copy-to-region': ['eu-west-1'] },
    ...{ 'kms-key': ['arn:aws:kms:eu-west-1:111122223333:key/1'], 'share-with': undefined, 'whole-quota': true },
    ...{ 'lock': 'governance', 'lock-days': 90, 'again': true },
  };
  expect(snapshotCommand('exhibit snapshot node', { name: 'worker-3', flags })).toBe(
    "exhibit snapshot node worker-3 --exclude-volume=shop/cart-data '--exclude-volume=/dev/x y' --wait-limit=3h " +
      '--copy-to-region=eu-west-1 --kms-key=arn:aws:kms:eu-west-1:111122223333:key/1 --lock=governance --lock-days=90 ' +
      '--whole-quota',
  );
  expect(snapshotCommand('exhibit snapshot status', { name: undefined, flags: { 'wait-limit': '1h' } })).toBe(
    'exhibit snapshot status',
  );
  expect(snapshotCommand('exhibit snapshot node', { name: undefined, flags: undefined })).toBe('exhibit snapshot node');
});
