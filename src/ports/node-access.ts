import type { Vantage } from '../model/artifact.js';
import type { NodeTarget } from '../model/target.js';

/** The ways to a node, in the order in which they are tried; `disk` is a mounted copy of its disk and no ladder leads to it. */
export const NODE_RUNGS = ['collector-pod', 'ssh', 'local', 'disk'] as const;
export type NodeRung = (typeof NODE_RUNGS)[number];

/** What the far side says of itself; untrusted text, `null` where it said nothing. */
export interface NodeSelf {
  readonly hostname: string | null;
  /** Of `/etc/machine-id`. */
  readonly machineId: string | null;
  /** Of the running kernel; `null` on a disk. */
  readonly bootId: string | null;
  /** Numeric id of the user that the scripts run as. */
  readonly uid: string | null;
  /** Niceness and I/O class that the scripts run with: 19, `idle`. */
  readonly nice: string | null;
  readonly ioClass: string | null;
  /** Whether `/proc/pressure` is there, by which the rate is lowered. */
  readonly pressure: boolean;
}

/** What a way to a node turned out to be able to do, found by asking the far side, never assumed. Strings of the node are untrusted. */
export interface NodeFacts {
  readonly rung: NodeRung;
  /** `live-kernel`, or `offline-disk` for a mounted copy. */
  readonly vantage: Vantage;
  readonly node: string;
  /** `uname -m` of the node (`x86_64`, `aarch64`); `null` = not known, as on a mounted disk. */
  readonly machine: string | null;
  /** `uname -r` of the node; `null` on a mounted disk. */
  readonly kernel: string | null;
  /** What stands before the node's own absolute paths in a command: `/host` in the pod, empty on the node itself, the mount point of a disk. */
  readonly root: string;
  /** Whether `/proc` of the far side shows every process of the node: only in the kernel's first PID namespace. */
  readonly processes: boolean;
  /** Names without `cap_`, sorted, of the effective set: `sys_ptrace`. Empty where they cannot be known. */
  readonly capabilities: readonly string[];
  /** First line of `--version` by name of the tool, for each that is there: `tar`, `find`, `getfattr`, `nft`, `ss`, ... */
  readonly tools: Readonly<Record<string, string>>;
  /** What this way cannot see here, and why: `trusted-xattrs-unreadable`, `not-root`, `no-processes`, `pid-namespace`. */
  readonly degraded: readonly { readonly reason: string; readonly detail: string }[];
  /** Set by every rung; left out by fakes that need it not. */
  readonly self?: NodeSelf;
  /** How the way is made, for records: destination and host key of ssh, UID of the collector pod, path of a disk. No secrets. */
  readonly transport?: Readonly<Record<string, string>>;
}

export interface NodeCommand {
  /** Kebab-case; what records and errors call it. */
  readonly name: string;
  /**
   * POSIX shell, a constant of ours: nothing that came from outside is ever part of it. It runs with `LC_ALL=C`, no access to the
   * network, `set -u`, and finds the node's root in `$ROOT` (see `NodeFacts.root`), its `/proc` in `$PROC`, `args` in `$1`, `$2`, ...
   * Only tools of the far side's own image may be called, never a file below `$ROOT`. Must not write to the node.
   */
  readonly script: string;
  /** At most 64, 4 KiB each, without NUL. What the node chose goes to `stdin` instead. */
  readonly args?: readonly string[];
  /** The script's standard input, for example a list of paths separated by NUL: names are bytes. At most 16 MiB. */
  readonly stdin?: Uint8Array;
  /** Bytes after which the stream is ended by us; default 1 GiB. */
  readonly maxBytes?: number;
  /** Milliseconds of silence after which the command counts as hung; default 60,000. */
  readonly idleTimeoutMs?: number;
  /**
   * Milliseconds in all. Without it a command ends after two hours, not counting what the consumer held back, and when it drips: after ten
   * idle times it must have said 64 bytes for each of them.
   */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface NodeStreamConsumer {
  /** Owns the bytes. A returned promise holds the stream back. What it throws ends the command and is thrown to the caller. */
  chunk(bytes: Buffer): void | Promise<void>;
  /**
   * Of everything that `chunk` took, by a hash over what the consumer keeps; asked when the stream has ended. The bytes of a consumer
   * that has it are hashed by it alone, and the far side's digest is compared with this one.
   */
  kept?(): KeptBytes;
}

export interface KeptBytes {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** How a command ended. Only `complete` is positive. */
export type NodeStreamEnd = 'complete' | 'cut' | 'corrupt' | 'timeout' | 'limit' | 'aborted';

export interface NodeCommandEnd {
  /**
   * `complete`: the far side said that the script ended, with which status, and with which digest, and the digest is that of the bytes
   * received. `corrupt`: it said so and the digest differs. `cut`: it did not say so. An exit status other than 0 is `complete`, too.
   */
  readonly end: NodeStreamEnd;
  /** Plain words when `end` is not `complete`. */
  readonly endDetail: string | null;
  /** Of the script; `null` when the far side did not say. */
  readonly exitStatus: number | null;
  readonly sizeBytes: number;
  /** Of the bytes received, and of those sent as the far side said; lower-case hex. */
  readonly sha256: string;
  readonly farSha256: string | null;
  /** The last 64 KiB of what the script wrote to standard error; untrusted. */
  readonly stderr: string;
  /** For the item's `source`: what ran, with the script as its SHA-256. The script itself stands in `script`. */
  readonly argv: readonly string[];
  /** Of the API call that carried it, where there was one. */
  readonly auditId: string | null;
  readonly firstByteAt: string | null;
  readonly lastByteAt: string | null;
}

/**
 * A way to one node that was probed and works. What it answers is what a kernel says that may be hostile; the digest of the far side
 * proves the transfer, not the node's word. Safe for concurrent use; at most two commands run at once, the others wait.
 */
export interface NodeAccess {
  readonly facts: NodeFacts;
  /** The rungs that were tried before this one, in order; set by the ladder. */
  readonly refusals?: readonly NodeAccessRefusal[];
  /**
   * Runs a script and streams its standard output, held back to 50 MiB/s, and less while the node is under pressure. Returns however
   * the command ended once it began; throws `NODE_ACCESS_LOST` when the way is gone before a byte came, and what `chunk` throws.
   */
  run(command: NodeCommand, consumer: NodeStreamConsumer): Promise<NodeCommandEnd>;
  /** Ends the way and removes what it needed on the far side. Never throws: what remains is said by `cleanup --verify`. */
  close(): Promise<void>;
}

/** One rung of the ladder. */
export interface NodeAccessRung {
  readonly rung: NodeRung;
  /** Opens and probes. Throws `NODE_ACCESS_REFUSED` with a kebab-case reason in `subject` when this way is not open to this node. */
  open(node: NodeTarget, signal: AbortSignal): Promise<NodeAccess>;
  /** After every way that it opened is closed: removes what they had in common. Never throws. */
  close?(): Promise<void>;
}

export interface NodeAccessRefusal {
  readonly rung: NodeRung;
  /** Kebab-case: `forbidden`, `pod-security`, `quota`, `image-missing`, `changed-pod`, `unreachable`, `node-differs`. */
  readonly reason: string;
  readonly detail: string;
}

/** The ladder as a run climbed it for one node. */
export interface NodeAccessChoice {
  readonly access: NodeAccess | null;
  /** The rungs that were tried before, in order. */
  readonly refusals: readonly NodeAccessRefusal[];
}
