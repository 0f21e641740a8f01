/**
 * Names for the nodes of a graph: `urn:uuid:` and a UUID made of a SHA-256 and a number, so that the same archive has the same node in every
 * package. The digits are those of a digest, so the form is that of a name-based UUID (version 5 in RFC 9562, although the digest is not
 * SHA-1): UCO asks for a version below 6.
 */
export function graphId(sha256: string, number: number): string {
  const hex = sha256.slice(0, 24) + number.toString(16).padStart(8, '0');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20),
  ];
  return `urn:uuid:${groups.join('-')}`;
}
