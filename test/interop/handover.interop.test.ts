/** What a package for legal holds is read by programs that are not ours: CASE's own validator, a PDF reader, Python's zipfile. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PackageFolder } from '../../src/evidence/handover/package-folder.js';
import { zipFolder } from '../../src/evidence/handover/zip-folder.js';
import { renderCaseGraph } from '../../src/report/handover/case-graph.js';
import { certification } from '../../src/report/handover/certification.js';
import { renderCustodyForm } from '../../src/report/handover/custody-form.js';
import { renderBlocksPdf } from '../../src/report/handover/render-blocks-pdf.js';
import { winAnsiText } from '../../src/report/handover/win-ansi-text.js';
import { handoverFacts, HOSTILE_TEXT, hostileFacts, legalTemplate, STATEMENT } from '../fakes/handover-facts.js';
import { hasTool, needs, runTool } from '../fakes/stock-tools.js';

const hasCase = hasTool('case_validate', ['--help']);
const hasPdf = hasTool('pdftotext', ['-v']);
const hasPython = hasTool('python3');
const hasSums = hasTool('sha256sum');

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-legal-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

function written(name: string, bytes: string | Buffer): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

describe.skipIf(!hasCase)(`case_validate${needs('case_validate', hasCase)}`, () => {
  const drill = { ...STATEMENT, kind: 'drill', authority: 'not stated', scope: null } as const;

  it.each([
    ['a partial incident', handoverFacts()],
    [
      'a marked one with all that can be said',
      handoverFacts({ privilege: 'P', caseWords: { reference: 'R', reason: 'why' } }),
    ],
    ['a bare drill', handoverFacts({ statement: drill, receipt: null })],
    ['hostile text', hostileFacts()],
  ])('accepts the graph of %s, information and warnings included', (name, facts) => {
    const path = written(`${name.replaceAll(' ', '-')}.jsonld`, renderCaseGraph(facts));
    const { status, stdout, stderr } = runTool('case_validate', ['--built-version', 'case-1.4.0', path]);
    expect({ status, stderr, stdout }).toMatchObject({ status: 0 });
    expect(stdout).toContain('Conforms: True');
  });

  it('would refuse one that is not in order', () => {
    const graph = renderCaseGraph(handoverFacts()).replace('"types:hashMethod":"SHA256",', '');
    expect(runTool('case_validate', [written('broken.jsonld', graph)]).status).toBe(1);
  });
});

describe.skipIf(!hasPdf)(`pdftotext${needs('pdftotext', hasPdf)}`, () => {
  const words = (name: string, pdf: Buffer): string =>
    runTool('pdftotext', ['-enc', 'UTF-8', '-raw', written(name, pdf), '-']).stdout.replace(/\s+/g, '');

  it('finds every character of hostile text in the form, escaped', async () => {
    expect(words('hostile-form.pdf', await renderCustodyForm(hostileFacts()))).toContain(
      winAnsiText(HOSTILE_TEXT).replace(/\s+/g, ''),
    );
  });

  it('finds letters that the fonts have as they are, others by number, and the marking', async () => {
    const blocks = certification(
      legalTemplate('certification.txt'),
      handoverFacts({ caseWords: { reference: 'M\u00fcller \u20ac \u201cx\u201d', reason: '\u6771\u4eac' } }),
    );
    const options = { title: 'T', marking: 'PRIVILEGED', notice: 'DRAFT', footer: 'F', createdMs: 0 };
    const text = words('draft.pdf', await renderBlocksPdf(blocks, options));
    expect(text).toContain('M\u00fcller\u20ac\u201cx\u201d');
    expect(text).toContain('\\u{6771}\\u{4eac}');
    expect(text).toContain('PRIVILEGED');
  });
});

describe.skipIf(!hasPython || !hasSums)(
  `python3 and sha256sum${needs('python3 or sha256sum', hasPython && hasSums)}`,
  () => {
    it('find in folder and ZIP what the manifest lists', async () => {
      const target = join(directory, 'package');
      const folder = await PackageFolder.create(target);
      await folder.write('evidence/a.tar.gz', Buffer.alloc(3_000_000, 'evidence'));
      await folder.write('empty.txt', '');
      await folder.writeManifest();
      const paths = folder.files.map(({ path }) => path);
      const output = `${target}.zip`;
      await zipFolder({ directory: folder.directory, paths, root: 'package', output, atMs: 1_800_000_000_000 });
      await folder.publish();
      const unpacked = join(directory, 'unpacked');
      mkdirSync(unpacked);
      expect(runTool('python3', ['-m', 'zipfile', '-e', output, unpacked])).toMatchObject({ status: 0, stderr: '' });
      for (const cwd of [target, join(unpacked, 'package')])
        expect(runTool('sha256sum', ['--strict', '--quiet', '-c', 'MANIFEST.txt'], { cwd })).toMatchObject({
          status: 0,
          stderr: '',
        });
    });
  },
);
