import type { ErrorEntry } from './error-entry.js';

/** What can end a containment, or its release, other than well. */
export const CONTAINMENT_ERRORS = {
  TARGET_PROTECTED: {
    exitCode: 5,
    meaning:
      'The node is of the control plane, or is the machine that this program runs on; holding it may end the response.',
    remedy: 'Name it, if it is meant: exhibit quarantine node NAME --allow-node NAME.',
  },
  QUARANTINE_PARTIAL: {
    exitCode: 3,
    meaning: 'Not every step of a containment was done. Those that were are in the journal with their way back.',
    remedy: 'Read the reason of each step, then repeat the same command: it goes on. To take it back: exhibit release.',
  },
  NOTHING_TO_RELEASE: {
    exitCode: 2,
    meaning: 'The case has made no containment that is still there, or none of that name.',
    remedy: 'Check the case: exhibit case list.',
  },
  RELEASE_INCOMPLETE: {
    exitCode: 40,
    meaning: 'Something that a containment changed is still there; the journal of the case shows what.',
    remedy: 'Compare before, ours and now of each step; repeat exhibit release, with --force-step where ours is to go.',
  },
} as const satisfies Record<string, ErrorEntry>;
