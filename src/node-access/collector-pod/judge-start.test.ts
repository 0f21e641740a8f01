import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeStart } from './judge-start.js';
import { endOf, podViewOf } from './pod-view.js';

const status = (state: object, more: object = {}) =>
  podViewOf({
    metadata: { uid: 'u' },
    status: { phase: 'Pending', containerStatuses: [{ name: 'collector', state }], ...more },
  });

describe('whether a pod will run', () => {
  it('is decided by its status', () => {
    expect(judgeStart(status({ running: { startedAt: 't' } }), [])).toEqual({ verdict: 'running' });
    expect(judgeStart(status({ waiting: { reason: 'ErrImageNeverPull', message: 'not here' } }), [])).toEqual({
      verdict: 'refused',
      reason: 'image-missing',
      detail: 'ErrImageNeverPull: not here',
    });
    expect(judgeStart(status({ waiting: { reason: 'CreateContainerError' } }), [])).toMatchObject({
      reason: 'container-refused',
    });
    expect(judgeStart(status({ terminated: { reason: 'Error', exitCode: 127 } }), [])).toMatchObject({
      reason: 'kubelet-refused',
      detail: 'the container of the collector pod ended: Error, exit 127',
    });
  });

  it('is refused by the kubelet with its reason', () => {
    const failed = podViewOf({ status: { phase: 'Failed', reason: 'OutOfmemory', message: 'not enough' } });
    expect(judgeStart(failed, [])).toEqual({
      verdict: 'refused',
      reason: 'node-full',
      detail: 'the collector pod ended: OutOfmemory (not enough)',
    });
    const evicted = podViewOf({ status: { phase: 'Failed', reason: 'Evicted', message: 'low on memory' } });
    expect(judgeStart(evicted, [])).toMatchObject({ reason: 'kubelet-refused' });
  });

  it('waits while nothing is said, longer while the image is pulled, and keeps what stands in the way', () => {
    const pending = status({ waiting: { reason: 'ContainerCreating' } });
    expect(judgeStart(pending, [])).toEqual({ verdict: 'wait', pulling: false, obstacle: null });
    const pulling = { reason: 'Pulling', message: '' };
    expect(judgeStart(pending, [pulling])).toMatchObject({ pulling: true });
    expect(judgeStart(pending, [pulling, { reason: 'Pulled', message: '' }])).toMatchObject({ pulling: false });
    expect(judgeStart(pending, [{ reason: 'FailedMount', message: 'no such folder' }])).toMatchObject({
      obstacle: { reason: 'mount-refused', detail: 'FailedMount: no such folder' },
    });
  });

  it('is never yes for what is not our running container', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (pod) => {
        expect(judgeStart(podViewOf(pod), []).verdict).not.toBe('running');
      }),
    );
    const other = podViewOf({ status: { containerStatuses: [{ name: 'sidecar', state: { running: {} } }] } });
    expect(judgeStart(other, []).verdict).toBe('wait');
  });
});

describe('how a pod ended', () => {
  it('is told by who ended it', () => {
    expect(endOf(null)).toBe('the collector pod was deleted');
    expect(endOf(status({ terminated: { reason: 'OOMKilled', exitCode: 137 } }))).toBe(
      'the container of the collector pod ended: OOMKilled, exit 137',
    );
    expect(endOf(status({ running: {} }, { phase: 'Failed', reason: 'DeadlineExceeded' }))).toBe(
      'the collector pod ended: DeadlineExceeded',
    );
    expect(endOf(podViewOf({ metadata: { deletionTimestamp: 't' } }))).toBe('the collector pod is being deleted');
    expect(endOf(status({ running: {} }, { phase: 'Running' }))).toBeNull();
    const reason = 'EvictionByEvictionAPI';
    const conditions = [{ type: 'DisruptionTarget', status: 'True', reason, message: 'evicting' }];
    expect(endOf(podViewOf({ metadata: { deletionTimestamp: 't' }, status: { conditions } }))).toBe(
      'the collector pod is being deleted, by EvictionByEvictionAPI: evicting',
    );
    expect(endOf(status({ running: {} }, { phase: 'Running', conditions }))).toBeNull();
  });
});
