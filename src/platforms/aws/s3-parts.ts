import { ListMultipartUploadsCommand, ListPartsCommand, type Part } from '@aws-sdk/client-s3';
import type { UploadedPart } from '../../ports/destination.js';
import { ask, attempt, type S3Access } from './s3-access.js';

/** 10,000 parts in pages of 1000, and one to see the end. */
const MAX_PAGES = 11;
const MAX_UPLOADS = 1000;

/** What of an upload S3 has already. */
export interface PartsThere {
  readonly uploadId: string;
  /** As S3 counts them; which of them are ours is for `has` to say. */
  readonly bytesThere: number;
  /** The part when S3 has exactly these bytes under this number, else `null`: it is sent again. */
  has(part: { readonly part: number; readonly sha256: string; readonly sizeBytes: number }): UploadedPart | null;
}

/**
 * Asks S3 for the parts of an upload; `null` when there is no such upload any more. S3 names the checksum of each part; a store that does
 * not is believed where its ETag is the one that it gave for these bytes when we sent them.
 */
export async function knownParts(
  access: S3Access,
  upload: { readonly key: string; readonly uploadId: string; readonly parts: readonly UploadedPart[] },
): Promise<PartsThere | null> {
  const listed = await listParts(access, upload);
  if (listed === null) return null;
  const ours = new Map(upload.parts.map((part) => [part.part, part]));
  return {
    uploadId: upload.uploadId,
    bytesThere: [...listed.values()].reduce((sum, { Size: size = 0 }) => sum + size, 0),
    has: ({ part, sha256, sizeBytes }) => {
      const { ETag: etag, Size: size, ChecksumSHA256: checksum } = listed.get(part) ?? {};
      if (etag === undefined || size !== sizeBytes) return null;
      const sent = ours.get(part);
      const isSame =
        checksum === undefined
          ? sent?.etag === etag && sent.sha256 === sha256
          : checksum === Buffer.from(sha256, 'hex').toString('base64');
      return isSame ? { part, sha256, etag } : null;
    },
  };
}

async function listParts(
  access: S3Access,
  { key, uploadId }: { readonly key: string; readonly uploadId: string },
): Promise<Map<number, Part> | null> {
  const parts = new Map<number, Part>();
  let marker: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { value, failure } = await attempt(access, {
      key,
      permission: 's3:ListMultipartUploadParts',
      expects: ({ name }) => name === 'NoSuchUpload',
      send: (sending) =>
        access.client.send(
          new ListPartsCommand({ Bucket: access.bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker }),
          sending,
        ),
    });
    if (failure !== null) return null;
    for (const part of value.Parts ?? []) parts.set(part.PartNumber ?? 0, part);
    marker = value.NextPartNumberMarker;
    if (value.IsTruncated !== true || marker === undefined) break;
  }
  return parts;
}

/** Ids of the unfinished uploads of exactly this key, whoever began them; at most 1000. */
export async function listUploads(access: S3Access, key: string): Promise<readonly string[]> {
  const { Uploads: uploads = [] } = await ask(access, {
    key,
    permission: 's3:ListBucketMultipartUploads',
    send: (sending) =>
      access.client.send(
        new ListMultipartUploadsCommand({ Bucket: access.bucket, Prefix: key, MaxUploads: MAX_UPLOADS }),
        sending,
      ),
  });
  return uploads.filter((upload) => upload.Key === key).flatMap(({ UploadId: id }) => (id === undefined ? [] : [id]));
}
