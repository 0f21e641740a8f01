import { z } from 'zod';
import { arrayAt, valueAt } from '../lib/untyped.js';
import { ExhibitError } from '../model/errors.js';

/** What is looked at of a policy that denies everything, of whichever API. */
export const denySchema = z.strictObject({
  /** Of the case, by the label of everything that we make. */
  caseToken: z.string(),
  /** The one label that it selects by; `null` = it selects in another way. */
  selects: z.strictObject({ key: z.string(), value: z.string() }).nullable(),
  /** Directions in which it denies: `Egress`, `Ingress`. */
  policyTypes: z.array(z.string()).readonly(),
  /** Rules that allow something. */
  allows: z.int().min(0),
});
export type Deny = z.infer<typeof denySchema>;

/** The one label by which a selector of labels goes; `null` = it goes by anything else, or by more. */
export function soleLabel(object: unknown, selector: string): Deny['selects'] {
  const labels = Object.entries(valueAt(object, 'spec', selector, 'matchLabels') ?? {}) as [string, unknown][];
  const [[key, value] = ['', undefined], ...more] = labels;
  const expressions = arrayAt(object, 'spec', selector, 'matchExpressions');
  return typeof value === 'string' && more.length === 0 && expressions.length === 0 ? { key, value } : null;
}

/** A selector without labels is every pod of the namespace. Throws `INTERNAL`. */
export function mustSelect({ selects }: Deny): NonNullable<Deny['selects']> {
  if (selects === null) throw new ExhibitError('INTERNAL', 'a deny policy must say whom it denies');
  return selects;
}

/** The view of a policy that denies everything to what bears the label. */
export function denialOf(caseToken: string, selects: { readonly key: string; readonly value: string }): Deny {
  return { caseToken, selects, policyTypes: ['Egress', 'Ingress'], allows: 0 };
}
