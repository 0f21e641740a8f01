import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Standard output into a file, without a shell in the tree. */
const INTO_SUMMARY = ['bash', '-c', 'exec "$@" > "$EXHIBIT_HOME/summary.json"', 'collect'];

/** A profile file with the given collectors. */
export function writeProfile(context, name, collectors) {
  const path = join(context.work, `${name}.yaml`);
  const lines = collectors.map((collector) => `  - ${collector}\n`).join('');
  writeFileSync(
    path,
    `apiVersion: kubexhibit.dev/v1\nkind: Profile\nmetadata: {name: ${name}, title: Benchmark, description: Benchmark}\ncollectors:\n${lines}`,
  );
  return path;
}

/**
 * Our own `collect` as a contestant, each time into a new case. `accept(summary)` says what is wrong with what was collected, or nothing:
 * a fast wrong answer is no result.
 */
export function collectContestant(context, { name, kubeconfig, flags, accept, server, user }) {
  return {
    name,
    prepare: async () => {
      await server.reset();
      return mkdtempSync(join(context.work, 'home-'));
    },
    command: (home) => ({
      argv: [...INTO_SUMMARY, ...context.exhibit, 'collect', '--json', '--quiet', '--kubeconfig', kubeconfig, ...flags],
      env: { EXHIBIT_HOME: home },
    }),
    finish: async (home) => {
      const wrong = accept(JSON.parse(readFileSync(join(home, 'summary.json'), 'utf8')));
      if (wrong) throw new Error(`${name}: ${wrong}`);
      rmSync(home, { recursive: true, force: true });
      return userCounts(await server.stats(), user);
    },
  };
}

/** What the server saw of a user, as fields of a sample. */
export function userCounts(stats, user) {
  const { maxLists = 0, maxStreams = 0, maxStreamsPerNode = 0, requests = 0 } = stats[user] ?? {};
  return { maxLists, maxStreams, maxStreamsPerNode, requests };
}
