export interface UnixSocket {
  readonly type: 'stream' | 'datagram' | 'seqpacket' | 'other';
  readonly listening: boolean;
  readonly inode: string;
  /** Chosen by whoever made the socket; `@` begins an abstract name. Empty = it has none. */
  readonly path: Buffer;
}

const TYPES: Readonly<Record<string, UnixSocket['type']>> = {
  '0001': 'stream',
  '0002': 'datagram',
  '0005': 'seqpacket',
};
const LINE = /^[0-9a-f]{1,16}: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) ([0-9A-F]{4}) [0-9A-F]{2} +(\d{1,20})(?: |$)/;
/** __SO_ACCEPTCON of linux/net.h. */
const ACCEPTS = 0x10000;

/**
 * One line of `/proc/net/unix`; `null` for the heading and for anything else. A path may hold line ends, hence look like another socket's
 * line: only what a process has open by the same inode is more than a claim.
 */
export function parseUnix(line: Buffer): UnixSocket | null {
  const text = line.toString('latin1');
  const found = LINE.exec(text);
  if (found === null) return null;
  const [whole, flags = '', type = '', inode = ''] = found;
  return {
    type: TYPES[type] ?? 'other',
    listening: (Number.parseInt(flags, 16) & ACCEPTS) !== 0,
    inode,
    path: Buffer.from(line.subarray(whole.length)),
  };
}
