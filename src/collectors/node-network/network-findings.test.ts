import { describe, expect, it } from 'vitest';
import { DiagView } from './diag-view.js';
import { networkFindings } from './network-findings.js';
import { SocketView } from './socket-view.js';

const NS = '4026531840';
const TAIL = (inode: number) => `00000000:00000000 00:00000000 00000000 0 0 ${String(inode)} 1 0000000000000000`;
const LISTENING = (inode: number) => `5/net/tcp\0 0: 0100007F:1F90 00000000:0000 0A ${TAIL(inode)}\n`;
const CLOSING = (inode: number) => `5/net/tcp\0 0: 0100007F:1F90 0100007F:1F91 04 ${TAIL(inode)}\n`;
const HANDLES = new Map([['5/ns/net', NS]]);
const frame = (body: string, after = NS) =>
  Buffer.from(`before\u00005/ns/net ${NS}\nnamespace\0${NS}\n${body}after\u00005/ns/net ${after}\n`, 'latin1');

function procView(body: string, after?: string): SocketView {
  const view = new SocketView(true);
  view.begin(HANDLES);
  view.feed(frame(body, after));
  return view;
}

function diagView(inodes: readonly number[], status = '0'): DiagView {
  const view = new DiagView(HANDLES);
  const lines = inodes.map(
    (inode) => `${NS}/tool/ss\0tcp LISTEN 0 1 127.0.0.1:8080 0.0.0.0:* ino:${String(inode)} sk:1\n`,
  );
  view.feed(frame(`${lines.join('')}${NS}/tool/ss\0exhibit-status ${status}\n`));
  return view;
}

const HELD = new Map([['7', []]]);
const kinds = (before: SocketView, after: SocketView, diag: DiagView, holders: ReadonlyMap<string, unknown> = HELD) =>
  networkFindings({ before, after }, diag, holders).map(({ finding, inode }) => `${finding} ${inode}`);

describe('what one view of the sockets knows and another does not', () => {
  it('is nothing where all agree', () => {
    expect(kinds(procView(LISTENING(7)), procView(LISTENING(7)), diagView([7]))).toEqual([]);
  });

  it('is found either way', () => {
    expect(kinds(procView(LISTENING(7)), procView(LISTENING(7)), diagView([]))).toEqual(['socket-only-in-proc 7']);
    expect(kinds(procView(''), procView(''), diagView([7]))).toEqual(['socket-only-in-netlink 7']);
  });

  it('is no finding where a socket came or went meanwhile, or is about to', () => {
    expect(kinds(procView(LISTENING(7)), procView(''), diagView([]))).toEqual([]);
    expect(kinds(procView(''), procView(LISTENING(7)), diagView([7]))).toEqual([]);
    expect(kinds(procView(CLOSING(7)), procView(CLOSING(7)), diagView([]))).toEqual([]);
  });

  it('is no finding where a view could not be had', () => {
    expect(kinds(procView(LISTENING(7)), procView(LISTENING(7)), diagView([], '1'))).toEqual([]);
    expect(kinds(procView('', '4026539999'), procView(''), diagView([7]))).toEqual([]);
  });

  it('is a socket that listens for no process', () => {
    expect(kinds(procView(LISTENING(7)), procView(LISTENING(7)), diagView([7]), new Map())).toEqual([
      'listening-without-process 7',
    ]);
  });
});

describe('a reference that leads elsewhere', () => {
  const OTHER = '4026539999';
  const read = (before: string, after: string): number => {
    const view = new SocketView(true);
    view.begin(HANDLES);
    view.feed(Buffer.from(`before\u00005/ns/net ${before}\n${LISTENING(7)}after\u00005/ns/net ${after}\n`, 'latin1'));
    expect([...view.read].filter((namespace) => namespace !== NS)).toEqual([]);
    return view.inet.length;
  };

  it('gives nothing, whether it did before, after or both times', () => {
    expect([read(NS, NS), read(OTHER, NS), read(NS, OTHER), read(OTHER, OTHER)]).toEqual([1, 0, 0, 0]);
  });
});

describe('a namespace whose process ended while it was read', () => {
  it('gives nothing, since the number may be that of another by now', () => {
    const view = procView(LISTENING(7), '4026539999');
    expect(view.inet).toEqual([]);
    expect(view.read.size).toBe(0);
    view.begin(HANDLES);
    view.feed(frame(LISTENING(8)));
    expect(view.inet.map(({ inode }) => inode)).toEqual(['8']);
  });
});
