import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/sandbox/fault.js';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { User } from './exhibit.js';

let user: User;
let sandbox: Sandbox;

beforeEach(async () => {
  user = new User();
  sandbox = await user.sandbox();
  await user.run('key', 'new');
});
afterEach(async () => {
  await sandbox.stop();
  user.remove();
});

const LOG = /\/log\?.*container=/;

/** What the server does, and the reasons that the ledger may give for it. */
const LIES: readonly (readonly [string, Fault, RegExp])[] = [
  ['a log cut at byte 50', { kind: 'cut', path: LOG, afterBytes: 50 }, /cut|unproven-end|bad-request/],
  [
    'a log that ends cleanly and too early',
    { kind: 'early-end', path: LOG, afterBytes: 50 },
    /unproven-end|kubelet-message|bad-request/,
  ],
  [
    'a sentence of the kubelet instead of a log',
    { kind: 'kubelet-sentence', path: LOG },
    /kubelet-message|unproven-end/,
  ],
  [
    'fewer bytes than announced',
    { kind: 'wrong-length', path: /\/log\?.*container=server/, byBytes: 10 },
    /cut|unproven-end|bad-request/,
  ],
  ['a page that is not JSON', { kind: 'not-json', path: /^\/api\/v1\/configmaps/ }, /not-json/],
  ['the same continue token for ever', { kind: 'same-token', path: /^\/api\/v1\/configmaps/ }, /token-repeated/],
  ['a list that always expires', { kind: 'status', status: 410, path: /^\/api\/v1\/configmaps/ }, /expired/],
  ['hostile names', { kind: 'hostile-names', path: /^\/api\/v1\/configmaps/ }, /^$/],
];

describe('a cluster that lies', () => {
  it.each(LIES)('%s: the archive verifies and the ledger tells', async (_, fault, reasons) => {
    await sandbox.setFaults([fault]);
    const collected = await user.json(
      'collect',
      '--all',
      '--idle-timeout',
      '2s',
      '--kubeconfig',
      sandbox.kubeconfigPath,
    );
    const gaps = collected.document['gaps'] as { artifact: string; reason: string }[];
    const expectsGap = reasons.source !== '^$';
    expect({ exitCode: collected.exitCode, some: gaps.length > 0 }).toEqual({
      exitCode: expectsGap ? 3 : 0,
      some: expectsGap,
    });
    expect(gaps.filter((gap) => !reasons.test(gap.reason))).toEqual([]);
    const sealed = await user.json('seal');
    expect(sealed.document).toMatchObject({
      report: { verdict: expectsGap ? 'VERIFIED_PARTIAL' : 'VERIFIED', findingsTotal: 0 },
    });
  });

  it('metrics that end cleanly between two families are not whole', async () => {
    const bodies = resolve(import.meta.dirname, '../../templates/sandbox/small-cluster/bodies');
    const name = readdirSync(bodies).find((one) => one.startsWith('node1-metrics-cadvisor.')) ?? '';
    const whole = readFileSync(join(bodies, name), 'latin1');
    const afterBytes = whole.indexOf('# HELP container_memory_rss ');
    expect(afterBytes).toBeGreaterThan(0);
    const path = /\/nodes\/[^/]+\/proxy\/metrics\/cadvisor$/;
    const collect = ['collect', '--node', 'node1', '--kubelet', '--kubeconfig', sandbox.kubeconfigPath];
    const gapsOf = async () => {
      const { document } = await user.json(...collect);
      const gaps = document['gaps'] as { artifact: string; outcome: string; reason: string }[];
      return gaps.filter(({ artifact }) => artifact.startsWith('node-state/'));
    };
    expect(await gapsOf()).toEqual([]);
    await user.run('seal');
    await sandbox.setFaults([{ kind: 'early-end', path, afterBytes, times: 1 }]);
    expect(await gapsOf()).toMatchObject([
      { artifact: 'node-state/node1/metrics/cadvisor', outcome: 'partial', reason: 'unproven-end' },
    ]);
    expect(await user.json('seal')).toMatchObject({
      exitCode: 3,
      document: { report: { verdict: 'VERIFIED_PARTIAL', findingsTotal: 0 } },
    });
  });

  it('an endless log ends at the limit that was set, marked partial', async () => {
    await sandbox.setFaults([{ kind: 'endless', path: LOG }]);
    const collected = await user.json(
      'collect',
      '--namespace',
      'exhibit-quiet',
      '--max-log-bytes',
      '65536',
      '--kubeconfig',
      sandbox.kubeconfigPath,
    );
    const gaps = collected.document['gaps'] as { artifact: string; reason: string }[];
    expect(collected.exitCode).toBe(3);
    expect(new Set(gaps.map((gap) => gap.reason))).toEqual(new Set(['limit']));
    expect(await user.json('seal')).toMatchObject({
      exitCode: 3,
      document: { report: { verdict: 'VERIFIED_PARTIAL' } },
    });
  });
});
