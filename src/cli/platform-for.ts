import type { CloudName } from '../model/cloud.js';
import type { Platform } from '../ports/platform.js';
import type { Context } from './context.js';
import type { PlatformOptions } from './context-options.js';

/** The cloud that was given; `null` = none. It is closed with the command. */
export async function platformFor(
  context: Context,
  cloud: CloudName | null,
  options: PlatformOptions,
): Promise<Platform | null> {
  switch (cloud) {
    case null:
      return null;
    case 'aws':
      return await context.aws(options);
  }
}
