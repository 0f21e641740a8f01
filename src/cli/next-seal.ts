import { access } from 'node:fs/promises';
import type { Context } from './context.js';

/** The commands between a collection and its archive: a machine that never signed has no key yet. */
export async function nextSeal(context: Context): Promise<readonly string[]> {
  const exists = await access(context.keyPath(undefined)).then(
    () => true,
    () => false,
  );
  return exists || context.keySetting(undefined).origin !== 'default'
    ? ['exhibit seal']
    : ['exhibit key new', 'exhibit seal'];
}
