import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesUnder } from '../lib/files.js';
import { root, run } from '../lib/run.js';

/** Sealed archives kept with the list of signers they are to be verified against, one folder each. */
export const storedSamples = () =>
  filesUnder('test/golden/formats')
    .filter((path) => path.endsWith('.tar.gz') && existsSync(join(root, dirname(path), 'allowed_signers')))
    .map((path) => ({ archive: join(root, path), signers: join(root, dirname(path), 'allowed_signers') }));

/**
 * Runs an installed program as a stranger would: version, help, and verification of every stored sample.
 * Returns what went wrong, or `undefined`, and what was run.
 */
export async function exercise(program, { cwd, env = {} }) {
  const samples = storedSamples();
  const calls = [
    { args: ['--version'], expect: /^exhibit\/\d+\.\d+\.\d+/ },
    { args: ['--help'], expect: /USAGE/ },
    ...samples.map(({ archive, signers }) => ({
      args: ['verify', archive, '--allowed-signers', signers],
      expect: /VERIFIED/,
    })),
  ];
  for (const { args, expect } of calls) {
    const result = await run(program, args, { cwd, capture: true, env: { EXHIBIT_HOME: join(cwd, 'home'), ...env } });
    if (result.status !== 0 || !expect.test(result.output)) {
      return { ok: false, detail: `${args.join(' ')} ended with ${result.status}: ${result.output.trim()}` };
    }
  }
  const verified = samples.length === 0 ? 'no stored sample to verify' : `${samples.length} stored samples verified`;
  return { ok: true, detail: `--version, --help, ${verified}` };
}
