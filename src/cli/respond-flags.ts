import { Flags } from '@oclif/core';
import { ExhibitError } from '../model/errors.js';
import { collectFlags } from './collect-flags.js';
import { parseDurationMs } from './quantities.js';
import { loseVolatileFlag, quarantineFlags } from './quarantine-flags.js';
import { signingFlags, countersignFlags } from './signing-flags.js';
import { tsaFlags } from './timestampers.js';

const { node: _node, pod: _pod, namespace: _namespace, all: _all, ...howToCollect } = collectFlags;

/** A response has the flags of what it is made of: containment, collection, seal. */
export const respondFlags = {
  ...loseVolatileFlag,
  ...quarantineFlags,
  'contain-after': Flags.string({
    default: '5m',
    helpValue: 'DURATION',
    summary: 'Contain then at the latest, counted from the confirmation, whatever is still being read.',
  }),
  ...howToCollect,
  ...signingFlags,
  ...countersignFlags,
  ...tsaFlags,
  'classification': Flags.string({ helpValue: 'TEXT', summary: 'Marking that the signed statement carries.' }),
};

const MAX_WAIT_MS = 24 * 60 * 60 * 1000;

/** Milliseconds; `0` is now. Throws `USAGE_INVALID`. */
export function containAfterMs(text: string): number {
  const ms = text === '0' ? 0 : parseDurationMs(text);
  if (ms <= MAX_WAIT_MS) return ms;
  throw new ExhibitError('USAGE_INVALID', 'containment waits a day at most', {
    subject: text,
    hints: ['--contain-after 5m'],
  });
}
