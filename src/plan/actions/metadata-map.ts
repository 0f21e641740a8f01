import { z } from 'zod';
import { stringAt } from '../../lib/untyped.js';
import type { ObjectPatch } from '../../ports/cluster-actuator.js';

/** Some labels or annotations of an object; `null` = it has none of that key. */
export type MetadataMap = Readonly<Record<string, string | null>>;
export const metadataMapSchema: z.ZodType<MetadataMap> = z.record(z.string(), z.string().nullable());

type Part = 'labels' | 'annotations';

export function lookAtMap(object: unknown, part: Part, like: MetadataMap): MetadataMap {
  return Object.fromEntries(Object.keys(like).map((key) => [key, stringAt(object, 'metadata', part, key) ?? null]));
}

/** RFC 7386: a key with `null` is taken away. */
export function patchMap(part: Part, view: MetadataMap): ObjectPatch {
  return { type: 'merge', patch: { metadata: { [part]: view } } };
}
