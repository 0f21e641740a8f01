import { stringAt, parseJson } from '../lib/untyped.js';
import { type Answer, type HeaderPairs, jsonAnswer } from './answer.js';
import type { ApiRequest, ResourceRequest } from './api-request.js';
import { joinItems, listMetadata, pageList } from './page-list.js';
import type { Scenario } from './scenario.js';
import { splitArray } from './split-list.js';
import { notInSandbox, statusAnswer } from './status-body.js';

interface Row {
  readonly namespace: string;
  readonly name: string;
  readonly bytes: Buffer;
}

function rowsOf(scenario: Scenario): { rows: Row[]; resourceVersion: string; columns: Buffer } {
  let resourceVersion = '1';
  let columns: Buffer = Buffer.alloc(0);
  const rows = scenario.secrets.flatMap(({ namespace, file }) => {
    const body = scenario.bytesOf({ file });
    resourceVersion = stringAt(parseJson(body), 'metadata', 'resourceVersion') ?? resourceVersion;
    columns = joinItems(splitArray(body, 'columnDefinitions').map((bytes) => ({ bytes })));
    return splitArray(body, 'rows').map((bytes) => ({
      namespace,
      bytes,
      name: stringAt(parseJson(bytes), 'cells', 0) ?? '',
    }));
  });
  return { rows, resourceVersion, columns };
}

/** Secrets, of which nothing but a Table without objects was ever recorded. */
export function serveSecrets(
  request: ApiRequest & { readonly resource: ResourceRequest },
  scenario: Scenario,
  flow: HeaderPairs,
): Answer {
  const { accept, query, verb } = request;
  const { namespace } = request.resource;
  const table = accept.includes('as=Table') && query.get('includeObject') === 'None';
  if (verb !== 'list' || !table)
    return statusAnswer(notInSandbox('secrets other than as a Table without objects'), flow);
  const { rows, resourceVersion, columns } = rowsOf(scenario);
  const page = pageList({
    items: rows.filter((row) => namespace === '' || row.namespace === namespace),
    keyOf: (row) => (namespace === '' ? `${row.namespace}/${row.name}` : row.name),
    query,
    resourceVersion,
    counted: true,
  });
  if ('code' in page) return statusAnswer(page, flow);
  const metadata = JSON.stringify(listMetadata(page, false));
  const body = Buffer.concat([
    Buffer.from(`{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${metadata},"columnDefinitions":[`),
    columns,
    Buffer.from('],"rows":['),
    joinItems(page.items),
    Buffer.from(']}\n'),
  ]);
  return jsonAnswer(200, body, flow);
}
