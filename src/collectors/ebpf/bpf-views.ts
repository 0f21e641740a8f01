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

/** A number of a script's own; `null` = it is none. */
export const countOf = (said: string | undefined): number | null =>
  /^\d{1,9}$/.test(said ?? '') ? Number(said) : null;

/** Whether this is a list of bpftool of which all is read. */
export function isWholeList(json: Buffer): boolean {
  const value = parseJson(json);
  return Array.isArray(value) && value.length <= MAX_LISTED;
}

/** The first 100,000 of the list. `null` = not what bpftool prints. */
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

interface NetFound {
  readonly namespace: string;
  readonly into: BpfMention[];
}

/**
 * Programs that stand anywhere below one namespace's answer: the tables of bpftool differ by version, the two keys do not. Returns whether
 * all of it was read.
 */
function netMentions(value: unknown, found: NetFound, depth = 0): boolean {
  const { namespace, into } = found;
  if (value === null || typeof value !== 'object') return true;
  if (depth > MAX_DEPTH || into.length >= MAX_LISTED) return false;
  const programId = integerAt(value, 'prog_id') ?? integerAt(value, 'id');
  const where = `${namespace} ${text(stringAt(value, 'devname'))}`.trim();
  if (programId !== undefined) into.push({ programId, by: 'net', where });
  return Object.values(value).every((inner) => netMentions(inner, found, depth + 1));
}

/** Each line that is a key, with the line behind it. bpftool ends its answer with a line end, or with none. */
function pairsOf(bytes: Buffer, key: RegExp): (readonly [string, string])[] {
  const lines = bytes.toString('latin1').split('\n');
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (!key.test(line)) continue;
    at += 1;
    pairs.push([line, lines[at] ?? '']);
  }
  return pairs;
}

export interface NetMentions {
  readonly mentions: readonly BpfMention[];
  /** Namespaces that gave no answer, or one that is not read to its end. */
  readonly failed: number;
  /** Namespaces beyond the bound, and processes that would not say theirs; `null` = the script did not say. */
  readonly leftOut: number | null;
  readonly refused: number | null;
}

/** Reads the lines of the script for devices. */
export function mentionsOfNet(bytes: Buffer): NetMentions {
  const pairs = pairsOf(bytes, /^(?:net:\[\d{1,12}\]|exhibit-(?:left-out|refused))$/);
  const said = new Map(pairs);
  const mentions: BpfMention[] = [];
  let failed = 0;
  for (const [namespace, json] of pairs) {
    if (!namespace.startsWith('net:[')) continue;
    const value = parseJson(Buffer.from(json, 'latin1'));
    if (!Array.isArray(value) || !netMentions(value, { namespace, into: mentions })) failed += 1;
  }
  return {
    mentions,
    failed,
    leftOut: countOf(said.get('exhibit-left-out')),
    refused: countOf(said.get('exhibit-refused')),
  };
}

export interface ArrayMentions {
  readonly mentions: readonly BpfMention[];
  /** Tables that were read to their end. */
  readonly whole: number;
}

/** A table of programs holds their numbers, four bytes in the order of the machine: little-endian on all that Kubernetes runs on but s390x. */
export function mentionsOfArrays(bytes: Buffer): ArrayMentions {
  let whole = 0;
  const mentions = pairsOf(bytes, /^\d{1,10}$/).flatMap(([map, json]) => {
    const value = parseJson(Buffer.from(json, 'latin1'));
    if (!Array.isArray(value)) return [];
    if (value.length <= MAX_LISTED) whole += 1;
    return value.slice(0, MAX_LISTED).flatMap((entry: unknown) => {
      const octets = stringsAt(valueAt(entry, 'value') === undefined ? undefined : entry, 'value').map(Number);
      const isNumber =
        octets.length === 4 && octets.every((octet) => Number.isInteger(octet) && octet >= 0 && octet < 256);
      if (!isNumber) return [];
      return { programId: Buffer.from(octets).readUInt32LE(0), by: 'program-array' as const, where: `map ${map}` };
    });
  });
  return { mentions, whole };
}

/** Numbers of the maps that hold programs. */
export function programArraysOf(json: Buffer): readonly number[] {
  const value = parseJson(json);
  return (Array.isArray(value) ? value.slice(0, MAX_LISTED) : []).flatMap((entry: unknown) => {
    const id = integerAt(entry, 'id');
    return id !== undefined && stringAt(entry, 'type') === 'prog_array' ? id : [];
  });
}
