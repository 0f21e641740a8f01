import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLaboratory, type Laboratory } from './laboratory.js';
import { openPodWay } from './pod-access.js';

const BUILD = resolve(import.meta.dirname, '../../templates/collector-image/build.sh');
const SUITE = 'bookworm';
const NAME = 'registry.example/exhibit-collector';
/** Everything that a script of ours may ask for, and that Debian has for every architecture. */
const TOOLS =
  'tar find stat grep sha256sum dd xargs getfattr nsenter ss ip nft iptables-save ip6tables-save conntrack journalctl timeout renice ionice';

function isThere(program: string): boolean {
  return execaSync('sh', ['-c', 'command -v "$0"', program], { reject: false }).exitCode === 0;
}

/** The mirror from which this machine installs its packages, when it is the release that the image is made of; else empty. */
function mirrorOfThisMachine(): string {
  if (!isThere('apt-get')) return '';
  const { stdout } = execaSync('apt-get', ['indextargets', '--format', '$(SITE) $(CODENAME)'], { reject: false });
  const sites = stdout.split('\n').flatMap((line) => (line.endsWith(` ${SUITE}`) ? [line.split(' ')[0] ?? ''] : []));
  return sites.find((site) => site.endsWith('/debian'))?.replace(/\/debian$/, '') ?? '';
}

const mirror = mirrorOfThisMachine();
const isAsked = process.env['EXHIBIT_LAB_IMAGE'] === '1' && process.env['LAB_EXTERNAL'] !== '1';
const isPossible = isAsked && mirror !== '' && ['buildah', 'mmdebstrap', 'ctr'].every(isThere);

describe.skipIf(!isPossible)(
  'the image of templates/collector-image (skipped without EXHIBIT_LAB_IMAGE=1, since it takes minutes, without buildah and mmdebstrap, and off Debian bookworm)',
  () => {
    let laboratory: Laboratory;
    let folder: string;
    let environment: Record<string, string>;
    let base: string;

    const buildah = async (...args: string[]): Promise<string> =>
      (await execa('buildah', args, { env: environment })).stdout.trim();
    const build = async (out: string): Promise<string> => {
      const args = [BUILD, '--mirror', mirror, base, '20260101T000000Z', join(folder, out)];
      return (await execa('sh', args, { env: environment, maxBuffer: 64 * 1024 * 1024 })).stdout.trim();
    };
    const ctr = async (...args: string[]): Promise<string> => {
      const socket = laboratory.settings['LAB_NODE1_CONTAINERD'] ?? '';
      return (await execa('ctr', ['--address', socket, '--namespace', 'k8s.io', ...args])).stdout;
    };

    beforeAll(async () => {
      laboratory = await openLaboratory();
      // Some hundred megabytes: not where /tmp is in memory.
      folder = await mkdtemp('/var/tmp/exhibit-image-');
      const storage = `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/store"\nrunroot = "${folder}/run"\n`;
      await writeFile(join(folder, 'storage.conf'), storage);
      environment = { CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'), BUILDAH_ISOLATION: 'chroot' };
      // No registry can be reached: Debian itself is the base.
      await execa('mmdebstrap', ['--variant=apt', SUITE, join(folder, 'base.tar'), `${mirror}/debian`]);
      const container = await buildah('from', 'scratch');
      await buildah('add', '--quiet', container, join(folder, 'base.tar'), '/');
      await buildah('commit', '--quiet', '--timestamp', '0', '--rm', container, 'localhost/base:1');
      const digest = await buildah(
        'inspect',
        '--type',
        'image',
        '--format',
        '{{.FromImageDigest}}',
        'localhost/base:1',
      );
      base = `localhost/base@${digest}`;
    });
    afterAll(async () => {
      await rm(folder, { recursive: true, force: true });
    });

    it('is the same whoever builds it, and is what the collector pod needs, pinned by its digest', async () => {
      const digest = await build('one.tar');
      expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(await build('two.tar')).toBe(digest);
      const image = `${NAME}@${digest}`;
      await ctr('images', 'import', '--base-name', NAME, '--digests', join(folder, 'one.tar'));
      const way = await openPodWay(laboratory, { image });
      try {
        const access = await way.open(laboratory.nodes[0] ?? '');
        expect(access.facts.transport).toMatchObject({ imageId: expect.stringContaining(digest) as string });
        expect(Object.keys(access.facts.tools)).toEqual(expect.arrayContaining(TOOLS.split(' ')));
        // The archive that this machine installs from has it for amd64.
        if (process.arch === 'x64') expect(access.facts.tools).toHaveProperty('bpftool');
        await access.close();
      } finally {
        await way.close();
        await ctr('images', 'rm', image);
      }
    });

    it('is not built from a base that is not pinned, or for no moment', async () => {
      for (const args of [
        ['debian:bookworm-slim', '20260101T000000Z', 'out.tar'],
        [`debian@sha256:${'0'.repeat(64)}`, 'yesterday', 'out.tar'],
        ['--mirror'],
        [],
      ]) {
        const refused = await execa('sh', [BUILD, ...args], { cwd: folder, reject: false });
        expect(refused.exitCode, args.join(' ')).toBe(2);
        expect(refused.stderr).toMatch(/pin the base|no moment|usage: build\.sh \[--mirror URL\]/);
      }
    });
  },
);
