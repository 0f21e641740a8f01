import { arrayAt, stringAt } from '../../lib/untyped.js';
import { type ErrorCode, ExhibitError } from '../../model/errors.js';
import type { CloudInstance, NodeMachine, Platform } from '../../ports/platform.js';
import type { QuarantineRequest } from './quarantine-request.js';
import type { SceneNode } from './read-scene.js';

/** The machine of a node, or why there is none that we could do anything to. */
export interface Machine {
  readonly node: string;
  readonly instance: CloudInstance | null;
  readonly why: string;
}

const SAFE = 'Nothing was changed.';

/** What concerns one node alone: the others go on. */
const OF_ONE_NODE: readonly ErrorCode[] = ['PLATFORM_UNSUITABLE', 'TARGET_GONE', 'TARGET_REPLACED'];

function nodeMachine({ name, object }: SceneNode): NodeMachine {
  const at = (...path: string[]): string => stringAt(object, ...path) ?? '';
  return {
    node: name,
    providerId: at('spec', 'providerID'),
    systemUuid: at('status', 'nodeInfo', 'systemUUID'),
    addresses: arrayAt(object, 'status', 'addresses').flatMap((one) => stringAt(one, 'address') ?? []),
  };
}

async function machineOf(node: SceneNode, platform: Platform): Promise<Machine> {
  try {
    return { node: node.name, instance: await platform.instanceOf(nodeMachine(node)), why: '' };
  } catch (error) {
    if (!(error instanceof ExhibitError) || !OF_ONE_NODE.includes(error.code)) throw error;
    return { node: node.name, instance: null, why: error.message };
  }
}

function unsuitable(what: string, hints: readonly string[]): ExhibitError {
  return new ExhibitError('PLATFORM_UNSUITABLE', what, { hints, safe: SAFE });
}

/** Throws `PLATFORM_UNSUITABLE`, `USAGE_INVALID` for a level that takes a network where there is none to be taken. */
export function refuseLevel({ level = 'hold', target }: QuarantineRequest, platform: Platform | null): void {
  if (level === 'hold') return;
  if (target === 'pod')
    throw new ExhibitError('USAGE_INVALID', `level ${level} is about the machine of a node, and pods were named`, {
      hints: ['Repeat the command with --level hold', `exhibit quarantine node NODE --level ${level}`],
      safe: SAFE,
    });
  if (platform === null)
    throw unsuitable(`level ${level} changes the machine of a node in its cloud, and no cloud was given`, [
      'Repeat the command with --cloud aws',
      'Repeat the command with --level hold',
    ]);
}

/**
 * The machines of the nodes, each read again and matched with its node. One that has none is named, and an error where the level needs it
 * and no node has one. Throws `PLATFORM_UNSUITABLE` and as the port.
 */
export async function readMachines(
  nodes: readonly SceneNode[],
  { level = 'hold' }: QuarantineRequest,
  platform: Platform | null,
): Promise<readonly Machine[]> {
  if (platform === null) return [];
  await platform.identity();
  const machines: Machine[] = [];
  for (const node of nodes) machines.push(await machineOf(node, platform));
  if (level !== 'hold' && machines.every(({ instance }) => instance === null))
    throw unsuitable(machines.map(({ node, why }) => `node ${node}: ${why}`).join('; '), [
      'Repeat the command with --level hold',
    ]);
  return machines;
}
