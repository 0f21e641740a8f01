/** One line of /proc/PID/mountinfo. Strings are bytes as Latin-1, with the kernel's escapes undone. */
export interface MountInfo {
  readonly id: number;
  readonly parentId: number;
  /** `major:minor` of the filesystem. */
  readonly device: string;
  /** The folder of the filesystem that is mounted. */
  readonly root: string;
  readonly mountPoint: string;
  readonly options: readonly string[];
  readonly fsType: string;
  readonly source: string;
  /** Of the filesystem, still escaped: an escaped comma does not separate. */
  readonly superOptions: readonly string[];
}

/** Undoes `\040`, as the kernel writes space, tab, line feed, backslash, comma and others. */
export function unescapeOctal(text: string): string {
  return text.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** id, parent, device, root, mount point, options, optional fields, a dash, type, source, options of the filesystem. */
const LINE = /^(\d{1,15}) (\d{1,15}) (\d{1,10}:\d{1,10}) (\S+) (\S+) (\S+)(?: \S+)*? - (\S+) (\S*) (\S+)$/;

/** Parses one line (proc(5)), Latin-1, without its line feed; `null` when it is none. */
export function parseMountInfo(line: string): MountInfo | null {
  const match = LINE.exec(line);
  if (match === null) return null;
  const at = (index: number): string => match[index] ?? '';
  return {
    id: Number(at(1)),
    parentId: Number(at(2)),
    device: at(3),
    root: unescapeOctal(at(4)),
    mountPoint: unescapeOctal(at(5)),
    options: at(6).split(','),
    fsType: unescapeOctal(at(7)),
    source: unescapeOctal(at(8)),
    superOptions: at(9).split(','),
  };
}
