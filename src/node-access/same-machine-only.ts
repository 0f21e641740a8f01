import type { NodeAccessRung } from '../ports/node-access.js';
import { refuseOtherMachine } from './refuse-other-machine.js';

/** A rung that leads wherever its user says, and is therefore refused when it led to another machine than the Node object describes. */
export function sameMachineOnly(leading: NodeAccessRung): NodeAccessRung {
  return {
    rung: leading.rung,
    open: async (node, signal) => {
      const access = await leading.open(node, signal);
      try {
        refuseOtherMachine(node, access.facts);
      } catch (error) {
        await access.close();
        throw error;
      }
      return access;
    },
  };
}
