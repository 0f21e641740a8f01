/** `/proc/<pid>/status`, as far as it is of use. Sets of capabilities are hexadecimal; `null` = the kernel does not say. */
export interface ProcessStatus {
  /** Real, effective, saved, of the file system. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** Numbers of the process in each PID namespace, the outermost first. */
  readonly namespacePids: readonly number[];
  readonly tracerPid: number | null;
  readonly capabilities: {
    readonly inheritable: string | null;
    readonly permitted: string | null;
    readonly effective: string | null;
    readonly bounding: string | null;
    readonly ambient: string | null;
  };
  readonly noNewPrivileges: boolean | null;
  /** 0 none, 1 strict, 2 filter. */
  readonly seccomp: number | null;
}

const MAX_NUMBERS = 64;

function numbersIn(text: string | undefined): number[] {
  const words = (text ?? '').split(/\s+/).filter((word) => /^\d{1,10}$/.test(word));
  return words.slice(0, MAX_NUMBERS).map(Number);
}

function capabilitySet(text: string | undefined): string | null {
  return text !== undefined && /^[0-9a-f]{1,16}$/.test(text) ? text : null;
}

/** Reads what is there and leaves out what is not; the name of the process, which it chose itself, cannot make a line: the kernel escapes it. */
export function parseStatus(lines: readonly string[]): ProcessStatus {
  const values = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const key = line.slice(0, colon);
    if (colon > 0 && !values.has(key)) values.set(key, line.slice(colon + 1).trim());
  }
  const [noNewPrivileges] = numbersIn(values.get('NoNewPrivs'));
  return {
    uids: numbersIn(values.get('Uid')),
    gids: numbersIn(values.get('Gid')),
    namespacePids: numbersIn(values.get('NSpid')),
    tracerPid: numbersIn(values.get('TracerPid'))[0] ?? null,
    capabilities: {
      inheritable: capabilitySet(values.get('CapInh')),
      permitted: capabilitySet(values.get('CapPrm')),
      effective: capabilitySet(values.get('CapEff')),
      bounding: capabilitySet(values.get('CapBnd')),
      ambient: capabilitySet(values.get('CapAmb')),
    },
    noNewPrivileges: noNewPrivileges === undefined ? null : noNewPrivileges === 1,
    seccomp: numbersIn(values.get('Seccomp'))[0] ?? null,
  };
}
