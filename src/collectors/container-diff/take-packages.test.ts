import { beforeEach, describe, expect, it, vi } from 'vitest';
import { nodeFacts } from '../../../test/fakes/node-facts.js';
import type { CollectContext, CollectResult } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { captureCommand } from '../capture-command.js';
import { BaseLayers } from './base-layers.js';
import { takePackages } from './take-packages.js';

vi.mock('../capture-command.js', () => ({ captureCommand: vi.fn() }));

const MIB = 1024 * 1024;
const FOLDERS = ['var', 'var/lib', 'var/lib/dpkg'];

/** An image of one layer whose dpkg has a list of this size, and a second one of 200 MiB. */
function image(sizeBytes: number): Parameters<typeof takePackages>[0] {
  const layers = new BaseLayers(1);
  const common = { mode: 0o644, uid: 0, gid: 0, allocatedBytes: 0, nlink: 1, inode: '1', device: '1', linkTarget: '' };
  const times = { atimeNs: 0n, mtimeNs: 0n, ctimeNs: 0n, btimeNs: null };
  for (const path of FOLDERS) layers.add(0, { ...common, ...times, path, type: 'directory', sizeBytes: 0 });
  layers.add(0, { ...common, ...times, path: 'var/lib/dpkg/status', type: 'file', sizeBytes });
  layers.add(0, { ...common, ...times, path: 'var/lib/dpkg/diversions', type: 'file', sizeBytes: 200 * MIB });
  return { layers, lowers: [{ view: '-', path: '/layer', identity: '1:1' }] };
}

function answered(result: CollectResult): void {
  const nothing = { sizeBytes: 0, sha256: '', farSha256: '', stderr: '', argv: [], auditId: null };
  const end = {
    ...nothing,
    end: 'complete',
    endDetail: null,
    exitStatus: 0,
    firstByteAt: null,
    lastByteAt: null,
  } as const;
  vi.mocked(captureCommand).mockResolvedValue({ result, end, path: 'packages.tar' });
}

const collected: CollectResult = { outcome: 'collected', reason: '', detail: '', proof: {} };
let access: NodeAccess;
beforeEach(() => {
  vi.mocked(captureCommand).mockReset();
  access = { facts: nodeFacts(), run: vi.fn(), close: vi.fn() };
});

async function twice(sizeBytes: number): Promise<unknown[]> {
  const context = { limits: { idleTimeoutMs: 1000 } } as unknown as CollectContext;
  const place = { access, context, artifact: 'a', collector: 'container-diff', subject: { kind: 'node', name: 'n' } };
  const records: unknown[] = [];
  for (const folder of ['one', 'two'])
    records.push(await takePackages(image(sizeBytes), folder, place as Parameters<typeof takePackages>[2]));
  return records;
}

describe('what the package managers of an image say', () => {
  it('is taken once for all its containers, also when it is more than is taken', async () => {
    answered(collected);
    const cut = { path: 'packages.tar', files: 1, leftOut: 1, problem: 'limit' };
    expect(await twice(100 * MIB)).toEqual([cut, cut]);
    expect(captureCommand).toHaveBeenCalledTimes(1);
  });

  it('is asked for again after a failure', async () => {
    answered({ outcome: 'failed', reason: 'stream-cut', detail: '', proof: {} });
    expect(await twice(MIB)).toMatchObject([{ problem: 'stream-cut' }, { problem: 'stream-cut' }]);
    expect(captureCommand).toHaveBeenCalledTimes(2);
  });
});
