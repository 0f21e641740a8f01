import type { z } from 'zod';

/** Longer lines are left to the full check; it also bounds what the search for repeated keys can cost. */
const MAX_CHARACTERS = 4096;
/** Further members of an object that may have any; more are left to the full check. */
const MAX_MEMBERS = 16;

/** A string that needs no escape. */
const TEXT = String.raw`"[ !#-[\]-~]*"`;
/** Of at most 15 digits: below 2^53, whatever they are. */
const INTEGER = '(?:0|-?[1-9][0-9]{0,14})';
const BOOLEAN = '(?:true|false)';
const FLAT = `(?:${TEXT}|${INTEGER}|${BOOLEAN}|null)`;
/** Begins with a letter: no index, which engines put first, and no `__proto__`. */
const KEY = '[A-Za-z][A-Za-z0-9_]*';
const PLAIN_NAME = new RegExp(`^${KEY}$`);
/** An anchored pattern of letters, digits and marks that cannot match a quote, a backslash or anything outside ASCII, and captures nothing. */
const PLAIN_PATTERN = /^\^((?:\[[0-9A-Za-z-]+\]|\{[0-9]+\}|\\d|\\\.|\(\?:|[)|?]|[0-9A-Za-z:-])+)\$$/;

/** What has no pattern here. */
class Unsupported extends Error {}

/**
 * Recognizes by one regular expression the lines that nearly all records of a shape are: the members in the order of the schema, short,
 * without an escape. What it returns for such a line is what `parseAsciiJson` and the schema would; for all others it returns
 * `undefined`, which says nothing about them. `null` when the schema has something that this does not know.
 */
export function recordForm<T>(schema: z.ZodType<T>): ((line: string) => T | undefined) | null {
  let form: RegExp;
  try {
    form = new RegExp(`^${new Patterns().of(schema)}$`);
  } catch (error) {
    if (error instanceof Unsupported) return null;
    throw error;
  }
  return (line) => {
    if (line.length > MAX_CHARACTERS || !form.test(line)) return undefined;
    try {
      // The form lets commas be too many or too few; the parser does not.
      return JSON.parse(line) as T;
    } catch {
      return undefined;
    }
  };
}

/** Writes patterns for a schema. A group with a number is one key of an object that may have any. */
class Patterns {
  #groups = 0;

  of(schema: z.core.$ZodType): string {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    if (def.type === 'string') return textPattern(def);
    if (def.type === 'number') return integerPattern(def);
    if ((def.checks ?? []).length > 0) throw new Unsupported('checks');
    switch (def.type) {
      case 'boolean':
        return BOOLEAN;
      case 'enum':
        return enumPattern(Object.values(def.entries));
      case 'nullable':
        return `(?:${this.of(def.innerType)}|null)`;
      case 'union':
        return `(?:${def.options.map((option) => this.of(option)).join('|')})`;
      case 'array':
        return String.raw`\[(?:,?${this.of(def.element)})*\]`;
      case 'record':
        return this.#recordPattern(def);
      case 'object':
        return this.#objectPattern(def);
      default:
        throw new Unsupported(def.type);
    }
  }

  #objectPattern(def: z.core.$ZodObjectDef): string {
    const names = Object.keys(def.shape);
    const members = Object.entries(def.shape).map(([name, schema]) => this.#memberPattern(name, schema));
    const catchall = def.catchall === undefined ? undefined : (def.catchall as z.core.$ZodTypes)._zod.def.type;
    if (catchall === 'never') return String.raw`\{${members.join('')}\}`;
    if (catchall !== 'unknown') throw new Unsupported('catchall');
    return String.raw`\{${members.join('')}${this.#furtherMembers(FLAT, names)}\}`;
  }

  #memberPattern(name: string, schema: z.core.$ZodType): string {
    if (!PLAIN_NAME.test(name)) throw new Unsupported(name);
    const { def } = (schema as z.core.$ZodTypes)._zod;
    if (def.type === 'optional' && (def.checks ?? []).length === 0) return `(?:,?"${name}":${this.of(def.innerType)})?`;
    return `,?"${name}":${this.of(schema)}`;
  }

  #recordPattern(def: z.core.$ZodRecordDef): string {
    const { def: key } = (def.keyType as unknown as z.core.$ZodTypes)._zod;
    if (key.type !== 'string' || textPattern(key) !== TEXT) throw new Unsupported('keys');
    return String.raw`\{${this.#furtherMembers(this.of(def.valueType), [])}\}`;
  }

  /** Members whose keys are none of `names` and do not come again before the end of the line. */
  #furtherMembers(value: string, names: readonly string[]): string {
    this.#groups += 1;
    const group = String(this.#groups);
    const others = names.length === 0 ? '' : `(?!(?:${names.join('|')})")`;
    return `(?:,?"${others}(${KEY})":(?!.*"\\${group}":)${value}){0,${String(MAX_MEMBERS)}}`;
  }
}

function enumPattern(entries: readonly unknown[]): string {
  const words = entries.map((entry) => {
    if (typeof entry !== 'string' || !/^[A-Za-z0-9-]+$/.test(entry)) throw new Unsupported('entries');
    return `"${entry}"`;
  });
  return `(?:${words.join('|')})`;
}

/** Any text, or one of a simple pattern, as those of hashes and times are. */
function textPattern(textDef: z.core.$ZodStringDef): string {
  const [check, ...others] = textDef.checks ?? [];
  if ('format' in textDef || textDef.coerce === true) throw new Unsupported('text');
  if (check === undefined) return TEXT;
  const { def } = check._zod as { def: z.core.$ZodCheckDef & { readonly pattern?: RegExp } };
  const pattern = def.check === 'string_format' && others.length === 0 ? def.pattern : undefined;
  const body = pattern?.flags === '' ? PLAIN_PATTERN.exec(pattern.source)?.[1] : undefined;
  if (body === undefined) throw new Unsupported('text');
  return `"(?:${body})"`;
}

/** Integers, from 0 or from 1 on or all of them. */
function integerPattern(def: z.core.$ZodNumberDef & { readonly format?: string }): string {
  if (def.format !== 'safeint' || def.coerce === true) throw new Unsupported('number');
  const [check, ...others] = def.checks ?? [];
  if (check === undefined) return INTEGER;
  const { def: bound } = check._zod as unknown as { def: { check: string; value: unknown; inclusive?: boolean } };
  const isLeast = bound.check === 'greater_than' && bound.inclusive === true && others.length === 0;
  if (isLeast && bound.value === 0) return '(?:0|[1-9][0-9]{0,14})';
  if (isLeast && bound.value === 1) return '[1-9][0-9]{0,14}';
  throw new Unsupported('bound');
}
