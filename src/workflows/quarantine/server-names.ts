import { ExhibitError } from '../../model/errors.js';

/** What the API takes for the name of a node or a pod, and for that of a namespace. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const UID = /^[A-Za-z0-9._:-]{1,128}$/;

function refuse(which: string, what: string): ExhibitError {
  return new ExhibitError('CLUSTER_PROTOCOL', `the server names what no cluster can have: ${which} of ${what}`, {
    subject: what,
    safe: 'Nothing was changed.',
  });
}

/** What is written into a plan must be a path later, or the plan could neither be done nor taken back. Throws `CLUSTER_PROTOCOL`. */
export function assertName(name: string, what: string): void {
  if (!NAME.test(name)) throw refuse('the name', what);
}

/** Throws `CLUSTER_PROTOCOL`. */
export function assertNamespace(namespace: string, what: string): void {
  if (!NAMESPACE.test(namespace)) throw refuse('the namespace', what);
}

/** Without a UID nobody can tell whether it is still the same object. Throws `CLUSTER_PROTOCOL`. */
export function assertUid(uid: string, what: string): void {
  if (!UID.test(uid)) throw refuse('the UID', what);
}
