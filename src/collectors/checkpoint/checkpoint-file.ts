import { arrayAt } from '../../lib/untyped.js';

const FOLDER = '/var/lib/kubelet/checkpoints/';
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$/;

/** A file in the kubelet's folder of checkpoints; its name is the node's word. */
export interface CheckpointFile {
  readonly name: string;
  readonly inode: string;
  readonly sizeBytes: string;
}

/** What a checkpoint of this container is called by the kubelet, up to the time. */
export function filePrefix(of: {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}): string {
  return `checkpoint-${of.pod}_${of.namespace}-${of.container}-`;
}

/**
 * The path that the kubelet says it wrote, when it is one file directly in its folder of checkpoints and is named after this container.
 * `null` = anything else: nothing is read or removed on the word of a node alone.
 */
export function checkedPath(answer: unknown, prefix: string): string | null {
  const items = arrayAt(answer, 'items');
  const [path] = items;
  if (items.length !== 1 || typeof path !== 'string' || !path.startsWith(FOLDER)) return null;
  const name = path.slice(FOLDER.length);
  return NAME.test(name) && name.startsWith(prefix) && name.endsWith('.tar') ? path : null;
}

export const nameOf = (path: string): string => path.slice(FOLDER.length);

/** Rows of the listing; `null` when they are not rows. */
export function parseFiles(bytes: Buffer): readonly CheckpointFile[] | null {
  if (bytes.length === 0) return [];
  const fields = bytes.toString('latin1').split('\0');
  if (fields.pop() !== '' || fields.length % 3 !== 0) return null;
  const files: CheckpointFile[] = [];
  for (let at = 0; at < fields.length; at += 3) {
    const [name = '', inode = '', sizeBytes = ''] = fields.slice(at, at + 3);
    if (!/^\d{1,20}$/.test(inode) || !/^\d{1,20}$/.test(sizeBytes)) return null;
    files.push({ name, inode, sizeBytes });
  }
  return files;
}
