import { arrayAt, stringAt, stringsAt, valueAt } from '../../lib/untyped.js';

export type Labels = Readonly<Record<string, string>>;

/** The labels of an object of the API; what is no string is none. */
export function labelsOf(object: unknown): Labels {
  const labels = valueAt(object, 'metadata', 'labels');
  if (labels === null || typeof labels !== 'object') return {};
  return Object.fromEntries(
    Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function fits(expression: unknown, labels: Labels): boolean {
  const key = stringAt(expression, 'key') ?? '';
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  const values = stringsAt(expression, 'values');
  switch (stringAt(expression, 'operator')) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      // What cannot be understood is taken to select: whoever asks wants to know what may hold for a pod.
      return true;
  }
}

/** Whether a metav1.LabelSelector selects these labels; an empty one selects everything. */
export function selects(selector: unknown, labels: Labels): boolean {
  const wanted = Object.entries(valueAt(selector, 'matchLabels') ?? {}) as [string, unknown][];
  const exact = wanted.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
  return exact && arrayAt(selector, 'matchExpressions').every((expression) => fits(expression, labels));
}

/** Keys that a selector looks at. */
export function keysOf(selector: unknown): readonly string[] {
  const exact = Object.keys(valueAt(selector, 'matchLabels') ?? {});
  const expressed = arrayAt(selector, 'matchExpressions').flatMap((one) => stringAt(one, 'key') ?? []);
  return [...new Set([...exact, ...expressed])];
}
