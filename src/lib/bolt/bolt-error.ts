/** Why a page could not be read, in words that stay. */
export type BoltProblemReason =
  | 'missing-page'
  | 'wrong-page-id'
  | 'wrong-page-type'
  | 'bad-elements'
  | 'out-of-order'
  | 'page-read-twice'
  | 'too-large'
  | 'too-deep'
  | 'bad-bucket'
  | 'meta-invalid';

/** Something that a database lost: a page that is damaged, or that was overwritten while the file was copied. */
export interface BoltProblem {
  readonly pageId: number;
  readonly reason: BoltProblemReason;
}

/** The file is no bolt database, or none of its two meta pages is whole. */
export class NotBoltError extends Error {
  override readonly name = 'NotBoltError';
}
