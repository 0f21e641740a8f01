/** Whether a segment fits a pattern in which `*` stands for any characters. Each star is tried once to its end: no backtracking beyond it. */
function segmentMatches(pattern: string, segment: string): boolean {
  let [inPattern, inSegment, star, resumeAt] = [0, 0, -1, 0];
  while (inSegment < segment.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern;
      resumeAt = inSegment;
      inPattern += 1;
    } else if (pattern[inPattern] === segment[inSegment]) {
      inPattern += 1;
      inSegment += 1;
    } else if (star === -1) {
      return false;
    } else {
      resumeAt += 1;
      inPattern = star + 1;
      inSegment = resumeAt;
    }
  }
  return /^\**$/.test(pattern.slice(inPattern));
}

/**
 * A glob over paths of an archive: `*` within a segment, a segment `**` for any number of segments, also none; everything else stands
 * for itself.
 */
export function pathGlob(glob: string): (path: string) => boolean {
  const patterns = glob.split('/');
  return (path) => {
    // Which patterns may come next, after each segment of the path: bounded by the product of the two lengths.
    let reached = withoutDeep(patterns, [0]);
    for (const segment of path.split('/')) {
      const next = new Set<number>();
      for (const at of reached) {
        const pattern = patterns[at];
        if (pattern === undefined) continue;
        if (pattern === '**') next.add(at);
        else if (segmentMatches(pattern, segment)) next.add(at + 1);
      }
      reached = withoutDeep(patterns, next);
    }
    return reached.has(patterns.length);
  };
}

/** Adds what follows each `**`, which may stand for nothing. */
function withoutDeep(patterns: readonly string[], reached: Iterable<number>): Set<number> {
  const all = new Set(reached);
  for (const at of all) if (patterns[at] === '**') all.add(at + 1);
  return all;
}
