import type { SnapshotAnswer } from '../../../ports/snapshots.js';
import { AwsCallFailed, type AwsCalls } from '../aws-calls.js';
import type { AwsFailure } from '../aws-failure.js';
import { explained, referenceOf } from '../platform-error.js';

interface Answered {
  readonly $metadata: { readonly requestId?: string | undefined };
}

/** Nothing can be done before the user does something. */
const OURS = new Set(['credentials', 'clock', 'configuration']);

/**
 * A call that makes or changes something, sent once: repeated only when EC2 says that it did nothing because of too many calls. A dry run
 * that would do it counts as done. Throws `PLATFORM_UNAUTHENTICATED`, `CONFIG_INVALID`.
 */
export async function changingCall<T extends Answered, Made>(
  calls: AwsCalls,
  { permission, send, made }: ChangingCall<T, Made>,
): Promise<SnapshotAnswer<Made>> {
  try {
    const answer = await calls.change(permission, send, { idempotent: true });
    return { outcome: 'done', made: made(answer), requestIds: calls.requestIds };
  } catch (error) {
    if (!(error instanceof AwsCallFailed)) throw error;
    const { failure } = error;
    const { requestIds } = calls;
    if (failure.name === 'DryRunOperation') return { outcome: 'done', made: made(null), requestIds };
    if (OURS.has(failure.kind)) throw calls.error(error);
    const said = failure.cause.message;
    if (isOpen(failure)) return { outcome: 'unknown', detail: said, requestIds };
    const { text } = explained(failure, { settings: calls.settings, permission });
    const detail = `${text} ${referenceOf(failure)}: ${said}`;
    return { outcome: 'refused', detail, isDenied: failure.kind === 'denied', requestIds };
  }
}

/** Whether the failure leaves open that the call was carried out: also a good answer that cannot be read, or none at all. */
function isOpen({ kind, status }: AwsFailure): boolean {
  if (kind === 'unreachable' || kind === 'aborted') return true;
  return kind === 'refused' && (status === null || status < 400);
}

export interface ChangingCall<T, Made> {
  readonly permission: string;
  readonly send: () => Promise<T>;
  /** `null` = the answer to a dry run. */
  readonly made: (answer: T | null) => Made;
}
