import type { Subject } from '../model/artifact.js';

/** Which machine an item is of, as far as it is known; empty strings are not known. */
export function nodeSubject(node: { readonly uid: string; readonly machineId: string }): Subject {
  return {
    ...(node.uid === '' ? {} : { nodeUid: node.uid }),
    ...(node.machineId === '' ? {} : { machineId: node.machineId }),
  };
}
