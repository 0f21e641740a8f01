import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { styleDigest } from '../evidence/handover/style-digest.js';
import type { LegalTemplates } from '../workflows/handover-documents.js';

/** The texts of templates/legal. Throws a system error when the installation is not whole. */
export async function readLegalTemplates(templatesDirectory: string): Promise<LegalTemplates> {
  const read = (name: string): Promise<string> => readFile(join(templatesDirectory, 'legal', name), 'utf8');
  const style = await read('start-here.css');
  return {
    certification: await read('certification.txt'),
    verify: await read('verify.txt'),
    privilege: await read('privilege.txt'),
    startHere: await read('start-here.eta'),
    style,
    styleSha256: styleDigest(style),
  };
}

/** The page that the build made; `null` for a tree that has none. */
export async function readVerifyPage(root: string): Promise<Buffer | null> {
  try {
    return await readFile(join(root, 'dist', 'verify-page', 'verify.html'));
  } catch {
    return null;
  }
}
