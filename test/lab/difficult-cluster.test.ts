import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutcomeRecord } from '../../src/model/outcome.js';
import type { Statement } from '../../src/model/exhibit.js';
import type { VerifyReport } from '../../src/model/verdict.js';
import { Desk, followVerifyMd, kubectl, openLaboratory, records, unpack, workloads } from './laboratory.js';
import type { Laboratory } from './laboratory.js';

/** Everything that a cluster can do to a collector while it is being read, at the same time. */

interface Gap {
  readonly artifact: string;
  readonly outcome: string;
  readonly reason: string;
}

/** Logs that are in motion: whether their end can be proved depends on the moment. Nothing else may end in a gap. */
const RACING = /^pod-logs\/exhibit-difficult\/(?:crashing|flood|doomed)\./;
const RACING_REASONS = [
  'unproven-end',
  'container-changed',
  'kubelet-message',
  'pod-gone',
  'gone',
  'replaced',
  'cut',
  'pod-replaced',
];
/** An API group without a backend: it can never be read. */
const BROKEN = 'scope/group-broken.exhibit.test';

let laboratory: Laboratory;
let desk: Desk;
let statement: Statement;
let archivePath: string;
let bag: string;
let gaps: Gap[];
let outcomes: Map<string, OutcomeRecord>;

beforeAll(async () => {
  laboratory = await openLaboratory();
  await workloads('apply', 'quiet');
  await workloads('apply', 'difficult');
  await workloads('apply', 'broken');
  await workloads('apply', 'difficult/flood');
  desk = await Desk.open(laboratory.kubeconfig);
  const nodes = laboratory.nodes.flatMap((node) => ['--node', node]);
  const collecting = desk.json<{ gaps: Gap[] }>([
    'collect',
    ...nodes,
    '--namespace',
    'exhibit-difficult',
    '--profile',
    'full',
    '--kubelet',
  ]);
  await kubectl(laboratory, [
    '-n',
    'exhibit-difficult',
    'delete',
    'pod',
    'doomed',
    '--grace-period=0',
    '--force',
    '--wait=false',
  ]);
  const collected = await collecting;
  expect(collected.exitCode).toBe(3);
  gaps = collected.result.gaps;
  const seal = await desk.json<{ archivePath: string; statement: Statement }>(['seal']);
  expect(seal.exitCode).toBe(3);
  ({ archivePath, statement } = seal.result);
  bag = await unpack(archivePath, statement.exhibitId);
  outcomes = new Map(
    (await records<OutcomeRecord>(join(bag, 'meta/outcomes.jsonl'))).map((record) => [record.artifact, record]),
  );
});

afterAll(async () => {
  await workloads('delete', 'broken');
  await workloads('delete', 'difficult');
  await desk.close();
  await rm(dirname(bag), { recursive: true, force: true });
});

function endOf(pod: string, container: string, instance = 'current'): string {
  const pattern = new RegExp(`^pod-logs/exhibit-difficult/${pod}\\.[^/]+/${container}/${instance}$`);
  const found = [...outcomes.values()].find((record) => pattern.test(record.artifact));
  return found === undefined ? 'not planned' : `${found.outcome} ${found.reason}`;
}

describe('everything over both nodes while the difficult workloads run', () => {
  it('is VERIFIED_PARTIAL, and --require-complete makes that a failure', async () => {
    const partial = await desk.json<VerifyReport>(['verify', archivePath]);
    expect({ exitCode: partial.exitCode, verdict: partial.result.verdict }).toEqual({
      exitCode: 0,
      verdict: 'VERIFIED_PARTIAL',
    });
    expect((await desk.exhibit(['verify', archivePath, '--require-complete'])).exitCode).toBe(3);
  });

  it('names exactly the gaps that are to be expected', () => {
    const unexpected = gaps.filter(
      (gap) => gap.artifact !== BROKEN && !(RACING.test(gap.artifact) && RACING_REASONS.includes(gap.reason)),
    );
    expect(unexpected).toEqual([]);
    expect(gaps.map((gap) => gap.artifact)).toContain(BROKEN);
    expect(statement.completeness).toBe('partial');
  });

  it('tells what never started from what was not obtained', () => {
    expect({
      missingImage: endOf('absent', 'app'),
      half: endOf('half-absent', 'absent'),
      waiting: endOf('stuck', 'app'),
      unscheduled: endOf('unschedulable', 'app'),
    }).toEqual({
      missingImage: 'absent never-started',
      half: 'absent never-started',
      waiting: 'absent never-started',
      unscheduled: 'absent never-started',
    });
  });

  it('holds the logs of init, ephemeral and incessant containers', () => {
    expect({
      init: endOf('stuck', 'wait'),
      ephemeral: endOf('debugged', 'debugger'),
      chatty: endOf('chatty', 'app'),
      present: endOf('half-absent', 'present'),
    }).toEqual({
      init: 'collected complete',
      ephemeral: 'collected complete',
      chatty: 'collected complete',
      present: 'collected complete',
    });
  });

  it('planned the previous instance of what crashes', () => {
    expect(endOf('crashing', 'app', 'previous[^/]*')).toMatch(
      /^(?:collected complete|failed kubelet-message|absent .*|partial .*)$/,
    );
  });

  it('is checked by its own VERIFY.md with stock tools just as well', async () => {
    const output = await followVerifyMd(bag, {
      archive: archivePath,
      receipt: archivePath.replace('.tar.gz', '.receipt.json'),
      allowedSigners: desk.allowedSigners,
    });
    expect(output).toContain('partial');
    expect(output.trim().split('\n').at(-1)).toBe('all checks passed');
  });
});
