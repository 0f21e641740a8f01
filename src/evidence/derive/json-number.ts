/** How far a number of JSON has come. */
export type NumberState = 'minus' | 'zero' | 'whole' | 'point' | 'fraction' | 'e' | 'sign' | 'exponent';

/** What each character leads to. */
const NEXT: Readonly<Record<NumberState, readonly (readonly [RegExp, NumberState])[]>> = {
  minus: [
    [/0/, 'zero'],
    [/[1-9]/, 'whole'],
  ],
  zero: [
    [/\./, 'point'],
    [/[eE]/, 'e'],
  ],
  whole: [
    [/\./, 'point'],
    [/[eE]/, 'e'],
  ],
  point: [[/[0-9]/, 'fraction']],
  fraction: [[/[eE]/, 'e']],
  e: [
    [/[+-]/, 'sign'],
    [/[0-9]/, 'exponent'],
  ],
  sign: [[/[0-9]/, 'exponent']],
  exponent: [],
};
/** Here any further digit changes nothing. */
const RUNS: ReadonlySet<NumberState> = new Set<NumberState>(['whole', 'fraction', 'exponent']);

/** The state after the first character, which is a digit or a minus. */
export function beginNumber(character: string): NumberState {
  if (character === '-') return 'minus';
  return character === '0' ? 'zero' : 'whole';
}

/** `null` for a byte that does not go on with the number. */
export function nextInNumber(state: NumberState, byte: number): NumberState | null {
  if (byte >= 0x30 && byte <= 0x39 && RUNS.has(state)) return state;
  const character = String.fromCharCode(byte);
  return NEXT[state].find(([fits]) => fits.test(character))?.[1] ?? null;
}

/** Whether a number may end here. */
export function isWholeNumber(state: NumberState): boolean {
  return state === 'zero' || RUNS.has(state);
}
