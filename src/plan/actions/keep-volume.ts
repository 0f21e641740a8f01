import { cloudKind } from '../cloud-kind.js';

/** Keeps one disk when its machine is ended all the same. */
export const keepVolume = cloudKind('keep-volume', {
  reversibility: 'exact',
  undo: 'has the disk go with its machine again, where it did before',
});
