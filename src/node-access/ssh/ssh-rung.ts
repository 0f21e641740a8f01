import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { ExhibitError } from '../../model/errors.js';
import type { SshDestination, SshSettings } from '../../model/node-settings.js';
import type { NodeAccess, NodeAccessRung } from '../../ports/node-access.js';
import type { FarExec, FarExecEnd, StartFar } from '../far-exec.js';
import { probeNode } from '../probe-node.js';
import type { FarSide } from '../run-far-script.js';
import { ShellAccess } from '../shell-access.js';
import { startProcess } from '../start-process.js';
import { destinationOf, shellQuoted, sshArguments } from './ssh-arguments.js';
import { SshMaster } from './ssh-master.js';
import { sshVariables } from './ssh-variables.js';

/** ssh's own exit status for what went wrong between here and there. */
const TRANSPORT_FAILED = 'exit 255';
/** A script that we lost must not stay on the node for ever: it ends there after this time, whatever became of us. */
const FAR_DEADLINE_S = 7200;

export interface SshOptions extends Pick<FarSide, 'clock' | 'ids' | 'rateBytesPerSecond'> {
  /** For ssh itself: agent, home, proxies. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly scratchDirectory: string;
}

function shownDestination({ user, host, port }: SshDestination): string {
  return `${user === null ? '' : `${user}@`}${host}${port === null ? '' : `:${String(port)}`}`;
}

function startOver(
  {
    destination,
    settings,
    variables,
  }: { destination: SshDestination; settings: SshSettings; variables: SshOptions['variables'] },
  master: SshMaster,
): StartFar {
  const prefix = [...(settings.sudo ? ['sudo', '-n', '--'] : []), 'timeout', '-k', '5', String(FAR_DEADLINE_S)];
  const before = sshArguments(destination, settings, { path: master.controlPath, master: false });
  return async (exec: FarExec): Promise<FarExecEnd> => {
    const seen = { begun: false };
    let said = '';
    const command = [...prefix, ...exec.argv].map(shellQuoted).join(' ');
    const end = await startProcess(
      { file: 'ssh', args: [...before, command], env: variables },
      {
        ...exec,
        stdout: async (chunk) => {
          seen.begun = true;
          await exec.stdout(chunk);
        },
        stderr: (chunk) => {
          said = (said + chunk.toString('latin1')).slice(-1000);
          exec.stderr(chunk);
        },
      },
    );
    // A program that a signal killed ends ssh with the same status: then the connection is still there.
    if (end.detail === TRANSPORT_FAILED && !seen.begun && master.over) {
      throw new ExhibitError('NODE_ACCESS_LOST', `ssh to ${destination.host}: ${escapeForTerminal(said.trim(), 300)}`, {
        subject: destination.host,
      });
    }
    return end;
  };
}

/**
 * The node by the user's own ssh: agent, keys, jump hosts and known hosts are those of ssh's configuration; an unknown or changed host
 * key ends this way. Whether the machine behind the name is the node that was asked for is told by `sameMachineOnly`.
 */
export function sshRung(settings: SshSettings, options: SshOptions): NodeAccessRung {
  const { scratchDirectory, ...far } = options;
  const variables = sshVariables(options.variables);
  return {
    rung: 'ssh',
    open: async (node, signal): Promise<NodeAccess> => {
      const destination = destinationOf(node, settings);
      if (destination === null) {
        throw new ExhibitError('NODE_ACCESS_REFUSED', `no ssh destination is known for node ${node.name}`, {
          subject: 'no-destination',
          hints: [`exhibit collect --node-access ssh --ssh ${node.name}=USER@HOST`],
        });
      }
      const master = await SshMaster.connect({ destination, settings, variables, scratchDirectory, signal });
      try {
        const start = startOver({ destination, settings, variables }, master);
        const side: FarSide = { ...far, start, root: '', proc: '/proc' };
        const transport = {
          destination: shownDestination(destination),
          hostKey: master.hostKey,
          sudo: settings.sudo ? 'yes' : 'no',
        };
        const facts = await probeNode({ node: node.name, rung: 'ssh', transport }, side, signal);
        return new ShellAccess(facts, side, async () => {
          await master.close();
        });
      } catch (error) {
        await master.close();
        throw error;
      }
    },
  };
}
