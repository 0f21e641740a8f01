import { describe, expect, it } from 'vitest';
import { FakeCluster, type FakeAnswer, type FakeHandler } from '../../../test/fakes/fake-cluster.js';
import {
  fakeNode,
  fakeTargets,
  outcomeOf,
  runCollector,
  type FakeRunOptions,
} from '../../../test/fakes/fake-cluster-run.js';
import {
  json,
  LOG,
  POD,
  POD_UID,
  podObject,
  status,
  type ContainerFacts,
} from '../../../test/fakes/fake-cluster-world.js';
import { collector } from './collector.js';

const KEY = `pod-logs/shop/web-0.${POD_UID}/app/current`;
const FOLDER = 'data/pods/shop/web-0.11111111/app';
const [, APP] = POD.containers;
const ONE_POD = { ...POD, containers: APP === undefined ? [] : [{ ...APP, hasPrevious: false }] };

interface Script {
  /** Answers to the reads of the log, in order; the last one repeats. */
  readonly logs: readonly FakeAnswer[];
  /** The pod before, after, and so on; the last one repeats. */
  readonly pods?: readonly FakeAnswer[];
}

const facts = (more: ContainerFacts) => json(podObject(more));

async function collect({ logs, pods = [facts({})] }: Script, more: Partial<FakeRunOptions> = {}) {
  let logReads = 0;
  let podReads = 0;
  const handler: FakeHandler = ({ path }) =>
    path.endsWith('/log')
      ? (logs[Math.min(logReads++, logs.length - 1)] ?? {})
      : (pods[Math.min(podReads++, pods.length - 1)] ?? {});
  const cluster = new FakeCluster(handler);
  const run = await runCollector({ collector, cluster, targets: fakeTargets({ podList: [ONE_POD] }), ...more });
  expect([...run.sink.open_]).toEqual([]);
  return { ...run, cluster, result: outcomeOf(run, KEY) };
}

const body = (text: string, more: FakeAnswer = {}): FakeAnswer => ({ body: text, ...more });
const LAST = LOG.slice(LOG.indexOf('\n') + 1);

describe('the plan', () => {
  it('has every container, and the previous instance where the API knows one', async () => {
    const planned = [];
    const targets = fakeTargets({ podList: [POD] });
    for await (const one of collector.plan({
      targets,
      wholeCluster: false,
      limits: { maxLogBytes: null, sinceTime: null, idleTimeoutMs: 1 },
    }))
      planned.push(one);
    expect(planned.map((one) => [one.artifact.split('/').slice(3).join('/'), one.volatility, one.node])).toEqual([
      ['setup/current', undefined, 'node-1'],
      ['app/previous', 'V0', 'node-1'],
      ['app/current', undefined, 'node-1'],
      ['debugger/current', undefined, 'node-1'],
    ]);
  });
});

describe('a log', () => {
  it('is collected with all four proofs, byte for byte', async () => {
    const bytes = Buffer.concat([
      Buffer.from('2026-03-04T05:06:01Z \x00\x1b[31m'),
      Buffer.from([0xff, 0xfe, 0x0d, 0x0a]),
      Buffer.from(LAST),
    ]);
    const { result, sink, cluster } = await collect({ logs: [{ body: bytes }, body(LAST)] });
    expect(result).toMatchObject({ outcome: 'collected', reason: 'complete' });
    expect(result.proof).toMatchObject({
      lines: 2,
      linesWithoutTime: 0,
      framing: 'complete',
      secondRead: 'last-line-returned',
      container: 'unchanged',
      restartCount: 1,
    });
    const item = sink.at(`${FOLDER}/current.log`);
    expect(item.bytes).toEqual(bytes);
    expect(item.draft.sensitivity).toBe('personal');
    expect(item.facts).toMatchObject({
      outcome: 'collected',
      sourceChanged: false,
      subject: { podUid: POD_UID, containerId: 'containerd://app-2', restartCount: { before: 1, after: 1 } },
    });
    const [, first, second] = cluster.requests;
    expect([...(first?.query ?? [])]).toEqual([
      ['container', 'app'],
      ['timestamps', 'true'],
    ]);
    expect(second?.query.get('sinceTime')).toBe('2026-03-04T05:06:02Z');
  });

  it('that goes on being written is collected all the same', async () => {
    const { result, sink } = await collect({ logs: [body(LOG), body(`${LAST}2026-03-04T05:06:07.9Z three\n`)] });
    expect(result).toMatchObject({ outcome: 'collected', proof: { newerLines: 1 } });
    expect(sink.at(`${FOLDER}/current.log`).facts.sourceChanged).toBe(true);
  });

  it.each<[string, FakeAnswer, string]>([
    ['ended cleanly but too early', body(`${LAST}2026-03-04T05:06:03Z lost\n`), 'lines-missed'],
    ['rotated meanwhile', body('2026-03-04T05:06:07Z new file\n'), 'last-line-not-returned'],
    ['could not be read a second time', status(500, 'dial tcp'), 'second-read-status-500'],
    ['was cut the second time', body(LAST, { end: 'cut' }), 'second-read-cut'],
    ['had no second answer', { throws: 'TIMEOUT' }, 'second-read-timeout'],
    ['has lines later than the second answer', body(`${LAST}2026-03-04T05:06:08.1Z later\n`), 'node-clock-ahead'],
  ])('that %s is partial', async (_name, second, failed) => {
    const { result, sink } = await collect({ logs: [body(LOG), second] });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'unproven-end', proof: { failed } });
    expect(result.detail).toMatch(/^[A-Z][^.]* [^.]*\.$/);
    expect(sink.at(`${FOLDER}/current.log`).facts.outcome).toBe('partial');
  });

  it('of a node whose clock is ahead of the answer is not proven', async () => {
    const ahead = '2026-03-04T05:06:08.6Z two\n';
    const { result, cluster } = await collect({ logs: [body(ahead)] });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'unproven-end', proof: { failed: 'node-clock-ahead' } });
    expect(result.detail).toContain('the clock of the node is ahead');
    expect(cluster.requests.filter(({ path }) => path.endsWith('/log')).length).toBe(1);
  });

  it('may have lines as late as the second of its answer, and later while it is sent', async () => {
    const late = '2026-03-04T05:06:07.9Z two\n';
    expect((await collect({ logs: [body(late)] })).result.outcome).toBe('collected');
    const slow = new FakeCluster(({ path }) => (path.endsWith('/log') ? { body: slowly() } : facts({})));
    const slowly = function* () {
      slow.nowMs += 2000;
      yield Buffer.from('2026-03-04T05:06:09.4Z two\n');
    };
    const run = await runCollector({ collector, cluster: slow, targets: fakeTargets({ podList: [ONE_POD] }) });
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'collected' });
  });

  it('says from when on it was asked for', async () => {
    const sinceTime = '2026-03-04T05:00:00Z';
    const limits = { limits: { sinceTime } };
    const { result, cluster } = await collect({ logs: [body(LOG), body(LAST)] }, limits);
    expect(result).toMatchObject({
      outcome: 'collected',
      detail: 'Only lines since 2026-03-04T05:00:00Z were asked for.',
      proof: { sinceTime },
    });
    expect(cluster.requests[1]?.query.get('sinceTime')).toBe(sinceTime);
    expect((await collect({ logs: [body('')] }, limits)).result).toMatchObject({
      outcome: 'empty',
      proof: { sinceTime },
    });
    const partial = await collect({ logs: [body(LOG), status(500, 'no')] }, limits);
    expect(partial.result).toMatchObject({ outcome: 'partial', proof: { sinceTime } });
  });

  it.each([
    ['among the targets', 'node-1', { nodeUid: 'uid-of-node-1', machineId: 'machine-1' }],
    ['not among the targets', 'node-2', {}],
  ])('names its node where that is %s', async (_where, name, expected) => {
    const nodes = [{ ...fakeNode(name), machineId: 'machine-1' }];
    const targets = fakeTargets({ podList: [ONE_POD], nodes });
    const { sink } = await collect({ logs: [body(LOG), body(LAST)] }, { targets });
    const { nodeUid, machineId } = sink.at(`${FOLDER}/current.log`).facts.subject;
    expect({
      ...(nodeUid === undefined ? {} : { nodeUid }),
      ...(machineId === undefined ? {} : { machineId }),
    }).toEqual(expected);
  });

  it('whose answer has no date cannot be proven', async () => {
    const { result } = await collect({ logs: [body(LOG, { headers: { date: '' } })] });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'unproven-end', proof: { failed: 'no-date' } });
  });

  it('of which nothing was written is empty, with the same proof', async () => {
    const { result, sink } = await collect({ logs: [body('')] });
    expect(result).toMatchObject({
      outcome: 'empty',
      reason: 'complete',
      proof: { bytes: 0, secondRead: 'last-line-returned', container: 'unchanged' },
    });
    expect(result.detail).toContain('older ones may lie on the node');
    expect(sink.items).toEqual([]);
  });

  it('that was empty although lines were there is partial, with an empty file', async () => {
    const { result, sink } = await collect({ logs: [body(''), body(LOG)] });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'unproven-end', proof: { failed: 'lines-missed' } });
    expect(sink.at(`${FOLDER}/current.log`).bytes.length).toBe(0);
  });

  it('keeps to its limit, asks the server to keep to it, and is partial', async () => {
    for (const answer of [body(LOG), body(LOG.slice(0, 50))]) {
      const { result, sink, cluster } = await collect({ logs: [answer] }, { limits: { maxLogBytes: 50 } });
      expect(result).toMatchObject({ outcome: 'partial', reason: 'limit', proof: { bytes: 50, linesWithoutTime: 0 } });
      expect(sink.at(`${FOLDER}/current.log`).facts).toMatchObject({
        outcome: 'partial',
        truncated: { limit: 50, reason: 'limit' },
      });
      expect(cluster.requests[1]?.query.get('limitBytes')).toBe('50');
    }
  });
});

describe('the kubelet speaking', () => {
  const sentence = 'unable to retrieve container logs for containerd://0123\x1b]0;x\x07';

  it('instead of a log is failed, its bytes are kept under their own name', async () => {
    const { result, sink } = await collect({ logs: [body(sentence)] });
    expect(result).toMatchObject({ outcome: 'failed', reason: 'kubelet-message', proof: { known: true, status: 200 } });
    expect(result.detail).toMatch(/^unable to retrieve [\x20-\x7e]*$/);
    expect(sink.paths()).toEqual([`${FOLDER}/current.kubelet-message.txt`]);
    expect(sink.items[0]?.bytes.toString()).toBe(sentence);
    expect(sink.items[0]?.facts.outcome).toBe('partial');
  });

  it('after good lines is partial', async () => {
    const { result, sink } = await collect({ logs: [body(`${LOG}rpc error: code = Unknown`)] });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'kubelet-message' });
    expect(result.detail).toContain('rpc error');
    expect(sink.paths()).toEqual([`${FOLDER}/current.log`]);
  });

  it('between good lines is partial', async () => {
    const { result } = await collect({ logs: [body(`failed to watch file\n${LOG}`), body(LAST)] });
    expect(result).toMatchObject({
      outcome: 'partial',
      reason: 'unproven-end',
      proof: { failed: 'lines-without-time-1' },
    });
  });

  it('is not what a container quotes', async () => {
    const quoted = `2026-03-04T05:06:02.5Z ${sentence}\n`;
    const { result } = await collect({ logs: [body(quoted)] });
    expect(result.outcome).toBe('collected');
  });

  it('is not a long log of a server that ignores the times', async () => {
    const { result, sink } = await collect({ logs: [body('no time at all\n'.repeat(500))] });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'unproven-end' });
    expect(sink.paths()).toEqual([`${FOLDER}/current.log`]);
  });
});

describe('a cut log', () => {
  it('is kept, and read again as a whole', async () => {
    const { result, sink } = await collect({ logs: [body(LOG.slice(0, 60), { end: 'cut' }), body(LOG), body(LAST)] });
    expect(result).toMatchObject({ outcome: 'collected', attempts: 2, proof: { cutAtBytes: 60 } });
    expect(sink.at(`${FOLDER}/current.log`)).toMatchObject({ facts: { outcome: 'partial' } });
    expect(sink.at(`${FOLDER}/current.again.log`)).toMatchObject({
      facts: { outcome: 'collected' },
      bytes: Buffer.from(LOG),
    });
  });

  it('that is cut again is partial, both are kept', async () => {
    const { result, sink } = await collect({ logs: [body(LOG.slice(0, 60), { end: 'cut' })] });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'cut' });
    expect(sink.paths()).toEqual([`${FOLDER}/current.log`, `${FOLDER}/current.again.log`]);
  });

  it('before its first byte is failed', async () => {
    const { result, sink } = await collect({ logs: [body('', { end: 'cut' })] });
    expect(result).toMatchObject({ outcome: 'failed', reason: 'cut' });
    expect(sink.items).toEqual([]);
  });

  it('is not read again when it went silent', async () => {
    const { result, cluster } = await collect({ logs: [body(LOG, { end: 'timeout' })] });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'timeout' });
    expect(cluster.requests.filter(({ path }) => path.endsWith('/log')).length).toBe(1);
  });
});

describe('a container that restarts', () => {
  const restarted = facts({ containerId: 'containerd://app-3', previousId: 'containerd://app-2', restartCount: 2 });
  const again = `pod-logs/shop/web-0.${POD_UID}/app/previous-r2`;

  it.each([
    ['between plan and read', [restarted]],
    ['while it is read', [facts({}), restarted]],
  ])('%s: partial, and the instance that ran is read as the previous one', async (_when, pods) => {
    const run = await collect({ logs: [body(LOG), body(LAST)], pods });
    expect(run.result).toMatchObject({ outcome: 'partial', reason: 'container-changed' });
    expect(run.result.detail).toBe('The container restarted since it was planned or while its log was read.');
    expect(run.sink.at(`${FOLDER}/current.log`).facts).toMatchObject({
      sourceChanged: true,
      subject: { containerId: 'containerd://app-2', containerIdAfter: 'containerd://app-3' },
    });
    expect(outcomeOf(run, again).outcome).toBe('collected');
    expect(run.sink.at(`${FOLDER}/previous-r2.log`).facts.subject.containerId).toBe('containerd://app-2');
    expect(run.cluster.requests.at(-2)?.query.get('previous')).toBe('true');
  });

  it('is noticed by its count too, when somebody shows the same id', async () => {
    const run = await collect({ logs: [body(LOG), body(LAST)], pods: [facts({}), facts({ restartCount: 2 })] });
    expect(run.result).toMatchObject({ outcome: 'partial', reason: 'container-changed' });
  });

  it('twice: what ran is not kept any more', async () => {
    const twice = facts({ containerId: 'containerd://app-4', previousId: 'containerd://app-3', restartCount: 3 });
    const run = await collect({ logs: [body(LOG), body(LAST)], pods: [facts({}), twice] });
    expect(outcomeOf(run, `pod-logs/shop/web-0.${POD_UID}/app/previous-r3`)).toMatchObject({
      outcome: 'failed',
      reason: 'not-kept',
    });
  });
});

describe('what is not there', () => {
  it.each([
    [400, 'container "app" in pod "web-0" is waiting to start: ContainerCreating', 'never-started'],
    [400, 'container nope is not valid for pod web-0', 'no-such-container'],
  ])('%i %s is absent, with its proof', async (code, message, reason) => {
    const { result } = await collect({ logs: [status(code, message)] });
    expect(result).toMatchObject({ outcome: 'absent', reason, proof: { status: code } });
  });

  it.each([
    [400, 'previous terminated container "app" in pod "web-0" not found', 'no-previous'],
    [404, 'pods "web-0" not found', 'gone'],
  ])(
    '%i %s is a gap where an instance is known to have run, and absent where none is',
    async (code, message, reason) => {
      const known = await collect({ logs: [status(code, message)] });
      expect(known.result).toMatchObject({ outcome: 'failed', reason, proof: { status: code } });
      const neverSeen = { ...ONE_POD, containers: ONE_POD.containers.map((one) => ({ ...one, containerId: null })) };
      const unknown = await collect(
        { logs: [status(code, message)] },
        { targets: fakeTargets({ podList: [neverSeen] }) },
      );
      expect(unknown.result).toMatchObject({ outcome: 'absent', reason, proof: { status: code } });
    },
  );

  it('a pod without a node answers 204', async () => {
    const { result } = await collect({ logs: [{ status: 204 }] });
    expect(result).toMatchObject({ outcome: 'absent', reason: 'never-started' });
  });

  it('a 400 that we do not know is no proof of absence', async () => {
    const { result } = await collect({
      logs: [status(400, 'I say: container "app" in pod "web-0" is waiting to start')],
    });
    expect(result).toMatchObject({ outcome: 'failed', reason: 'bad-request' });
  });

  it('a pod that is gone, or replaced by one of the same name, is not read', async () => {
    const gone = await collect({ logs: [body(LOG)], pods: [status(404, 'not found')] });
    expect(gone.result).toMatchObject({ outcome: 'failed', reason: 'gone' });
    const replaced = await collect({ logs: [body(LOG)], pods: [json(podObject({}, 'another-uid'))] });
    expect(replaced.result).toMatchObject({
      outcome: 'failed',
      reason: 'replaced',
      proof: { uidFound: 'another-uid' },
    });
    expect(replaced.sink.items).toEqual([]);
  });

  it('a pod that goes while it is read leaves a partial log', async () => {
    const { result } = await collect({ logs: [body(LOG), body(LAST)], pods: [facts({}), status(404, 'not found')] });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'unproven-end', proof: { failed: 'pod-gone-after' } });
  });

  it('without the right to read the pod the log is read, and not proven', async () => {
    const { result } = await collect({ logs: [body(LOG), body(LAST)], pods: [status(403, 'no')] });
    expect(result).toMatchObject({
      outcome: 'partial',
      reason: 'unproven-end',
      proof: { failed: 'pod-unknown-before' },
    });
  });
});
