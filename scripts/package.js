#!/usr/bin/env node
// npm run package: one tarball that runs wherever Node is, without a registry. The same sources give the same bytes.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ensureBuilt } from './build.js';
import { filesUnder, sha256Of } from './lib/files.js';
import { isMain, main, root } from './lib/run.js';
import { runtimePackages } from './lib/runtime-packages.js';
import { tarOf } from './lib/tar.js';

const SHIPPED = ['bin', 'dist', 'templates', 'docs', 'oclif.manifest.json', 'package.json', 'package-lock.json'];
const PAPERS = ['LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md'];
const LEFT_OUT = /^bin\/dev\.js$|^dist\/types\/|\.map$|\.d\.[cm]?ts$/;

/** Finds its own folder through symbolic links, so that /usr/local/bin/exhibit may be one. */
const launcher = (script) => `#!/bin/sh
self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=$(dirname "$self")/$link ;;
  esac
done
command -v node >/dev/null || { echo "exhibit needs Node.js 20.19 or later on the PATH" >&2; exit 127; }
exec node "$(dirname "$self")/${script}" "$@"
`;

function releaseFiles() {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  // Everything else is inside the bundle.
  const outside = runtimePackages(Object.keys(dependencies).filter((name) => name.startsWith('@oclif/')));
  const paths = [...SHIPPED, ...PAPERS].flatMap((path) => filesUnder(path));
  const modules = outside.flatMap((folder) =>
    filesUnder(folder).filter((path) => !path.slice(folder.length).includes('/node_modules/')),
  );
  const files = [...paths, ...modules]
    .filter((path) => !LEFT_OUT.test(path))
    .map((path) => ({
      path,
      bytes: readFileSync(join(root, path)),
      executable: /^bin\/(run|kubectl-exhibit)\.js$/.test(path),
    }));
  files.push({ path: 'bin/exhibit', bytes: Buffer.from(launcher('run.js')), executable: true });
  files.push({ path: 'bin/kubectl-exhibit', bytes: Buffer.from(launcher('kubectl-exhibit.js')), executable: true });
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Writes package/<name>-<version>.tar.gz with its .sha256 from what is built, and returns the path of the first. */
export function packageRelease() {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const paper of PAPERS) if (!existsSync(join(root, paper))) throw new Error(`${paper} is missing`);
  const files = releaseFiles();
  const sums = files.map(({ path, bytes }) => `${sha256Of(bytes)}  ${path}\n`).join('');
  files.push({ path: 'SHA256SUMS', bytes: Buffer.from(sums), executable: false });
  const folder = `${name}-${version}`;
  const archive = gzipSync(tarOf(files.map((file) => ({ ...file, path: `${folder}/${file.path}` }))), { level: 9 });
  mkdirSync(join(root, 'package'), { recursive: true });
  const path = join(root, 'package', `${folder}.tar.gz`);
  writeFileSync(path, archive);
  writeFileSync(`${path}.sha256`, `${sha256Of(archive)}  ${folder}.tar.gz\n`);
  return path;
}

if (isMain(import.meta)) {
  await main(async () => {
    await ensureBuilt();
    console.log(packageRelease());
  });
}
