import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cgroupOwner } from './cgroup-container.js';

const UID = '0a1b2c3d-4e5f-6789-abcd-ef0123456789';
const SLICE_UID = UID.replaceAll('-', '_');
const ID = 'c0ffee'.padEnd(64, '7');
const INNER = 'beef'.padEnd(64, '1');

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...Array.from('0123456789abcdef')), { minLength: length, maxLength: length })
    .map((all) => all.join(''));
const anyUid = fc.oneof(fc.uuid(), hex(32));

describe('the owner of a process by its control groups', () => {
  it.each([
    [
      'systemd driver, containerd',
      `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${SLICE_UID}.slice/cri-containerd-${ID}.scope`,
      'containerd',
    ],
    [
      'systemd driver, guaranteed',
      `0::/kubepods.slice/kubepods-pod${SLICE_UID}.slice/cri-containerd-${ID}.scope`,
      'containerd',
    ],
    [
      'systemd driver, CRI-O with crun',
      `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${SLICE_UID}.slice/crio-${ID}.scope/container`,
      'cri-o',
    ],
    [
      'systemd driver, cri-dockerd',
      `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${SLICE_UID}.slice/docker-${ID}.scope`,
      'docker',
    ],
    ['cgroupfs driver', `0::/kubepods/burstable/pod${UID}/${ID}`, 'unknown'],
    ['cgroupfs driver, guaranteed', `0::/kubepods/pod${UID}/${ID}`, 'unknown'],
    ['cgroupfs driver, CRI-O', `0::/kubepods/besteffort/pod${UID}/crio-${ID}`, 'cri-o'],
    [
      'containerd told the wrong driver',
      `0::/system.slice/containerd.service/kubepods-burstable-pod${SLICE_UID}.slice:cri-containerd:${ID}`,
      'containerd',
    ],
    [
      'kind',
      `0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${SLICE_UID}.slice/cri-containerd-${ID}.scope`,
      'containerd',
    ],
    ['a cgroup root of its own', `0::/node-1/kubepods/besteffort/pod${UID}/${ID}`, 'unknown'],
    [
      'version 1',
      `12:memory:/kubepods/burstable/pod${UID}/${ID}\n1:name=systemd:/kubepods/burstable/pod${UID}/${ID}\n0::/`,
      'unknown',
    ],
    ['version 1, joined controllers', `4:cpu,cpuacct:/kubepods/burstable/pod${UID}/${ID}\n1:name=systemd:/`, 'unknown'],
  ])('%s', (_name, text, runtime) => {
    expect(cgroupOwner(`${text}\n`)).toMatchObject({ podUid: UID, containerId: ID, runtime, conflict: false });
  });

  it('knows a static pod, whose uid is a digest', () => {
    const uid = '0123456789abcdef0123456789abcdef';
    expect(cgroupOwner(`0::/kubepods/burstable/pod${uid}/${ID}`)).toMatchObject({ podUid: uid, containerId: ID });
    const slice = `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid}.slice/crio-${ID}.scope`;
    expect(cgroupOwner(slice)).toMatchObject({ podUid: uid, containerId: ID });
  });

  it('keeps the helper of a runtime out of the container that it watches', () => {
    const path = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${SLICE_UID}.slice/crio-conmon-${ID}.scope`;
    expect(cgroupOwner(`0::${path}`)).toMatchObject({ podUid: UID, containerId: null, path });
  });

  it.each([
    [`0::/system.slice/docker-${ID}.scope`, 'docker'],
    [`0::/docker/${ID}`, 'docker'],
    [`0::/machine.slice/libpod-${ID}.scope/container`, 'podman'],
    [`0::/default/${ID}`, 'containerd'],
  ])('knows a container that is no pod: %s', (text, runtime) => {
    expect(cgroupOwner(text)).toMatchObject({ podUid: null, containerId: ID, runtime });
  });

  it('believes the outermost pod, not what a container made below itself', () => {
    const other = UID.replace('0a1b', 'ffff');
    const own = `/kubepods/burstable/pod${UID}/${ID}`;
    expect(cgroupOwner(`0::${own}/kubepods/pod${other}/${INNER}`)).toMatchObject({
      podUid: UID,
      containerId: ID,
      innerContainerId: INNER,
    });
  });

  it('looks for a pod below kubepods only', () => {
    const above = UID.replace('0a1b', 'ffff');
    expect(cgroupOwner(`0::/pod${above}/kubepods/pod${UID}/${ID}`)).toMatchObject({ podUid: UID, containerId: ID });
  });

  it('says when two hierarchies disagree', () => {
    const text = `2:pids:/kubepods/burstable/pod${UID}/${ID}\n1:name=systemd:/kubepods/burstable/pod${UID}/${INNER}\n`;
    expect(cgroupOwner(text)).toMatchObject({ podUid: UID, conflict: true });
  });

  it.each([
    ['0::/system.slice/ssh.service', '/system.slice/ssh.service'],
    ['9:name=systemd:/\n4:memory:/some/where\n0::/init.scope\n', '/init.scope'],
    ['', ''],
    ['0::/../../kubepods', '/../../kubepods'],
    [`0::/user.slice/pod${UID}/nothing`, `/user.slice/pod${UID}/nothing`],
    [`0::/user.slice/pod${UID}`, `/user.slice/pod${UID}`],
  ])('knows that %j is in no pod', (text, path) => {
    expect(cgroupOwner(text)).toEqual({
      podUid: null,
      containerId: null,
      runtime: null,
      innerContainerId: null,
      path,
      conflict: false,
    });
  });

  it('finds any pod and container by either driver, below any root', () => {
    const root = fc.array(fc.stringMatching(/^[a-z0-9@_.]{1,12}$/), { maxLength: 3 });
    const qos = fc.constantFrom('', 'burstable', 'besteffort');
    fc.assert(
      fc.property(anyUid, hex(64), root, qos, fc.boolean(), (uid, id, above, tier, systemd) => {
        const prefix = above.filter((segment) => !segment.includes('kubepods')).map((segment) => `/${segment}`);
        const slice = tier === '' ? 'kubepods' : `kubepods-${tier}`;
        const path = systemd
          ? `/kubepods.slice${tier === '' ? '' : `/${slice}.slice`}/${slice}-pod${uid.replaceAll('-', '_')}.slice/cri-containerd-${id}.scope`
          : `/kubepods${tier === '' ? '' : `/${tier}`}/pod${uid}/${id}`;
        const found = cgroupOwner(`0::${prefix.join('')}${path}\n`);
        expect(found).toMatchObject({ podUid: uid, containerId: id, innerContainerId: null, conflict: false });
      }),
    );
  });

  it('survives anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 120 }), (text) => {
        const { podUid, containerId } = cgroupOwner(text);
        expect(podUid === null || /^[0-9a-f-]{32,36}$/.test(podUid)).toBe(true);
        expect(containerId === null || /^[0-9a-f]{64}$/.test(containerId)).toBe(true);
      }),
    );
  });
});
