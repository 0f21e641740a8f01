import { arrayAt, booleanAt, stringAt, valueAt } from '../../../lib/untyped.js';

/** What of the volumes of a pod goes with it: the first that does, in words; `null` = none. */
export function volumeLost(pod: unknown): string | null {
  for (const volume of arrayAt(pod, 'spec', 'volumes')) {
    const name = stringAt(volume, 'name') ?? '';
    const has = (source: string): boolean => valueAt(volume, source) !== undefined;
    if (has('emptyDir')) return `what is in its emptyDir volume ${name} would be lost`;
    if (has('ephemeral')) return `its ephemeral volume ${name} would be deleted`;
    if (has('hostPath')) return `it uses files of the node: hostPath volume ${name}`;
    if (has('csi') && booleanAt(volume, 'csi', 'readOnly') !== true)
      return `what is in its inline CSI volume ${name} may be lost`;
  }
  return null;
}

/** Names of its claims, each once. */
export function claimsOf(pod: unknown): readonly string[] {
  const names = arrayAt(pod, 'spec', 'volumes').flatMap(
    (volume) => stringAt(volume, 'persistentVolumeClaim', 'claimName') ?? [],
  );
  return [...new Set(names)];
}

/** Whether the data of a volume is on one node alone. One that says where it is to be had is bound to it. */
export function isLocalVolume(volume: unknown): boolean {
  if (valueAt(volume, 'spec', 'local') !== undefined || valueAt(volume, 'spec', 'hostPath') !== undefined) return true;
  const terms = arrayAt(volume, 'spec', 'nodeAffinity', 'required', 'nodeSelectorTerms');
  const keys = terms.flatMap((term) => arrayAt(term, 'matchExpressions').map((one) => stringAt(one, 'key') ?? ''));
  const fields = terms.flatMap((term) => arrayAt(term, 'matchFields'));
  return fields.length > 0 || keys.some((key) => key.includes('hostname'));
}
