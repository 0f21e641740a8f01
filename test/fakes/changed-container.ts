import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './stock-tools.js';

const BUSYBOX = '/bin/busybox';
const PROGRAMS = ['sh', 'chmod', 'cp', 'ln', 'ls', 'mkdir', 'mkfifo', 'mv', 'rm', 'sleep', 'touch', 'truncate'];

/** Whether there is a busybox that needs no libraries: the images of these tests have nothing else. */
export function hasBusybox(): boolean {
  return runTool('sh', ['-c', `! ldd ${BUSYBOX} >/dev/null 2>&1 && ${BUSYBOX} true`]).status === 0;
}

/** A small image as a tar archive in `folder`. Returns its path. */
export function imageArchive(folder: string): string {
  const tree = join(folder, 'tree');
  for (const path of ['bin', 'usr/bin', 'etc', 'opt/old/below', 'opt/dir', 'tmp', 'proc', 'sys', 'dev', 'data'])
    mkdirSync(join(tree, path), { recursive: true });
  copyFileSync(BUSYBOX, join(tree, 'bin/busybox'));
  for (const program of PROGRAMS) symlinkSync('busybox', join(tree, 'bin', program));
  const files = {
    'usr/bin/tool': 'good tool',
    'etc/mode': 'mode',
    'etc/gone': 'gone',
    'etc/touched': 'same',
    'opt/old/one': 'one',
    'opt/old/below/two': 'two',
    'opt/dir/file': 'file',
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(tree, path), text);
  const archive = join(folder, 'image.tar');
  const { status, stderr } = runTool('tar', ['-C', tree, '--numeric-owner', '-cf', archive, '.']);
  if (status !== 0) throw new Error(stderr);
  return archive;
}

/** What is done in a container of that image, by its own shell. */
export const CHANGES = `
printf 'evil tool' > /usr/bin/tool; touch -d 2020-01-02T03:04:05 /usr/bin/tool
chmod 600 /etc/mode; rm /etc/gone; : >> /etc/touched
rm -r /opt/old; mkdir /opt/old; printf new > /opt/old/three
mv /opt/dir /opt/renamed
cp /bin/busybox /tmp/shell; chmod 4755 /tmp/shell
ln -s /etc/shadow /etc/link; printf twice > /etc/twice; ln /etc/twice /etc/twin
mkfifo /etc/pipe; truncate -s 1099511627776 /tmp/sparse; printf mine > /etc/.wh.mine
`;

/** What our diff must say of it, the folders on the way left out. */
export const CHANGED_TO: Readonly<Record<string, string>> = {
  '/usr/bin/tool': 'content-modified',
  '/etc/mode': 'metadata-only',
  '/etc/gone': 'deleted',
  '/etc/touched': 'copied-up-unchanged',
  '/opt/old': 'opaque-replaced',
  '/opt/old/three': 'added',
  '/tmp/shell': 'added',
  '/etc/link': 'added',
  '/etc/twice': 'added',
  '/etc/twin': 'added',
  '/etc/pipe': 'added',
  '/tmp/sparse': 'added',
  '/etc/.wh.mine': 'added',
};
