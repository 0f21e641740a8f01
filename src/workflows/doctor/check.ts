import { ExhibitError } from '../../model/errors.js';

/** `unknown`: nobody here can tell, and nothing rests on it. What is needed and cannot be told is `degraded`. */
export type CheckState = 'works' | 'degraded' | 'fails' | 'unknown';

/** One thing that a response rests on, as it is now. Names in it are untrusted. */
export interface Check {
  readonly id: string;
  /** What was looked at. */
  readonly subject: string;
  readonly state: CheckState;
  readonly reason: string;
  /** A command to copy, or what to do; `null` = nothing is to be done. */
  readonly remedy: string | null;
  /** Of the error that ended the look; `null` = it came to its end. */
  readonly code: string | null;
}

type Found = Pick<Check, 'state' | 'reason'> & { readonly subject?: string; readonly remedy?: string };
type Where = Pick<Check, 'id' | 'subject'> & { readonly onError?: CheckState; readonly remedy?: string };

export function check(id: string, subject: string, found: Found): Check {
  return { id, remedy: null, code: null, ...found, subject: found.subject ?? subject };
}

/** What a failed look says is the check itself: a doctor goes on. Throws an interruption and what is no error of ours. */
export async function looked(
  { id, subject, onError = 'unknown', remedy }: Where,
  look: () => Promise<Found | Check | readonly (Found | Check)[]>,
): Promise<readonly Check[]> {
  try {
    return [await look()].flat().map((found) => ('code' in found ? found : check(id, subject, found)));
  } catch (error) {
    if (!(error instanceof ExhibitError) || error.code === 'INTERRUPTED' || error.code === 'TERMINATED') throw error;
    const { message, hints, code } = error;
    return [{ id, subject, state: onError, reason: message, remedy: remedy ?? hints[0] ?? null, code }];
  }
}

const MAX_NAMES = 5;

/** `a, b, c and 7 more` */
export function fewOf(names: readonly string[]): string {
  const rest = names.length - MAX_NAMES;
  return rest > 0 ? `${names.slice(0, MAX_NAMES).join(', ')} and ${String(rest)} more` : names.join(', ');
}
