import { GetSnapshotBlockCommand } from '@aws-sdk/client-ebs';
import { webcrypto } from 'node:crypto';
import type { BlockBytes, ListedBlock } from '../../../ports/block-source.js';
import { type EbsAccess, UntrueAnswer } from './ebs-access.js';
import type { EbsFailure } from './ebs-failure.js';
import type { EndRead } from './log-block-reads.js';

export interface BlockWanted {
  readonly snapshot: string;
  readonly block: ListedBlock;
  readonly blockBytes: number;
}

const PERMISSION = 'ebs:GetSnapshotBlock (and kms:Decrypt for an encrypted snapshot)';

/** One block, as long as it must be and with the digest that the service states. Throws as `BlockSource.read`, and the SDK's own error where `expects` says so. */
export async function readBlock(
  access: EbsAccess,
  { snapshot, block, blockBytes }: BlockWanted,
  expects: (failure: EbsFailure) => boolean,
): Promise<BlockBytes> {
  const command = new GetSnapshotBlockCommand({
    SnapshotId: snapshot,
    BlockIndex: block.index,
    BlockToken: block.token,
  });
  const send = async (abortSignal: AbortSignal): Promise<BlockBytes> => {
    const answer = await access.blocks.send(command, { abortSignal });
    const where = `block ${String(block.index)}`;
    const body = bodyOf(answer.BlockData);
    if (body === null) throw new UntrueAnswer(`${where} has no content`);
    const bytes = access.buffers.take(blockBytes);
    const release = (): void => {
      access.buffers.give(bytes);
    };
    try {
      const read = await collect(body, { bytes, idleTimeoutMs: access.idleTimeoutMs, end: access.endOf(body) });
      assertTrue(where, answer, { ...read, blockBytes });
      return { bytes, sha256: read.sha256, release };
    } catch (error) {
      release();
      throw error;
    }
  };
  return await access.persist({ permission: PERMISSION, snapshot }, send, expects);
}

interface Stated {
  readonly DataLength?: number | undefined;
  readonly Checksum?: string | undefined;
  readonly ChecksumAlgorithm?: string | undefined;
}

interface ReadBody {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly isMore: boolean;
}

function assertTrue(where: string, stated: Stated, read: ReadBody & { readonly blockBytes: number }): void {
  const { sizeBytes, blockBytes, sha256, isMore } = read;
  if (isMore || sizeBytes !== blockBytes || (stated.DataLength ?? blockBytes) !== blockBytes)
    throw new UntrueAnswer(`${where} has ${isMore ? 'more than ' : ''}${String(sizeBytes)} bytes`);
  if (stated.ChecksumAlgorithm !== 'SHA256') throw new UntrueAnswer(`${where} comes without a SHA-256`);
  if (stated.Checksum !== Buffer.from(sha256, 'hex').toString('base64'))
    throw new UntrueAnswer(`${where} is not what its checksum says`);
}

type Body = AsyncIterable<Buffer> & { destroy?: (error?: Error) => void };

function bodyOf(body: unknown): Body | null {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body ? (body as Body) : null;
}

interface Collecting {
  /** Filled; as long as a block. */
  readonly bytes: Buffer;
  readonly idleTimeoutMs: number;
  readonly end: EndRead | undefined;
}

/** Hashed when it is whole, in a thread of the pool. The SDK does not watch a body once its head has come: one that falls silent is ended here. */
async function collect(body: Body, { bytes, idleTimeoutMs, end }: Collecting): Promise<ReadBody> {
  let sizeBytes = 0;
  let isMore = false;
  const timer = setTimeout(() => body.destroy?.(timedOut()), idleTimeoutMs);
  try {
    for await (const chunk of body) {
      timer.refresh();
      isMore = sizeBytes + chunk.length > bytes.length;
      if (isMore) break;
      bytes.set(chunk, sizeBytes);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    end?.({ sizeBytes, sha256: null, error: error instanceof Error ? error.name : 'failed' });
    throw error;
  } finally {
    clearTimeout(timer);
    body.destroy?.();
  }
  const sha256 = await digestOf(bytes.subarray(0, sizeBytes));
  end?.({ sizeBytes, sha256: isMore ? null : sha256, error: isMore ? 'the answer is longer than a block' : null });
  return { sizeBytes, sha256, isMore };
}

/** Off the main thread, which hashes the whole image meanwhile. */
async function digestOf(bytes: Buffer): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

function timedOut(): Error {
  return Object.assign(new Error('the answer fell silent'), { name: 'TimeoutError' });
}
