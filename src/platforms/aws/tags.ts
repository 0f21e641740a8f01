/** Tags of anything as a record; the first of a key counts. */
export function tagsOf(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Readonly<Record<string, string>> {
  const entries = (tags ?? []).flatMap(({ Key: key, Value: value }) =>
    key === undefined ? [] : [[key, value ?? ''] as const],
  );
  return Object.fromEntries(entries.reverse().sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
