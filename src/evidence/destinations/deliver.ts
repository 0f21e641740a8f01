import { createHash } from 'node:crypto';
import { parseInstant } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import type { Destination, OutgoingFile, StorageLock, StoredFile } from '../../ports/destination.js';
import type { Io } from '../../ports/io.js';

export interface DeliverOptions {
  readonly destination: Destination;
  readonly lock: StorageLock;
  /** Whether the stored bytes are read again and hashed. */
  readonly isReadBack: boolean;
  readonly io: Io;
}

/** A file that is at its destination. */
export interface Delivered {
  readonly location: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly versionId: string | null;
  /** It was there before, with the same bytes. */
  readonly wasThere: boolean;
  readonly isReadBack: boolean;
}

const MIB = 1024 * 1024;

/**
 * Stores a file, or finds that it is stored already, and then believes nothing: size, digest, lock and, unless told otherwise, every byte
 * are asked for again. Throws as `Destination`, `DESTINATION_OCCUPIED` when the name has other bytes, `DESTINATION_MISMATCH` when what is
 * stored is not the file, `DESTINATION_NOT_LOCKED`.
 */
export async function deliver(file: OutgoingFile, options: DeliverOptions): Promise<Delivered> {
  const { destination, io, isReadBack } = options;
  const found = await destination.find(file.name);
  if (found !== null) {
    await assertSame(file, found, options);
    io.emit('PUSH_ALREADY', `${found.location} is there already, with the same digest`, { location: found.location });
  }
  const stored = found ?? (await send(file, options));
  await assertLocked(stored, options);
  // A plain directory has no digest of its own: what was there before was read to be compared.
  const isRead = found !== null && found.sha256 === null;
  if (isReadBack && !isRead) {
    io.emit('PUSH_READ_BACK', `${stored.location} is read back`, { location: stored.location });
    assertDigest(file, stored, await digestOf(stored, options));
  }
  return {
    location: stored.location,
    sizeBytes: stored.sizeBytes,
    sha256: file.sha256,
    versionId: stored.versionId,
    wasThere: found !== null,
    isReadBack: isReadBack || isRead,
  };
}

async function assertSame(file: OutgoingFile, found: StoredFile, options: DeliverOptions): Promise<void> {
  const sha256 = found.sizeBytes === file.sizeBytes ? (found.sha256 ?? (await digestOf(found, options))) : null;
  if (sha256 === file.sha256) return;
  throw new ExhibitError('DESTINATION_OCCUPIED', 'something else has this name, and it is not replaced', {
    subject: found.location,
    safe: 'Nothing was sent.',
  });
}

async function send(file: OutgoingFile, { destination, lock, io }: DeliverOptions): Promise<StoredFile> {
  const location = destination.locationOf(file.name);
  io.emit('PUSH_STARTED', `sending ${String(file.sizeBytes)} bytes to ${location}`, {
    location,
    sizeBytes: file.sizeBytes,
  });
  const onProgress = (bytes: number): void => {
    report(io, { phase: 'push', bytes, sizeBytes: file.sizeBytes, current: location });
  };
  const onResume = (bytes: number): void => {
    io.emit('PUSH_RESUMED', `an earlier upload is gone on with: ${String(bytes)} bytes of it are there`, { bytes });
  };
  try {
    const stored = await destination.put(file, { lock, onProgress, onResume });
    if (stored.sizeBytes === file.sizeBytes && (stored.sha256 ?? file.sha256) === file.sha256) return stored;
    throw mismatch(stored, 'the store says that it has another size or digest');
  } catch (error) {
    throw resumable(error);
  }
}

/** What can be gone on with says so, with the command; its name is known only to who runs it. */
function resumable(error: unknown): unknown {
  const isPassing =
    error instanceof ExhibitError &&
    (error.code === 'DESTINATION_UNREACHABLE' ||
      error.code === 'DESTINATION_DENIED' ||
      error.code === 'DESTINATION_FAILED');
  if (!isPassing) return error;
  return new ExhibitError(error.code, error.message, {
    ...(error.subject === undefined ? {} : { subject: error.subject }),
    retryable: error.retryable,
    cause: error.cause,
    hints: [...error.hints, 'exhibit resume'],
    safe: 'The local archive is whole, and parts that were stored are not sent again.',
  });
}

function report(
  io: Io,
  state: { readonly phase: string; readonly bytes: number; readonly sizeBytes: number; readonly current: string },
): void {
  io.progress({
    phase: state.phase,
    done: Math.ceil(state.bytes / MIB),
    total: Math.ceil(state.sizeBytes / MIB),
    bytes: state.bytes,
    current: [state.current],
    gaps: 0,
    lastError: null,
  });
}

async function digestOf(stored: StoredFile, { destination, io }: DeliverOptions): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of destination.read(stored)) {
    hash.update(chunk);
    bytes += chunk.length;
    report(io, { phase: 'read back', bytes, sizeBytes: stored.sizeBytes, current: stored.location });
  }
  return hash.digest('hex');
}

function assertDigest(file: OutgoingFile, stored: StoredFile, found: string): void {
  if (found === file.sha256) return;
  throw mismatch(stored, `what was read back has the digest ${found}, not ${file.sha256}`);
}

function mismatch(stored: StoredFile, text: string): ExhibitError {
  return new ExhibitError('DESTINATION_MISMATCH', text, {
    subject: stored.location,
    safe: 'The local archive is whole. What is stored under this name must not be relied on.',
  });
}

/** Asked of the store, not remembered from the request: a bucket may take the words and keep nothing. */
async function assertLocked(stored: StoredFile, { destination, lock, io }: DeliverOptions): Promise<void> {
  if (lock.retention === null && !lock.legalHold) return;
  if (holds(await destination.readLock(stored), lock)) return;
  await destination.setLock(stored, lock);
  const found = await destination.readLock(stored);
  if (!holds(found, lock)) {
    throw new ExhibitError('DESTINATION_NOT_LOCKED', `the store has the file, and not the lock: ${lockText(found)}`, {
      subject: stored.location,
      safe: 'The file is stored whole; it can be removed or replaced by whoever may.',
    });
  }
  io.emit('PUSH_LOCKED_AFTERWARDS', `${stored.location}: ${lockText(found)}, set after the file was stored`, {
    location: stored.location,
  });
}

/** A longer or stricter lock than the one that was asked for is one, too. */
function holds(found: StorageLock, asked: StorageLock): boolean {
  if (asked.legalHold && !found.legalHold) return false;
  if (asked.retention === null) return true;
  if (found.retention === null) return false;
  const isStrictEnough = asked.retention.mode === 'governance' || found.retention.mode === 'compliance';
  return isStrictEnough && (parseInstant(found.retention.untilAt) ?? 0) >= (parseInstant(asked.retention.untilAt) ?? 0);
}

function lockText({ retention, legalHold }: StorageLock): string {
  const kept = retention === null ? 'no retention' : `${retention.mode} until ${retention.untilAt}`;
  return `${kept}, ${legalHold ? 'a legal hold' : 'no legal hold'}`;
}
