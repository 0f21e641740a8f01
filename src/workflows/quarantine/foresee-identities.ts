import { arrayAt, stringAt } from '../../lib/untyped.js';
import type { Suspect } from './read-scene.js';

/** By which a pod gets credentials of a cloud that are its own and not those of its machine. All of it is said by whoever made the pod. */
interface Identities {
  /** ARN of the role that its token is exchanged for; `null` = none is said, though there is a token. */
  readonly role: string | null;
  readonly hasWebIdentity: boolean;
  readonly hasPodIdentity: boolean;
}

const CONTAINERS = ['containers', 'initContainers', 'ephemeralContainers'];
const ROLE_ARN = /^arn:aws[a-z-]{0,12}:iam::\d{12}:role\/(?:[\w+=,.@-]{1,128}\/){0,8}((?!-)[\w+=,.@-]{1,64})$/;
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const UID = /^[\w-]{1,64}$/;
const STS = /^sts\.amazonaws\.com(?:\.cn)?$/;
const PODS = /^pods\.eks\.amazonaws\.com(?:\.cn)?$/;

function identitiesOf(pod: unknown): Identities {
  const containers = CONTAINERS.flatMap((kind) => arrayAt(pod, 'spec', kind));
  const environment = containers.flatMap((one) => arrayAt(one, 'env'));
  const named = (name: string): readonly string[] =>
    environment.flatMap((one) => (stringAt(one, 'name') === name ? (stringAt(one, 'value') ?? '') : []));
  const audiences = arrayAt(pod, 'spec', 'volumes')
    .flatMap((volume) => arrayAt(volume, 'projected', 'sources'))
    .flatMap((source) => stringAt(source, 'serviceAccountToken', 'audience') ?? []);
  const role = named('AWS_ROLE_ARN').find((arn) => ROLE_ARN.test(arn)) ?? null;
  return {
    role,
    hasWebIdentity: named('AWS_ROLE_ARN').length > 0 || audiences.some((one) => STS.test(one)),
    hasPodIdentity: named('AWS_CONTAINER_CREDENTIALS_FULL_URI').length > 0 || audiences.some((one) => PODS.test(one)),
  };
}

function denial(role: string, caseToken: string, condition: string): string {
  const statement = `{"Effect":"Deny","Action":"*","Resource":"*","Condition":${condition}}`;
  const document = `{"Version":"2012-10-17","Statement":[${statement}]}`;
  return `aws iam put-role-policy --role-name ${role} --policy-name exhibit-deny-${caseToken} --policy-document '${document}'`;
}

function webIdentity({ name, namespace }: Suspect, { role }: Identities, caseToken: string): string {
  const whose = `pod ${namespace}/${name} has a token of its service account that AWS takes (IRSA)`;
  const [, roleName] = ROLE_ARN.exec(role ?? '') ?? [];
  if (role === null || roleName === undefined)
    return `${whose}, for a role that it does not say: its sessions are valid as before`;
  // The quotes end and begin again around what the shell puts in: the instant at which the command is given.
  const until = `{"DateLessThan":{"aws:TokenIssueTime":"'"$(date -u +%FT%TZ)"'"}}`;
  return `${whose}: sessions of ${role}, as the pod itself says, are valid, and it can open new ones while that role trusts its service account. Look at that role first; to deny the sessions of all pods that were opened until now: ${denial(roleName, caseToken, until)}`;
}

function podIdentity({ name, namespace, uid, object }: Suspect, caseToken: string): string {
  const whose = `pod ${namespace}/${name} gets credentials of EKS Pod Identity, which are valid as before`;
  const account = stringAt(object, 'spec', 'serviceAccountName') ?? 'default';
  if (![namespace, account].every((one) => NAME.test(one)) || !UID.test(uid)) return whose;
  const listed = `aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace ${namespace} --service-account ${account}`;
  const ofPod = `{"StringEquals":{"aws:PrincipalTag/kubernetes-pod-uid":"${uid}"}}`;
  return `${whose}. Whose role: ${listed}. To deny the sessions of this pod alone, those to come as well: ${denial('ROLE', caseToken, ofPod)}`;
}

/**
 * Credentials of AWS that suspects have by themselves, and how somebody with the right to do so revokes them: none of them comes from the
 * machine, so that no level takes them away. What a pod gets by other ways (a Secret, a file) is not seen.
 */
export function foreseeIdentities(suspects: readonly Suspect[], caseToken: string): readonly string[] {
  return suspects.flatMap((suspect) => {
    const identities = identitiesOf(suspect.object);
    return [
      ...(identities.hasWebIdentity ? [webIdentity(suspect, identities, caseToken)] : []),
      ...(identities.hasPodIdentity ? [podIdentity(suspect, caseToken)] : []),
    ];
  });
}
