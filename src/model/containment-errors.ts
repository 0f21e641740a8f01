import type { ErrorEntry } from './error-entry.js';

/** What can end a containment, or its release, other than well. */
export const CONTAINMENT_ERRORS = {
  TARGET_PROTECTED: {
    exitCode: 5,
    meaning:
      'The node is of the control plane, or is the machine that this program runs on; holding it may end the response.',
    remedy: 'Name it, if it is meant: exhibit quarantine node NAME --allow-node NAME.',
  },
  VOLATILE_NOT_TAKEN: {
    exitCode: 5,
    meaning: 'A node is to be severed, or others moved off it, and what vanishes with that is not in the open exhibit.',
    remedy: 'Collect it first, or name the node whose processes and connections may be lost: --lose-volatile NODE.',
  },
  QUARANTINE_PARTIAL: {
    exitCode: 3,
    meaning: 'Not every step of a containment was done. Those that were are in the journal with their way back.',
    remedy: 'Read the reason of each step, then repeat the same command: it goes on. To take it back: exhibit release.',
  },
  SUSPECTS_NOT_IN_PLAN: {
    exitCode: 3,
    meaning:
      'The case goes on with a plan, and pods match now what that was asked for and are not in it: nothing holds them.',
    remedy: 'Contain them by a plan of their own (the command is named), or release the plan and repeat the command.',
  },
  RESPOND_PARTIAL: {
    exitCode: 3,
    meaning: 'A phase of a response failed, or did only a part. The others were done, and what was collected is kept.',
    remedy: 'Read the line of each phase, then do what is missing by its own command: quarantine, collect, seal.',
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
  DOCTOR_FINDINGS: {
    exitCode: 3,
    meaning: 'Something that a response rests on does not work now, or not wholly.',
    remedy: 'Read each check and its remedy: exhibit doctor.',
  },
} as const satisfies Record<string, ErrorEntry>;
