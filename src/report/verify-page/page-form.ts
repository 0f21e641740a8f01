import { parseAsciiJson } from '../../lib/ascii-json.js';
import type { Receipt } from '../../model/exhibit.js';
import type { Shape } from './record-shapes.js';
import { readPem } from './time/pem.js';

const MAX_RECEIPT_CHARACTERS = 64 * 1024;
/** Of the list of signers, and of the roots. */
const MAX_LIST_CHARACTERS = 1024 * 1024;

/** What the user gave, or what is wrong with it. */
export type GivenInputs =
  | {
      readonly file: File;
      readonly receipt: Receipt | null;
      readonly allowedSigners: string | null;
      /** PEM with at least one certificate that can be read. */
      readonly tsaRoots: string | null;
    }
  | { readonly problem: string };

function required<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new TypeError(`the page has no ${id}`);
  return found;
}

/** The fields of the page. */
export class PageForm {
  readonly form = required('form', HTMLFormElement);
  readonly stop = required('stop', HTMLButtonElement);
  readonly result = required('result', HTMLElement);
  readonly #archive = required('archive', HTMLInputElement);
  readonly #check = required('check', HTMLButtonElement);
  readonly #drop = required('drop', HTMLElement);
  readonly #receipt = required('receipt', HTMLTextAreaElement);
  readonly #signers = required('signers', HTMLTextAreaElement);
  readonly #roots = required('roots', HTMLTextAreaElement);
  readonly #problem = required('problem', HTMLElement);
  readonly #progress = required('progress', HTMLProgressElement);
  readonly #status = required('status', HTMLElement);

  constructor() {
    this.#fillFrom(required('receipt-file', HTMLInputElement), this.#receipt, MAX_RECEIPT_CHARACTERS);
    this.#fillFrom(required('signers-file', HTMLInputElement), this.#signers, MAX_LIST_CHARACTERS);
    this.#fillFrom(required('roots-file', HTMLInputElement), this.#roots, MAX_LIST_CHARACTERS);
    this.#takeDrops();
    // On paper nothing can be opened.
    window.addEventListener('beforeprint', () => {
      for (const details of this.result.querySelectorAll('details')) details.open = true;
    });
    this.form.addEventListener('input', () => {
      this.clear();
    });
  }

  /** Takes the last result away: a verdict must never stand beside a file, a receipt or a list that it is not about. */
  clear(): void {
    this.result.hidden = true;
    this.result.replaceChildren();
    this.showProblem('');
    this.showProgress(0, '');
  }

  given(receiptShape: Shape<Receipt>): GivenInputs {
    const file = this.#archive.files?.[0];
    if (file === undefined) return { problem: 'Choose an archive first.' };
    const receiptText = this.#receipt.value.trim();
    const [signersText, rootsText] = [this.#signers.value.trim(), this.#roots.value.trim()];
    if (receiptText.length > MAX_RECEIPT_CHARACTERS || signersText.length > MAX_LIST_CHARACTERS)
      return { problem: 'The receipt or the list of trusted signers is too long to be one.' };
    if (rootsText.length > MAX_LIST_CHARACTERS || (rootsText !== '' && readPem(rootsText).length === 0))
      return { problem: 'The roots of time-stamping authorities hold no certificate in PEM that this page can read.' };
    const receipt = receiptText === '' ? null : receiptShape(parseReceipt(receiptText));
    if (receipt === undefined)
      return {
        problem:
          'The receipt cannot be read. Paste the whole <exhibit>.receipt.json, and nothing else, or leave the field empty.',
      };
    const orNull = (text: string): string | null => (text === '' ? null : text);
    return { file, receipt, allowedSigners: orNull(signersText), tsaRoots: orNull(rootsText) };
  }

  /** Between the start of a check and its end only `Stop` can be used. */
  setBusy(isBusy: boolean): void {
    this.#check.disabled = isBusy;
    for (const field of [this.#archive, this.#receipt, this.#signers, this.#roots]) field.disabled = isBusy;
    this.stop.hidden = !isBusy;
    this.#progress.hidden = !isBusy;
    this.#progress.value = 0;
  }

  showProgress(part: number, text: string): void {
    this.#progress.value = part;
    this.#status.textContent = text;
  }

  /** Empty text takes the message away. */
  showProblem(text: string): void {
    this.#problem.textContent = text;
    this.#problem.hidden = text === '';
  }

  #fillFrom(input: HTMLInputElement, target: HTMLTextAreaElement, maxCharacters: number): void {
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      if (file === undefined) return;
      if (file.size > maxCharacters) {
        this.showProblem('That file is too large for this field.');
        return;
      }
      file.text().then(
        (text) => {
          target.value = text;
          this.clear();
        },
        () => {
          this.showProblem('That file cannot be read.');
        },
      );
    });
  }

  #takeDrops(): void {
    window.addEventListener('dragover', (event) => {
      event.preventDefault();
      this.#drop.classList.add('over');
    });
    window.addEventListener('dragleave', () => {
      this.#drop.classList.remove('over');
    });
    window.addEventListener('drop', (event) => {
      event.preventDefault();
      this.#drop.classList.remove('over');
      const { dataTransfer } = event;
      if (dataTransfer === null || dataTransfer.files.length === 0 || this.#archive.disabled) return;
      this.#archive.files = dataTransfer.files;
      this.clear();
    });
  }
}

/** As the program writes it, or with white space around and between: everything else that two readers could read differently is refused. */
function parseReceipt(text: string): unknown {
  return parseAsciiJson(text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1'));
}
