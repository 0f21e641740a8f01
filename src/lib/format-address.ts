/** The longest run of zero groups, the first of several; one group alone is no run. */
function longestZeros(groups: readonly number[]): { from: number; length: number } {
  let best = { from: -1, length: 1 };
  let from = -1;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) from = -1;
    else if (from === -1) from = index;
    if (from !== -1 && index - from + 1 > best.length) best = { from, length: index - from + 1 };
  }
  return best;
}

/** Four or sixteen bytes in network order as text: dotted decimal, or IPv6 as RFC 5952 writes it. */
export function formatAddress(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return `::ffff:${bytes.subarray(12).join('.')}`;
  const text = (some: readonly number[]): string => some.map((group) => group.toString(16)).join(':');
  const { from, length } = longestZeros(groups);
  if (from === -1) return text(groups);
  return `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`;
}
