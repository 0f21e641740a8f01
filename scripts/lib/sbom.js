import { rmSync, readFileSync, writeFileSync } from 'node:fs';
import { mustRun, tool } from './run.js';

/**
 * CycloneDX 1.6 of what runs at a user, from the lockfile: needs no network and gives the same bytes everywhere.
 * Throws when the tool fails or finds no component.
 */
export async function writeSbom(path) {
  const raw = `${path}.raw`;
  const args = ['--package-lock-only', '--omit', 'dev', '--spec-version', '1.6', '--output-reproducible'];
  await mustRun(
    process.execPath,
    [tool('@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js'), ...args, '--output-file', raw],
    {
      capture: true,
    },
  );
  const sbom = JSON.parse(readFileSync(raw, 'utf8'));
  if (!Array.isArray(sbom.components) || sbom.components.length === 0) throw new Error('the SBOM names no component');
  // The npm that happened to be there is not part of the product and would make the bytes depend on the machine.
  sbom.metadata.tools.components = sbom.metadata.tools.components.filter((component) => component.name !== 'npm');
  writeFileSync(path, `${JSON.stringify(sbom, null, 1)}\n`);
  rmSync(raw);
}
