#!/usr/bin/env node
// npm run docs: writes every page and manifest that is made from the sources. With --check it writes nothing and fails on a difference.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureBuilt } from './build.js';
import { renderCommands } from './docs/commands.js';
import { renderContainmentRoles } from './docs/containment-roles.js';
import { loadSources } from './docs/load-sources.js';
import { renderCollectors, renderPermissions, renderRbac } from './docs/permissions.js';
import { renderEnvironment, renderExitCodes, renderMessages } from './docs/tables.js';
import { isMain, main, root } from './lib/run.js';

/** `{path: text}` of everything generated. Needs a build. */
export async function generateDocs() {
  const sources = await loadSources();
  const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8'));
  return {
    'docs/commands.md': renderCommands(manifest),
    'docs/exit-codes.md': renderExitCodes(sources),
    'docs/messages.md': renderMessages(sources),
    'docs/environment.md': renderEnvironment(sources),
    'docs/collectors.md': renderCollectors(sources),
    'docs/permissions.md': renderPermissions(sources),
    ...renderRbac(sources),
    ...renderContainmentRoles(sources),
    ...Object.fromEntries([...sources.jsonSchemas].map(([name, text]) => [`docs/json/${name}`, text])),
  };
}

/** Paths whose file is not what the sources give. */
export async function findDrift() {
  const wanted = Object.entries(await generateDocs());
  return wanted
    .filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text)
    .map(([path]) => path);
}

if (isMain(import.meta)) {
  await main(async () => {
    await ensureBuilt();
    if (process.argv.includes('--check')) {
      const drift = await findDrift();
      for (const path of drift) console.log(`${path} is not what the sources give; run npm run docs`);
      return drift.length > 0 ? 1 : 0;
    }
    for (const [path, text] of Object.entries(await generateDocs())) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return 0;
  });
}
