import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { podTargetSchema } from '../../model/target.js';
import { parseNode, parsePod } from './parse-pod.js';

const pod = {
  metadata: { name: 'web', namespace: 'shop', uid: 'u-1' },
  spec: {
    nodeName: 'node1',
    initContainers: [{ name: 'prepare' }],
    containers: [{ name: 'app' }, { name: 'proxy' }],
    ephemeralContainers: [{ name: 'debugger' }],
  },
  status: {
    phase: 'Running',
    initContainerStatuses: [
      {
        name: 'prepare',
        containerID: 'containerd://i',
        restartCount: 0,
        state: { terminated: { reason: 'Completed' } },
      },
    ],
    containerStatuses: [
      {
        name: 'app',
        containerID: 'containerd://a2',
        restartCount: 3,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { containerID: 'containerd://a1' } },
      },
    ],
  },
};

describe('parsePod', () => {
  it('gives containers of all three roles in the order of the spec, with what their status says', () => {
    const parsed = parsePod(pod);
    expect(parsed?.containers.map((container) => [container.role, container.name])).toEqual([
      ['init', 'prepare'],
      ['main', 'app'],
      ['main', 'proxy'],
      ['ephemeral', 'debugger'],
    ]);
    expect(parsed?.containers[1]).toEqual({
      name: 'app',
      role: 'main',
      containerId: 'containerd://a2',
      restartCount: 3,
      state: 'waiting',
      stateReason: 'CrashLoopBackOff',
      hasPrevious: true,
    });
  });

  it('takes a container without a status as never created', () => {
    expect(parsePod(pod)?.containers[2]).toMatchObject({ containerId: null, state: 'unknown', hasPrevious: false });
  });

  it('refuses what has no identity', () => {
    expect(parsePod({ metadata: { name: 'web', namespace: 'shop' } })).toBeNull();
    expect(parsePod(null)).toBeNull();
  });

  it('gives null or a valid target for any JSON at all', () => {
    const mangled = fc.record({
      metadata: fc.oneof(fc.constant(pod.metadata), fc.jsonValue()),
      spec: fc.oneof(fc.constant(pod.spec), fc.jsonValue()),
      status: fc.oneof(fc.constant(pod.status), fc.jsonValue()),
    });
    fc.assert(
      fc.property(fc.oneof(mangled, fc.jsonValue()), (value) => {
        const parsed = parsePod(value);
        expect(parsed === null || podTargetSchema.safeParse(parsed).success).toBe(true);
      }),
    );
  });
});

describe('parseNode', () => {
  it('reads machine id and readiness', () => {
    const node = {
      metadata: { name: 'node1', uid: 'n-1' },
      status: { nodeInfo: { machineID: 'm' }, conditions: [{ type: 'Ready', status: 'Unknown' }] },
    };
    expect(parseNode(node)).toEqual({ name: 'node1', uid: 'n-1', machineId: 'm', ready: false });
  });
});
