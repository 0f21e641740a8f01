import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../lib/run.js';

/** What a source file exports, compiled on the way; an empty object where the file does not exist. */
async function exportsOf(path) {
  if (!existsSync(join(root, path))) return {};
  const { build } = await import('esbuild');
  const outfile = join(root, `.cache/docs-${process.pid}-${path.replaceAll('/', '-')}.mjs`);
  mkdirSync(join(root, '.cache'), { recursive: true });
  try {
    const options = { bundle: true, format: 'esm', platform: 'node', packages: 'external', logLevel: 'silent' };
    await build({ absWorkingDir: root, entryPoints: [path], outfile, ...options });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile, { force: true });
  }
}

const isCollector = (value) => typeof value?.id === 'string' && Array.isArray(value.permissions);

/** The definitions that the generated pages are made from. Collectors sorted by volatility, then id. */
export async function loadSources() {
  const { ERROR_TABLE } = await exportsOf('src/model/errors.ts');
  const { MESSAGE_TABLE } = await exportsOf('src/model/message.ts');
  const { ENVIRONMENT_TABLE = {} } = await exportsOf('src/cli/environment.ts');
  const { renderJsonSchemas } = await exportsOf('src/cli/json-schemas.ts');
  const values = Object.values(await exportsOf('src/collectors/index.gen.ts')).flat();
  const collectors = values.filter(isCollector);
  collectors.sort((a, b) => (`${a.volatility} ${a.id}` < `${b.volatility} ${b.id}` ? -1 : 1));
  const { COLLECTION_RIGHTS = [] } = await exportsOf('src/workflows/rights.ts');
  const { containmentRights } = await exportsOf('src/workflows/quarantine/containment-rights.ts');
  const jsonSchemas = renderJsonSchemas?.() ?? new Map();
  return {
    ...{ ERROR_TABLE, MESSAGE_TABLE, ENVIRONMENT_TABLE, collectors, COLLECTION_RIGHTS, jsonSchemas },
    containmentRights: containmentRights?.() ?? [],
  };
}
