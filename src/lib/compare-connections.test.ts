import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareConnections, type ListedConnection } from './compare-connections.js';

const end = fc.record({ address: fc.constantFrom('10.0.0.1', '10.0.0.2'), port: fc.integer({ min: 1, max: 3 }) });
const anyConnection: fc.Arbitrary<ListedConnection> = fc.record({
  namespace: fc.constantFrom('1', '2'),
  protocol: fc.constantFrom('tcp', 'udp'),
  local: end,
  remote: end,
  state: fc.constantFrom('listen', 'established'),
  inode: fc.constantFrom('0', '5', '6'),
});
const anyList = fc.array(anyConnection, { maxLength: 12 });

const CONNECTION: ListedConnection = {
  namespace: '1',
  protocol: 'tcp',
  local: { address: '10.0.0.1', port: 1 },
  remote: { address: '10.0.0.2', port: 2 },
  state: 'established',
  inode: '5',
};

describe('two lists of connections', () => {
  it('tell what opened, what closed, what changed and what stayed', () => {
    const other = { ...CONNECTION, inode: '6' };
    const later = { ...CONNECTION, state: 'close-wait' };
    expect(compareConnections([CONNECTION, other], [later])).toEqual({
      opened: [],
      closed: [other],
      changed: [{ before: CONNECTION, after: later }],
      kept: [],
    });
    expect(compareConnections([], [CONNECTION]).opened).toEqual([CONNECTION]);
    expect(compareConnections([CONNECTION], [{ ...CONNECTION, namespace: '2' }])).toMatchObject({
      opened: [{ namespace: '2' }],
      closed: [{ namespace: '1' }],
    });
  });

  it('account for every line of both, once', () => {
    fc.assert(
      fc.property(anyList, anyList, (before, after) => {
        const { opened, closed, changed, kept } = compareConnections(before, after);
        expect(closed.length + changed.length + kept.length).toBe(before.length);
        expect(opened.length + changed.length + kept.length).toBe(after.length);
      }),
    );
  });

  it('are the same as themselves', () => {
    fc.assert(
      fc.property(anyList, (list) => {
        const { opened, closed, kept } = compareConnections(
          list,
          list.map((one) => ({ ...one })),
        );
        expect([opened, closed]).toEqual([[], []]);
        expect(kept.length).toBeLessThanOrEqual(list.length);
      }),
    );
  });
});
