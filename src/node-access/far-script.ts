import { createHash } from 'node:crypto';
import type { NodeCommand } from '../ports/node-access.js';

/** Bytes of a script; all of ours are far below. */
const MAX_SCRIPT_BYTES = 65_536;
const MAX_ARGS = 64;
const MAX_ARG_BYTES = 4096;
const MAX_STDIN_BYTES = 16 * 1024 * 1024;

/**
 * What the far side's shell is started with. It takes the script from the first `$2` bytes of its standard input, so that no command
 * line and no URL grows with it, and leaves the rest to the script. It steps behind everything else that wants the processor or the
 * disk. Standard output goes to us and, through a pipe of its own, to sha256sum; when the script has ended, the last line on standard
 * error says so: the nonce, the exit status, the digest. A peer that cuts either stream cannot make this line up without the nonce, and
 * cannot make the digest fit. `/dev/fd/5` is a pipe that this shell made: standard output itself may be a socket, which cannot be
 * opened again by its name. The digest is that of what `tee` passed on: when it did not reach its end by itself, nothing proves that this
 * was all of it, and no such line is written.
 */
const WRAPPER = [
  'set -u; LC_ALL=C; export LC_ALL; umask 077',
  'nonce=$1; script=$(head -c "$2"; echo .); script=$' + '{script%.}; ROOT=$3; PROC=$4; export ROOT PROC; shift 4',
  '{ renice -n 19 -p $$; ionice -c 3 -p $$; } </dev/null >/dev/null 2>&1',
  'exec 3>&1',
  'said=$({ { { sh -c "set -u\n$script" exhibit "$@" 3>&- 4>&-; echo "status $?" >&4; } | { tee /dev/fd/5 >&3; echo "tee $?" >&4; }; } 5>&1 | sha256sum >&4; } 4>&1)',
  'status=; teed=; digest=; set -- $said',
  'while [ $# -gt 0 ]; do case $1 in status) status=$2; shift 2;; tee) teed=$2; shift 2;; -) shift;; *) digest=$1; shift;; esac; done',
  '[ "$teed" = 0 ] || { echo "the copy of standard output ended early: tee ended with $teed" >&2; exit 1; }',
  'printf "\\nexhibit-end/1 %s %s %s\\n" "$nonce" "$status" "$digest" >&2',
].join('\n');

export interface FarScript {
  /** For the far side's exec: `sh -c WRAPPER exhibit ...`. */
  readonly argv: readonly string[];
  /** What to write to its standard input, whole, before it is closed. */
  readonly stdin: Buffer;
  /** For records: the script as its digest instead of the wrapper's text. */
  readonly recorded: readonly string[];
}

function assertBounds(command: NodeCommand): void {
  const args = command.args ?? [];
  const tooLong = args.some((arg) => Buffer.byteLength(arg) > MAX_ARG_BYTES || arg.includes('\0'));
  if (args.length > MAX_ARGS || tooLong) throw new RangeError(`${command.name}: too many or too long arguments`);
  if ((command.stdin?.length ?? 0) > MAX_STDIN_BYTES) throw new RangeError(`${command.name}: too much standard input`);
  if (Buffer.byteLength(command.script) > MAX_SCRIPT_BYTES) throw new RangeError(`${command.name}: script too long`);
}

/** Throws `RangeError` for a command beyond the bounds of the port: a bug of the caller. */
export function farScriptOf(
  command: NodeCommand,
  far: { readonly nonce: string; readonly root: string; readonly proc: string },
): FarScript {
  assertBounds(command);
  const script = Buffer.from(command.script);
  const args = command.args ?? [];
  return {
    argv: ['sh', '-c', WRAPPER, 'exhibit', far.nonce, String(script.length), far.root, far.proc, ...args],
    stdin: Buffer.concat([script, command.stdin ?? Buffer.alloc(0)]),
    recorded: ['sh', command.name, `sha256:${createHash('sha256').update(script).digest('hex')}`, ...args],
  };
}
