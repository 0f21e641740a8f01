import { HeadBucketCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { ExhibitError } from '../../model/errors.js';
import type { Destination, OutgoingFile, PutOptions, StoredFile, UploadJournal } from '../../ports/destination.js';
import { type AwsSettings, clientConfiguration } from './client-settings.js';
import { attempt, locationOf, type S3Access } from './s3-access.js';
import { parseS3Address } from './s3-address.js';
import { assertLockable, lockParameters, readObjectLock, setObjectLock } from './s3-lock.js';
import { abortUpload, partBytesFor, uploadInParts } from './s3-multipart.js';
import { listUploads } from './s3-parts.js';
import { readRevision } from './s3-read.js';
import { silentConstruction } from './silent-construction.js';

/** User metadata of an object: SHA-256 of the whole in hex, because S3 keeps only a digest of digests of an upload in parts. */
const DIGEST = 'exhibit-sha256';
const MIB = 1024 * 1024;
/** Smaller files go in one request. */
const PART_BYTES = 16 * MIB;
const MAX_OBJECT_BYTES = 5 * 1024 * 1024 * MIB;

export interface S3DestinationOptions extends AwsSettings {
  /** `s3://bucket/prefix` */
  readonly url: string;
  readonly journal: UploadJournal;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of a part, and the largest file that goes in one request; default 16 MiB, at least 5 MiB. */
  readonly partBytes?: number;
}

/** A prefix of a bucket of S3, or of a store that speaks its language. Throws `DESTINATION_INVALID` for what is no address. */
export function createS3Destination(options: S3DestinationOptions): Destination {
  return new S3Destination(options);
}

class S3Destination implements Destination {
  readonly location: string;
  readonly #access: S3Access;
  readonly #prefix: string;
  readonly #journal: UploadJournal;
  readonly #partBytes: number;

  constructor(options: S3DestinationOptions) {
    const { bucket, prefix } = parseS3Address(options.url);
    const client = silentConstruction(
      () =>
        new S3Client({
          ...clientConfiguration(options),
          followRegionRedirects: true,
          forcePathStyle: hasOwnAddress(options),
          // Each upload carries our own checksum; stores that only speak the language refuse the SDK's default one.
          requestChecksumCalculation: 'WHEN_REQUIRED',
          responseChecksumValidation: 'WHEN_REQUIRED',
        }),
    );
    this.#access = { client, bucket, settings: options, signal: options.signal };
    this.#prefix = prefix;
    this.#journal = options.journal;
    this.#partBytes = options.partBytes ?? PART_BYTES;
    this.location = locationOf(this.#access, prefix);
  }

  locationOf(name: string): string {
    return locationOf(this.#access, this.#keyOf(name));
  }

  async prepare(lock: PutOptions['lock']): Promise<void> {
    const { client, bucket } = this.#access;
    const { failure } = await attempt(this.#access, {
      key: '',
      permission: 's3:ListBucket',
      // An identity that may only write is not allowed to ask; the upload itself will tell.
      expects: ({ kind, status }) => kind === 'denied' || status === 404,
      send: (sending) => client.send(new HeadBucketCommand({ Bucket: bucket }), sending),
    });
    if (failure?.status === 404)
      throw new ExhibitError('DESTINATION_INVALID', 'there is no such bucket', {
        subject: this.location,
        hints: ['aws s3 ls'],
      });
    if (lock.retention !== null || lock.legalHold) await assertLockable(this.#access);
  }

  async find(name: string): Promise<StoredFile | null> {
    const key = this.#keyOf(name);
    const { value, failure } = await attempt(this.#access, {
      key,
      // Without the second one, S3 answers 403 for what does not exist.
      permission: 's3:GetObject and s3:ListBucket',
      expects: ({ status }) => status === 404,
      send: (sending) =>
        this.#access.client.send(new HeadObjectCommand({ Bucket: this.#access.bucket, Key: key }), sending),
    });
    if (failure !== null) return null;
    const { ContentLength: sizeBytes = 0, ETag: revision = '', VersionId: versionId, Metadata: metadata = {} } = value;
    const digest = metadata[DIGEST] ?? '';
    return {
      name,
      location: this.locationOf(name),
      sizeBytes,
      sha256: /^[0-9a-f]{64}$/.test(digest) ? digest : null,
      revision,
      versionId: versionId === undefined || versionId === 'null' ? null : versionId,
    };
  }

  async put(file: OutgoingFile, options: PutOptions): Promise<StoredFile> {
    if (file.sizeBytes > MAX_OBJECT_BYTES)
      throw new ExhibitError('DESTINATION_FAILED', 'S3 takes no object of more than 5 TiB', { subject: file.name });
    const { occupied } =
      file.sizeBytes <= this.#partBytes ? await this.#putWhole(file, options) : await this.#putParts(file, options);
    const stored = await this.find(file.name);
    // The answer to our own upload may have been lost: what is there is ours when it is the same.
    if (stored?.sha256 !== file.sha256 || stored.sizeBytes !== file.sizeBytes)
      throw this.#notStored(file, stored, occupied);
    await this.#journal.forget(stored.location);
    return stored;
  }

  async *read(file: StoredFile): AsyncGenerator<Buffer> {
    const { versionId, sizeBytes, revision } = file;
    yield* readRevision(this.#access, { key: this.#keyOf(file.name), etag: revision, versionId, sizeBytes });
  }

  async readLock({ name, versionId }: StoredFile): Promise<PutOptions['lock']> {
    return await readObjectLock(this.#access, { key: this.#keyOf(name), versionId });
  }

  async setLock({ name, versionId }: StoredFile, lock: PutOptions['lock']): Promise<void> {
    await setObjectLock(this.#access, { key: this.#keyOf(name), versionId }, lock);
  }

  async abandon(name: string): Promise<number> {
    const key = this.#keyOf(name);
    const uploads = await listUploads(this.#access, key);
    for (const uploadId of uploads) await abortUpload(this.#access, key, uploadId);
    await this.#journal.forget(this.locationOf(name));
    return uploads.length;
  }

  #keyOf(name: string): string {
    return `${this.#prefix}${name}`;
  }

  #notStored(file: OutgoingFile, stored: StoredFile | null, occupied: boolean): ExhibitError {
    const subject = this.locationOf(file.name);
    if (!occupied)
      return new ExhibitError('DESTINATION_MISMATCH', 'S3 took the upload and has no such object now, or another', {
        subject,
      });
    return stored === null
      ? new ExhibitError('DESTINATION_FAILED', 'the upload was removed by somebody before it was complete', { subject })
      : new ExhibitError('DESTINATION_OCCUPIED', 'another object of this key was made meanwhile', { subject });
  }

  async #putParts(file: OutgoingFile, options: PutOptions): Promise<{ readonly occupied: boolean }> {
    return await uploadInParts({
      access: this.#access,
      key: this.#keyOf(file.name),
      file,
      partBytes: partBytesFor(file.sizeBytes, this.#partBytes),
      journal: this.#journal,
      metadata: { [DIGEST]: file.sha256 },
      options,
    });
  }

  async #putWhole(file: OutgoingFile, options: PutOptions): Promise<{ readonly occupied: boolean }> {
    const buffer = Buffer.allocUnsafe(file.sizeBytes);
    const bytes = buffer.subarray(0, await file.read(buffer, 0));
    const digest = createHash('sha256').update(bytes).digest();
    if (digest.toString('hex') !== file.sha256)
      throw new ExhibitError('SOURCE_CHANGED', 'the file changed before it was sent', { subject: file.name });
    const checksum = digest.toString('base64');
    const { value, failure } = await attempt(this.#access, {
      key: this.#keyOf(file.name),
      permission: 's3:PutObject',
      expects: ({ name, status }) => status === 412 || name === 'ConditionalRequestConflict',
      send: (sending) =>
        this.#access.client.send(
          new PutObjectCommand({
            Bucket: this.#access.bucket,
            Key: this.#keyOf(file.name),
            Body: bytes,
            ContentLength: bytes.length,
            ContentType: 'application/octet-stream',
            ChecksumAlgorithm: 'SHA256',
            ChecksumSHA256: checksum,
            IfNoneMatch: '*',
            Metadata: { [DIGEST]: file.sha256 },
            ...lockParameters(options.lock),
          }),
          sending,
        ),
    });
    if (failure === null && (value.ChecksumSHA256 ?? checksum) !== checksum)
      throw new ExhibitError('DESTINATION_MISMATCH', 'S3 says that it stored other bytes', {
        subject: this.locationOf(file.name),
      });
    if (failure === null) options.onProgress(bytes.length);
    return { occupied: failure !== null };
  }
}

/** Gateways and local stores rarely have a host name for each bucket. */
function hasOwnAddress({ endpoint, variables }: S3DestinationOptions): boolean {
  const named = [endpoint, variables['AWS_ENDPOINT_URL_S3'], variables['AWS_ENDPOINT_URL']];
  return named.some((address) => address !== undefined && address !== '');
}
