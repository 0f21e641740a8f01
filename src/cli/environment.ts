import { hostname, userInfo } from 'node:os';

/** What the program takes from its surroundings, read once; everything below receives it as data. */
export interface Environment {
  /** All variables; credential plugins and the kubeconfig rules of kubectl need more than ours. Never logged, never stored. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly workingDirectory: string;
  readonly osUser: string;
  readonly host: string;
  readonly stdinIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Columns of the terminal behind stderr; 80 where there is none. */
  readonly columns: number;
  /** Animation and colour are welcome on stderr. */
  readonly colour: boolean;
}

function osUserName(variables: Readonly<Record<string, string | undefined>>): string {
  try {
    return userInfo().username;
  } catch {
    // A uid without an entry in the password database, as in many containers.
    return variables['USER'] ?? `uid-${String(process.getuid?.() ?? 0)}`;
  }
}

export function readEnvironment(): Environment {
  const variables = { ...process.env };
  const stderrIsTerminal = process.stderr.isTTY;
  const plain = (variables['NO_COLOR'] ?? '') !== '' || variables['TERM'] === 'dumb';
  return {
    variables,
    homeDirectory: variables['HOME'] ?? userInfo().homedir,
    workingDirectory: process.cwd(),
    osUser: osUserName(variables),
    host: hostname(),
    stdinIsTerminal: process.stdin.isTTY,
    stderrIsTerminal,
    columns: stderrIsTerminal ? process.stderr.columns : 80,
    colour: stderrIsTerminal && !plain,
  };
}

/** The variables of ours, for the table in the docs and for `exhibit explain`. */
export const ENVIRONMENT_TABLE = {
  EXHIBIT_HOME: 'One directory for cases, keys, trust list and configuration. Without it the XDG directories are used.',
  EXHIBIT_CASE: 'The case to work on, as --case.',
  EXHIBIT_KEY: 'The signing key, as --key of seal.',
  EXHIBIT_ALLOWED_SIGNERS: 'The trust list that verify uses, as --allowed-signers.',
  EXHIBIT_REVOKED: 'The list of revoked keys that verify uses, as --revoked.',
  EXHIBIT_TSA: 'Time-stamping authorities that seal asks, separated by spaces, as --tsa.',
  EXHIBIT_PROFILE: 'The profile of collect, as --profile.',
  EXHIBIT_COLLECTOR_IMAGE: 'The image of the collector pod, as --collector-image.',
  EXHIBIT_CONTEXT: 'The kubeconfig context, as --context.',
  EXHIBIT_NO_INPUT: 'Not empty: never ask, as --no-input.',
  EXHIBIT_DEBUG: 'Not empty: as --debug.',
} as const;

export type VariableName = keyof typeof ENVIRONMENT_TABLE;

/** A variable of ours; empty counts as not set. */
export function variableOf(environment: Environment, name: VariableName): string | undefined {
  const value = environment.variables[name];
  return value === undefined || value === '' ? undefined : value;
}
