import type { Statement } from '../../model/exhibit.js';
import { element } from './element.js';
import type { PageReport } from './page-report.js';
import { verdictWords } from './verdict-words.js';
import { counted, mono, paragraph, shown } from './view-parts.js';

function verdictBox(report: PageReport, fileName: string): HTMLElement {
  const { tone, title, meaning } = verdictWords(report);
  const box = element('div', { 'class': 'verdict', 'data-tone': tone, 'data-verdict': report.verdict });
  box.append(
    element('p', { class: 'of' }, 'Verdict on ', mono(shown(fileName))),
    element('p', { class: 'word' }, title),
    paragraph(meaning),
  );
  if (report.statement?.authority === 'not stated') box.append(paragraph('Authority: not stated in the archive.'));
  return box;
}

function banner(tone: 'warn' | 'none', about: string, text: string): HTMLElement {
  return element('p', { 'class': 'banner', 'data-tone': tone, 'data-about': about }, text);
}

/** What nobody may overlook who believes to have the evidence itself before them. */
function banners({ kind, derivedFrom, classification }: Statement): HTMLElement[] {
  const found: HTMLElement[] = [];
  if (kind !== 'incident') {
    const what = kind === 'sandbox' ? 'SANDBOX DRILL' : 'DRILL';
    found.push(banner('warn', kind, `${what}: made in a rehearsal. This is no evidence of any incident.`));
  }
  if (derivedFrom !== undefined) {
    const { exhibitId, tagmanifestSha256, redactions } = derivedFrom;
    const ledger = `${counted(redactions, 'redaction')}, listed in data/derived/redactions.jsonl`;
    const original = `Tagmanifest SHA-256 of the original: ${tagmanifestSha256}`;
    found.push(banner('warn', 'copy', `REDACTED COPY of ${shown(exhibitId)}: ${ledger}. ${original}.`));
  }
  if (classification !== null) found.push(banner('none', 'marking', `Marked: ${shown(classification)}`));
  return found;
}

/** The verdict in words, and beside it what must be seen first. */
export function verdictView(report: PageReport, fileName: string): Node[] {
  const { statement } = report;
  return [verdictBox(report, fileName), ...(statement === null ? [] : banners(statement))];
}
