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

function change(parent: Json, key: string, { op, value }: Operation): void {
  if (Array.isArray(parent)) {
    const index = key === '-' ? parent.length : Number(key);
    if (!Number.isInteger(index) || index > parent.length || (op !== 'add' && index === parent.length)) throw new DoesNotFit();
    if (op === 'test' && JSON.stringify(parent[index]) !== JSON.stringify(value)) throw new DoesNotFit();
    if (op !== 'test') parent.splice(index, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]));
    return;
  }
  if (!isObject(parent) || (op !== 'add' && !Object.hasOwn(parent, key))) throw new DoesNotFit();
  if (op === 'remove') Reflect.deleteProperty(parent, key);
  else if (op === 'test' && JSON.stringify(parent[key]) !== JSON.stringify(value)) throw new DoesNotFit();
  else if (op !== 'test') parent[key] = value;
}

/** RFC 6902 without `move` and `copy`; `null` when an operation does not fit, its tests among them. */
export function jsonPatch(target: Json, patch: Json): Json {
  if (!Array.isArray(patch)) return null;
  const patched: Json = structuredClone(target);
  try {
    for (const operation of patch as Operation[]) {
      if (!['add', 'remove', 'replace', 'test'].includes(String(operation.op))) throw new DoesNotFit();
      const keys = keysOf(operation.path);
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
