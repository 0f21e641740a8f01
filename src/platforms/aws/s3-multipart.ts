import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { ExhibitError } from '../../model/errors.js';
import type { OutgoingFile, PutOptions, UploadBegun, UploadedPart, UploadJournal } from '../../ports/destination.js';
import { ask, attempt, locationOf, type S3Access } from './s3-access.js';
import { lockParameters } from './s3-lock.js';
import { knownParts, type PartsThere } from './s3-parts.js';

/** S3 takes 10,000 parts of 5 MiB to 5 GiB. */
const MAX_PARTS = 9_900;
const MIB = 1024 * 1024;
/** Buffers of all lanes together, unless a single part needs more. */
const BUFFER_BYTES = 64 * MIB;
const MAX_LANES = 4;
/** Of one part, when its bytes arrive damaged; what the network does is repeated by the client itself. */
const DAMAGED_TRIES = 3;

export interface Multipart {
  readonly access: S3Access;
  readonly key: string;
  readonly file: OutgoingFile;
  readonly partBytes: number;
  readonly journal: UploadJournal;
  readonly metadata: Readonly<Record<string, string>>;
  readonly options: PutOptions;
}

/** Whole mebibytes, so that a part never begins in the middle of a page. */
export function partBytesFor(sizeBytes: number, smallest: number): number {
  return Math.max(smallest, Math.ceil(sizeBytes / MAX_PARTS / MIB) * MIB);
}

/** What S3 made of the parts; `occupied` when the key was taken meanwhile, or when this upload was completed by another run. */
export type Completed = { readonly occupied: true } | { readonly occupied: false };

/**
 * Uploads in parts of one size from fixed buffers, goes on with an earlier upload of the same bytes, and completes it only when the whole
 * has the digest that was verified. Whatever fails leaves the upload to be gone on with, except bytes that changed: those are removed.
 */
export async function uploadInParts(task: Multipart): Promise<Completed> {
  const there = (await goneOnWith(task)) ?? (await begun(task));
  const parts = await sendParts(task, there);
  return await complete(task, { uploadId: there.uploadId, parts });
}

async function goneOnWith(task: Multipart): Promise<PartsThere | null> {
  const { access, key, file, partBytes, journal, options } = task;
  const location = locationOf(access, key);
  const earlier = await journal.load(location);
  if (earlier === null) return null;
  const { begun: record } = earlier;
  const isSame =
    record.sha256 === file.sha256 &&
    record.sizeBytes === file.sizeBytes &&
    record.partBytes === partBytes &&
    JSON.stringify(record.lock) === JSON.stringify(options.lock);
  const there = isSame ? await knownParts(access, { key, uploadId: record.uploadId, parts: earlier.parts }) : null;
  if (there === null) {
    // Ours, of other bytes or under another lock: it would be paid for until somebody finds it.
    if (!isSame) await abortUpload(access, key, record.uploadId);
    await journal.forget(location);
  }
  return there;
}

async function begun({ access, key, file, partBytes, journal, metadata, options }: Multipart): Promise<PartsThere> {
  const { UploadId: uploadId } = await ask(access, {
    key,
    permission: 's3:PutObject',
    send: (sending) =>
      access.client.send(
        new CreateMultipartUploadCommand({
          Bucket: access.bucket,
          Key: key,
          ChecksumAlgorithm: 'SHA256',
          ContentType: 'application/octet-stream',
          Metadata: metadata,
          ...lockParameters(options.lock),
        }),
        sending,
      ),
  });
  if (uploadId === undefined) throw failed(locationOf(access, key), 'S3 began an upload without naming it');
  const record: UploadBegun = {
    location: locationOf(access, key),
    uploadId,
    sha256: file.sha256,
    sizeBytes: file.sizeBytes,
    partBytes,
    lock: options.lock,
  };
  await journal.begin(record);
  return { uploadId, bytesThere: 0, has: () => null };
}

function failed(subject: string, text: string): ExhibitError {
  return new ExhibitError('DESTINATION_FAILED', text, { subject });
}

interface Lane {
  readonly buffer: Buffer;
  busy: Promise<void>;
}

/** One reader, several senders: lanes take turns, so that memory is their buffers and the file is read once, in order. */
async function sendParts(task: Multipart, there: PartsThere): Promise<UploadedPart[]> {
  const { file, partBytes, options } = task;
  const count = Math.ceil(file.sizeBytes / partBytes);
  const lanes = lanesFor(partBytes, count);
  const whole = createHash('sha256');
  const parts: UploadedPart[] = [];
  let bytesThere = 0;
  if (there.bytesThere > 0) options.onResume(there.bytesThere);
  try {
    for (let index = 0; index < count; index += 1) {
      const lane = lanes[index % lanes.length];
      if (lane === undefined) break;
      await lane.busy;
      const bytes = await filled(task, lane.buffer, index * partBytes);
      whole.update(bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const known = there.has({ part: index + 1, sha256, sizeBytes: bytes.length });
      const done = (part: UploadedPart): void => {
        parts[index] = part;
        bytesThere += bytes.length;
        options.onProgress(bytesThere);
      };
      if (known !== null) {
        done(known);
        continue;
      }
      lane.busy = sendPart(task, { uploadId: there.uploadId, part: index + 1, bytes, sha256 }).then(done);
      // Its failure is met when the lane is used next, or at the end.
      lane.busy.catch(() => undefined);
    }
    for (const { busy } of lanes) await busy;
  } finally {
    for (const { busy } of lanes) await busy.catch(() => undefined);
  }
  await assertSameBytes(task, there.uploadId, whole.digest('hex'));
  return parts;
}

function lanesFor(partBytes: number, parts: number): Lane[] {
  const count = Math.max(1, Math.min(MAX_LANES, parts, Math.floor(BUFFER_BYTES / partBytes)));
  return Array.from({ length: count }, () => ({ buffer: Buffer.allocUnsafe(partBytes), busy: Promise.resolve() }));
}

async function filled({ file, partBytes }: Multipart, buffer: Buffer, offset: number): Promise<Buffer> {
  const bytes = buffer.subarray(0, Math.min(partBytes, file.sizeBytes - offset));
  const read = await file.read(bytes, offset);
  return bytes.subarray(0, read);
}

interface Part {
  readonly uploadId: string;
  readonly part: number;
  readonly bytes: Buffer;
  readonly sha256: string;
}

/** The checksum goes with the bytes and S3 compares it; what it answers is compared again, because it may have stored something else. */
async function sendPart({ access, key, journal }: Multipart, one: Part): Promise<UploadedPart> {
  const { uploadId, part, bytes, sha256 } = one;
  const checksum = Buffer.from(sha256, 'hex').toString('base64');
  for (let tries = 1; ; tries += 1) {
    const { value, failure } = await attempt(access, {
      key,
      permission: 's3:PutObject',
      expects: ({ name }) => tries < DAMAGED_TRIES && isDamage(name),
      send: (sending) =>
        access.client.send(
          new UploadPartCommand({
            Bucket: access.bucket,
            Key: key,
            UploadId: uploadId,
            PartNumber: part,
            Body: bytes,
            ContentLength: bytes.length,
            ChecksumAlgorithm: 'SHA256',
            ChecksumSHA256: checksum,
          }),
          sending,
        ),
    });
    if (failure !== null) continue;
    const { ETag: etag, ChecksumSHA256: stored = checksum } = value;
    if (etag !== undefined && stored === checksum) {
      const sent = { part, sha256, etag };
      await journal.stored(locationOf(access, key), sent);
      return sent;
    }
    if (tries < DAMAGED_TRIES) continue;
    throw new ExhibitError('DESTINATION_MISMATCH', `S3 says that it stored other bytes as part ${String(part)}`, {
      subject: locationOf(access, key),
    });
  }
}

function isDamage(name: string): boolean {
  return name === 'BadDigest' || name === 'XAmzContentSHA256Mismatch' || name === 'InvalidDigest';
}

async function assertSameBytes(
  { access, key, file, journal }: Multipart,
  uploadId: string,
  sha256: string,
): Promise<void> {
  if (sha256 === file.sha256) return;
  await abortUpload(access, key, uploadId);
  await journal.forget(locationOf(access, key));
  throw new ExhibitError(
    'SOURCE_CHANGED',
    'the file changed while it was sent; what was sent of it was removed again',
    {
      subject: file.name,
    },
  );
}

async function complete(
  { access, key, file, journal }: Multipart,
  { uploadId, parts }: { readonly uploadId: string; readonly parts: readonly UploadedPart[] },
): Promise<Completed> {
  const location = locationOf(access, key);
  const { value, failure } = await attempt(access, {
    key,
    permission: 's3:PutObject',
    // Taken meanwhile; or the answer to an earlier completion was lost, and the upload is gone because it is an object now.
    expects: ({ name, status }) => status === 412 || name === 'NoSuchUpload' || name === 'ConditionalRequestConflict',
    send: (sending) =>
      access.client.send(
        new CompleteMultipartUploadCommand({
          Bucket: access.bucket,
          Key: key,
          UploadId: uploadId,
          IfNoneMatch: '*',
          MpuObjectSize: file.sizeBytes,
          MultipartUpload: {
            Parts: parts.map(({ part, etag, sha256 }) => ({
              PartNumber: part,
              ETag: etag,
              ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
            })),
          },
        }),
        sending,
      ),
  });
  if (failure !== null) return { occupied: true };
  await journal.forget(location);
  const { ChecksumSHA256: stored } = value;
  if (stored !== undefined && stored.replace(/-\d+$/, '') !== compositeOf(parts))
    throw new ExhibitError('DESTINATION_MISMATCH', 'S3 says that it put other parts together than were sent', {
      subject: location,
    });
  return { occupied: false };
}

/** SHA-256 over the digests of the parts: what S3 keeps of an upload in parts is not the digest of its bytes. */
export function compositeOf(parts: readonly Pick<UploadedPart, 'sha256'>[]): string {
  const hash = createHash('sha256');
  for (const { sha256 } of parts) hash.update(sha256, 'hex');
  return hash.digest('base64');
}

export async function abortUpload(access: S3Access, key: string, uploadId: string): Promise<void> {
  await attempt(access, {
    key,
    permission: 's3:AbortMultipartUpload',
    expects: ({ name }) => name === 'NoSuchUpload',
    send: (sending) =>
      access.client.send(
        new AbortMultipartUploadCommand({ Bucket: access.bucket, Key: key, UploadId: uploadId }),
        sending,
      ),
  });
}
