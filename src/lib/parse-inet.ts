import { formatAddress } from './format-address.js';

export interface InetSocket {
  readonly local: { readonly address: string; readonly port: number };
  readonly remote: { readonly address: string; readonly port: number };
  readonly state: string;
  readonly sendQueue: number;
  readonly receiveQueue: number;
  readonly uid: number;
  /** `0` = in no process: it is being closed, or the kernel's. */
  readonly inode: string;
}

/** include/net/tcp_states.h. */
const STATES: Readonly<Record<string, string>> = {
  '01': 'established',
  '02': 'syn-sent',
  '03': 'syn-received',
  '04': 'fin-wait-1',
  '05': 'fin-wait-2',
  '06': 'time-wait',
  '07': 'close',
  '08': 'close-wait',
  '09': 'last-ack',
  '0A': 'listen',
  '0B': 'closing',
  '0C': 'new-syn-received',
};

const END = '([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})';
const LINE = new RegExp(
  `^ *\\d+: ${END} ${END} ([0-9A-F]{2}) ([0-9A-F]{8}):([0-9A-F]{8}) [0-9A-F]{2}:[0-9A-F]{8} [0-9A-F]{8} +(\\d{1,10}) +\\d+ +(\\d{1,20})(?: |$)`,
);

/** The kernel prints addresses as 32-bit words of its own byte order. */
function addressBytes(hex: string, isLittleEndian: boolean): Buffer {
  const bytes = Buffer.from(hex, 'hex');
  return isLittleEndian ? bytes.swap32() : bytes;
}

/**
 * One line of `/proc/net/tcp`, `udp`, `raw`, `icmp` and their IPv6 siblings; `null` for the heading and for anything else. The port of
 * a raw socket is its protocol.
 */
export function parseInet(line: string, isLittleEndian: boolean): InetSocket | null {
  const found = LINE.exec(line);
  if (found === null) return null;
  const [
    ,
    local = '',
    localPort = '',
    remote = '',
    remotePort = '',
    state = '',
    send = '',
    receive = '',
    uid,
    inode = '',
  ] = found;
  if (local.length !== remote.length) return null;
  return {
    local: { address: formatAddress(addressBytes(local, isLittleEndian)), port: Number.parseInt(localPort, 16) },
    remote: { address: formatAddress(addressBytes(remote, isLittleEndian)), port: Number.parseInt(remotePort, 16) },
    state: STATES[state] ?? `state-${state.toLowerCase()}`,
    sendQueue: Number.parseInt(send, 16),
    receiveQueue: Number.parseInt(receive, 16),
    uid: Number(uid),
    inode,
  };
}
