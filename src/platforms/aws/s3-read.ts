import { type GetObjectCommandOutput, GetObjectCommand } from '@aws-sdk/client-s3';
import { setTimeout as pause } from 'node:timers/promises';
import { jitter } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import { interruptedBy } from './interrupted-by.js';
import { attempt, locationOf, type S3Access } from './s3-access.js';

/** Exactly these bytes: an object of this key that has another ETag or version is another object. */
export interface S3Revision {
  readonly key: string;
  readonly etag: string;
  readonly versionId: string | null;
  readonly sizeBytes: number;
}

/** Goes on after a cut as often in a row; every byte that arrives counts as a new beginning. */
const MAX_CUTS = 5;
const FIRST_PAUSE_MS = 200;
const IDLE_TIMEOUT_MS = 60_000;

/** The bytes in order. A cut or silent answer is gone on with at its last byte; more or fewer bytes than announced end it. */
export async function* readRevision(access: S3Access, revision: S3Revision): AsyncGenerator<Buffer> {
  let offset = 0;
  let cuts = 0;
  while (offset < revision.sizeBytes) {
    const from = offset;
    try {
      for await (const chunk of bodyOf(access, revision, offset)) {
        offset += chunk.length;
        if (offset > revision.sizeBytes) throw replaced(access, revision, 'the answer is longer than the object');
        yield chunk;
      }
    } catch (error) {
      if (error instanceof ExhibitError) throw error;
      if (access.signal?.aborted === true) throw interruptedBy(access.signal, locationOf(access, revision.key));
    }
    if (offset === revision.sizeBytes) return;
    cuts = offset === from ? cuts + 1 : 1;
    if (cuts >= MAX_CUTS) throw cutError(access, revision, offset);
    await pause(FIRST_PAUSE_MS * 2 ** cuts * (0.5 + jitter()), undefined, signalOption(access)).catch(() => {
      throw interruptedBy(access.signal, locationOf(access, revision.key));
    });
  }
}

function signalOption({ signal }: S3Access): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

async function* bodyOf(access: S3Access, revision: S3Revision, offset: number): AsyncGenerator<Buffer> {
  const { value, failure } = await attempt(access, {
    key: revision.key,
    permission: 's3:GetObject',
    expects: ({ name, status }) => status === 412 || status === 404 || name === 'NoSuchVersion',
    send: (sending) =>
      access.client.send(
        new GetObjectCommand({
          Bucket: access.bucket,
          Key: revision.key,
          IfMatch: revision.etag,
          ...(revision.versionId === null ? {} : { VersionId: revision.versionId }),
          ...(offset === 0 ? {} : { Range: `bytes=${String(offset)}-` }),
        }),
        sending,
      ),
  });
  if (failure !== null) throw replaced(access, revision, 'the object was removed or replaced meanwhile');
  const expected = revision.sizeBytes - offset;
  if (value.ContentLength !== undefined && value.ContentLength !== expected) {
    destroy(value);
    throw replaced(access, revision, `the answer announces ${String(value.ContentLength)} bytes`);
  }
  yield* chunksOf(value, access.settings.idleTimeoutMs ?? IDLE_TIMEOUT_MS);
}

function destroy({ Body: body }: GetObjectCommandOutput): void {
  if (body !== undefined && 'destroy' in body) body.destroy();
}

/** The SDK does not watch a body once its head has come: an answer that falls silent would be waited for for ever. */
async function* chunksOf(answer: GetObjectCommandOutput, idleTimeoutMs: number): AsyncGenerator<Buffer> {
  const { Body: body } = answer;
  if (body === undefined || !(Symbol.asyncIterator in body)) return;
  let timer: NodeJS.Timeout | undefined;
  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      destroy(answer);
    }, idleTimeoutMs);
  };
  try {
    watch();
    for await (const chunk of body as AsyncIterable<Buffer>) {
      clearTimeout(timer);
      yield chunk;
      watch();
    }
  } finally {
    clearTimeout(timer);
    destroy(answer);
  }
}

function replaced(access: S3Access, { key, sizeBytes }: S3Revision, why: string): ExhibitError {
  return new ExhibitError('DESTINATION_MISMATCH', `${why}; it had ${String(sizeBytes)} bytes`, {
    subject: locationOf(access, key),
  });
}

function cutError(access: S3Access, { key, sizeBytes }: S3Revision, offset: number): ExhibitError {
  const text = `the answer ended ${String(MAX_CUTS)} times at byte ${String(offset)} of ${String(sizeBytes)}`;
  return new ExhibitError('DESTINATION_UNREACHABLE', text, { subject: locationOf(access, key), retryable: true });
}
