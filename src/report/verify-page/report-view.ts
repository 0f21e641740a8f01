import { toRfc3339 } from '../../lib/clock.js';
import type { Statement } from '../../model/exhibit.js';
import { element } from './element.js';
import { findingsView, gapsView } from './ledger-view.js';
import type { PageReport } from './page-report.js';
import type { PageSigner } from './seal-check.js';
import { provenBy, type PageToken } from './time-check.js';
import { verdictView } from './verdict-view.js';
import { counted, facts, mono, paragraph, section, shown, table } from './view-parts.js';

function authorityOf({ authority }: Statement): string {
  if (authority === 'not stated') return 'NOT STATED: the archive does not say by whose authority it was collected';
  return shown(`${authority.by}, ${authority.at}: ${authority.ground}`);
}

function exhibitView({ statement, gapsTotal }: PageReport): HTMLElement | null {
  if (statement === null) return null;
  const { tool, operator } = statement;
  const gaps = gapsTotal === 0 ? 'no gap' : counted(gapsTotal, 'gap');
  return section(
    'The exhibit, as it describes itself',
    facts([
      ['Exhibit', mono(shown(statement.exhibitId))],
      ['Kind', statement.kind],
      ['Completeness', `${statement.completeness} (${gaps} in the ledger)`],
      ['Authority', authorityOf(statement)],
      ['Collected by', shown(`${operator.osUser} on ${operator.host}`)],
      ['Identity at the API', shown(operator.apiIdentity?.username ?? 'not known')],
      ['Sealed at', `${statement.createdAt} (by the clock of the collecting machine)`],
      ['Payload', `${counted(statement.payloadFiles, 'file')}, ${counted(statement.payloadBytes, 'byte')}`],
      ['Previous exhibit', statement.previous === null ? 'none' : mono(shown(statement.previous.exhibitId))],
      ['Legal hold', statement.holdId === null ? null : shown(statement.holdId)],
      ['Program', shown(`${tool.name} ${tool.version}, commit ${tool.commit}`)],
      ['Program digest', mono(tool.programDigest)],
    ]),
  );
}

function trustOf({ principal, why, isChecked }: PageSigner): string {
  if (!isChecked) return 'signature NOT CHECKED: this browser cannot';
  return principal === null ? `good signature; not trusted: ${why}` : `good signature; trusted as ${shown(principal)}`;
}

function signerView({ signers, statement, findingsTotal }: PageReport): HTMLElement {
  const asked = counted(statement?.policy.requireSigners ?? 1, 'signature');
  const each = signers.map((signer) =>
    facts([
      ['Fingerprint', element('strong', { class: 'mono' }, signer.fingerprint)],
      ['Result', trustOf(signer)],
    ]),
  );
  return section(
    signers.length > 1 ? 'Signers' : 'Signer',
    ...(each.length === 0 ? [paragraph('No good signature.')] : each),
    findingsTotal === 0 ? null : paragraph('Because of the findings, no signature makes this archive good.'),
    paragraph(
      `The archive's policy asks for ${asked}. A fingerprint says who signed only if you know it from elsewhere. No list of revoked keys was looked at.`,
    ),
  );
}

const OF_A_TOKEN = {
  passed: 'good token of an authority that you gave the root of',
  failed: 'NOT ACCEPTED',
  skipped: 'whose token it is was NOT CHECKED',
} as const;

function tokenWords({ genTime, authority, result, why }: PageToken, what: string): string {
  const claim =
    genTime === null
      ? 'says nothing that can be relied on'
      : `says that ${what} was there at ${genTime}${authority === null ? '' : `, by the name of ${shown(authority)}`}`;
  return `${claim}. ${OF_A_TOKEN[result]}${why === '' ? '' : `: ${shown(why)}`}.`;
}

/** What the tokens together are worth. */
function timeWords({ tokens, statement, signers }: PageReport): string {
  const asks = statement?.policy.requireTimestamp === true ? ' The policy of the archive asks for one.' : '';
  const clock = 'Other times in the archive are what the clock of the collecting machine said.';
  if (tokens.length === 0) return `No time-stamp token is in the archive.${asks} ${clock}`;
  const proof = provenBy(tokens);
  if (proof !== null)
    return `The ${signers.length > 1 ? 'first signature' : 'signature'} was there no later than ${proof.genTime ?? ''}, if the authority is to be believed. Whether its certificate was revoked is not checked. ${clock}`;
  const how =
    'Give its root above, or check with the program (--tsa-ca), or with openssl as VERIFY.md in the archive describes.';
  return `No time is proven: anybody can make a token.${asks} ${how} ${clock}`;
}

/** A long run has one every few minutes. */
const SHOWN_TOKENS = 50;

function custodyTimeViews({ custodyTokens }: PageReport): HTMLElement[] {
  if (custodyTokens.length === 0) return [];
  const more = custodyTokens.length - SHOWN_TOKENS;
  const left =
    more > 0 ? ` The first ${String(SHOWN_TOKENS)} are shown; ${counted(more, 'token')} more were checked.` : '';
  const alarms = custodyTokens.filter(({ why }) => why.includes('ALARM')).length;
  const alarm =
    alarms === 0 ? '' : ` ALARM: ${counted(alarms, 'token')} contradict the clock of the collecting machine.`;
  const what = `Tokens over lines of the custody log say when the collection was under way, and nothing about the signature.${alarm}${left}`;
  const rows = custodyTokens
    .slice(0, SHOWN_TOKENS)
    .map((token): [string, string] => [token.path, tokenWords(token, 'the line')]);
  return [paragraph(what), facts(rows)];
}

function timeView(report: PageReport): HTMLElement {
  const rows = report.tokens.map((token): [string, string] => [token.path, tokenWords(token, 'the signature')]);
  return section('Time', paragraph(timeWords(report)), facts(rows), ...custodyTimeViews(report));
}

const TONES = { passed: 'good', failed: 'bad', skipped: 'none' } as const;

function checksView({ checks }: PageReport): HTMLElement {
  const rows = checks.map(({ check, result, detail }) => [
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
      ['Size', `${counted(report.sizeBytes, 'byte')}, ${report.tarBytes.toLocaleString('en')} unpacked`],
    ]),
  );
}

const LIMITS = [
  'That what the cluster, its nodes or its cloud answered was true: the seal covers what was received.',
  'When it was sealed, unless the check "time" passed; and then, no more than that it was not later.',
  'That this is the archive that was first sealed: whoever has the key can seal again. Only a receipt that was kept elsewhere shows that.',
  'Anything about disk snapshots and other things that stay outside the archive: they were not looked at.',
  'Anything about the custody of the archive after the seal: records beside the archive were not looked at.',
  'That it is admissible anywhere, or what it means.',
] as const;

function limitsView({ checks }: PageReport): HTMLElement {
  const skipped = checks.filter(({ result }) => result === 'skipped').map(({ check }) => check);
  const outside = ['snapshots outside the archive', 'custody after the seal', 'revoked keys'];
  return section(
    'What was not checked, and what this does not prove',
    paragraph(`Not checked here: ${[...skipped, ...outside].join(', ')}.`),
    paragraph('No verdict of this page proves:'),
    element('ul', {}, ...LIMITS.map((text) => element('li', {}, text))),
  );
}

export interface ReportContext {
  readonly fileName: string;
  /** Epoch milliseconds. */
  readonly checkedAtMs: number;
  readonly seconds: number;
}

function lastLine({ tarBytes }: PageReport, { checkedAtMs, seconds }: ReportContext): string {
  const speed = `${(tarBytes / 1e6 / Math.max(seconds, 0.001)).toFixed(0)} MB/s unpacked`;
  const when = `Checked in ${seconds.toFixed(1)} s, ${speed}, at ${toRfc3339(checkedAtMs)} by the clock of this computer.`;
  return `${when} Characters outside printable ASCII are shown as escapes.`;
}

/** The whole result: verdict, findings and gaps before all details. */
export function reportView(report: PageReport, context: ReportContext): Node[] {
  const views = [
    ...verdictView(report, context.fileName),
    findingsView(report),
    gapsView(report),
    signerView(report),
    timeView(report),
    exhibitView(report),
    checksView(report),
    digestsView(report),
    limitsView(report),
    element('p', { class: 'hint' }, lastLine(report, context)),
  ];
  return views.filter((view) => view !== null);
}
