import type { ExhibitError } from '../model/errors.js';

/** What a command hands back to be printed. `result` is the JSON document; the rest are other views of it. */
export interface CommandOutcome<R extends object> {
  readonly result: R;
  /** Where a command has results of more than one shape: the id of this one, `collect:plan`. Default: the command's own. */
  readonly shape?: string;
  /** For people, without a line end at the end; names from elsewhere already escaped. */
  readonly text: string;
  readonly wide?: string;
  /** One JSON line each with `-o ndjson`. */
  readonly rows?: Iterable<object>;
  /** As `rows`, for what is too long to be held. */
  readonly eachRow?: (onRow: (row: object) => void) => Promise<void>;
  /** One line each with `-o name`. */
  readonly names?: readonly string[];
  /** The result stands, but the run did not end well: shown on stderr after the result, and its exit code is ours. */
  readonly notice?: ExhibitError;
  /** Where no error describes it, as for a verdict. */
  readonly exitCode?: number;
}

/** What `run` returns to main. */
export interface CommandReport {
  readonly exitCode: number;
  readonly notice: ExhibitError | null;
}
