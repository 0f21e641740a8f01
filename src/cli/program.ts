import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { digestProgram } from '../evidence/program-digest.js';
import type { Tool } from '../model/exhibit.js';

const buildInfoSchema = z.object({ commit: z.string().max(100) });

/** The commit that the build recorded; `unknown` for a tree without a build or without git. */
function commitOf(root: string): string {
  try {
    return buildInfoSchema.parse(JSON.parse(readFileSync(join(root, 'dist', 'build-info.json'), 'utf8'))).commit;
  } catch {
    return 'unknown';
  }
}

const known = new Map<string, Promise<Tool>>();

async function describeProgram(root: string, version: string): Promise<Tool> {
  const digest = await digestProgram({ root, nodeBinary: process.execPath });
  return {
    name: 'exhibit',
    version,
    commit: commitOf(root),
    ...digest,
    nodeVersion: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
}

/** The program that runs, hashed once per process. */
export function programOf(root: string, version: string): Promise<Tool> {
  const promise = known.get(root) ?? describeProgram(root, version);
  known.set(root, promise);
  return promise;
}

/** The software bill of materials that the build made; a bare one, which says so by its emptiness, for a tree without a build. */
export async function sbomOf(root: string, version: string): Promise<Buffer> {
  try {
    return await readFile(join(root, 'dist', 'sbom.cdx.json'));
  } catch {
    const component = { type: 'application', name: 'kubexhibit', version };
    return Buffer.from(
      `${JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, metadata: { component } })}\n`,
    );
  }
}
