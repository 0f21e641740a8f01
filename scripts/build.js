#!/usr/bin/env node
// npm run build: dist/ and oclif.manifest.json from src/, and nothing when they are up to date.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withBuildLock } from './lib/build-lock.js';
import { sourceCommit } from './lib/commit.js';
import { ensureInstalled } from './lib/ensure-installed.js';
import { digestOfFiles, filesUnder } from './lib/files.js';
import { isMain, main, mustRun, root, tool } from './lib/run.js';

const INPUTS = [
  'src',
  'scripts/build.js',
  'scripts/lib',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];
const INFO = join(root, 'dist/build-info.json');

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

function inputsDigest() {
  const inputs = INPUTS.flatMap((path) => filesUnder(path));
  return digestOfFiles(inputs.filter((path) => !/\.test\.ts$|\/fixtures\//.test(path)));
}

/** A build is complete when its info names its inputs, because the info is written last. */
function builtFrom() {
  if (!existsSync(INFO) || !existsSync(join(root, 'oclif.manifest.json'))) return undefined;
  return readJson(INFO);
}

async function typesInto(folder) {
  const args = [tool('typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', folder];
  await mustRun(process.execPath, args, { capture: true });
}

async function manifestInto(folder) {
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  await mustRun(process.execPath, [tool('oclif/bin/run.js'), 'manifest', folder], { capture: true });
}

/** Waits for all of them even when one fails: none may still write into a folder that is being removed. */
async function allOrFirstError(promises) {
  const results = await Promise.allSettled(promises);
  const failure = results.find(({ status }) => status === 'rejected');
  if (failure) throw failure.reason;
  return results.map(({ value }) => value);
}

async function build(inputsSha256, commit) {
  // Imported here: on a fresh clone this file is loaded before anything is installed.
  const { bundle } = await import('./lib/bundle.js');
  const { renderThirdPartyNotices } = await import('./lib/third-party.js');
  const { writeSbom } = await import('./lib/sbom.js');
  const { writeVerifyPage } = await import('./lib/verify-page.js');
  const staging = join(root, `.cache/build-${process.pid}`);
  const dist = join(staging, 'dist');
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(join(dist, 'commands'), { recursive: true });
  try {
    const [metafile] = await allOrFirstError([bundle(dist), typesInto(join(dist, 'types'))]);
    writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), renderThirdPartyNotices(metafile));
    await allOrFirstError([manifestInto(staging), writeSbom(join(dist, 'sbom.cdx.json'))]);
    const { version } = readJson(join(root, 'package.json'));
    console.error(`verify.html ${await writeVerifyPage(join(dist, 'verify-page'), version)} (SHA-256)`);
    writeJson(join(dist, 'build-info.json'), { version, commit, inputsSha256 });
    // Swapped in one go, so that a program that runs meanwhile never sees half a build.
    rmSync(`${staging}-old`, { recursive: true, force: true });
    if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), `${staging}-old`);
    renameSync(dist, join(root, 'dist'));
    renameSync(join(staging, 'oclif.manifest.json'), join(root, 'oclif.manifest.json'));
  } finally {
    rmSync(staging, { recursive: true, force: true });
    rmSync(`${staging}-old`, { recursive: true, force: true });
  }
}

/** Builds when a source changed since the last build. Throws with the compiler's words when it cannot be built. */
export async function ensureBuilt() {
  await ensureInstalled();
  await withBuildLock(async () => {
    const generator = join(root, 'scripts/generate-collectors.js');
    if (existsSync(generator)) await mustRun(process.execPath, [generator], { capture: true });
    await mustRun(process.execPath, [join(root, 'scripts/generate-catalogue.js')], { capture: true });
    const inputsSha256 = inputsDigest();
    const commit = await sourceCommit();
    const before = builtFrom();
    if (before?.inputsSha256 === inputsSha256) {
      if (before.commit !== commit) writeJson(INFO, { ...before, commit });
      return;
    }
    const beganMs = Date.now();
    await build(inputsSha256, commit);
    console.error(`built in ${((Date.now() - beganMs) / 1000).toFixed(1)} s`);
  });
}

if (isMain(import.meta)) await main(ensureBuilt);
