/** What one machine's sessions of its role are denied: all, where they were opened before an instant. */
export interface Denial {
  /** ARN. */
  readonly instance: string;
  /** RFC 3339 UTC. */
  readonly issuedBeforeAt: string;
}

/**
 * An inline policy of a role. EC2 names the sessions that it opens for a machine by the id of the instance, and requests with them bear its
 * ARN: either is enough, and no other machine of the role has one of them.
 */
export function denyPolicy({ instance, issuedBeforeAt }: Denial): string {
  const id = instance.split('/').at(-1) ?? '';
  const before = { DateLessThan: { 'aws:TokenIssueTime': issuedBeforeAt } };
  const everything = { Effect: 'Deny', Action: '*', Resource: '*' };
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Sid: 'SessionOfTheInstance', ...everything, Condition: { ...before, StringLike: { 'aws:userid': `*:${id}` } } },
      {
        Sid: 'RequestOfTheInstance',
        ...everything,
        Condition: { ...before, ArnEquals: { 'ec2:SourceInstanceARN': instance } },
      },
    ],
  });
}

const INSTANT = /"aws:TokenIssueTime":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)"/;
const INSTANCE =
  /"ec2:SourceInstanceARN":"(arn:aws[a-z-]{0,12}:ec2:[a-z0-9-]{1,32}:\d{12}:instance\/i-[0-9a-f]{8,17})"/;

/** What one of our policies denies; `null` = it is none of ours to the letter. `document` as IAM gives it, percent-encoded or not. */
export function parseDenyPolicy(document: string): Denial | null {
  const text = decoded(document);
  const [, issuedBeforeAt] = INSTANT.exec(text) ?? [];
  const [, instance] = INSTANCE.exec(text) ?? [];
  if (issuedBeforeAt === undefined || instance === undefined) return null;
  return denyPolicy({ instance, issuedBeforeAt }) === text ? { instance, issuedBeforeAt } : null;
}

function decoded(document: string): string {
  if (!document.startsWith('%7B')) return document;
  try {
    return decodeURIComponent(document);
  } catch {
    return document;
  }
}
