import { expect, it } from 'vitest';
import { snapshotCommand, snapshotWishes } from './snapshot-flags.js';

it('goes on with the same snapshots: what was left out is left out again, and what was wished for is wished for', () => {
  const flags = {
    ...{ 'exclude-volume': ['shop/cart-data', '/dev/x y'], 'wait-limit': '3h', 'copy-to-region': ['eu-west-1'] },
    ...{ 'copy-role': 'arn:aws:iam::111122223333:role/r' },
    ...{ 'kms-key': ['arn:aws:kms:eu-west-1:111122223333:key/1'], 'share-with': undefined, 'whole-quota': true },
    ...{ 'lock': 'governance', 'lock-days': 90, 'again': true },
  };
  expect(snapshotCommand('exhibit snapshot node', { name: 'worker-3', flags })).toBe(
    "exhibit snapshot node worker-3 --exclude-volume=shop/cart-data '--exclude-volume=/dev/x y' --wait-limit=3h " +
      '--copy-to-region=eu-west-1 --copy-role=arn:aws:iam::111122223333:role/r --kms-key=arn:aws:kms:eu-west-1:111122223333:key/1 --lock=governance --lock-days=90 ' +
      '--whole-quota',
  );
  expect(snapshotCommand('exhibit snapshot status', { name: undefined, flags: { 'wait-limit': '1h' } })).toBe(
    'exhibit snapshot status',
  );
  expect(snapshotCommand('exhibit snapshot node', { name: undefined, flags: undefined })).toBe('exhibit snapshot node');
});

it('name the role of another account, whose keys alone encrypt there', () => {
  const role = 'arn:aws:iam::444455556666:role/evidence';
  const key = (region: string, account = '444455556666') => `arn:aws:kms:${region}:${account}:key/0b1c`;
  const flags = { 'wait': false, 'wait-limit': '1h', 'whole-quota': false, 'copy-role': role };
  const copies = (more: object) => snapshotWishes({ ...flags, ...more }, 0).copies;
  expect(copies({})).toEqual([{ region: null, role, kmsKey: null, maxPending: 10 }]);
  expect(copies({ 'kms-key': [key('eu-central-1')] })).toMatchObject([{ region: null, kmsKey: key('eu-central-1') }]);
  const there = { 'copy-to-region': ['eu-west-1'], 'kms-key': [key('eu-west-1')] };
  expect(copies(there)).toEqual([{ region: 'eu-west-1', role, kmsKey: key('eu-west-1'), maxPending: 10 }]);
  expect(() => copies({ 'kms-key': [key('eu-west-1', '111122223333')] })).toThrow('not of the account of the role');
  expect(() => copies({ ...there, 'kms-key': [key('us-east-1')] })).toThrow('nothing is copied there');
  expect(() => copies({ 'copy-role': 'evidence' })).toThrow('no ARN of a role');
  expect(() => copies({ 'price-per-gib-month': '1e9' })).toThrow('no price');
});
