import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A CRI log file as the API gives it: stream and tag dropped, partial chunks joined under the first one's time, nine digits of a second. */
export function asTheApiGives(disk: Buffer): Buffer {
  const out: Buffer[] = [];
  let startOfLine = true;
  for (let at = 0; at < disk.length;) {
    const lf = disk.indexOf(0x0a, at);
    const end = lf === -1 ? disk.length : lf;
    const line = disk.subarray(at, end);
    at = end + 1;
    const time = line.indexOf(0x20);
    const stream = line.indexOf(0x20, time + 1);
    const tag = line.indexOf(0x20, stream + 1);
    if (startOfLine) out.push(Buffer.from(`${nineDigits(line.subarray(0, time).toString('latin1'))} `));
    out.push(line.subarray(tag + 1));
    startOfLine = line.subarray(stream + 1, tag).toString('latin1') === 'F';
    if (startOfLine) out.push(Buffer.from('\n'));
  }
  return Buffer.concat(out);
}

function nineDigits(time: string): string {
  const match = /^(.*:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  if (match === null) throw new Error(`not a CRI time: ${time}`);
  return `${match[1] ?? ''}.${(match[2] ?? '').padEnd(9, '0')}${match[3] ?? ''}`;
}

/** The newest log file of a container on the node's disk, which is all that the API serves. */
export async function newestLog(
  podLogs: string,
  pod: { namespace: string; name: string; uid: string },
  container: string,
): Promise<Buffer> {
  const folder = join(podLogs, `${pod.namespace}_${pod.name}_${pod.uid}`, container);
  const current = (await readdir(folder))
    .filter((name) => /^\d+\.log$/.test(name))
    .sort((a, b) => Number.parseInt(b) - Number.parseInt(a));
  const newest = current[0];
  if (newest === undefined) throw new Error(`no log in ${folder}`);
  return await readFile(join(folder, newest));
}
