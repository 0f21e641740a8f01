/** What waits on a key; ends with the key, so that nothing outlives a run. */
const lastOf = new WeakMap<object, Promise<unknown>>();

/** Runs `work` after whatever was begun on the same key before has ended, well or badly. */
export async function oneAtATime<T>(key: object, work: () => Promise<T>): Promise<T> {
  const before = lastOf.get(key) ?? Promise.resolve();
  const mine = before.then(work, work);
  lastOf.set(
    key,
    mine.catch(() => undefined),
  );
  return await mine;
}
