import type { CollectRequest } from './collect-request.js';

/** What somebody must know before a run that was asked for takes memory; empty where it takes none. */
export function disclosuresOf({ limits }: Pick<CollectRequest, 'limits'>): readonly string[] {
  const { checkpoints = [], memory = false } = limits;
  return [
    ...(checkpoints.length === 0
      ? []
      : [
          `checkpoints of ${checkpoints.join(', ')} hold all memory of the containers with every secret in it; each container is frozen for a moment and a file is written on its node`,
        ]),
    ...(memory ? ['the memory of the nodes holds every secret of everything that runs on them'] : []),
    ...(checkpoints.length === 0 && !memory
      ? []
      : ['this exhibit can only be sealed encrypted: exhibit seal --encrypt-to']),
  ];
}
