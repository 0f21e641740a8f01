import type { Io } from '../../ports/io.js';
import type { Targets } from '../../ports/collector.js';

/** Says what the cluster itself will destroy soon. Facts of the targets, no guesses. */
export async function announceLosses(targets: Targets, io: Io): Promise<void> {
  io.emit(
    'COLLECT_LOSING',
    'events are deleted by the API server after their time to live, one hour unless it was set otherwise',
  );
  const notReady = targets.nodes.filter((node) => !node.ready).map((node) => node.name);
  if (notReady.length > 0) {
    io.emit(
      'COLLECT_LOSING',
      `nodes not ready, their pods may be evicted and their logs deleted: ${notReady.slice(0, 10).join(', ')}`,
      {
        nodes: notReady.slice(0, 100),
      },
    );
  }
  let crashing = 0;
  for await (const pod of targets.pods()) {
    crashing += pod.containers.filter((container) => container.stateReason === 'CrashLoopBackOff').length;
  }
  if (crashing > 0) {
    io.emit(
      'COLLECT_LOSING',
      `${crashing === 1 ? '1 container crashes' : `${String(crashing)} containers crash`} in a loop: each restart deletes the log of the instance before the previous one`,
      {
        crashing,
      },
    );
  }
}
