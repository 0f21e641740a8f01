/** A pattern of the catalogue as the listing script takes it. */
export interface ListingSpec {
  /** Where the walk begins: an absolute folder without wildcards; `~` in front stands for every home. */
  readonly base: string;
  /** Levels below it. */
  readonly depth: number;
  /** POSIX extended, of the whole path as `find .` in the base says it: `./a/b`. */
  readonly regex: string;
}

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

/** Splits a pattern at its first wildcard. `maxDepth` bounds what `**` may reach. */
export function listingSpecOf(pattern: string, maxDepth: number): ListingSpec {
  const [first = '', ...segments] = pattern.split('/');
  const wild = segments.findIndex((segment) => /[*?]/.test(segment));
  const at = wild === -1 ? segments.length - 1 : wild;
  const rest = segments.slice(at);
  const base = `${first}/${segments.slice(0, at).join('/')}`.replace(/(?<=.)\/$/, '');
  const depth = rest.includes('**') ? maxDepth : rest.length;
  return { base, depth, regex: `\\.${restRegex(rest)}` };
}

/** Of an absolute path as bytes; `~` stands for anything. `**` reaches any depth here. */
export function pathRegexOf(pattern: string): RegExp {
  const [first, ...segments] = pattern.split('/');
  return new RegExp(`^${first === '~' ? '.*' : ''}${restRegex(segments)}$`, 's');
}
