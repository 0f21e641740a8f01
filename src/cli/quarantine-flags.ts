import { Flags } from '@oclif/core';
import { ExhibitError } from '../model/errors.js';
import { STEP_NAMES } from '../workflows/quarantine/quarantine-request.js';
import { clusterFlags } from './flags.js';

export const quarantineFlags = {
  'suspect': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'SELECTOR',
    summary: 'Pods to contain: NAMESPACE/POD, owner=NAMESPACE/KIND/NAME, image=sha256:DIGEST or label=KEY=VALUE.',
  }),
  'level': Flags.string({
    default: 'hold',
    helpValue: 'hold',
    summary: 'How far it goes: hold restarts and evicts no pod.',
  }),
  'skip': Flags.option({ options: STEP_NAMES, multiple: true, multipleNonGreedy: true })({
    summary: 'A step to leave out; repeatable.',
  }),
  'allow-node': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'NAME',
    summary: 'A node that is meant although it is of the control plane or the machine that this runs on.',
  }),
  'dry-run': Flags.boolean({
    default: false,
    summary: 'Show every change, right, side effect and what is not achieved; the server tries each and keeps nothing.',
  }),
  'confirm': Flags.string({
    helpValue: 'NAME',
    summary: 'What would have to be typed, where nobody can be asked; --yes is not enough.',
  }),
  ...clusterFlags,
};

/** Throws `USAGE_INVALID` for every level but the one there is. */
export function checkLevel(level: string): void {
  if (level === 'hold') return;
  throw new ExhibitError('USAGE_INVALID', `there is no level ${level}: this version knows hold alone`, {
    subject: level,
    hints: ['Repeat the command with --level hold'],
    safe: 'Nothing was changed.',
  });
}
