import { parseJson, stringAt, valueAt } from '../../lib/untyped.js';

/** What makes the server send a Table without the objects: names, types, numbers of keys, ages. */
export const TABLE_ACCEPT = 'application/json;as=Table;v=v1;g=meta.k8s.io';
export const TABLE_QUERY: readonly (readonly [string, string])[] = [['includeObject', 'None']];

const MEMBERS = new Set(['kind', 'apiVersion', 'metadata', 'columnDefinitions', 'rows']);
const METADATA = new Set(['resourceVersion', 'continue', 'remainingItemCount', 'selfLink']);
const COLUMNS = ['Name', 'Type', 'Data', 'Age'];

function hasOnly(value: unknown, allowed: ReadonlySet<string>): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value).every((key) => allowed.has(key));
}

function hasKnownColumns(table: unknown): boolean {
  const columns = valueAt(table, 'columnDefinitions');
  if (!Array.isArray(columns)) return columns === undefined || columns === null;
  return columns.length === COLUMNS.length && columns.every((column, at) => stringAt(column, 'name') === COLUMNS[at]);
}

/** The third cell is the number of keys, the others are short texts. */
function isBareRow(row: unknown): boolean {
  if (!hasOnly(row, new Set(['cells', 'object', 'conditions']))) return false;
  const object = valueAt(row, 'object');
  const cells = valueAt(row, 'cells');
  if ((object !== null && object !== undefined) || !Array.isArray(cells) || cells.length !== COLUMNS.length)
    return false;
  return cells.every((cell, at) =>
    at === 2 ? Number.isSafeInteger(cell) : typeof cell === 'string' && cell.length <= 512,
  );
}

/**
 * Whether a page of Secrets may be written: a Table of exactly the four known columns, without any object. Everything else, a
 * SecretList above all, carries values, if only in the annotation `last-applied-configuration`.
 */
export function isBareSecretsTable(body: Buffer): boolean {
  const table = parseJson(body);
  if (stringAt(table, 'kind') !== 'Table' || stringAt(table, 'apiVersion') !== 'meta.k8s.io/v1') return false;
  if (!hasOnly(table, MEMBERS) || !hasOnly(valueAt(table, 'metadata'), METADATA) || !hasKnownColumns(table))
    return false;
  const rows = valueAt(table, 'rows');
  return Array.isArray(rows) ? rows.every(isBareRow) : rows === undefined || rows === null;
}
