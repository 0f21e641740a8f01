import { escapeForTerminal } from '../lib/terminal-escape.js';
import { ExhibitError } from '../model/errors.js';
import type { Clock } from '../ports/clock.js';

const STRIKES = 2;
const OPEN_US = 60_000_000;

/** Keeps one dead node from costing its time limit again and again. */
export interface NodeBreaker {
  isOpen(node: string | undefined): boolean;
  /** Throws `TIMEOUT` naming the node while calls to it are held off. */
  check(node: string | undefined): void;
  /** The kubelet was not reached, or fell silent. */
  strike(node: string | undefined): void;
  /** The kubelet answered. */
  clear(node: string | undefined): void;
}

/** After two strikes in a row the node is held off for 60 s; then it is asked again, and one more strike holds it off again. */
export function createNodeBreaker(clock: Clock): NodeBreaker {
  const nodes = new Map<string, { strikes: number; openUntilUs: number }>();
  const isOpen = (node: string | undefined): boolean =>
    node !== undefined && (nodes.get(node)?.openUntilUs ?? Number.NEGATIVE_INFINITY) > clock.monoUs();
  return {
    isOpen,
    check: (node) => {
      if (!isOpen(node)) return;
      throw new ExhibitError(
        'TIMEOUT',
        `The kubelet of node ${escapeForTerminal(node ?? '', 100)} did not answer twice; it is not asked again for a minute.`,
        {
          subject: node ?? '',
          retryable: true,
        },
      );
    },
    strike: (node) => {
      if (node === undefined) return;
      const state = nodes.get(node) ?? { strikes: 0, openUntilUs: Number.NEGATIVE_INFINITY };
      state.strikes += 1;
      if (state.strikes >= STRIKES) state.openUntilUs = clock.monoUs() + OPEN_US;
      nodes.set(node, state);
    },
    clear: (node) => {
      if (node !== undefined) nodes.delete(node);
    },
  };
}
