import type { ChangingKind } from '../action-kind.js';
import { QUARANTINE_LABEL } from '../quarantine-names.js';
import { lookAtMap, type MetadataMap, metadataMapSchema, patchMap } from './metadata-map.js';

/**
 * In one patch: the label that our deny policy selects, and away with those by which controllers and Services find the pod. Undone, the
 * latter stay away unless it is asked for: a controller that finds the pod again has one too many and deletes one.
 */
export const detachPod: ChangingKind<MetadataMap> = {
  kind: 'detach-pod',
  makes: false,
  reversibility: 'compensated',
  undo: 'takes our label away; the labels of controllers and Services come back with --readopt only',
  view: metadataMapSchema,
  doing: ['get', 'patch'],
  undoing: ['get', 'patch'],
  look: (object, like) => lookAtMap(object, 'labels', like),
  patch: (_object, view) => patchMap('labels', view),
  undone: ({ before, intended }, { readopt }) =>
    readopt ? before : { ...intended, [QUARANTINE_LABEL]: before[QUARANTINE_LABEL] ?? null },
};
