import type { SshSettings } from '../model/node-settings.js';
import type { NodeAccessRung, NodeRung } from '../ports/node-access.js';
import { diskRung } from './disk-rung.js';
import { localRung, type LocalOptions } from './local.js';
import { sameMachineOnly } from './same-machine-only.js';
import { sshRung } from './ssh/ssh-rung.js';

export interface AskedWays {
  /** In the order in which they are tried. */
  readonly nodeAccess: readonly NodeRung[];
  readonly nodeRateBytesPerSecond: number | null;
  readonly ssh: SshSettings;
  /** Of a disk: where it is mounted. */
  readonly withoutCluster: { readonly from: 'this-machine' } | { readonly from: 'disk'; readonly path: string } | null;
}

export interface RungMaterial extends Pick<LocalOptions, 'clock' | 'ids'> {
  /** For ssh, its agent and its proxies; nothing of it reaches a script. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly scratchDirectory: string;
  /** Rungs that are made elsewhere: the collector pod needs a cluster. */
  readonly made?: readonly NodeAccessRung[];
}

/** The ways that were asked for, in their order; one that cannot be made here is left out. */
export function makeRungs(asked: AskedWays, material: RungMaterial): readonly NodeAccessRung[] {
  const { clock, ids, variables, scratchDirectory, made = [] } = material;
  const options = { clock, ids, rateBytesPerSecond: asked.nodeRateBytesPerSecond };
  const rungs: readonly NodeAccessRung[] = [
    ...made,
    sameMachineOnly(sshRung(asked.ssh, { ...options, variables, scratchDirectory })),
    sameMachineOnly(localRung(options)),
    ...(asked.withoutCluster?.from === 'disk' ? [diskRung(asked.withoutCluster.path, options)] : []),
  ];
  return asked.nodeAccess.flatMap((name) => rungs.filter(({ rung }) => rung === name));
}
