import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { mustRun, root, run, tool } from '../lib/run.js';
import { exercise } from './samples.js';

const MUST_HAVE = [
  'LICENSE',
  'README.md',
  'bin/run.js',
  'bin/kubectl-exhibit.js',
  'dist/cli/main.js',
  'dist/index.js',
  'dist/sbom.cdx.json',
];
const MUST_NOT_HAVE = /^(src|test|scripts|\.ci)\/|\.test\.[jt]s$|^bin\/dev\.js$|\.tsbuildinfo$/;

/** npm pack into `folder`; fails when something is missing from the tarball or does not belong into it. */
export async function packGate(folder) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await mustRun('npm', args, { capture: true });
  const [{ filename, files, size }] = JSON.parse(stdout);
  const paths = files.map((file) => file.path);
  const wrong = [
    ...MUST_HAVE.filter((path) => !paths.includes(path)).map((path) => `${path} is missing`),
    ...paths.filter((path) => MUST_NOT_HAVE.test(path)).map((path) => `${path} does not belong there`),
  ];
  const detail = wrong.length > 0 ? wrong.join(', ') : `${paths.length} files, ${Math.round(size / 1024)} KiB`;
  return { ok: wrong.length === 0, detail, tarball: join(folder, filename) };
}

export async function publintGate(tarball) {
  const { status, output } = await run(process.execPath, [tool('publint/src/cli.js'), 'run', tarball, '--strict'], {
    capture: true,
  });
  return { ok: status === 0, detail: status === 0 ? 'no remark' : output.trim() };
}

/** A project whose only dependency is our tarball, locked to the very versions that we test with. */
function writeConsumer(folder, tarball) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { name, version, dependencies, bin, engines } = lock.packages[''];
  const file = basename(tarball);
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  const production = Object.entries(lock.packages).filter(([path, one]) => path !== '' && one.dev !== true);
  const consumer = { name: 'consumer', version: '1.0.0', dependencies: { [name]: `file:${file}` } };
  const packages = {
    '': consumer,
    [`node_modules/${name}`]: { version, resolved: `file:${file}`, integrity, dependencies, bin, engines },
    ...Object.fromEntries(production),
  };
  mkdirSync(folder, { recursive: true });
  copyFileSync(tarball, join(folder, file));
  writeFileSync(join(folder, 'package.json'), JSON.stringify(consumer));
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ name: 'consumer', version: '1.0.0', lockfileVersion: 3, requires: true, packages }),
  );
}

/** Installs the packed tarball in an empty folder, from npm's cache as far as that goes, and runs what came out. */
export async function installGate(folder, tarball) {
  writeConsumer(folder, tarball);
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  const { status, output } = await run('npm', ['ci', ...flags], { cwd: folder, capture: true });
  if (status !== 0) return { ok: false, detail: output.trim() };
  return await exercise(join(folder, 'node_modules/.bin/exhibit'), { cwd: folder });
}
