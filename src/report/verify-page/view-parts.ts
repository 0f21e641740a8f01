import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { element } from './element.js';

const MAX_TEXT = 500;

/** Text of the archive in printable ASCII: what is not is shown as an escape. */
export function shown(text: string): string {
  return escapeForTerminal(text, MAX_TEXT);
}

/** A number with its noun, which gets an `s` where it must. */
export function counted(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

export function paragraph(text: string): HTMLElement {
  return element('p', {}, text);
}

/** Text whose characters count, in a fixed width. */
export function mono(text: string): HTMLElement {
  return element('span', { class: 'mono' }, text);
}

export function section(title: string, ...children: readonly (Node | null)[]): HTMLElement {
  return element('section', {}, element('h2', {}, title), ...children);
}

/** Names and values; a value of `null` is left out. */
export function facts(rows: readonly (readonly [name: string, value: string | Node | null])[]): HTMLElement {
  const list = element('dl');
  for (const [name, value] of rows) {
    if (value !== null) list.append(element('dt', {}, name), element('dd', {}, value));
  }
  return list;
}

export function table(heads: readonly string[], rows: readonly (readonly (Node | string)[])[]): HTMLElement {
  const head = element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)));
  const body = rows.map((cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell))));
  const made = element('table', {}, element('thead', {}, head), element('tbody', {}, ...body));
  return element('div', { class: 'scroll' }, made);
}
