import { arrayAt, integerAt, parseJson, stringAt, stringsAt, valueAt } from '../../lib/untyped.js';

/** A program as bpftool lists it. Names are the node's and untrusted. */
export interface BpfProgram {
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly tag: string;
  /** Who loaded it; `null` = not told. */
  readonly uid: number | null;
  /** Seconds since 1970; `null` = not told. */
  readonly loadedAt: number | null;
  readonly mapIds: readonly number[];
  readonly pinned: readonly string[];
}

/** Where somebody says that a program is: an open file, a link, a device, a control group, another program's table. */
export interface BpfMention {
  readonly programId: number;
  readonly by: 'open-file' | 'link' | 'cgroup' | 'net' | 'perf' | 'program-array';
  /** `123/fdinfo/4`, `link 7`, `/kubepods/...`, `net:[4026531840] eth0`; untrusted. */
  readonly where: string;
}

const MAX_LISTED = 100_000;
const MAX_TEXT = 512;
const MAX_DEPTH = 6;

const text = (value: string | undefined): string => (value ?? '').slice(0, MAX_TEXT);

/** `null` = not what bpftool prints. */
export function parsePrograms(json: Buffer): readonly BpfProgram[] | null {
  const value = parseJson(json);
  if (!Array.isArray(value)) return null;
  return value.slice(0, MAX_LISTED).flatMap((entry: unknown) => {
    const id = integerAt(entry, 'id');
    if (id === undefined) return [];
    return {
      id,
      type: text(stringAt(entry, 'type')),
      name: text(stringAt(entry, 'name')),
      tag: text(stringAt(entry, 'tag')),
      uid: integerAt(entry, 'uid') ?? null,
      loadedAt: integerAt(entry, 'loaded_at') ?? null,
      mapIds: arrayAt(entry, 'map_ids')
        .slice(0, 1000)
        .filter((map) => typeof map === 'number'),
      pinned: stringsAt(entry, 'pinned').slice(0, 100).map(text),
    };
  });
}

export function mentionsOfLinks(json: Buffer): readonly BpfMention[] {
  const value = parseJson(json);
  return (Array.isArray(value) ? value.slice(0, MAX_LISTED) : []).flatMap((entry: unknown) => {
    const programId = integerAt(entry, 'prog_id');
    return programId === undefined
      ? []
      : { programId, by: 'link', where: `link ${String(integerAt(entry, 'id') ?? '')}` };
  });
}

export function mentionsOfCgroups(json: Buffer): readonly BpfMention[] {
  const value = parseJson(json);
  return (Array.isArray(value) ? value.slice(0, MAX_LISTED) : []).flatMap((group: unknown) =>
    arrayAt(group, 'programs').flatMap((entry) => {
      const programId = integerAt(entry, 'id');
      return programId === undefined
        ? []
        : { programId, by: 'cgroup' as const, where: text(stringAt(group, 'cgroup')) };
    }),
  );
}

export function mentionsOfPerf(json: Buffer): readonly BpfMention[] {
  const value = parseJson(json);
  return (Array.isArray(value) ? value.slice(0, MAX_LISTED) : []).flatMap((entry: unknown) => {
    const programId = integerAt(entry, 'prog_id');
    const where = `${String(integerAt(entry, 'pid') ?? '')}/fdinfo/${String(integerAt(entry, 'fd') ?? '')}`;
    return programId === undefined ? [] : { programId, by: 'perf', where };
  });
}

/** Programs that stand anywhere below one namespace's answer: the tables of bpftool differ by version, the two keys do not. */
function netMentions(namespace: string, value: unknown, depth = 0): BpfMention[] {
  if (depth > MAX_DEPTH || value === null || typeof value !== 'object') return [];
  if (Array.isArray(value))
    return value.slice(0, MAX_LISTED).flatMap((entry: unknown) => netMentions(namespace, entry, depth + 1));
  const programId = integerAt(value, 'prog_id') ?? integerAt(value, 'id');
  const where = `${namespace} ${text(stringAt(value, 'devname'))}`.trim();
  const own: BpfMention[] = programId === undefined ? [] : [{ programId, by: 'net', where }];
  return [...own, ...Object.values(value).flatMap((inner) => netMentions(namespace, inner, depth + 1))];
}

const pairsOf = (bytes: Buffer): (readonly [string, string])[] => {
  const lines = bytes.toString('latin1').split('\n');
  return lines.flatMap((line, index) => (index % 2 === 0 ? [[line, lines[index + 1] ?? ''] as const] : []));
};

/** Reads the lines of the script for devices. `failed` counts namespaces that gave no JSON. */
export function mentionsOfNet(bytes: Buffer): { readonly mentions: readonly BpfMention[]; readonly failed: number } {
  const answers = pairsOf(bytes).filter(([namespace]) => namespace.startsWith('net:['));
  const parsed = answers.map(([namespace, json]) => [namespace, parseJson(Buffer.from(json, 'latin1'))] as const);
  return {
    mentions: parsed.flatMap(([namespace, value]) => netMentions(namespace, value)),
    failed: parsed.filter(([, value]) => value === undefined).length,
  };
}

/** A table of programs holds their numbers, four bytes in the order of the machine: little-endian on all that Kubernetes runs on but s390x. */
export function mentionsOfArrays(bytes: Buffer): readonly BpfMention[] {
  return pairsOf(bytes).flatMap(([map, json]) => {
    const value = parseJson(Buffer.from(json, 'latin1'));
    return (Array.isArray(value) ? value.slice(0, MAX_LISTED) : []).flatMap((entry: unknown) => {
      const octets = stringsAt(valueAt(entry, 'value') === undefined ? undefined : entry, 'value').map(Number);
      const isNumber =
        octets.length === 4 && octets.every((octet) => Number.isInteger(octet) && octet >= 0 && octet < 256);
      if (!isNumber) return [];
      return { programId: Buffer.from(octets).readUInt32LE(0), by: 'program-array', where: `map ${map}` };
    });
  });
}

/** Numbers of the maps that hold programs. */
export function programArraysOf(json: Buffer): readonly number[] {
  const value = parseJson(json);
  return (Array.isArray(value) ? value.slice(0, MAX_LISTED) : []).flatMap((entry: unknown) => {
    const id = integerAt(entry, 'id');
    return id !== undefined && stringAt(entry, 'type') === 'prog_array' ? id : [];
  });
}
