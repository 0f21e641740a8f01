import type { Instance } from '@aws-sdk/client-ec2';
import { describeInstance } from '../describe-instance.js';
import type { AwsAct, Looked } from './aws-kind.js';

type Gone = Extract<Looked<never>, { readonly state: 'gone' }>;

/** The instance that a change is about; one that was ended is gone, though EC2 tells of it for an hour. */
export async function liveInstance({
  calls,
  subject,
}: AwsAct): Promise<{ readonly instance: Instance } | { readonly gone: Gone }> {
  const found = await describeInstance(calls, subject.instance);
  if (found === null) return { gone: { state: 'gone', detail: `EC2 knows no instance ${subject.instance}` } };
  const state = found.instance.State?.Name;
  if (state === 'terminated' || state === 'shutting-down')
    return { gone: { state: 'gone', detail: `EC2 says that ${subject.instance} is ${state}` } };
  return { instance: found.instance };
}
