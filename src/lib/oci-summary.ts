import { arrayAt, booleanAt, integerAt, parseJson, stringAt, stringsAt, valueAt } from './untyped.js';

const MAX_TEXT = 1024;
const MAX_ARGS = 64;
const MAX_MOUNTS = 256;

/** What of an OCI runtime specification says how a container ran; its environment is left to the raw file. Untrusted, bounded text. */
export interface OciSummary {
  readonly args: readonly string[];
  readonly cwd: string | null;
  readonly uid: number | null;
  readonly gid: number | null;
  /** Names of the variables only: their values may be secrets. */
  readonly envNames: readonly string[];
  readonly rootPath: string | null;
  readonly readonlyRoot: boolean;
  readonly mounts: readonly {
    readonly destination: string;
    readonly source: string;
    readonly type: string;
    readonly readOnly: boolean;
  }[];
  readonly cgroupsPath: string | null;
  readonly capabilities: readonly string[];
  /** Types of the namespaces that are made or joined; one that is missing is the node's own. */
  readonly namespaces: readonly string[];
  readonly userNamespace: boolean;
  readonly noNewPrivileges: boolean;
}

const cut = (text: string): string => text.slice(0, MAX_TEXT);
const cutOrNull = (text: string | undefined): string | null => (text === undefined ? null : cut(text));

/** Reads an OCI `config.json`; `null` when it is not a JSON object. */
export function summarizeOci(json: Buffer): OciSummary | null {
  const spec = parseJson(json);
  if (spec === null || typeof spec !== 'object' || Array.isArray(spec)) return null;
  const namespaces = arrayAt(spec, 'linux', 'namespaces')
    .map((one) => stringAt(one, 'type') ?? '')
    .slice(0, MAX_ARGS)
    .map(cut);
  return {
    args: stringsAt(spec, 'process', 'args').slice(0, MAX_ARGS).map(cut),
    cwd: cutOrNull(stringAt(spec, 'process', 'cwd')),
    uid: integerAt(spec, 'process', 'user', 'uid') ?? null,
    gid: integerAt(spec, 'process', 'user', 'gid') ?? null,
    envNames: stringsAt(spec, 'process', 'env')
      .slice(0, MAX_MOUNTS)
      .map((entry) => cut(entry.split('=', 1)[0] ?? '')),
    rootPath: cutOrNull(stringAt(spec, 'root', 'path')),
    readonlyRoot: booleanAt(spec, 'root', 'readonly') ?? false,
    mounts: arrayAt(spec, 'mounts')
      .slice(0, MAX_MOUNTS)
      .map((mount) => ({
        destination: cut(stringAt(mount, 'destination') ?? ''),
        source: cut(stringAt(mount, 'source') ?? ''),
        type: cut(stringAt(mount, 'type') ?? ''),
        readOnly: stringsAt(mount, 'options').includes('ro'),
      })),
    cgroupsPath: cutOrNull(stringAt(spec, 'linux', 'cgroupsPath')),
    capabilities: stringsAt(spec, 'process', 'capabilities', 'bounding').slice(0, MAX_ARGS).map(cut),
    namespaces,
    userNamespace: namespaces.includes('user') || valueAt(spec, 'linux', 'uidMappings') !== undefined,
    noNewPrivileges: booleanAt(spec, 'process', 'noNewPrivileges') ?? false,
  };
}
