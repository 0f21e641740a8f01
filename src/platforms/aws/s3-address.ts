import { ExhibitError } from '../../model/errors.js';

/** Where in S3: `prefix` is empty or ends with a slash. */
export interface S3Address {
  readonly bucket: string;
  readonly prefix: string;
}

/** S3 takes 1024 bytes as a key; a custody event takes 500 as a place. */
const MAX_PREFIX = 350;
const URL = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;
/** Characters that AWS calls safe, and those that need no quoting in a shell. */
const SEGMENT = /^[A-Za-z0-9!_.*'()=+@,-]{1,255}$/;

function isPlainSegment(segment: string): boolean {
  return SEGMENT.test(segment) && segment !== '.' && segment !== '..';
}

/** `s3://bucket`, `s3://bucket/prefix`, `s3://bucket/prefix/`. Throws `DESTINATION_INVALID`. */
export function parseS3Address(url: string): S3Address {
  const [, bucket, path = ''] = URL.exec(url) ?? [];
  const prefix = path.replace(/\/$/, '');
  const isPlain = prefix === '' || prefix.split('/').every(isPlainSegment);
  if (bucket === undefined || !isPlain || prefix.length > MAX_PREFIX || bucket.includes('..'))
    throw new ExhibitError('DESTINATION_INVALID', 'this is no address of a bucket: s3://BUCKET or s3://BUCKET/PREFIX', {
      subject: url,
      hints: ['aws s3 ls'],
    });
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}
