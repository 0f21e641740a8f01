import type { ChangingKind } from '../action-kind.js';
import { lookAtMap, type MetadataMap, metadataMapSchema, patchMap } from './metadata-map.js';

/** Sets annotations that keep autoscalers from taking the object away. */
export const annotate: ChangingKind<MetadataMap> = {
  kind: 'annotate',
  makes: false,
  reversibility: 'exact',
  undo: 'gives the annotations their earlier values, or takes them away where there were none',
  view: metadataMapSchema,
  doing: ['get', 'patch'],
  undoing: ['get', 'patch'],
  look: (object, like) => lookAtMap(object, 'annotations', like),
  patch: (_object, view) => patchMap('annotations', view),
  undone: ({ before }) => before,
};
