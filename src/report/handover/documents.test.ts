import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/fakes/any-text.js';
import {
  handoverFacts,
  HOSTILE_TEXT,
  hostileFacts,
  legalTemplate,
  STATEMENT,
} from '../../../test/fakes/handover-facts.js';
import { certification } from './certification.js';
import { renderCustodyCsv } from './custody-csv.js';
import { renderCustodyForm } from './custody-form.js';
import type { HandoverFacts } from './handover-facts.js';
import { renderBlocksPdf } from './render-blocks-pdf.js';
import { renderText } from './render-text.js';
import { renderStartHere } from './start-here.js';
import { verifyInstructions } from './verify-instructions.js';
import { visibleText } from './visible-text.js';

const style = legalTemplate('start-here.css');
const styleSha256 = createHash('sha256').update(style).digest('base64');
const UNSEEN = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

function startHere(facts: HandoverFacts): string {
  return renderStartHere({ page: legalTemplate('start-here.eta'), style, styleSha256 }, facts);
}

const certificationText = (facts: HandoverFacts): string =>
  renderText(certification(legalTemplate('certification.txt'), facts), facts.privilege);
const verifyText = (facts: HandoverFacts): string =>
  renderText(verifyInstructions(legalTemplate('verify.txt'), facts), facts.privilege);

/** Tags with their attributes, without the text between them. */
function tagsOf(html: string): string[] {
  return html.replace(/<style>[\s\S]*?<\/style>/, '<style></style>').match(/<[^>]*>/g) ?? [];
}

describe('START-HERE.html', () => {
  it('lets in its own stylesheet by digest and nothing else, and has no script and nothing to load', () => {
    const html = startHere(handoverFacts());
    expect(html).toContain(
      `default-src 'none'; style-src 'sha256-${styleSha256}'; base-uri 'none'; form-action 'none'`,
    );
    const [, between = ''] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? [];
    expect(createHash('sha256').update(between).digest('base64')).toBe(styleSha256);
    expect(html).not.toMatch(/<script|<link|<img|<iframe|<form|\son\w+=|\sstyle=|\shref=|\ssrc=|url\(/i);
  });

  it('says verdict, gaps, signer, time and what is not proven', () => {
    const html = startHere(handoverFacts());
    expect(html).toContain('VERIFIED_PARTIAL');
    expect(html.indexOf('What is missing')).toBeLessThan(html.indexOf('Who, when'));
    expect(html).toContain('forbidden: pods/log is not allowed');
    expect(html).toContain('SHA256:z/fSv0Z0RZS+Lccbc6ZoOWwt/fbj1VFJGSBKQbo4icE');
    expect(html).toContain('Not proven: no time-stamp token.');
    expect(html).toContain('What none of this proves');
    expect(html).toContain('from the release of the program instead');
  });

  it('marks a drill, an archive that did not verify, and secrets in the clear', () => {
    expect(startHere(handoverFacts())).not.toContain('not evidence of an incident');
    const drill = startHere(handoverFacts({ statement: { ...STATEMENT, kind: 'drill' } }));
    expect(drill).toContain('THIS IS A DRILL');
    const facts = handoverFacts();
    const bad = startHere({ ...facts, report: { ...facts.report, verdict: 'UNTRUSTED_SIGNER' } });
    expect(bad).toContain('class="box bad"');
    expect(bad).toContain('nobody vouched for the key');
    expect(startHere({ ...facts, archive: { ...facts.archive, secretItems: 3 } })).toContain('NOT encrypted');
  });

  it('says that nothing was compared when there is no receipt, and shows no code', () => {
    const html = startHere(handoverFacts({ receipt: null }));
    expect(html).toContain('Not compared: no receipt was given.');
    expect(html).not.toContain('<svg');
  });

  it('has no tag more with hostile text than without, and the text is there', () => {
    const plain = { ...hostileFacts(), privilege: 'x' };
    const benign = JSON.parse(
      JSON.stringify(plain).replaceAll(JSON.stringify(HOSTILE_TEXT).slice(1, -1), 'x'),
    ) as HandoverFacts;
    const html = startHere(hostileFacts());
    expect(tagsOf(html)).toEqual(tagsOf(startHere(benign)));
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).toContain('\\u{202e}gnp.exe\\x00\\r\\n');
    expect(html).not.toMatch(UNSEEN);
  });

  it('has the same tags whatever the privilege, the reference, a gap and the recipient say', () => {
    const facts = { ...hostileFacts(), receipt: null };
    const tags = tagsOf(startHere(facts));
    fc.assert(
      fc.property(anyText, (text) => {
        const [gap] = facts.gaps;
        if (gap === undefined) throw new Error('the facts have a gap');
        const html = startHere({
          ...facts,
          privilege: text,
          caseWords: { reference: text, reason: text },
          recipient: text,
          gaps: [{ ...gap, artifact: text, detail: text }],
        });
        expect(tagsOf(html)).toEqual(tags);
        expect(html).not.toMatch(UNSEEN);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the plain documents', () => {
  it.each([
    ['certification', certificationText],
    ['instructions', verifyText],
  ] as const)(
    '%s: hostile text is one line without control characters, and the marking comes first',
    (_name, render) => {
      const text = render(hostileFacts());
      expect(text).not.toMatch(UNSEEN);
      expect(text.split('\n').slice(1, 4).join(' ')).toContain('=HYPERLINK');
      expect(render(handoverFacts({ privilege: 'PRIVILEGED' })).split('\n')[1]).toBe('PRIVILEGED');
      expect(text).not.toMatch(/^(?:DECLARATION|# )/m);
    },
  );

  it('the certification is a draft that claims nothing and leaves to a person what only a person knows', () => {
    const text = certificationText(handoverFacts());
    expect(text).toMatch(/^DRAFT/);
    expect(text).toContain('NOT LEGAL ADVICE');
    expect(text).toMatch(/Nothing\s+in this draft says that a record is admissible/);
    expect(text.replace(/\s+/g, ' ')).not.toMatch(
      /\b(is|are) (hereby )?(admissible|authentic|self-authenticating)\b(?<!record is admissible)/i,
    );
    for (const blank of ['Name of the declarant', 'Training and experience', 'Signature', 'Executed on (date)'])
      expect(text).toMatch(new RegExp(`${blank.replace(/[()]/g, '\\$&')}[^_]*\\n\\n {4}_{40}\\n`));
    expect(text).toContain('under penalty of perjury');
  });

  it('says of an archive that did not verify that it did not', () => {
    const facts = handoverFacts();
    const text = certificationText({ ...facts, report: { ...facts.report, verdict: 'TAMPERED' } });
    expect(text).toContain('WARNING: the archive did not verify.');
    expect(certificationText(facts)).not.toContain('WARNING');
  });

  it('tells how to decrypt an encrypted archive, and where to take the page that is not there', () => {
    const facts = handoverFacts();
    const archive = { ...facts.archive, path: 'evidence/k7m2p9aaaa-x0001.tar.gz.age', isEncrypted: true };
    const text = verifyText({ ...facts, archive, hasVerifyPage: false });
    expect(text).toContain('exhibit decrypt evidence/k7m2p9aaaa-x0001.tar.gz.age --identity FILE');
    expect(text).toContain('exhibit verify evidence/k7m2p9aaaa-x0001.tar.gz --receipt');
    expect(text.replace(/\s+/g, ' ')).toContain('There is no copy of it in this package.');
    expect(verifyText(facts)).not.toContain('decrypt');
  });
});

describe('custody.csv', () => {
  it('holds collection, seal and every event since, with the marking first', () => {
    const rows = renderCustodyCsv(handoverFacts({ privilege: 'PRIVILEGED' })).split('\r\n');
    expect(rows[0]).toBe('\ufeff"PRIVILEGED"');
    expect(rows[2]).toMatch(/^"collection","1","2026-01-02T02:58:00.000Z","open","responder@jump-1"/);
    expect(rows.some((row) => row.includes('144 files were recorded one by one'))).toBe(true);
    expect(rows.at(-2)).toContain('"transfer-out","","R. Esponder, Security","Doe & M\u00fcller LLP, attn. J. Doe"');
  });

  it('has no cell that computes and no character that acts', () => {
    const csv = renderCustodyCsv(hostileFacts());
    expect(csv).toContain(`"'${visibleText(HOSTILE_TEXT).replaceAll('"', '""')}"`);
    expect(csv).not.toMatch(/(?:^|,)"[=+\-@]/m);
    expect(csv.replaceAll('\r\n', '').slice(1)).not.toMatch(UNSEEN);
  });
});

describe('the PDFs', () => {
  const options = { title: 'T', marking: 'PRIVILEGED', notice: 'DRAFT', footer: 'F', createdMs: 1_700_000_000_000 };

  it('are the same bytes for the same facts, and hold nothing that acts', async () => {
    const [one, two] = [await renderCustodyForm(hostileFacts()), await renderCustodyForm(hostileFacts())];
    expect(one.equals(two)).toBe(true);
    const text = one.toString('latin1');
    expect(text).toMatch(/^%PDF-1\.\d/);
    expect(text).toContain('CreationDate');
    expect(text).toContain('(D:20260304050607Z)');
    expect(text).not.toMatch(/\/(JavaScript|JS|URI|Launch|OpenAction|EmbeddedFile|AcroForm)\b/);
  });

  it('have another date at another time', async () => {
    const blocks = certification(legalTemplate('certification.txt'), handoverFacts());
    const one = await renderBlocksPdf(blocks, options);
    expect(one.equals(await renderBlocksPdf(blocks, options))).toBe(true);
    expect(one.equals(await renderBlocksPdf(blocks, { ...options, createdMs: 0 }))).toBe(false);
  });

  it('grow by pages, not without end, with many events and long texts', async () => {
    const facts = handoverFacts();
    const [event] = facts.custody.events;
    const [formEvent] = facts.custody.form.events;
    if (event === undefined || formEvent === undefined) throw new Error('the facts have an event');
    const events = Array.from({ length: 500 }, () => event);
    const form = { ...facts.custody.form, events: Array.from({ length: 500 }, () => formEvent) };
    const pdf = await renderCustodyForm({ ...facts, purpose: 'x'.repeat(100_000), custody: { events, form } });
    const pages = pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0;
    expect(pages).toBeGreaterThan(2);
    expect(pages).toBeLessThan(10);
  });
});
