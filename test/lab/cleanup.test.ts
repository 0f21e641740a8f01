import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Desk, EXHIBIT, kubectl, openLaboratory, type Laboratory } from './laboratory.js';
import { collectorImage, leftOf } from './pod-access.js';

interface Cleanup {
  readonly verdict: string;
  readonly found: readonly { readonly resource: string }[];
  readonly left: readonly { readonly resource: string }[];
}

let laboratory: Laboratory;
let desk: Desk;
let caseId: string;
let collect: readonly string[];

beforeAll(async () => {
  laboratory = await openLaboratory();
  desk = await Desk.open(laboratory.kubeconfig);
  caseId = (await desk.json<{ caseId: string }>(['case', 'open'])).result.caseId;
  collect = [
    ...['collect', '--node', laboratory.nodes[0] ?? '', '--profile', 'full', '--node-access', 'collector-pod'],
    ...['--collector-image', collectorImage(laboratory), '--collector-image-present'],
  ];
});
afterAll(async () => {
  await desk.close();
});

/** Starts a collection and gives it once its pod is in the cluster. */
async function collecting() {
  const running = execa(process.execPath, [EXHIBIT, ...collect], {
    reject: false,
    env: { EXHIBIT_HOME: desk.home, KUBECONFIG: laboratory.kubeconfig, NO_COLOR: '1' },
  });
  await expect
    .poll(async () => (await leftOf(laboratory, caseId)).some((name) => name.startsWith('pod/')), { timeout: 120_000 })
    .toBe(true);
  // A subprocess is a promise: returned by itself it would be waited for.
  return { running };
}

const verify = async () => await desk.json<Cleanup>(['cleanup', '--verify']);

describe('a collection that is ended', () => {
  it('by Ctrl-C leaves nothing in the cluster', async () => {
    const { running } = await collecting();
    running.kill('SIGINT');
    expect((await running).exitCode).toBe(130);
    expect(await leftOf(laboratory, caseId)).toEqual([]);
    expect(await verify()).toMatchObject({ exitCode: 0, result: { verdict: 'nothing-left', found: [] } });
  });

  it('by a kill leaves what cleanup finds and removes, on record', async () => {
    const { running } = await collecting();
    running.kill('SIGKILL');
    await running;
    const before = await verify();
    expect(before).toMatchObject({ exitCode: 4, result: { verdict: 'left' } });
    expect(before.result.left.map(({ resource }) => resource)).toEqual(['pods', 'namespaces']);
    expect((await desk.exhibit(['cleanup', '--no-input'])).exitCode).toBe(5);
    const cleaned = await desk.json<Cleanup>(['cleanup', '--yes']);
    expect(cleaned).toMatchObject({ exitCode: 0, result: { verdict: 'nothing-left', left: [] } });
    expect(await leftOf(laboratory, caseId)).toEqual([]);
    expect(await verify()).toMatchObject({ exitCode: 0 });
    expect(await kubectl(laboratory, ['get', 'namespaces', '-o', 'name'])).not.toContain(caseId);
  });
});
