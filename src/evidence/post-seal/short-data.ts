import type { CustodyData } from '../../model/post-seal-custody.js';

const MAX_SHOWN = 200;

/** The data of an event for people and lists: of a long value, as of a token, only how long it is. */
export function shortData(data: CustodyData): CustodyData {
  const entries = Object.entries(data).map(([name, value]) => {
    const isLong = typeof value === 'string' && value.length > MAX_SHOWN;
    return [name, isLong ? `<${String(value.length)} characters>` : value] as const;
  });
  return Object.fromEntries(entries);
}
