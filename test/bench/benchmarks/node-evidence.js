import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as after } from 'node:timers/promises';
import { writeProfile } from '../harness/collect.js';
import { interleave } from '../harness/measure.js';
import { nodeContestant } from '../harness/node-collect.js';
import { goal } from '../harness/report.js';

const OURS = 'exhibit collect --local';
const PS = 'ps, and ss in each namespace';
const GOAL_S = 20;
/** Sleepers, some of them in a network namespace of their own, which ends with them. */
const CROWD =
  'i=0; while [ $i -lt $1 ]; do sleep 86400 & i=$((i+1)); done; i=0; while [ $i -lt $2 ]; do unshare -n sleep 86400 & i=$((i+1)); done; wait';

/** Process ids of a process group that lead to a sleeper. */
function sleepersOf(group) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [, command, rest] = /\((.*)\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
        return command === 'sleep' && rest.split(' ')[2] === String(group);
      } catch {
        return false;
      }
    });
}

async function startCrowd(context, { processes, namespaces }) {
  const leader = spawn('sh', ['-c', CROWD, 'crowd', String(processes - namespaces), String(namespaces)], {
    detached: true,
    stdio: 'ignore',
  });
  const crowd = { kill: () => process.kill(-leader.pid, 'SIGKILL') };
  context.children.add(crowd);
  while (sleepersOf(leader.pid).length < processes) {
    if (leader.exitCode !== null) throw new Error('the processes could not be started');
    await after(200);
  }
  return async () => {
    context.children.delete(crowd);
    crowd.kill();
    while (sleepersOf(leader.pid).length > 0) await after(200);
  };
}

/** Each network namespace once, by the first process in it. */
const EACH_NAMESPACE = `ps -eLo pid,ppid,user,lstart,args > /dev/null
for p in /proc/[0-9]*; do echo "$(readlink $p/ns/net) \${p#/proc/}"; done 2> /dev/null | sort -u -k1,1 | while read -r _ pid; do
nsenter -n -t "$pid" ss -Hatunxp < /dev/null || true; done > /dev/null`;

async function compare(context) {
  const [processes, namespaces] = context.quick ? [100, 5] : [2000, 200];
  const end = await startCrowd(context, { processes, namespaces });
  const profile = writeProfile(context, 'bench-node', ['processes', 'node-network']);
  try {
    return await interleave(context, [
      nodeContestant(context, {
        name: OURS,
        flags: ['--local', '--node', hostname().toLowerCase(), '--profile', profile],
        // What ends or begins meanwhile is told, and is no gap; a list that did not come is one.
        accept: ({ planned, outcomes, ...rest }) =>
          planned > 0 && outcomes.failed === 0 && outcomes.denied === 0
            ? null
            : JSON.stringify({ planned, outcomes, ...rest }),
      }),
      { name: PS, command: () => ({ script: EACH_NAMESPACE }) },
    ]);
  } finally {
    await end();
  }
}

const seconds = (value) => Number(value.toFixed(2));

export const nodeEvidence = {
  name: 'node-evidence',
  title: 'Processes and sockets of a node with 2,000 processes and 200 network namespaces',
  run: async (context) => ({
    samples: process.getuid() === 0 ? await compare(context) : {},
    goals: (m) => (m[OURS] === undefined ? [] : [goal('wall s', seconds(m[OURS].wallS), { atMost: GOAL_S, unit: '' })]),
    notes:
      process.getuid() === 0
        ? ['The processes sleep, and share one program.']
        : ['**Not run**: only root makes network namespaces.'],
  }),
};
