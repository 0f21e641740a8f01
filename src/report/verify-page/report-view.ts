import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { Statement } from '../../model/exhibit.js';
import type { CheckResult, Finding } from '../../model/verdict.js';
import { element } from './element.js';
import type { Gap } from './gap-list.js';
import type { PageReport } from './page-report.js';
import type { PageSigner } from './seal-check.js';
import { verdictWords } from './verdict-words.js';

const FIRST_GAPS = 15;
const MAX_TEXT = 500;

const KINDS: Readonly<Record<Statement['kind'], string>> = {
  incident: 'incident',
  drill: 'DRILL',
  sandbox: 'SANDBOX DRILL',
};

/** Text of the archive in printable ASCII: what is not is shown as an escape. */
const shown = (text: string): string => escapeForTerminal(text, MAX_TEXT);
const count = (number: number): string => number.toLocaleString('en');

function section(title: string, ...children: readonly (Node | string | null)[]): HTMLElement {
  return element('section', {}, element('h2', {}, title), ...children);
}

function facts(rows: readonly (readonly [name: string, value: string | Node | null])[]): HTMLElement {
  const list = element('dl');
  for (const [name, value] of rows) {
    if (value !== null) list.append(element('dt', {}, name), element('dd', {}, value));
  }
  return list;
}

function table(heads: readonly string[], rows: readonly (readonly (Node | string)[])[]): HTMLElement {
  const head = element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)));
  const body = rows.map((cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell))));
  const made = element('table', {}, element('thead', {}, head), element('tbody', {}, ...body));
  return element('div', { class: 'scroll' }, made);
}

const mono = (text: string): HTMLElement => element('span', { class: 'mono' }, text);
const paragraph = (text: string): HTMLElement => element('p', {}, text);

function verdictView(report: PageReport, fileName: string): HTMLElement {
  const { tone, title, meaning } = verdictWords(report);
  const box = element('div', { 'class': 'verdict', 'data-tone': tone, 'data-verdict': report.verdict });
  box.append(
    element('p', { class: 'of' }, 'Verdict on ', mono(shown(fileName))),
    element('p', { class: 'word' }, title),
    paragraph(meaning),
  );
  return box;
}

function kindBanner(statement: Statement | null): HTMLElement | null {
  if (statement === null || statement.kind === 'incident') return null;
  const words = `${KINDS[statement.kind]}: made in a rehearsal. This is no evidence of any incident.`;
  return element('p', { 'class': 'banner', 'data-tone': 'warn', 'data-kind': statement.kind }, words);
}

/** What somebody must not overlook who believes to have the evidence itself before them. */
function copyBanner(statement: Statement | null): HTMLElement | null {
  if (statement?.derivedFrom === undefined) return null;
  const { exhibitId, tagmanifestSha256, redactions } = statement.derivedFrom;
  const words = `REDACTED COPY of ${exhibitId}: ${count(redactions)} redactions, listed in data/derived/redactions.jsonl. Tagmanifest SHA-256 of the original: ${tagmanifestSha256}.`;
  return element('p', { 'class': 'banner', 'data-tone': 'warn', 'data-copy': '' }, shown(words));
}

function authorityOf({ authority }: Statement): string {
  if (authority === 'not stated') return 'NOT STATED: the archive does not say by whose authority it was collected';
  return shown(`${authority.by}, ${authority.at}: ${authority.ground}`);
}

function exhibitView({ statement, gapsTotal }: PageReport): HTMLElement | null {
  if (statement === null) return null;
  const { tool, operator } = statement;
  const gaps = gapsTotal === 0 ? 'no gap in the ledger' : `${count(gapsTotal)} in the ledger`;
  return section(
    'The exhibit, as it describes itself',
    facts([
      ['Exhibit', mono(shown(statement.exhibitId))],
      ['Kind', KINDS[statement.kind]],
      ['Completeness', `${statement.completeness} (${gapsTotal === 0 ? gaps : `gaps: ${gaps}`})`],
      ['Authority', authorityOf(statement)],
      ['Collected by', shown(`${operator.osUser} on ${operator.host}`)],
      ['Identity at the API', shown(operator.apiIdentity?.username ?? 'not known')],
      ['Sealed at', `${statement.createdAt} (by the clock of the collecting machine)`],
      ['Payload', `${count(statement.payloadFiles)} files, ${count(statement.payloadBytes)} bytes`],
      ['Previous exhibit', statement.previous === null ? 'none' : mono(shown(statement.previous.exhibitId))],
      ['Classification', statement.classification === null ? null : shown(statement.classification)],
      ['Legal hold', statement.holdId === null ? null : shown(statement.holdId)],
      ['Program', shown(`${tool.name} ${tool.version}, commit ${tool.commit}, program digest ${tool.programDigest}`)],
    ]),
  );
}

function gapRows(gaps: readonly Gap[]): HTMLElement {
  const rows = gaps.map(({ artifact, outcome, reason, detail, proof }) => [
    mono(artifact),
    outcome,
    [reason, detail].filter((text) => text !== '').join(': '),
    mono(proof),
  ]);
  return table(['Artifact', 'Outcome', 'Why', 'Proof'], rows);
}

function gapsView({ gaps, gapsTotal, statement }: PageReport): HTMLElement | null {
  if (statement === null) return null;
  if (gapsTotal === 0)
    return section('Gaps', paragraph('None: every required artifact was collected, or proved to be empty or absent.'));
  const rest = gaps.slice(FIRST_GAPS);
  const unlisted = gapsTotal - gaps.length;
  return section(
    `Gaps (${count(gapsTotal)})`,
    paragraph('What was required and not obtained in full. Whoever reads the payload must know of these first.'),
    gapRows(gaps.slice(0, FIRST_GAPS)),
    rest.length === 0
      ? null
      : element('details', {}, element('summary', {}, `${count(rest.length)} more`), gapRows(rest)),
    unlisted === 0
      ? null
      : paragraph(`${count(unlisted)} further gaps are not listed here; all stand in meta/outcomes.jsonl.`),
  );
}

function trustOf({ principal, why, isChecked }: PageSigner): string {
  if (!isChecked) return 'signature NOT CHECKED: this browser cannot';
  return principal === null ? `good signature; not trusted: ${why}` : `good signature; trusted as ${shown(principal)}`;
}

function signerView({ signers, statement }: PageReport): HTMLElement {
  const title = signers.length > 1 ? 'Signers' : 'Signer';
  if (signers.length === 0) return section(title, paragraph('No good signature.'));
  return section(
    title,
    ...signers.map((signer) =>
      facts([
        ['Fingerprint', element('strong', { class: 'mono' }, signer.fingerprint)],
        ['Result', trustOf(signer)],
      ]),
    ),
    paragraph(
      `The archive's policy asks for ${count(statement?.policy.requireSigners ?? 1)}. A fingerprint proves who signed only if you know it from somewhere else than this archive.`,
    ),
  );
}

function timeView({ tokens, statement }: PageReport): HTMLElement {
  const asks = statement?.policy.requireTimestamp === true ? ' The policy of the archive asks for one.' : '';
  return section(
    'Time',
    paragraph(
      tokens.length === 0
        ? `No time-stamp token is in the archive.${asks} Times in it are what the clock of the collecting machine said.`
        : `Whose tokens these are was NOT CHECKED: anybody could have made them.${asks} Check them with the program (--tsa-ca), or with openssl as VERIFY.md in the archive describes.`,
    ),
    facts(
      tokens.map(({ path, genTime }) => [
        path,
        `says that the signature was there at ${genTime ?? 'a time that cannot be read'}`,
      ]),
    ),
  );
}

function findingsView({ findings, findingsTotal }: PageReport): HTMLElement | null {
  if (findingsTotal === 0) return null;
  const rows = findings.map(({ check, path, expected, found }: Finding) => [
    check,
    mono(path === '' ? 'the container' : path),
    mono(expected),
    mono(found),
  ]);
  const unlisted = findingsTotal - findings.length;
  return section(
    `Findings (${count(findingsTotal)})`,
    table(['Check', 'Where', 'Expected', 'Found'], rows),
    unlisted === 0 ? null : paragraph(`${count(unlisted)} more were counted and are not listed.`),
  );
}

const TONES = { passed: 'good', failed: 'bad', skipped: 'none' } as const;

function checksView({ checks }: PageReport): HTMLElement {
  const rows = checks.map(({ check, result, detail }: CheckResult) => [
    check,
    element('span', { 'class': 'mark', 'data-tone': TONES[result] }, result),
    shown(detail),
  ]);
  return section('Checks', table(['Check', 'Result', 'What it means'], rows));
}

function digestsView(report: PageReport): HTMLElement {
  return section(
    'Digests, to compare by eye',
    facts([
      ['SHA-256 of the file', mono(report.containerSha256 ?? 'not computed')],
      ['SHA-256 of tagmanifest', mono(report.tagmanifestSha256 ?? 'not found')],
      ['Head of the custody log', mono(shown(report.statement?.custodyHeadSha256 ?? 'not found'))],
      ['Size', `${count(report.sizeBytes)} bytes, ${count(report.tarBytes)} unpacked`],
    ]),
  );
}

const LIMITS = [
  'That what the cluster, its nodes or its cloud answered was true: the seal covers what was received.',
  'When it was sealed, unless a time-stamp was checked elsewhere.',
  'That this is the archive that was first sealed: whoever has the key can seal again. Only a receipt that was kept elsewhere shows that.',
  'Anything about disk snapshots and other things that stay outside the archive: they were not looked at.',
  'Anything about the custody of the archive after the seal: records beside the archive were not looked at.',
  'That it is admissible anywhere, or what it means.',
] as const;

function limitsView({ checks }: PageReport): HTMLElement {
  const skipped = checks.filter(({ result }) => result === 'skipped').map(({ check }) => check);
  const list = element('ul', {}, ...LIMITS.map((text) => element('li', {}, text)));
  return section(
    'What was not checked, and what this does not prove',
    paragraph(
      `Not checked here: ${[...skipped, 'snapshots outside the archive', 'custody after the seal'].join(', ')}.`,
    ),
    paragraph('No verdict of this page proves:'),
    list,
  );
}

/** The whole result, the gaps before all details. */
export function reportView(report: PageReport, about: { readonly fileName: string; readonly seconds: number }): Node[] {
  const perSecond = report.tarBytes / 1e6 / Math.max(about.seconds, 0.001);
  const speed = `Checked in ${about.seconds.toFixed(1)} s, ${perSecond.toFixed(0)} MB/s unpacked. Characters outside printable ASCII are shown as escapes.`;
  const views = [
    verdictView(report, about.fileName),
    kindBanner(report.statement),
    copyBanner(report.statement),
    report.findingsTotal > 0 ? findingsView(report) : null,
    gapsView(report),
    signerView(report),
    timeView(report),
    exhibitView(report),
    checksView(report),
    digestsView(report),
    limitsView(report),
    element('p', { class: 'hint', id: 'speed' }, speed),
  ];
  return views.filter((view) => view !== null);
}
