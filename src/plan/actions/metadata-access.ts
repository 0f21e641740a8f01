import { cloudKind } from '../cloud-kind.js';

/** Closes the service on a machine that hands out the credentials of its role. Those that were handed out are valid as before. */
export const metadataService = cloudKind('metadata-service', {
  reversibility: 'exact',
  undo: 'opens the service as it was before',
});
