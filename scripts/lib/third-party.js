import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.js';

const LICENCE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

/** `node_modules/a/node_modules/b/lib/x.js` -> `node_modules/a/node_modules/b`. */
function packageFolder(input) {
  const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
  return folder;
}

/** Names, versions and licence texts of every package whose code is inside the bundle. */
export function renderThirdPartyNotices(metafile) {
  const folders = [...new Set(Object.keys(metafile.inputs).map(packageFolder))].filter(Boolean).sort();
  const sections = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const files = readdirSync(join(root, folder)).filter(
      (file) => LICENCE.test(file) && existsSync(join(root, folder, file)),
    );
    const texts = files.sort().map((file) => readFileSync(join(root, folder, file), 'utf8').trim());
    return [`${name} ${version} (${license ?? 'no licence named'})`, '', ...texts].join('\n');
  });
  return (
    ['Software of others inside the program, with its licences.', ...sections].join(`\n\n${'-'.repeat(80)}\n\n`) + '\n'
  );
}
