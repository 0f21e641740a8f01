/** The script of verify.html. */
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { element } from './element.js';
import { PageForm } from './page-form.js';
import { recordShapes, type RecordSchemas } from './record-shapes.js';
import { reportView } from './report-view.js';
import { selfTest } from './self-test.js';
import { verifyInPage } from './verify-in-page.js';

/** Put in when the page is built. */
declare const RECORD_SCHEMAS: RecordSchemas;

const AGE_MARK = 'age-encryption.org/';

const shapes = recordShapes(RECORD_SCHEMAS);
const page = new PageForm();

type Given = Exclude<ReturnType<PageForm['given']>, { readonly problem: string }>;

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

async function check({ file, receipt, allowedSigners, tsaRoots }: Given, signal: AbortSignal): Promise<void> {
  const beganMs = performance.now();
  let shownMs = 0;
  const checkedAtMs = Math.floor(performance.timeOrigin + beganMs);
  const report = await verifyInPage({
    file,
    receipt,
    allowedSigners,
    tsaRoots,
    shapes,
    signal,
    nowMs: checkedAtMs,
    onProgress: ({ readBytes, tarBytes }) => {
      if (performance.now() - shownMs < 200) return;
      shownMs = performance.now();
      const text = `Read ${megabytes(readBytes)} of ${megabytes(file.size)}, unpacked ${megabytes(tarBytes)}`;
      page.showProgress(readBytes / file.size, text);
    },
  });
  const seconds = (performance.now() - beganMs) / 1000;
  page.result.replaceChildren(...reportView(report, { fileName: file.name, checkedAtMs, seconds }));
  page.result.hidden = false;
  page.result.focus();
  page.showProgress(1, 'Done.');
}

/** Why there cannot be a verdict on this file in this browser; `null` when there can. */
async function whyNot(file: File): Promise<string | null> {
  const problem = await selfTest();
  if (problem !== null) return `No verdict: this browser cannot be relied on for this, because ${problem}.`;
  const beginning = await file.slice(0, AGE_MARK.length).text();
  return beginning === AGE_MARK ? 'No verdict: the file is encrypted with age. Decrypt it first.' : null;
}

async function run(given: Given): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort();
  };
  page.clear();
  page.showProgress(0, 'Reading...');
  page.setBusy(true);
  page.stop.addEventListener('click', stop);
  try {
    const problem = await whyNot(given.file);
    if (problem === null) await check(given, controller.signal);
    else page.showProblem(problem);
    if (problem !== null) page.showProgress(0, '');
  } catch (error) {
    const words = controller.signal.aborted
      ? 'Stopped. There is no verdict.'
      : `No verdict: the page itself failed (${textOf(error)}).`;
    page.showProblem(words);
    page.showProgress(0, '');
  } finally {
    page.stop.removeEventListener('click', stop);
    page.setBusy(false);
  }
}

function textOf(error: unknown): string {
  return escapeForTerminal(error instanceof Error ? `${error.name}: ${error.message}` : String(error), 300);
}

page.form.addEventListener('submit', (event) => {
  event.preventDefault();
  const given = page.given(shapes.receipt);
  page.clear();
  page.showProblem('problem' in given ? given.problem : '');
  if (!('problem' in given)) void run(given);
});

// Says, before anything is chosen, that the script is allowed to run at all.
document.body.append(element('span', { id: 'ready', hidden: '' }));
