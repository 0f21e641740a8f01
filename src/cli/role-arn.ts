import { ExhibitError } from '../model/errors.js';

const ROLE = /^arn:aws[a-z-]{0,12}:iam::(\d{12}):role\/[\w+=,.@/-]{1,576}$/;

/** The account of `arn:aws:iam::444455556666:role/evidence`, which may be a word of an archive of others. Throws `USAGE_INVALID`. */
export function accountOfRole(role: string): string {
  const account = ROLE.exec(role)?.[1];
  if (account !== undefined) return account;
  throw new ExhibitError('USAGE_INVALID', `this is no ARN of a role: ${role}`, {
    hints: ['aws iam list-roles'],
    safe: 'Nothing was changed.',
  });
}
