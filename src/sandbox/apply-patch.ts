/** Patches as the API server applies them. Values are plain JSON. */
type Json = unknown;

function isObject(value: Json): value is Record<string, Json> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** RFC 7386. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: Record<string, Json> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

interface Operation {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly value?: Json;
}

class DoesNotFit extends Error {}

function keysOf(path: unknown): string[] {
  if (typeof path !== 'string' || !path.startsWith('/')) throw new DoesNotFit();
  return path
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function same(one: Json, other: Json): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function changeArray(array: Json[], key: string, { op, value }: Operation): void {
  const index = key === '-' ? array.length : Number(key);
  const end = op === 'add' ? array.length : array.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > end) throw new DoesNotFit();
  if (op === 'add') array.splice(index, 0, value);
  else if (op === 'remove') array.splice(index, 1);
  else if (op === 'replace') array[index] = value;
  else if (!same(array[index], value)) throw new DoesNotFit();
}

function changeObject(object: Record<string, Json>, key: string, { op, value }: Operation): void {
  if (op !== 'add' && !Object.hasOwn(object, key)) throw new DoesNotFit();
  if (op === 'remove') Reflect.deleteProperty(object, key);
  else if (op !== 'test') Object.assign(object, { [key]: value });
  else if (!same(object[key], value)) throw new DoesNotFit();
}

function change(parent: Json, key: string, operation: Operation): void {
  if (Array.isArray(parent)) changeArray(parent as Json[], key, operation);
  else if (isObject(parent)) changeObject(parent, key, operation);
  else throw new DoesNotFit();
}

/** RFC 6902 without `move` and `copy`; `null` when an operation does not fit, its tests among them. */
export function jsonPatch(target: Json, patch: Json): Json {
  if (!Array.isArray(patch)) return null;
  const patched: Json = structuredClone(target);
  try {
    for (const operation of patch as unknown[]) {
      if (!isObject(operation)) throw new DoesNotFit();
      if (!['add', 'remove', 'replace', 'test'].includes(String(operation['op']))) throw new DoesNotFit();
      const keys = keysOf(operation['path']);
      const last = keys.pop() ?? '';
      let parent: Json = patched;
      for (const key of keys) parent = (parent as Record<string, Json> | undefined)?.[key];
      change(parent, last, operation);
    }
  } catch (error) {
    if (error instanceof DoesNotFit) return null;
    throw error;
  }
  return patched;
}
