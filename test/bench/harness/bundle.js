import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { benchDirectory, projectDirectory } from './tools.js';

/** Bundles one of the TypeScript programs beside the benchmarks, which use the sources of the product. Returns its path. */
export function bundleOf(name) {
  const outfile = join(projectDirectory, 'node_modules', '.cache', `bench-${name}.mjs`);
  buildSync({
    entryPoints: [join(benchDirectory, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}
