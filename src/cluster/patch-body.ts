import type { ObjectPatch } from '../ports/cluster-actuator.js';

export interface PatchBody {
  readonly contentType: string;
  readonly body: Buffer;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/**
 * A patch with the state that it was made for. In both forms the resource version is written into the object: the server compares it when
 * it stores and answers 409. A `test` operation would be answered with 422, as any other patch that does not fit.
 */
export function patchBody(patch: ObjectPatch, resourceVersion: string | null): PatchBody {
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value), 'utf8');
  if (patch.type === 'json') {
    const guard = { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion };
    const operations = resourceVersion === null ? patch.operations : [guard, ...patch.operations];
    return { contentType: 'application/json-patch+json', body: json(operations) };
  }
  const metadata = isObject(patch.patch['metadata']) ? patch.patch['metadata'] : {};
  const guarded =
    resourceVersion === null ? patch.patch : { ...patch.patch, metadata: { ...metadata, resourceVersion } };
  return { contentType: 'application/merge-patch+json', body: json(guarded) };
}
