/** A pattern of the catalogue as the listing script takes it. */
export interface ListingSpec {
  /** Where the walk begins: an absolute folder without wildcards; `~` in front stands for every home. */
  readonly base: string;
  /** Levels below it. */
  readonly depth: number;
  /** POSIX extended, of the whole path as `find .` in the base says it: `./a/b`. */
  readonly regex: string;
  /** The same of what is not to be looked into; matches nothing where everything is. */
  readonly prune: string;
}

/** No path that `find .` prints begins so. */
const NEVER = '/';

/** Names that begin with a dot are matched like others: nothing hides from a wildcard. */
function segmentRegex(segment: string): string {
  return segment.replace(/[.*+?[\](){}^$|\\]/g, (character) => {
    if (character === '*') return '[^/]*';
    if (character === '?') return '[^/]';
    return `\\${character}`;
  });
}

function restRegex(segments: readonly string[]): string {
  return segments.map((segment) => (segment === '**' ? '/.*' : `/${segmentRegex(segment)}`)).join('');
}

/** Whole folders among the patterns left out, as seen from a base: their contents may be other file systems, a container's /proc even. */
function pruneRegex(base: string, exclude: readonly string[]): string {
  const folders = exclude
    .filter((pattern) => pattern.startsWith(`${base}/`) && pattern.endsWith('/**'))
    .map((pattern) => restRegex(pattern.slice(base.length + 1).split('/')));
  return folders.length === 0 ? NEVER : `\\.(${folders.join('|')})`;
}

/** Splits a pattern at its first wildcard. `maxDepth` bounds what `**` may reach; folders of `exclude` (`/a/b/**`) are not walked. */
export function listingSpecOf(pattern: string, maxDepth: number, exclude: readonly string[] = []): ListingSpec {
  const [first = '', ...segments] = pattern.split('/');
  const wild = segments.findIndex((segment) => /[*?]/.test(segment));
  const at = wild === -1 ? segments.length - 1 : wild;
  const rest = segments.slice(at);
  const base = `${first}/${segments.slice(0, at).join('/')}`.replace(/(?<=.)\/$/, '');
  const depth = rest.includes('**') ? maxDepth : rest.length;
  return { base, depth, regex: `\\.${restRegex(rest)}`, prune: pruneRegex(base, exclude) };
}

/** Of an absolute path as bytes; `~` stands for anything. `**` reaches any depth here. */
export function pathRegexOf(pattern: string): RegExp {
  const [first, ...segments] = pattern.split('/');
  return new RegExp(`^${first === '~' ? '.*' : ''}${restRegex(segments)}$`, 's');
}
