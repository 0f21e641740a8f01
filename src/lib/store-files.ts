import { valueAt } from './untyped.js';

/** Small files of a store by their path below its root, bytes as Latin-1. */
export type StoreFiles = ReadonlyMap<string, Buffer>;

const IDENTIFIER = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;
const MAX_LABELS = 256;
const MAX_TEXT = 4096;

/** An identifier that may become part of a path: one folder name, never `.` or `..`; `null` for anything else. */
export function storeIdentifier(text: string | undefined): string | null {
  return text !== undefined && IDENTIFIER.test(text) ? text : null;
}

/** The text of a small file, without white space around it. */
export function storeText(files: StoreFiles, path: string): string | undefined {
  return files.get(path)?.subarray(0, 65_536).toString('latin1').trim();
}

/** The strings of a JSON object; at most 256 of 4,096 characters. */
export function storeLabels(value: unknown, ...path: string[]): Record<string, string> {
  const object = valueAt(value, ...path);
  if (object === null || typeof object !== 'object') return {};
  const labels = Object.entries(object).flatMap(([key, text]: [string, unknown]) =>
    typeof text === 'string' ? [[key.slice(0, MAX_TEXT), text.slice(0, MAX_TEXT)] as const] : [],
  );
  return Object.fromEntries(labels.slice(0, MAX_LABELS));
}

/** Which pod the labels of a kubelet's container name. */
export function podOfLabels(
  labels: Readonly<Record<string, string>>,
): { readonly namespace: string; readonly name: string; readonly uid: string } | null {
  const name = labels['io.kubernetes.pod.name'];
  const namespace = labels['io.kubernetes.pod.namespace'];
  if (name === undefined || namespace === undefined) return null;
  return { namespace, name, uid: labels['io.kubernetes.pod.uid'] ?? '' };
}
